# SPDX-License-Identifier: Apache-2.0
"""Real TLS in bulk: nginx behind a virtual cable, whose packets are mirrored to a sensor as a switch does it.

    client (here) == wire ==> server (a namespace of its own)
                       |
                       +--> span, read by `shakedown run` through af_xdp

Everything is in private namespaces (link.enter_namespaces()), which go with their last process. Frames are those of the
wire: segments of 1500 bytes, because a mirror port knows nothing of a host's offloads.
"""
import functools
import json
import os
import pathlib
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import time

import link

SERVER = "10.9.0.2"
CLIENT = "10.9.0.1"
PORT = 8443
FIRST_CLIENT_PORT = 20000
SPAN = "sd-span1"
PATIENCE = 60
wait_until = functools.partial(link.wait_until, patience=PATIENCE, pause=0.05)
TOOLS = ("nginx", "openssl", "curl", "tc")
_OFFLOADS = ("gso", "tso", "gro", "tx", "rx")
_CONFIGURATION = """
worker_processes 1;
pid nginx.pid;
error_log error.log;
events { worker_connections 1024; }
http {
    log_format connection '$remote_port $ssl_protocol';
    access_log access.log connection;
    client_body_temp_path tmp; proxy_temp_path tmp; fastcgi_temp_path tmp; uwsgi_temp_path tmp; scgi_temp_path tmp;
    sendfile off;
    %s
    keepalive_requests 1000000;
    server {
        listen %s:%d ssl;
        ssl_certificate cert.pem;
        ssl_certificate_key key.pem;
        ssl_protocols TLSv1.2 TLSv1.3;
        root www;
    }
}
"""


def missing_tool():
    return next((tool for tool in TOOLS if shutil.which(tool) is None), None)


def processor_seconds(pid):
    """Of a process, user and system together."""
    fields = pathlib.Path("/proc/%d/stat" % pid).read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Network:
    """The cable between client and server, and its mirror."""

    def __init__(self):
        # Names of namespaces are files; these are nobody else's.
        os.makedirs("/run/netns", exist_ok=True)
        link.run("mount", "-t", "tmpfs", "tmpfs", "/run/netns")
        # Pins of our own as well.
        subprocess.run(["mount", "-t", "bpf", "bpf", "/sys/fs/bpf"], capture_output=True, check=False)
        # A client port that is used by hand may not be taken for another connection.
        link.run("sysctl", "-qw", "net.ipv4.ip_local_port_range=10000 19999")
        link.run("ip", "netns", "add", "server")
        link.run("ip", "link", "set", "lo", "up")
        self._cable("sd-wire", "sd-server")
        self._cable("sd-span0", SPAN)
        for name in ("sd-span0", SPAN):
            link.run("sysctl", "-qw", "net.ipv6.conf.%s.disable_ipv6=1" % name)
        link.run("ip", "link", "set", "sd-server", "netns", "server")
        link.run("ip", "address", "add", CLIENT + "/24", "dev", "sd-wire")
        link.run("ip", "-n", "server", "address", "add", SERVER + "/24", "dev", "sd-server")
        for name in ("sd-wire", "sd-span0", SPAN):
            link.run("ip", "link", "set", name, "up")
        link.run("ip", "-n", "server", "link", "set", "sd-server", "up")
        link.run("ip", "-n", "server", "link", "set", "lo", "up")
        link.run("tc", "qdisc", "add", "dev", "sd-wire", "clsact")
        for direction in ("ingress", "egress"):
            # u32 is in every kernel that has classifiers at all.
            link.run("tc", "filter", "add", "dev", "sd-wire", direction, "protocol", "all", "u32", "match", "u32", "0",
                     "0", "flowid", ":1", "action", "mirred", "egress", "mirror", "dev", "sd-span0")

    @staticmethod
    def _cable(near, far):
        link.run("ip", "link", "add", near, "type", "veth", "peer", "name", far)
        for name in (near, far):
            for feature in _OFFLOADS:
                subprocess.run(["ethtool", "-K", name, feature, "off"], capture_output=True, check=False)

    @staticmethod
    def mirrored():
        """(packets that came through the span port, packets that it lost), so far."""
        sent = json.loads(link.run("ip", "-j", "-s", "link", "show", "sd-span0"))[0]["stats64"]["tx"]
        return sent["packets"], sent["dropped"]


    @staticmethod
    def mirrored_bytes():
        return json.loads(link.run("ip", "-j", "-s", "link", "show", "sd-span0"))[0]["stats64"]["tx"]["bytes"]

    @staticmethod
    def xdp_program():
        """The kernel's number of the program at the span port; none: zero."""
        facts = json.loads(link.run("ip", "-j", "-d", "link", "show", SPAN))[0]
        return facts.get("xdp", {}).get("prog", {}).get("id", 0)


