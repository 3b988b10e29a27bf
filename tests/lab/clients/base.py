# SPDX-License-Identifier: Apache-2.0
"""What all client adapters share: running a program, its trust, its clock, its request, and reading its
words.

An adapter turns a model.ClientSpec into the command line of one real program, runs it once in the client's
network namespace, and turns what the program itself said (its output and exit code) into a model.Report.
Nothing here looks at packets. What a program cannot do raises model.Unsupported before anything is sent.

Options that adapters understand, where they can (else Unsupported):
  padded=yes      a ClientHello of more than 1500 bytes, by ALPN entries that nobody speaks
  source=ADDRESS  the local address of the connection
  status=yes      asks for a stapled OCSP response (openssl; most others do anyway)
"""
import json
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import typing

import model
from model import Said
from program_output import PATH, first_line, last_line, line_around, missing  # noqa: F401  (adapters ask for them here)

PROGRAMS = pathlib.Path(__file__).resolve().parent / "programs"
PADDING = tuple("x-padding-%02d-%s" % (number, "-" * 45) for number in range(28))

PROXIES = ("http_connect", "socks")  # what stands in the place of STARTTLS there


# What a client says first once the connection is encrypted, by its STARTTLS protocol; any answer will do.
_REQUESTS = {
    None: "GET / HTTP/1.0\r\nHost: %(name)s\r\n\r\n",
    "smtp": "EHLO client.example.com\r\nQUIT\r\n",
    "lmtp": "LHLO client.example.com\r\nQUIT\r\n",
    "imap": "a1 CAPABILITY\r\na2 LOGOUT\r\n",
    "pop3": "CAPA\r\nQUIT\r\n",
    "ftp": "FEAT\r\nQUIT\r\n",
    "nntp": "CAPABILITIES\r\nQUIT\r\n",
    "sieve": "CAPABILITY\r\nLOGOUT\r\n",
    # StartupMessage (length, protocol 3.0, user and database "lab") and Terminate, after which it closes.
    "postgres": "\0\0\0\x1f\0\3\0\0user\0lab\0database\0lab\0\0X\0\0\0\4",
    # An anonymous bind. An unbind right behind it may cost the answer.
    "ldap": "\x30\x0c\2\1\2\x60\7\2\1\3\4\0\x80\0",
    # HandshakeResponse41 of "root" (behind greeting and SSLRequest it is the packet 2) and COM_QUIT.
    "mysql": "\x26\0\0\2" "\1\x8a\0\0" "\0\0\0\1" "\x2d" + 23 * "\0" + "root\0\0" "\1\0\0\0\1",
    "xmpp": "<?xml version='1.0'?><stream:stream xmlns='jabber:client' to='%(name)s' version='1.0' "
            "xmlns:stream='http://etherx.jabber.org/streams'></stream:stream>",
}
_REQUESTS.update(dict.fromkeys(PROXIES, _REQUESTS[None]))


class Ended(typing.NamedTuple):
    """A program that came to its end, or was stopped."""

    exit_code: int | None  # None: stopped because its time was over
    output: str
    errors: str

    @property
    def text(self):
        return self.errors + "\n" + self.output


class Rule(typing.NamedTuple):
    """A phrase of a program, and what it means; a group in the pattern names the alert (number or name)."""

    pattern: str
    said: Said


# Words of the C library and of the kernel, which most programs hand on.
SYSTEM_RULES = (
    Rule(r"(?i)connection refused|ECONNREFUSED", Said.refused),
    Rule(r"(?i)no route to host|network is unreachable|host is unreachable|host unreachable|EHOSTUNREACH"
         r"|ENETUNREACH|permission denied \(connect|EACCES", Said.unreachable),
    Rule(r"(?i)connection reset|ECONNRESET|broken pipe|EPIPE", Said.got_reset),
    Rule(r"(?i)connection timed out|operation timed out|ETIMEDOUT|timed out", Said.timed_out),
)

ALERTS = {
    "close_notify": 0, "unexpected_message": 10, "bad_record_mac": 20, "decryption_failed": 21,
    "record_overflow": 22,
    "decompression_failure": 30, "handshake_failure": 40, "no_certificate": 41, "bad_certificate": 42,
    "unsupported_certificate": 43, "certificate_revoked": 44, "certificate_expired": 45,
    "certificate_unknown": 46,
    "illegal_parameter": 47, "unknown_ca": 48, "access_denied": 49, "decode_error": 50, "decrypt_error": 51,
    "export_restriction": 60, "protocol_version": 70, "insufficient_security": 71, "internal_error": 80,
    "inappropriate_fallback": 86, "user_canceled": 90, "no_renegotiation": 100, "missing_extension": 109,
    "unsupported_extension": 110, "certificate_unobtainable": 111, "unrecognized_name": 112,
    "bad_certificate_status_response": 113, "bad_certificate_hash_value": 114, "unknown_psk_identity": 115,
    "certificate_required": 116, "no_application_protocol": 120, "ech_required": 121,
}


