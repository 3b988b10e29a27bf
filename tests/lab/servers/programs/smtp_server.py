# SPDX-License-Identifier: Apache-2.0
"""A small SMTP server with STARTTLS (RFC 3207), good or bad at it; writes one line of JSON about each connection.

    smtp_server.py ROLE PORT --chain PEM --key PEM       roles: servers/smtp.py
"""
import argparse
import json
import os
import socket
import socketserver
import ssl

VERSIONS = {"TLSv1.2": ssl.TLSVersion.TLSv1_2, "TLSv1.3": ssl.TLSVersion.TLSv1_3}
PATIENCE = 30
ANSWERS_TO_STARTTLS = {
    "tls": "220 2.0.0 Ready to start TLS",
    "no_starttls": "502 5.5.1 Command not implemented",
    "starttls_454": "454 4.7.0 TLS not available due to temporary reason",
    "starttls_garbage": "220 2.0.0 Ready to start TLS",
    "starttls_dropped": "220 2.0.0 Ready to start TLS",
}
GARBAGE = b"250 2.0.0 What was your name again?\r\n"


def report(said, text):
    """One write, so that lines of several threads do not mix."""
    os.write(1, (json.dumps({"said": said, "text": text}) + "\n").encode())


class Session(socketserver.BaseRequestHandler):
    def handle(self):
        self.request.settimeout(PATIENCE)
        self._upgraded, self._mails, self._declined = False, 0, False
        try:
            said, text = self._converse()
        except ssl.SSLError as error:
            said, text = ("got_alert" if "ALERT" in str(error.reason) else
                          "got_close" if "EOF" in str(error.reason) else "own_failure"), str(error)
        except ConnectionError:
            said, text = "got_reset", "the connection was reset"
        except TimeoutError:
            said, text = "timed_out", "the client says nothing"
        report(said, text)

    def _converse(self):
        self._say("220 mail.example.com ESMTP")
        while True:
            line = self._line()
            verb = line.split(" ")[0].upper() if line is not None else None
            if verb is None:
                return ("no_upgrade", "STARTTLS was declined") if self._declined else \
                    ("got_close", "the client closed the connection")
            if verb == "QUIT":
                self._say("221 2.0.0 Bye")
                self._drain()
                if self._declined:
                    return "no_upgrade", "STARTTLS was declined"
                return "connected", "a good session, %s TLS" % ("with" if self._upgraded else "without")
            if verb == "STARTTLS" and not self._upgraded:
                ending = self._starttls()
                if ending:
                    return ending
            elif verb in ("EHLO", "HELO"):
                self._greet()
            elif verb == "MAIL" and not self._upgraded:
                self._say("530 5.7.0 Must issue a STARTTLS command first")
            elif verb in ("MAIL", "RCPT", "NOOP", "RSET"):
                self._say("250 2.0.0 Ok")
            else:
                self._say("502 5.5.2 Error: command not recognized")

    def _greet(self):
        offers = not self._upgraded and self.server.options.role != "no_starttls"
        self._say("250-mail.example.com", *(("250-STARTTLS",) if offers else ()), "250 8BITMIME")

    def _starttls(self):
        role = self.server.options.role
        self._say(ANSWERS_TO_STARTTLS[role])
        if role in ("no_starttls", "starttls_454"):
            self._declined = True
            return None
        if role == "starttls_dropped":
            self.request.recv(65536)
            return "own_failure", "closed after the ClientHello"
        if role == "starttls_garbage":
            self.request.recv(65536)
            self.request.sendall(GARBAGE)
            self._drain()
            return "not_tls", "answered plain text"
        self.request = self.server.context.wrap_socket(self.request, server_side=True)
        self._upgraded = True
        return None

    def _drain(self):
        """Hears the client out, because closing with unread bytes would be a RST."""
        try:
            self.request.settimeout(2)
            if isinstance(self.request, ssl.SSLSocket):
                self.request = self.request.unwrap()
            while self.request.recv(65536):
                pass
        except OSError:
            pass  # the session is over either way

    def _say(self, *lines):
        self.request.sendall("".join(line + "\r\n" for line in lines).encode())

    def _line(self):
        line = b""
        while not line.endswith(b"\n"):
            byte = self.request.recv(1)
            if not byte or len(line) > 1000:
                return None
            line += byte
        return line.decode("latin-1").strip()


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, options):
        self.address_family = socket.AF_INET6  # dual stack: IPV6_V6ONLY is off by default on Linux
        self.options = options
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(options.chain, options.key)
        if options.version:
            self.context.minimum_version = self.context.maximum_version = VERSIONS[options.version]
        super().__init__(("::", options.port), Session)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("role", choices=sorted(ANSWERS_TO_STARTTLS))
    parser.add_argument("port", type=int)
    parser.add_argument("--chain", required=True)
    parser.add_argument("--key", required=True)
    parser.add_argument("--version", choices=sorted(VERSIONS))
    options = parser.parse_args()
    with Server(options) as server:
        report("nothing", "ready")
        server.serve_forever()


if __name__ == "__main__":
    main()
