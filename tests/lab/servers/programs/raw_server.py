# SPDX-License-Identifier: Apache-2.0
"""A server that misbehaves in one exact way, and writes one line of JSON about each connection.

    raw_server.py ROLE PORT [options]        roles: servers/raw.py

It listens on the wildcard of both families. The first line says that it is ready. TLS in it is real:
Python's ssl module on memory buffers, of whose bytes this program decides what reaches the network.
"""
import argparse
import json
import os
import signal
import socket
import ssl
import struct
import threading
import time

VERSIONS = {"TLSv1.2": ssl.TLSVersion.TLSv1_2, "TLSv1.3": ssl.TLSVersion.TLSv1_3}
PATIENCE = 30
HTTP_ANSWER = (b"HTTP/1.1 400 Bad Request\r\nServer: example\r\nContent-Type: text/plain\r\nContent-Length: 12\r\n"
               b"Connection: close\r\n\r\nBad Request\n")
BLOCK_PAGE = (b"HTTP/1.1 403 Forbidden\r\nServer: example\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n"
              b"<html><head><title>Access blocked</title></head><body>Access to www.example.com has been blocked by "
              b"the web filter policy of your organisation.</body></html>\n")
OK_ANSWER = b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nok\n"
SMTP_BANNER = b"220 mail.example.com ESMTP ready\r\n"
FTP_BANNER = b"220 ftp.example.com FTP server ready\r\n"
SSH_BANNER = b"SSH-2.0-Example_1.0\r\n"


def report(said, text):
    """One write, so that lines of several threads do not mix."""
    os.write(1, (json.dumps({"said": said, "text": text}) + "\n").encode())


class Gone(Exception):
    """The client ended the connection first."""


def receive(connection):
    try:
        data = connection.recv(65536)
    except ConnectionResetError:
        raise Gone("got_reset") from None
    except TimeoutError:
        raise Gone("timed_out") from None
    if not data:
        raise Gone("got_close")
    return data


def read_hello(connection):
    """The first record, whole."""
    data = b""
    while len(data) < 5 or len(data) < 5 + int.from_bytes(data[3:5], "big"):
        data += receive(connection)
    return data


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


class Engine:
    """One TLS server without a network."""

    def __init__(self, options):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.chain, options.key)
        if options.version:
            context.minimum_version = context.maximum_version = VERSIONS[options.version]
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._in, self._out, server_side=True)

    def step(self, data):
        """(done, what to send) after hearing data."""
        self._in.write(data)
        try:
            self._tls.do_handshake()
            done = True
        except ssl.SSLWantReadError:
            done = False
        return done, self._out.read()

    def flight(self, connection):
        """This side's answer to the ClientHello."""
        while True:
            _, flight = self.step(receive(connection))
            if flight:
                return flight

    def serve(self, connection, flight):
        """The rest of a good connection: the flight, the client's, one request, one answer."""
        done = False
        while not done:
            connection.sendall(flight)
            done, flight = self.step(receive(connection))
        connection.sendall(flight)
        while True:
            try:
                request = self._tls.read(65536)
                break
            except ssl.SSLWantReadError:
                self._in.write(receive(connection))
        self._tls.write(OK_ANSWER)
        connection.sendall(self._out.read())
        return request


# --- roles: (connection, options) -> (said, text) -------------------------------------------------------------------

def tls(connection, options):
    engine = Engine(options)
    flight = engine.flight(connection)
    time.sleep(options.delay)
    request = engine.serve(connection, flight)
    connection.close()
    return "connected", request[:60].decode("latin-1").partition("\r\n")[0]


def accept_and_close(connection, options):
    time.sleep(options.delay)
    connection.close()
    return "nothing", "closed at once"


def close_unread(connection, options):
    """Closing with unread data makes the kernel send a RST."""
    if not connection.recv(1, socket.MSG_PEEK):
        raise Gone("got_close")
    connection.close()
    return "own_failure", "closed with the ClientHello unread"


def fin_after_hello(connection, options):
    read_hello(connection)
    connection.close()
    return "own_failure", "closed after the ClientHello"


def reset_after_hello(connection, options):
    read_hello(connection)
    reset(connection)
    return "own_failure", "reset after the ClientHello"


def silent_after_hello(connection, options):
    read_hello(connection)
    while True:
        receive(connection)


def fin_after_server_flight(connection, options):
    """Corked, so that the FIN is on the flight's last segment and nothing of the client's can come between."""
    engine = Engine(options)
    flight = engine.flight(connection)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
    connection.sendall(flight)
    connection.close()
    return "own_failure", "closed after its flight"


def reset_after_server_flight(connection, options):
    engine = Engine(options)
    connection.sendall(engine.flight(connection))
    time.sleep(options.delay)
    reset(connection)
    return "own_failure", "reset after its flight"