def alert_number(word):
    """The number of an alert that a program gave as a number or by its RFC name, in any case and spacing."""
    if word is None:
        return None
    word = word.strip()
    if word.isdigit():
        return int(word)
    return ALERTS.get(re.sub(r"[\s-]+", "_", word.lower()))


def judge(rules, ended, otherwise=Said.own_failure):
    """The first rule whose pattern occurs says what happened; the line it occurs in is kept."""
    if ended.exit_code is None:
        return model.Report(Said.timed_out, text="stopped by the laboratory: " + last_line(ended.text))
    for rule in rules:
        found = re.search(rule.pattern, ended.text)
        if found:
            word = next((group for group in found.groups() if group), None)
            line = line_around(ended.text, found.start())
            return model.Report(rule.said, alert_number(word), line, ended.exit_code)
    return model.Report(otherwise, None, last_line(ended.text), ended.exit_code)


def connected(ended):
    return model.Report(Said.connected, text=first_line(ended.output), exit_code=ended.exit_code)


def run(spec, lab, argv, timeout, environment=None, sends=None):
    """Runs one program in the client's namespace to its end, or ends it and its children after `timeout`."""
    process = lab.network.popen(
        lab.network.client_namespace(spec.network), [str(word) for word in argv],
        stdin=subprocess.PIPE if sends is not None else subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, env=_environment(spec, lab, environment), start_new_session=True)
    try:
        output, errors = process.communicate(sends.encode("latin-1") if sends is not None else None, timeout)
        code = process.returncode
    except subprocess.TimeoutExpired:
        code = None
        _end_group(process)
        output, errors = process.communicate()
    return Ended(code, output.decode("utf-8", "replace"), errors.decode("utf-8", "replace"))


def _end_group(process):
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        process.kill()


def _environment(spec, lab, additions):
    """A small environment of its own, so that nothing of the user's settings (proxies, locale) comes in."""
    environment = {"PATH": PATH, "LC_ALL": "C.UTF-8", "TZ": "UTC",
                   "HOME": str(folder(lab, "home"))}
    environment.update(additions or {})
    if spec.clock_offset_days:
        environment.update(LD_PRELOAD=_faketime(), FAKETIME="%+dd" % spec.clock_offset_days,
                           FAKETIME_DONT_FAKE_MONOTONIC="1", DONT_FAKE_MONOTONIC="1")
    return environment


