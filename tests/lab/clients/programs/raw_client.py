# SPDX-License-Identifier: Apache-2.0
"""A client that misbehaves in one exact way, and says what it did and saw as one line of JSON.

    raw_client.py ROLE ADDRESS PORT [options]        roles: clients/raw.py

The TLS in it is real: Python's ssl module works on memory buffers, and this program decides what of its bytes reach
the network, and how the TCP connection ends.
"""
import argparse
import concurrent.futures
import errno
import json
import os
import random
import socket
import ssl
import struct
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

from net import frames  # noqa: E402  (found by the path above)

REQUEST = b"GET / HTTP/1.0\r\nHost: www.example.com\r\n\r\n"
VERSIONS = {"TLSv1.2": ssl.TLSVersion.TLSv1_2, "TLSv1.3": ssl.TLSVersion.TLSv1_3}
UNREACHABLE = (errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EACCES, errno.EPERM)


class Ended(Exception):
    """The connection came to an end that the program has to report."""

    def __init__(self, said, text, alert=None):
        super().__init__(text)
        self.result = {"said": said, "text": text, "alert": alert}


class Link:
    """A TCP connection whose errors are words, and that can end in two ways."""

    def __init__(self, options):
        self._patience = options.patience
        family = socket.AF_INET6 if ":" in options.address else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.settimeout(self._patience)
        if options.source:
            self.socket.bind((options.source, 0))
        self._do(self.socket.connect, (options.address, options.port))

    def send(self, data):
        self._do(self.socket.sendall, data)

    def receive(self):
        data = self._do(self.socket.recv, 65536)
        if not data:
            raise Ended("got_close", "the server closed the connection")
        return data

    def receive_for(self, seconds):
        """Whatever comes in that time; raises Ended when the server ends the connection."""
        deadline, data = time.monotonic() + seconds, b""
        while (left := deadline - time.monotonic()) > 0:
            self.socket.settimeout(left)
            try:
                piece = self.socket.recv(65536)
            except TimeoutError:
                break
            except ConnectionResetError:
                raise Ended("got_reset", "the connection was reset") from None
            if not piece:
                raise Ended("got_close", "the server closed the connection")
            data += piece
        self.socket.settimeout(self._patience)
        return data

    def fin(self):
        self.socket.close()

    def rst(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    @staticmethod
    def _do(function, argument):
        try:
            return function(argument)
        except TimeoutError:
            raise Ended("timed_out", "no answer in time") from None
        except ConnectionRefusedError:
            raise Ended("refused", "connection refused") from None
        except (ConnectionResetError, BrokenPipeError):
            raise Ended("got_reset", "the connection was reset") from None
        except OSError as error:
            raise Ended("unreachable" if error.errno in UNREACHABLE else "own_failure", str(error)) from None


class Engine:
    """One TLS client without a network."""

    def __init__(self, options):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        if options.roots:
            context.load_verify_locations(options.roots)
            context.verify_mode = ssl.CERT_REQUIRED
            context.check_hostname = options.server_name is not None
        if options.version:
            context.minimum_version = context.maximum_version = VERSIONS[options.version]
        if options.padded:
            context.set_alpn_protocols(["http/1.1"] + ["x-padding-%02d-%s" % (i, "-" * 45) for i in range(28)])
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._in, self._out, server_hostname=options.server_name)
        self.step()
        self.hello = self._out.read()
        self._first = b""

    def step(self):
        """True when the handshake is done on this side."""
        try:
            self._tls.do_handshake()
            return True
        except ssl.SSLWantReadError:
            return False

    def read_flight(self, link):
        """Hears the server until it is this side's turn; returns (done, what TLS would say now)."""
        done = False
        while not done and not self._out.pending:
            data = link.receive()
            self._first = (self._first + data)[:7] if len(self._first) < 7 else self._first
            if not 20 <= self._first[0] <= 23:
                raise Ended("not_tls", "the server said: %r" % data[:60])
            if self._first[0] == 21 and len(self._first) == 7:
                raise Ended("got_alert", "the server sent an alert", self._first[6])
            self._in.write(data)
            try:
                done = self.step()
            except ssl.SSLError as error:
                words = (("ALERT", "got_alert"), ("CERTIFICATE_VERIFY", "rejected_peer"))
                said = next((said for word, said in words if word in str(error.reason)), "own_failure")
                raise Ended(said, str(error)) from None
        return done, self._out.read()

    def request(self, link):
        """The rest of a good connection, when it is this side's turn to finish."""
        self._tls.write(REQUEST)
        link.send(self._out.read())
        while True:
            try:
                return self._tls.read(65536)
            except ssl.SSLWantReadError:
                self._in.write(link.receive())


def result(said, text):
    return {"said": said, "text": text, "alert": None}


# --- roles: each gets the options and returns or raises what it saw -------------------------------------------------

def tls(options):
    link = Link(options)
    engine = Engine(options)
    if options.delay:
        time.sleep(options.delay)
    link.send(engine.hello)
    done = False
    while not done:
        done, answer = engine.read_flight(link)
        link.send(answer)
    answer = engine.request(link)
    link.fin()
    return result("connected", answer[:60].decode("latin-1").partition("\r\n")[0])


