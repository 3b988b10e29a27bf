# SPDX-License-Identifier: Apache-2.0
"""Attempts what it is told, with real TLS (Python's OpenSSL), and reports each as a line of JSON.

Standard input: first {"root", "intermediate", "start"} (paths of PEM files, a time.monotonic() of this machine), then
one object per attempt: {"id", "at", "source", "address", "port", "name", "software", "trust", "hold"}, ordered by "at".
Standard output: {"id", "source_port", "began", "ended", "said", "phase", "alert", "verify", "text"} in the order of
completion. `began` and `ended` are seconds after "start"; `phase` is how far it came (tcp, handshake, application);
`alert` is the number of an alert that came; `verify` is OpenSSL's number for what was wrong with the certificate.

Runs in the namespace of its clients, without the laboratory's other modules. No step of an attempt waits longer than
TIMEOUT.
"""
import concurrent.futures
import json
import re
import select
import socket
import ssl
import sys
import threading
import time
import warnings

TIMEOUT = 8.0
LANES = 48
# In two parts, between which a slow client takes its time.
REQUEST = (b"GET / HTTP/1.0\r\n", b"\r\n")

ALERT_NUMBERS = {"HANDSHAKE_FAILURE": 40, "BAD_CERTIFICATE": 42, "UNKNOWN_CA": 48, "ACCESS_DENIED": 49,
                 "DECODE_ERROR": 50, "PROTOCOL_VERSION": 70, "INSUFFICIENT_SECURITY": 71, "INTERNAL_ERROR": 80,
                 "UNRECOGNIZED_NAME": 112}


def make_context(software, trust, files):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if trust != "nothing":
        context.load_verify_locations(files["root"])
    if trust == "root+cache":
        context.load_verify_locations(files["intermediate"])
    if software == "old":
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # It is old on purpose.
            context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    elif software == "tls12":
        context.set_ciphers("ECDHE+AESGCM:ECDHE+AES")
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    return context


def classify(error, phase):
    """(said, alert) of an exception, in the words of model.Said."""
    text = str(error)
    if isinstance(error, ssl.SSLCertVerificationError):
        return "rejected_peer", None
    if isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError)) or "UNEXPECTED_EOF" in text:
        return "got_close", None
    if isinstance(error, ssl.SSLError):
        found = re.search(r"ALERT_([A-Z_]+)", text)
        if found or "UNRECOGNIZED_NAME" in text:
            word = found.group(1) if found else "UNRECOGNIZED_NAME"
            return "got_alert", ALERT_NUMBERS.get(word)
        return ("not_tls" if "WRONG_VERSION" in text else "own_failure"), None
    if isinstance(error, TimeoutError):
        return "timed_out", None
    if isinstance(error, ConnectionError):
        return "refused" if phase == "tcp" else "got_reset", None
    return "unreachable", None


def pause(seconds):
    """time.sleep() waits for a moment of the clock, which fails under faketime."""
    select.select((), (), (), seconds)


class Loader:
    def __init__(self, files):
        self.files = files
        self.start = files["start"]
        self.contexts = {}
        self.lock = threading.Lock()

    def context(self, software, trust):
        with self.lock:
            if (software, trust) not in self.contexts:
                self.contexts[software, trust] = make_context(software, trust, self.files)
            return self.contexts[software, trust]

    def attempt(self, task):
        result = {"id": task["id"], "source_port": 0, "began": self.now(), "said": "connected", "phase": "tcp",
                  "alert": None, "verify": None, "text": ""}
        try:
            self.connect(task, result)
        except OSError as error:
            result["said"], result["alert"] = classify(error, result["phase"])
            result["verify"] = getattr(error, "verify_code", None)
            result["text"] = str(error)[:120]
        except Exception as error:  # Else nobody would ever hear of this attempt.
            result["said"], result["text"] = "nothing", "%s: %s" % (type(error).__name__, error)
        result["ended"] = self.now()
        self.say(result)

    def connect(self, task, result):
        family = socket.AF_INET6 if ":" in task["source"] else socket.AF_INET
        context = self.context(task["software"], task["trust"])
        with socket.socket(family, socket.SOCK_STREAM) as plain:
            plain.settimeout(TIMEOUT)
            plain.bind((task["source"], 0))
            result["source_port"] = plain.getsockname()[1]
            plain.connect((task["address"], task["port"]))
            result["phase"] = "handshake"
            with context.wrap_socket(plain, server_hostname=task["name"]) as connection:
                result["phase"] = "application"
                self.ask(connection, task["hold"])

    @staticmethod
    def ask(connection, hold):
        first, rest = REQUEST
        if hold:
            connection.sendall(first)
            pause(hold)
            connection.sendall(rest)
        else:
            connection.sendall(first + rest)
        answered = False
        while connection.recv(65536):
            answered = True
        if not answered:
            raise ssl.SSLEOFError("the server closed without an answer")

    def now(self):
        return round(time.monotonic() - self.start, 4)

    def say(self, result):
        line = json.dumps(result) + "\n"
        with self.lock:
            sys.stdout.write(line)
            sys.stdout.flush()


def main():
    loader = Loader(json.loads(sys.stdin.readline()))
    with concurrent.futures.ThreadPoolExecutor(LANES) as pool:
        for line in sys.stdin:
            task = json.loads(line)
            wait = loader.start + task["at"] - time.monotonic()
            if wait > 0:
                pause(wait)
            pool.submit(loader.attempt, task)


if __name__ == "__main__":
    main()