def _faketime():
    for library in sorted(pathlib.Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")):
        return str(library)
    raise model.Unsupported("faketime is not installed")


def folder(lab, *parts):
    path = pathlib.Path(lab.folder, "clients", *parts)
    path.mkdir(parents=True, exist_ok=True)
    return path


def fresh_folder(lab, stack):
    return pathlib.Path(tempfile.mkdtemp(dir=folder(lab, stack)))


def once(lab, stack, name, make):
    """The path `name` in the adapter's folder, which make(path) makes the first time, whole or not at all."""
    path = folder(lab, stack) / name
    if not path.exists():
        scratch = fresh_folder(lab, stack) / name
        make(scratch)
        try:
            scratch.rename(path)
        except OSError:  # Another thread made it meanwhile.
            if not path.exists():
                raise
    return path


def only_role(spec, *roles):
    if spec.role not in roles + ("tls",):
        raise model.Unsupported("%s has no role %r" % (spec.stack, spec.role))


def anchors(spec, lab):
    """The file of trust anchors; None for a client that verifies nothing.

    A client that trusts "nothing" has an authority that no server's certificate leads to, because several
    stacks refuse to start with an empty store, and its users would then see another failure.
    """
    if spec.trust == "all":
        return None
    if spec.trust == "nothing":
        return str(lab.pki.client_root)
    if spec.trust == "root":
        return str(lab.pki.root)
    if spec.trust == "root+cache":
        def both(path):
            path.write_text(pathlib.Path(lab.pki.root).read_text() +
            pathlib.Path(lab.pki.intermediate).read_text())
        return str(once(lab, "trust", "root_and_cache.pem", both))
    raise model.Unsupported("no trust %r" % spec.trust)


def expected_name(spec):
    return spec.expect_name or spec.server_name


def expects_sent_name(spec):
    """For programs that check the certificate against the name they send, and nothing else."""
    if spec.expect_name not in (None, spec.server_name):
        raise model.Unsupported("%s checks no other name than the one it sends" % spec.stack)
    if spec.server_name is None and spec.trust != "all":
        raise model.Unsupported("%s sends no name only to a bare address, which it would check; "
                                "trust must be all" % spec.stack)


def no_source(spec):
    if spec.option("source"):
        raise model.Unsupported("%s cannot bind a local address" % spec.stack)


def alpn(spec):
    """The protocols to offer; with padding behind them if asked."""
    if spec.option("padded") == "yes":
        return (spec.tls.alpn or ("http/1.1",)) + PADDING
    return spec.tls.alpn


def no_padding(spec):
    if spec.option("padded") == "yes":
        raise model.Unsupported("%s cannot pad its ClientHello" % spec.stack)


def versions(tls):
    """(minimum, maximum), each or None. DHE and static RSA suites do not exist in TLS 1.3."""
    low, high = tls.min_version, tls.max_version
    if tls.suites in ("dhe", "rsa_kx") and high in (None, model.TLS13):
        high = model.TLS12
    return low, high


def translate(table, key, what, stack):
    """A word of the model in the program's own language."""
    if key is None:
        return None
    if key not in table:
        raise model.Unsupported("%s has no %s %s" % (stack, what, key))
    return table[key]


def no_starttls(spec):
    if spec.starttls:
        raise model.Unsupported("%s does no STARTTLS for %s" % (spec.stack, spec.starttls))


def request(spec):
    if spec.starttls not in _REQUESTS:
        raise model.Unsupported("no client here speaks %s" % spec.starttls)
    return _REQUESTS[spec.starttls].replace("%(name)s", expected_name(spec) or "localhost")


def program_words(spec, lab, address, port):
    """The arguments of the programs in programs/, key=value; an empty value is the program's default.

    roots is the file of trust anchors, empty for no verification; certificate and key are PEM files; resume
    makes a second connection after the first. A starttls, groups, or suites that a program lacks is for its
    adapter to refuse.
    """
    low, high = versions(spec.tls)
    words = {
        "address": address, "port": port, "server_name": spec.server_name, "expect_name": expected_name(spec),
        "roots": anchors(spec, lab), "min": low, "max": high, "alpn": ",".join(alpn(spec)),
        "certificate": spec.identity and lab.pki.chain(spec.identity),
        "key": spec.identity and lab.pki.key(spec.identity),
        "resume": spec.resume, "starttls": spec.starttls, "source": spec.option("source"),
    }
    return words


def only_tls_of(spec, low_and_high=True):
    """For programs of other protocols than HTTP, which have few settings for TLS."""
    tls = spec.tls
    if (tls.suites or tls.groups or tls.signature_algorithms or tls.alpn or spec.resume or spec.identity
            or (not low_and_high and tls != model.TlsSettings())):
        raise model.Unsupported("%s takes TLS as it comes%s, without a certificate of its own" % (
            spec.stack, " but for its version" if low_and_high else ""))


def knowing_host(argv, lab, stack, name, address):
    """The command line `argv` where `name` is `address`, for programs that have no other way to be told both."""
    hosts = fresh_folder(lab, stack) / "hosts"
    hosts.write_text("%s %s\n127.0.0.1 localhost\n" % (address, name))
    return ["unshare", "--mount", "sh", "-c", 'mount --bind "$0" /etc/hosts && exec "$@"', hosts, *argv]


def as_arguments(words):
    return ["%s=%s" % (key, "" if value is None else value) for key, value in words.items()]


def report_of_program(spec, ended, judged):
    """What one of our programs has to say: an answer on its output, or else what `judged` makes of its
    errors."""
    if spec.resume and "first connection done" not in ended.errors:
        raise model.LabError("the first connection of a resumption failed: " + last_line(ended.errors))
    if ended.exit_code == 0 and spec.resume and "not resumed" in ended.errors:
        return model.Report(Said.own_failure, text="not resumed", exit_code=0)
    return connected(ended) if ended.exit_code == 0 else judged(ended)


def report_of_json(ended, who):
    """What a program of ours says that reports in JSON: {"said", "text"} and, where it knows one, "alert"."""
    if ended.exit_code is None:
        return model.Report(Said.timed_out, text="stopped by the laboratory")
    try:
        answer = json.loads(ended.output)
    except ValueError:
        raise model.LabError("%s broke: %s" % (who, last_line(ended.text))) from None
    return model.Report(Said[answer["said"]], answer.get("alert"), answer["text"], ended.exit_code)


def bracketed(address):
    return "[%s]" % address if ":" in address else address


def after_two(first, second):
    """The report of a resumption: the second connection's, if the first one could be made."""
    if first.said != Said.connected:
        raise model.LabError("the first connection of a resumption failed: %s" % first.text)
    return second
