# SPDX-License-Identifier: Apache-2.0
"""Real TLS between two network namespaces, over a cable whose traffic the kernel copies to where a sensor looks.

A server runs in a namespace of its own; clients run in ours. Each client binds a port of its own, so that what became
of it can be looked up by that port.
"""
import pathlib
import socket
import ssl
import subprocess
import sys
import threading

import link

NEAR, FAR = "sd-client", "sd-server"
NEAR_ADDRESSES = ("192.0.2.1", "2001:db8:2::1")
FAR_ADDRESSES = ("192.0.2.2", "2001:db8:2::2")
PORT = 443  # takes TLS 1.2 and 1.3
OLD_PORT = 8443  # takes TLS 1.2 only
PATIENCE = 20
BODY = bytes(3000)  # what the server sends after the handshake: several packets

SERVER = """
import socket, ssl, sys, threading
def serve(port, highest):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[1])
    context.maximum_version = highest
    listener = socket.create_server(("::", port), family=socket.AF_INET6, backlog=256, dualstack_ipv6=True)
    def answer(raw):
        try:
            with context.wrap_socket(raw, server_side=True) as connection:
                connection.settimeout(20)
                connection.sendall(bytes(3000))
                connection.recv(1)
        except OSError:
            pass
    while True:
        raw, _ = listener.accept()
        raw.settimeout(20)
        threading.Thread(target=answer, args=(raw,), daemon=True).start()
for port, highest in ((443, ssl.TLSVersion.TLSv1_3), (8443, ssl.TLSVersion.TLSv1_2)):
    threading.Thread(target=serve, args=(port, highest), daemon=True).start()
print("ready", flush=True)
sys.stdin.read()
"""


def make_certificate(folder):
    """One file with a key and a certificate that nobody trusts unless he is given it."""
    path = pathlib.Path(folder) / "server.pem"
    key, certificate = path.with_suffix(".key"), path.with_suffix(".crt")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-subj", "/CN=server.example", "-days", "2", "-keyout", str(key), "-out", str(certificate)],
                   check=True, capture_output=True, timeout=PATIENCE)
    path.write_bytes(key.read_bytes() + certificate.read_bytes())
    return path, certificate


def can_mirror():
    """Why the kernel cannot copy packets from one interface to another; empty when it can."""
    link.run("ip", "link", "add", "sd-try0", "type", "veth", "peer", "name", "sd-try1")
    try:
        mirror("sd-try0", "ingress", "sd-try1")
    except subprocess.CalledProcessError as error:
        return error.stderr.strip().splitlines()[-1]
    finally:
        link.run("ip", "link", "del", "sd-try0")
    return ""


def mirror(source, direction, target):
    """Copies one direction of an interface's traffic into another one."""
    subprocess.run(["tc", "qdisc", "add", "dev", source, "clsact"], capture_output=True, check=False)
    link.run("tc", "filter", "add", "dev", source, direction, "protocol", "all", "u32", "match", "u32", "0", "0",
             "flowid", ":1", "action", "mirred", "egress", "mirror", "dev", target)


class TlsPair:
    """The cable, the server at its far end, and clients at the near one."""

    def __init__(self, folder):
        pem, self.certificate = make_certificate(folder)
        self.server = subprocess.Popen(["unshare", "--net", sys.executable, "-c", SERVER, str(pem)],
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self.server.stdout.readline() != "ready\n":
            raise AssertionError("the server does not start")
        link.run("ip", "link", "add", NEAR, "type", "veth", "peer", "name", FAR, "netns", str(self.server.pid))
        self._set_up([], NEAR, NEAR_ADDRESSES)
        self._set_up(["nsenter", "--net=/proc/%d/ns/net" % self.server.pid], FAR, FAR_ADDRESSES)

    @staticmethod
    def _set_up(inside, name, addresses):
        for feature in link.OFFLOADS:
            subprocess.run([*inside, "ethtool", "-K", name, feature, "off"], capture_output=True, check=False)
        link.run(*inside, "ip", "addr", "add", addresses[0] + "/24", "dev", name)
        link.run(*inside, "ip", "addr", "add", addresses[1] + "/64", "dev", name, "nodad")
        link.run(*inside, "ip", "link", "set", name, "up")

    def close(self):
        self.server.communicate()
        subprocess.run(["ip", "link", "del", NEAR], capture_output=True, check=False)

    def _connect(self, number, port, context):
        """One handshake from a port that follows from its number; what goes wrong is what was meant to."""
        family = number % 2
        raw = socket.socket((socket.AF_INET, socket.AF_INET6)[family])
        with raw:
            raw.settimeout(PATIENCE)
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            raw.bind((NEAR_ADDRESSES[family], 20000 + number))
            raw.connect((FAR_ADDRESSES[family], port))
            try:
                with context.wrap_socket(raw, server_hostname="server.example") as connection:
                    left = len(BODY)
                    while left:
                        left -= len(connection.recv(left))
            except ssl.SSLError:
                pass

    def contexts(self):
        """Kinds of clients: the port that they go to, how they are, and what the sensor must call the outcome."""
        trusting = ssl.create_default_context(cafile=str(self.certificate))
        strangers = ssl.create_default_context()
        modern = ssl.create_default_context(cafile=str(self.certificate))
        modern.minimum_version = ssl.TLSVersion.TLSv1_3
        return ((PORT, trusting, "established"), (OLD_PORT, trusting, "established"),
                (OLD_PORT, strangers, "alert_after_server_hello_done"), (OLD_PORT, modern, "alert_after_client_hello"))

    def talk(self, count, at_once=8):
        """Makes `count` connections, some at once. Returns the outcome of each by the client's port."""
        kinds = self.contexts()
        expected, failures = {}, []
        numbers = iter(range(count))
        lock = threading.Lock()

        def work():
            while True:
                with lock:
                    number = next(numbers, None)
                if number is None:
                    return
                # Both families see every kind.
                port, context, outcome = kinds[number // 2 % len(kinds)]
                try:
                    self._connect(number, port, context)
                except OSError as error:
                    failures.append("connection %d: %s" % (number, error))
                expected[20000 + number] = outcome

        threads = [threading.Thread(target=work) for _ in range(at_once)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failures:
            raise AssertionError("; ".join(failures[:3]))
        return expected