class WebServer:
    """nginx with a file of each size, in the server's namespace."""

    def __init__(self, folder, object_bytes, limit=""):
        """`limit`: a line of configuration, as `limit_rate 50m;`."""
        self.folder = folder / "nginx"
        for name in ("www", "tmp"):
            (self.folder / name).mkdir(parents=True)
        for name, size in object_bytes.items():
            with open(self.folder / "www" / name, "wb") as file:
                file.truncate(size)
        # The workers of nginx are another user.
        for path in (folder, self.folder, self.folder / "www"):
            path.chmod(0o755)
        link.run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                 "-days", "2", "-subj", "/CN=bulk.test", "-keyout", str(self.folder / "key.pem"),
                 "-out", str(self.folder / "cert.pem"))
        (self.folder / "nginx.conf").write_text(_CONFIGURATION % (limit, SERVER, PORT), encoding="utf-8")
        self._process = subprocess.Popen(
            ["ip", "netns", "exec", "server", "nginx", "-p", str(self.folder), "-c", "nginx.conf", "-g", "daemon off;"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(lambda: self._answers() or self._process.poll() is not None, "the start of nginx")
        if self._process.poll() is not None:
            raise AssertionError("nginx ended: " + (self.folder / "error.log").read_text(encoding="utf-8"))

    @staticmethod
    def _answers():
        return subprocess.run(["ip", "netns", "exec", "server", "ss", "-Hltn", "sport", "=", str(PORT)],
                              capture_output=True, text=True, check=False).stdout.strip() != ""

    def client_ports(self):
        """Of every connection that has asked for something since the last call."""
        log = self.folder / "access.log"
        ports = {int(line.split()[0]) for line in log.read_text(encoding="ascii").splitlines()}
        log.write_text("")
        return ports

    def stop(self):
        self._process.terminate()
        self._process.wait(PATIENCE)


def download(name, count, parallel, first_port=FIRST_CLIENT_PORT):
    """`count` connections of their own, each with one handshake and one object, some at the same time. Returns their
    client ports."""
    ports = list(range(first_port, first_port + count))
    running = []
    for number, port in enumerate(ports):
        if len(running) == parallel:
            _finish(running.pop(0))
        version = ["--tls-max", "1.2"] if number % 2 else ["--tlsv1.3"]
        running.append(subprocess.Popen(["curl", "-sSk", *version, "--local-port", str(port), "-o", "/dev/null",
                                         "https://%s:%d/%s" % (SERVER, PORT, name)]))
    for process in running:
        _finish(process)
    return set(ports)


def _finish(process):
    if process.wait(PATIENCE * 5) != 0:
        raise AssertionError("curl ended with status %d" % process.returncode)


def download_and_reset(name, port):
    """One object over one connection, which ends by a reset, so that its endpoints can be used anew at once."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with socket.socket() as plain:
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        plain.settimeout(PATIENCE)
        plain.bind((CLIENT, port))
        plain.connect((SERVER, PORT))
        with context.wrap_socket(plain) as connection:
            connection.sendall(("GET /%s HTTP/1.0\r\n\r\n" % name).encode("ascii"))
            while connection.recv(1 << 20):
                pass


class Sensor:
    """One `shakedown run` on the span port."""

    def __init__(self, program, folder, name, filtered):
        self.program = str(program)
        self.events_path = folder / (name + ".ndjson")
        self._socket = folder / (name + ".sock")
        self._messages = open(folder / (name + ".messages"), "w+", encoding="utf-8")
        self._process = subprocess.Popen(
            [self.program, "run", "--port", "af_xdp:%s,filter=%s" % (SPAN, "on" if filtered else "off"), "--workers",
             "1", "--all", "--json", "--events", str(self.events_path), "--control-socket", str(self._socket),
             "--progress", "never"],
            stdout=subprocess.PIPE, stderr=self._messages, text=True)
        wait_until(lambda: self._process.poll() is not None or self._port() is not None, "the start of the sensor")
        if self._process.poll() is not None:
            raise AssertionError("the sensor ended: " + self.messages())
        self._dataplane = self._child("shakedown-datap")

    def _port(self):
        done = subprocess.run([self.program, "ports", "--all", "--json", "--socket", str(self._socket)],
                              capture_output=True, text=True, check=False)
        try:
            return json.loads(done.stdout)["ports"][0] if done.returncode == 0 else None
        except (ValueError, KeyError, IndexError):
            return None

    def _child(self, name):
        for child in pathlib.Path("/proc/%d/task/%d/children" % ((self._process.pid,) * 2)).read_text().split():
            if pathlib.Path("/proc/%s/comm" % child).read_text().startswith(name):
                return int(child)
        raise AssertionError("there is no " + name)

    def messages(self):
        self._messages.seek(0)
        return self._messages.read()

    def processor_seconds(self):
        return processor_seconds(self._dataplane)

    def packets(self):
        """That came to user space."""
        return self._port()["packets"]

    def reasons(self):
        """{reason: packets} of the filter; empty without it."""
        return {reason["name"]: reason["packets"] for reason in self._port().get("filter", {}).get("reasons", ())}

    def established(self):
        """{client port: number} of handshakes that were followed to their good end."""
        found = {}
        for line in self.events_path.read_text(encoding="utf-8").splitlines() if self.events_path.exists() else ():
            try:
                event = json.loads(line)
            except ValueError:
                break  # not written to its end yet
            if event.get("destination", {}).get("port") == PORT \
                    and event["shakedown"]["outcome"]["name"] == "established":
                port = event["source"]["port"]
                found[port] = found.get(port, 0) + 1
        return found

    def stop(self):
        """The counters of the summary."""
        self._process.send_signal(signal.SIGTERM)
        said, _ = self._process.communicate(timeout=PATIENCE)
        if self._process.returncode != 0:
            raise AssertionError("the sensor ended with %d: %s" % (self._process.returncode, self.messages()))
        return json.loads(said)["capture"]["counters"]

    def close(self):
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._messages.close()