def health_check(options):
    Link(options).fin()
    return result("nothing", "connected and closed")


def health_check_reset(options):
    Link(options).rst()
    return result("nothing", "connected and reset")


def wait_for_close(options):
    link = Link(options)
    try:
        link.receive_for(options.patience)
    finally:
        link.fin()
    return result("timed_out", "the server did not close")


def syn_scan(options):
    """Half-open: the kernel, which knows nothing of this connection, resets what the server answers."""
    family = socket.AF_INET6 if ":" in options.address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as route:
        if options.source:
            route.bind((options.source, 0))
        route.connect((options.address, options.port))
        source = route.getsockname()[0]
    port, seq = random.randrange(61000, 65000), random.getrandbits(32)
    here, there = frames.packed(source), frames.packed(options.address)
    frame = frames.forge(bytes(12), 6 if ":" in source else 4, here, there, (port, options.port), seq, 0, frames.SYN,
                         64, window=1024)
    with socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_TCP) as raw:
        raw.bind((source, 0))
        raw.settimeout(options.patience)
        raw.sendto(frame[54 if ":" in source else 34:], (options.address, 0))
        while True:
            try:
                packet = raw.recv(65536)
            except TimeoutError:
                return result("timed_out", "no answer to the SYN")
            segment = packet[(packet[0] & 15) * 4:] if family == socket.AF_INET else packet
            if segment[:4] == struct.pack("!HH", options.port, port):
                if segment[13] & frames.RST:
                    return result("refused", "the port is closed")
                return result("nothing", "the port is open")


def plain_http(options):
    link = Link(options)
    link.send(REQUEST)
    answer = link.receive()
    link.fin()
    return result("got_alert" if answer[0] == 21 else "not_tls", "the server said: %r" % answer[:60])


def garbage(options):
    link = Link(options)
    link.send(bytes((0x47 + 7 * i) & 0x7F for i in range(300)))
    answer = link.receive()
    link.fin()
    return result("got_alert" if answer[0] == 21 else "not_tls", "the server said: %r" % answer[:60])


def half_hello(options):
    link, hello = Link(options), Engine(options).hello
    link.send(hello[:len(hello) // 2])
    time.sleep(0.2)
    link.fin()
    return result("own_failure", "closed within the ClientHello")


def _abort_after_hello(options, ending):
    link = Link(options)
    link.send(Engine(options).hello)
    ending(link)
    return result("own_failure", "ended the connection after the ClientHello")


def abort_after_hello_fin(options):
    return _abort_after_hello(options, Link.fin)


def abort_after_hello_rst(options):
    return _abort_after_hello(options, Link.rst)


def _end_after_certificate(options, ending):
    link, engine = Link(options), Engine(options)
    link.send(engine.hello)
    engine.read_flight(link)
    time.sleep(options.delay)
    ending(link)
    return result("own_failure", "ended the connection after the server's flight")


def fin_after_certificate(options):
    return _end_after_certificate(options, Link.fin)


def rst_after_certificate(options):
    return _end_after_certificate(options, Link.rst)


def stall_after_hello(options):
    link, engine = Link(options), Engine(options)
    link.send(engine.hello)
    engine.read_flight(link)
    try:
        link.receive_for(options.patience)
    finally:
        link.fin()
    return result("own_failure", "said nothing more and closed")


def burst(options):
    """Several clients at once, begun in order, 100 milliseconds apart; the last one's word is the report."""
    with concurrent.futures.ThreadPoolExecutor(options.count) as pool:
        running = []
        for _ in range(options.count):
            running.append(pool.submit(attempt, tls, options))
            time.sleep(0.1)
        results = [one.result() for one in running]
    return {**results[-1], "text": " ".join(one["said"] for one in results)}


ROLES = {function.__name__: function for function in (
    tls, health_check, health_check_reset, wait_for_close, syn_scan, plain_http, garbage, half_hello,
    abort_after_hello_fin, abort_after_hello_rst, fin_after_certificate, rst_after_certificate, stall_after_hello,
    burst)}


def attempt(role, options):
    try:
        return role(options)
    except Ended as ended:
        return ended.result


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("role", choices=sorted(ROLES))
    parser.add_argument("address")
    parser.add_argument("port", type=int)
    parser.add_argument("--server-name")
    parser.add_argument("--version", choices=sorted(VERSIONS))
    parser.add_argument("--roots", help="trust anchors; without them nothing is verified")
    parser.add_argument("--source", help="local address")
    parser.add_argument("--padded", action="store_true", help="a ClientHello of more than 1500 bytes")
    parser.add_argument("--patience", type=float, default=6, help="seconds to wait for anything")
    parser.add_argument("--delay", type=float, default=0, help="seconds to wait before the role's own act")
    parser.add_argument("--count", type=int, default=5, help="clients in a burst")
    options = parser.parse_args()
    print(json.dumps(attempt(ROLES[options.role], options)))


if __name__ == "__main__":
    main()
