# SPDX-License-Identifier: Apache-2.0
"""One TLS connection with Python's ssl module (two with resume=...); the request comes on standard input.

Arguments are key=value words: see program_words() in clients/base.py. The answer goes to standard output;
what went wrong, in the words of the ssl module, to standard error, with exit code 1.
"""
import socket
import ssl
import sys

VERSIONS = {"SSLv3": ssl.TLSVersion.SSLv3, "TLSv1.0": ssl.TLSVersion.TLSv1, "TLSv1.1": ssl.TLSVersion.TLSv1_1,
            "TLSv1.2": ssl.TLSVersion.TLSv1_2, "TLSv1.3": ssl.TLSVersion.TLSv1_3}


class NoUpgrade(Exception):
    """The server did not want to speak TLS."""



def context_for(words):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = bool(words["roots"] and words["expect_name"])
    if words["roots"]:
        context.load_verify_locations(words["roots"])
    else:
        context.verify_mode = ssl.CERT_NONE
    if words["min"]:
        context.minimum_version = VERSIONS[words["min"]]
    if words["max"]:
        context.maximum_version = VERSIONS[words["max"]]
    if words.get("ciphers"):
        context.set_ciphers(words["ciphers"])
    if words["alpn"]:
        context.set_alpn_protocols(words["alpn"].split(","))
    if words["certificate"]:
        context.load_cert_chain(words["certificate"], words["key"])
    if words["resume"] == "session_id":
        context.options |= ssl.OP_NO_TICKET
    return context


def lines_until(stream, end):
    while True:
        line = stream.readline().decode("latin-1")
        if not line:
            raise EOFError("the server closed before STARTTLS")
        if end(line):
            return line


def upgrade(plain, protocol):
    """Asks for TLS in the protocol's own way, as far as its server must be asked."""
    if protocol == "postgres":
        plain.sendall(b"\0\0\0\x08\x04\xd2\x16\x2f")
        answer = plain.recv(1)
        if answer != b"S":
            raise NoUpgrade("PostgreSQL answered %r" % answer)
        return
    stream = plain.makefile("rb", buffering=0)
    last = {"smtp": lambda line: line[3:4] != "-", "ftp": lambda line: line[3:4] != "-",
            "imap": lambda line: line.startswith(("* OK", "a1 ")), "pop3": lambda line: True}[protocol]
    lines_until(stream, last)
    if protocol == "smtp":
        plain.sendall(b"EHLO client.example.com\r\n")
        lines_until(stream, last)
    command, wanted = {"smtp": (b"STARTTLS\r\n", "220"), "ftp": (b"AUTH TLS\r\n", "234"),
                       "imap": (b"a1 STARTTLS\r\n", "a1 OK"), "pop3": (b"STLS\r\n", "+OK")}[protocol]
    plain.sendall(command)
    answer = lines_until(stream, last)
    if not answer.startswith(wanted):
        raise NoUpgrade("the server answered " + answer.strip())


def connect(words, context, session, request):
    source = (words["source"], 0) if words["source"] else None
    plain = socket.create_connection((words["address"], int(words["port"])), source_address=source)
    if words["starttls"]:
        upgrade(plain, words["starttls"])
    secured = context.wrap_socket(plain, server_hostname=words["server_name"] or None, session=session)
    secured.sendall(request)
    answer = secured.recv(65536)
    if not answer:
        raise EOFError("EOF occurred instead of an answer")
    try:
        while secured.recv(65536):
            pass
        session, reused = secured.session, secured.session_reused
        secured.unwrap()
    except OSError:  # It was answered; how the server says good-bye is its own affair.
        session, reused = secured.session, secured.session_reused
        secured.close()
    return answer, session, reused


def main():
    words = dict(word.split("=", 1) for word in sys.argv[1:])
    request = sys.stdin.buffer.read()
    try:
        context = context_for(words)
        answer, session, _ = connect(words, context, None, request)
        if words["resume"]:
            print("first connection done", file=sys.stderr)
            answer, _, reused = connect(words, context, session, request)
            print("resumed" if reused else "not resumed", file=sys.stderr)
        sys.stdout.buffer.write(answer)
        return 0
    except Exception as problem:  # Whatever it is, its name and words are the result of this program.
        print("%s: %s" % (type(problem).__name__, problem), file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
