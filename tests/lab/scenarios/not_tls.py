# SPDX-License-Identifier: Apache-2.0
"""One of the two does not speak TLS."""
import dataclasses

from model import Case, ClientSpec, Expected, Said, ServerSpec, Truth, says
from scenarios import scenario
from scenarios.company import guest

NON_TLS_REPLY = Expected("non_tls_reply", "server", "client_hello")
# No ClientHello was ever sent; who closes first is the server's habit.
NO_HELLO = Expected("no_hello", None, "tcp")
TLS_SERVERS = (("raw", says("own_failure")), ("openssl", None), ("nginx", None), ("haproxy", None), ("gnutls", None))
# Others speak TLS there, which makes it a port for TLS.
OTHERS = (guest("b"),)
# A server that closes at a ClientHello, or waits for more, looks like a TLS server that has a fault: who knows neither
# its configuration nor what others speak there cannot tell.
ALSO = frozenset(("server_unresponsive",))
SERVER_COMPLAINS = says("not_tls", "got_alert", "got_close", "got_reset")


@scenario
def plain_http_to_a_tls_port(lab):
    expected = dataclasses.replace(NO_HELLO, service=("http", None))
    for server, server_says in TLS_SERVERS:
        yield Case("", ClientSpec("raw", role="plain_http"), ServerSpec(server), (expected,), SERVER_COMPLAINS,
                   server_says, "plaintext_client", fixture=server in ("raw", "nginx"), before=OTHERS)


@scenario
def garbage_to_a_tls_port(lab):
    for server, server_says in TLS_SERVERS:
        yield Case("", ClientSpec("raw", role="garbage"), ServerSpec(server), (NO_HELLO,),
                   SERVER_COMPLAINS | says("timed_out"), server_says, "plaintext_client", fixture=server == "raw", before=OTHERS)


@scenario
def another_protocol_to_a_tls_port(lab):
    """Real programs that do not mean TLS, and whose protocol lets the client speak first."""
    for program, service in (("http", "http"), ("ssh", "ssh"), ("redis", "redis"), ("mqtt", "mqtt"), ("ldap", "ldap"),
                             ("postgresql", "postgresql"), ("socks", "socks")):
        for server in ("openssl", "nginx", "raw"):
            yield Case("", ClientSpec("plain", role=program), ServerSpec(server),
                       (dataclasses.replace(NO_HELLO, service=(service, None)),), SERVER_COMPLAINS | says("timed_out"),
                       None, "plaintext_client", variant=program, fixture=server == "nginx", before=OTHERS)
    # xfreerdp without TLS and an XMPP client that wants it by starttls only.
    yield Case("", ClientSpec("freerdp", role="plain"), ServerSpec("openssl"),
               2 * (dataclasses.replace(NO_HELLO, service=("rdp", None)),),  # it tries twice
               SERVER_COMPLAINS | says("own_failure"), None,
               "plaintext_client", fixture=True, before=OTHERS)
    yield Case("", ClientSpec("gnutls", starttls="xmpp"), ServerSpec("nginx"),
               (dataclasses.replace(NO_HELLO, service=("xmpp", None)),), SERVER_COMPLAINS | says("own_failure"), None,
               "plaintext_client", fixture=True, before=OTHERS)


# (stack, role, its protocol where it has several, the service by name, what the server says)
SERVICES = (
    ("http", "http", None, "http", says("not_tls")), ("openssh", "ssh", None, "ssh", says("not_tls")),
    ("raw", "http", None, "http", None), ("raw", "block_page", None, "block_page", None),
    ("raw", "ssh_banner", None, "ssh", None), ("raw", "smtp_banner", None, "smtp", None),
    ("raw", "ftp_banner", None, "ftp", None),
    ("exim", "no_tls", "smtp", "smtp", None), ("dovecot", "no_tls", "imap", "imap", None),
    ("dovecot", "no_tls", "pop3", "pop3", None), ("vsftpd", "no_tls", "ftp", "ftp", None),
    ("prosody", "no_tls", "xmpp", "xmpp", None), ("mariadb", "no_tls", "mysql", "mysql", None),
    ("xrdp", "no_tls", "rdp", "rdp", None), ("redis", "protected", None, "redis", None),
)
# What is no language of theirs, these close without a word, so that nobody can tell what they speak.
CLOSING = (("postgres", "no_ssl", "postgres"), ("slapd", "no_tls", "ldap"), ("dante", "no_tls", "socks"),
           ("mosquitto", "mqtt", None))
# And these wait for the end of a line.
WAITING = (("redis", "open", None), ("tinyproxy", "no_tls", "http_connect"))


@scenario
def tls_to_another_service(lab):
    for stack, role, protocol, service, server_says in SERVICES:
        for client in ("raw", "openssl", "curl", "gnutls"):
            # Two stacks wait longer for a record than the laboratory for them; both mean the same.
            said = says("not_tls") if client == "raw" else says("not_tls", "own_failure", "got_close", "got_reset")
            yield Case("", ClientSpec(client), ServerSpec(stack, role=role, starttls=protocol),
                       (dataclasses.replace(NON_TLS_REPLY, service=("", service)),), said, server_says,
                       "not_tls_server", variant=role if stack == "raw" else protocol if stack == "dovecot" else "",
                       fixture=client == "raw")
    closed, reset = (Expected(kind, "server", "client_hello", service=("", "")) for kind in ("closed", "reset"))
    for stack, role, protocol in CLOSING:
        for client in ("raw", "openssl"):
            yield Case("", ClientSpec(client), ServerSpec(stack, role=role, starttls=protocol), (closed,),
                       says("got_close", "got_reset"), None, "not_tls_server", fixture=client == "raw", also=ALSO,
                       by_report=(Truth(Said.got_reset, (reset,), None, "not_tls_server"),))


@scenario
def tls_to_a_service_that_waits_for_more(lab):
    for stack, role, protocol in WAITING:
        yield Case("", ClientSpec("raw"), ServerSpec(stack, role=role, starttls=protocol),
                   (Expected("silence", "server", "client_hello", service=("", "")),), says("timed_out"), None,
                   "not_tls_server", fixture=True, also=ALSO)
