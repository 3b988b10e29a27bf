#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The command lines of reproduce.cc, run by a shell: the ClientHello that comes must be the one that was to be
repeated, and a handshake with `openssl s_server` must succeed.

Usage: reproduce_openssl_test.py REPRODUCE_LINES. Skipped without the `openssl` command.
"""
import json
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest

LINES = sys.argv.pop() if len(sys.argv) > 1 else ""
SKIPPED = 77  # what meson takes for "skipped"
PATIENCE = 30  # seconds
SCSVS = {0x00ff, 0x5600}


class Reader:
    """A cursor over wire bytes."""

    def __init__(self, data):
        self.data = data

    def take(self, size):
        taken, self.data = self.data[:size], self.data[size:]
        if len(taken) != size:
            raise ValueError("cut short")
        return taken

    def number(self, size):
        return int.from_bytes(self.take(size), "big")

    def vector(self, size):
        return Reader(self.take(self.number(size)))

    def codes(self):
        return [code for (code,) in struct.iter_unpack("!H", self.data)]


def parse_hello(message):
    """The fields of a ClientHello (RFC 8446 §4.1.2) that the lines are about."""
    hello = Reader(message)
    hello.take(4)
    version = hello.number(2)
    hello.take(32)
    hello.vector(1)
    found = {"versions": [version], "suites": hello.vector(2).codes(), "groups": [], "signatures": [], "alpn": [],
             "server_name": ""}
    hello.vector(1)
    extensions = hello.vector(2)
    while extensions.data:
        kind, body = extensions.number(2), extensions.vector(2)
        if kind == 0:
            names = body.vector(2)
            names.take(1)
            found["server_name"] = names.vector(2).data.decode()
        elif kind == 10:
            found["groups"] = body.vector(2).codes()
        elif kind == 13:
            found["signatures"] = body.vector(2).codes()
        elif kind == 16:
            names = body.vector(2)
            while names.data:
                found["alpn"].append(names.vector(1).data.decode())
        elif kind == 43:
            found["versions"] = body.vector(1).codes()
    found["suites"] = [suite for suite in found["suites"] if suite not in SCSVS]
    return found


class Listener:
    """Takes one connection at a time and keeps the ClientHello that comes."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.socket.settimeout(PATIENCE)
        self.port = self.socket.getsockname()[1]

    def hello_of(self, line, smtp):
        client = subprocess.Popen(["/bin/sh", "-c", line], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            connection, _ = self.socket.accept()
            connection.settimeout(PATIENCE)
            with connection, connection.makefile("rwb") as stream:
                if smtp:
                    self.upgrade(stream)
                header = stream.read(5)
                return parse_hello(stream.read(int.from_bytes(header[3:5], "big")))
        except (OSError, ValueError) as error:
            client.kill()
            raise AssertionError("%s: %s: %s" % (line, error, client.stderr.read().decode())) from error
        finally:
            client.communicate(timeout=PATIENCE)

    @staticmethod
    def upgrade(stream):
        for answer in (b"220 here\r\n", b"250-here\r\n250 STARTTLS\r\n", b"220 go on\r\n"):
            stream.write(answer)
            stream.flush()
            if answer != b"220 go on\r\n":
                stream.readline()


class ReproduceTest(unittest.TestCase):
    @staticmethod
    def cases(port):
        done = subprocess.run([LINES, str(port)], capture_output=True, text=True, check=True, timeout=PATIENCE)
        return [json.loads(line) for line in done.stdout.splitlines()]

    # Shows that a shell gives openssl each line as it was meant, and openssl makes the same hello of it.
    def test_the_hello_is_the_one_that_was_to_be_repeated(self):
        listener = Listener()
        with listener.socket:
            cases = self.cases(listener.port)
            self.assertGreaterEqual(len(cases), 8)
            for case in cases:
                with self.subTest(case["case"]):
                    seen = listener.hello_of(case["line"], case["case"] == "smtp")
                    self.assertEqual(sorted(seen["versions"]), sorted(case["versions"]), case["line"])
                    self.assertEqual(sorted(seen["suites"]), sorted(case["suites"]), case["line"])
                    if case["groups"]:
                        self.assertEqual(seen["groups"], case["groups"], case["line"])
                    if case["signatures"] and case["case"] != "openssl_itself":
                        self.assertEqual(seen["signatures"], case["signatures"], case["line"])
                    self.assertEqual(seen["alpn"], case["alpn"], case["line"])
                    self.assertEqual(seen["server_name"], case["server_name"], case["line"])

    # Shows that a line leads to a whole handshake where the server agrees.
    def test_a_server_that_agrees_is_reached(self):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                            "-nodes", "-subj", "/CN=www.example.com", "-keyout", folder + "/key.pem", "-out",
                            folder + "/cert.pem"], check=True, capture_output=True, timeout=PATIENCE)
            with socket.create_server(("127.0.0.1", 0)) as free:
                port = free.getsockname()[1]
            server = subprocess.Popen(["openssl", "s_server", "-accept", "127.0.0.1:%d" % port, "-key",
                                       folder + "/key.pem", "-cert", folder + "/cert.pem", "-quiet"],
                                      stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                usual = self.cases(port)[0]["line"]
                self.assertIn("Verification error: self-signed", self.said(usual, port))
                tls12 = usual.replace("-min_protocol TLSv1.2 -max_protocol TLSv1.3", "-tls1_2")
                self.assertIn("Cipher is ECDHE-ECDSA-AES128-GCM-SHA256", self.said(tls12, port))
            finally:
                server.kill()
                server.communicate()

    @staticmethod
    def said(line, port):
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.05)
        done = subprocess.run(["/bin/sh", "-c", line], capture_output=True, text=True, timeout=PATIENCE, check=False)
        return done.stdout + done.stderr


if __name__ == "__main__":
    if shutil.which("openssl") is None:
        print("skipped: there is no openssl command")
        sys.exit(SKIPPED)
    unittest.main()