def killed_mid_handshake(connection, options):
    """Runs in a process of its own, and what the network sees is the kernel's doing."""
    read_hello(connection)
    os.kill(os.getpid(), signal.SIGKILL)


def killed_after_server_flight(connection, options):
    engine = Engine(options)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
    connection.sendall(engine.flight(connection))
    os.kill(os.getpid(), signal.SIGKILL)


def http(connection, options):
    receive(connection)
    connection.sendall(HTTP_ANSWER)
    connection.close()
    return "not_tls", "answered 400 Bad Request"


def block_page(connection, options):
    receive(connection)
    connection.sendall(BLOCK_PAGE)
    connection.close()
    return "not_tls", "answered with a page that says it is blocked"


def _banner(connection, options, banner, refusal):
    time.sleep(options.delay)  # the client speaks first
    connection.sendall(banner)
    receive(connection)
    connection.sendall(refusal)
    connection.close()
    return "not_tls", "answered " + refusal.decode().strip()


def smtp_banner(connection, options):
    return _banner(connection, options, SMTP_BANNER, b"500 5.5.2 Error: bad syntax\r\n")


def ftp_banner(connection, options):
    return _banner(connection, options, FTP_BANNER, b"500 Unknown command.\r\n")


def ssh_banner(connection, options):
    return _banner(connection, options, SSH_BANNER, b"Invalid SSH identification string.\r\n")


_slots = threading.Semaphore(0)


def limited(connection, options):
    """`limit` slow handshakes at a time; who comes while all are taken is shed."""
    if _slots.acquire(blocking=False):
        try:
            return tls(connection, options)
        finally:
            _slots.release()
    return SHEDDING[options.shed](connection, options)


SHEDDING = {"silent": silent_after_hello, "close": fin_after_hello, "reset": reset_after_hello}
serial = tls  # one after the other, see SERIAL
ROLES = {"tls": tls, "serial": serial, **{function.__name__: function for function in (
    accept_and_close, close_unread, fin_after_hello, reset_after_hello, silent_after_hello, fin_after_server_flight,
    reset_after_server_flight, killed_mid_handshake, killed_after_server_flight, http, block_page, smtp_banner,
    ftp_banner, ssh_banner, limited)}}
SERIAL = ("serial",)
OWN_PROCESS = ("killed_mid_handshake", "killed_after_server_flight")


def attend(role, connection, options):
    connection.settimeout(PATIENCE)
    with connection:
        try:
            said, text = ROLES[role](connection, options)
        except Gone as gone:
            said, text = str(gone), "the client ended the connection"
        except ConnectionError:
            said, text = "got_reset", "the client ended the connection"
        except ssl.SSLError as error:
            said, text = ("got_alert" if "ALERT" in str(error.reason) else "own_failure"), str(error)
    report(said, text)


def attend_in_child(role, connection, options):
    child = os.fork()
    if child == 0:
        attend(role, connection, options)
        os._exit(0)
    connection.close()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        report("own_failure", "killed by signal %d" % os.WTERMSIG(status))


def fill_backlog(port):
    """Connects to itself until the queue of a listener that never accepts is full."""
    waiting = []
    for _ in range(16):
        one = socket.socket()
        one.settimeout(0.4)
        try:
            one.connect(("127.0.0.1", port))
        except TimeoutError:
            one.close()
            return waiting
        waiting.append(one)
    raise SystemExit("the backlog does not become full")


def parse(roles):
    """The command line, for a program with these roles."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("role", choices=sorted(roles))
    parser.add_argument("port", type=int)
    parser.add_argument("--chain", help="PEM file of the certificate and its intermediates")
    parser.add_argument("--key")
    parser.add_argument("--version", choices=sorted(VERSIONS))
    parser.add_argument("--delay", type=float, default=0, help="seconds before the role's own act")
    parser.add_argument("--limit", type=int, default=1, help="handshakes at a time (limited)")
    parser.add_argument("--shed", choices=sorted(SHEDDING), default="close", help="what the others get (limited)")
    return parser.parse_args()


def main():
    options = parse((*ROLES, "not_accepting"))
    for _ in range(options.limit):
        _slots.release()

    listener = socket.create_server(("::", options.port), family=socket.AF_INET6, dualstack_ipv6=True,
                                    backlog=0 if options.role == "not_accepting" else 128)
    if options.role == "not_accepting":
        waiting = fill_backlog(options.port)
        report("nothing", "ready, with %d in the backlog" % len(waiting))
        signal.pause()
    report("nothing", "ready")
    handler = attend_in_child if options.role in OWN_PROCESS else attend
    while True:
        connection, _ = listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        arguments = (options.role, connection, options)
        if options.role in SERIAL:
            handler(*arguments)
        else:
            threading.Thread(target=handler, args=arguments, daemon=True).start()


if __name__ == "__main__":
    main()
