# SPDX-License-Identifier: Apache-2.0
"""TLS that a plaintext protocol asks for first, or a way through a proxy, and the ways in which that goes wrong."""
import dataclasses

from model import (TLS12, TLS13, Case, ClientSpec, Expected, ServerSpec, TlsSettings, established,
                   rejection_by_client, says, variant_of)
from scenarios import scenario
from scenarios.company import OLDER, cut_off, guest
from scenarios.stacks import client_profile

CONNECTED = says("connected")
# (protocol, its real server, the clients that speak it); the first client of each is the protocol's own program.
KINDS = (
    ("smtp", "exim", ("mail", "openssl", "curl", "gnutls", "python")),
    ("smtp", "smtp", ("mail", "openssl", "curl", "gnutls")),
    ("imap", "dovecot", ("mail", "openssl", "curl", "gnutls", "python")),
    ("pop3", "dovecot", ("mail", "openssl", "curl", "gnutls", "python")),
    ("ftp", "vsftpd", ("mail", "openssl", "curl", "gnutls", "python")),
    ("ldap", "slapd", ("ldap", "openssl", "gnutls")),
    ("xmpp", "prosody", ("gnutls", "openssl")),
    ("postgres", "postgres", ("psql", "openssl", "gnutls", "python")),
    ("mysql", "mariadb", ("mariadb", "openssl")),
    ("rdp", "xrdp", ("freerdp",)),
    ("http_connect", "tinyproxy", ("curl", "openssl")),
    ("socks", "dante", ("curl",)),
)
# Whose captures are kept: the first one's of both versions, a second one's of TLS 1.3 only.
KEPT = {("smtp", "exim"): ("mail",), ("smtp", "smtp"): ("mail",), ("imap", "dovecot"): ("mail", "curl"),
        ("pop3", "dovecot"): ("mail",), ("ftp", "vsftpd"): ("mail", "curl"), ("ldap", "slapd"): ("ldap", "openssl"),
        ("xmpp", "prosody"): ("gnutls", "openssl"), ("postgres", "postgres"): ("psql",),
        ("mysql", "mariadb"): ("mariadb", "openssl"), ("rdp", "xrdp"): ("freerdp",),
        ("http_connect", "tinyproxy"): ("curl",), ("socks", "dante"): ("curl",)}
SILENT = ("tinyproxy",)  # does not tell one end of a tunnel from another
SAY_THAT_THEY_DECLINED = ("exim", "dovecot", "vsftpd", "slapd", "prosody", "tinyproxy", "dante")
# libldap drops TLS with a certificate that it dislikes, and then sends its unbind, which is no TLS any more. When that
# makes the server close before the client does, nothing tells that this client did not want the connection.
SAY_GOOD_BYE_WITHOUT_TLS = ("ldap",)
OF_ONE_VERSION = ("freerdp",)  # which cannot be told another one

# How events name what the laboratory names otherwise.
NAMES = {"postgres": "postgresql"}
# Who does not check certificates is shown them, by TLS 1.2. xfreerdp takes the version as it comes.
OLDER_CLIENTS = dict.fromkeys(("smtp", "imap", "pop3", "ftp", "ldap", "xmpp", "postgres", "mysql", "http_connect"),
                              "openssl") | {"socks": "curl"}


def name_of(protocol):
    return NAMES.get(protocol, protocol)


def _combinations():
    """(protocol, client, server, version or None, rank among the kept ones: 0 is the first, None is not kept)"""
    for protocol, server, clients in KINDS:
        for client in clients:
            kept = KEPT[protocol, server]
            rank = kept.index(client) if client in kept else None
            for version in (None,) if client in OF_ONE_VERSION else (TLS12, TLS13):
                yield protocol, client, server, version, rank


def _settings(version):
    return TlsSettings.only(version) if version else TlsSettings()


def _variant(protocol, server, version):
    """dovecot speaks two protocols."""
    return ".".join(([protocol] if server == "dovecot" else []) + ([variant_of(version)] if version else []))


@scenario
def starttls_established(lab):
    for protocol, client, server, version, rank in _combinations():
        yield Case("", ClientSpec(client, _settings(version), starttls=protocol), ServerSpec(server, starttls=protocol),
                   (established(version, starttls=name_of(protocol)),), CONNECTED,
                   None if server in SILENT else CONNECTED,
                   variant=_variant(protocol, server, version),
                   fixture=rank == 0 or (rank == 1 and version == TLS13))


@scenario
def starttls_certificate_unknown_ca(lab):
    for protocol, client, server, version, rank in _combinations():
        expected = rejection_by_client(client_profile(client), version, starttls=name_of(protocol))
        if client in SAY_GOOD_BYE_WITHOUT_TLS:
            expected = dataclasses.replace(expected, rejection=None)
        yield Case("", ClientSpec(client, _settings(version), starttls=protocol),
                   ServerSpec(server, identity="unknown_ca", starttls=protocol), (expected,), says("rejected_peer"),
                   None, "untrusted_ca", variant=_variant(protocol, server, version),
                   fixture=rank == 0 and version != TLS12, before=_shown(protocol) if version == TLS13 else ())


def _shown(protocol):
    if protocol not in OLDER_CLIENTS:
        return ()
    return (guest("b", OLDER, stack=OLDER_CLIENTS[protocol], starttls=protocol),)


def _refused(client, server, protocol, expected, variant="", options=(), role="no_tls", said=says("no_upgrade"),
             fixture=True, cause="starttls_refused"):
    return Case("", ClientSpec(client, starttls=protocol, options=options),
                ServerSpec(server, starttls=protocol, role=role), (expected,), said,
                says("no_upgrade") if server in SAY_THAT_THEY_DECLINED else None, cause, variant=variant,
                fixture=fixture)


@scenario
def starttls_refused(lab):
    """The client asks, whether or not it was offered, and the server declines."""
    def refused(protocol):
        return Expected("starttls_refused", "server", "tcp", starttls=name_of(protocol))

    insist = (("insist", "yes"),)
    yield _refused("mail", "smtp", "smtp", refused("smtp"), "not_offered", insist, role="no_starttls")
    yield _refused("mail", "smtp", "smtp", refused("smtp"), "454", role="starttls_454")
    yield _refused("mail", "exim", "smtp", refused("smtp"), options=insist)
    yield _refused("mail", "dovecot", "imap", refused("imap"), "imap", insist)
    yield _refused("mail", "dovecot", "pop3", refused("pop3"), "pop3", insist)
    yield _refused("mail", "vsftpd", "ftp", refused("ftp"))
    yield _refused("curl", "vsftpd", "ftp", refused("ftp"))
    yield _refused("ldap", "slapd", "ldap", refused("ldap"))
    yield _refused("psql", "postgres", "postgres", refused("postgres"), role="no_ssl")
    yield _refused("freerdp", "xrdp", "rdp", refused("rdp"))
    # gnutls-cli asks without a look at what is offered, and waits for an answer that it likes.
    gives_up = says("no_upgrade", "got_close", "own_failure", "timed_out", "not_tls")
    yield _refused("gnutls", "prosody", "xmpp", refused("xmpp"), said=gives_up)
    for protocol, server in (("smtp", "exim"), ("imap", "dovecot"), ("pop3", "dovecot"), ("ftp", "vsftpd"),
                             ("ldap", "slapd")):
        yield _refused("gnutls", server, protocol, refused(protocol), protocol if server == "dovecot" else "",
                       said=gives_up, fixture=False)


@scenario
def starttls_refused_and_tls_begun_nevertheless(lab):
    """s_client does not read what mail servers say to it, and sends its ClientHello behind the refusal."""
    for protocol, server in (("smtp", "exim"), ("imap", "dovecot"), ("pop3", "dovecot")):
        yield _refused("openssl", server, protocol,
                       Expected("starttls_refused", "server", "tcp", starttls=name_of(protocol)),
                       protocol if server == "dovecot" else "", said=says("not_tls", "got_close", "own_failure"),
                       fixture=server == "exim")


@scenario
def starttls_not_offered(lab):
    """The client reads that there is none, and leaves: nobody asked, so there is nothing that was refused."""
    yield _refused("mail", "smtp", "smtp", Expected("no_hello", "client", "tcp", service=("smtp", "smtp")),
                   role="no_starttls", cause=None)
    for protocol, server, clients in (("smtp", "exim", ("mail", "curl")), ("imap", "dovecot", ("mail", "curl")),
                                      ("pop3", "dovecot", ("mail", "curl")), ("mysql", "mariadb", ("mariadb",))):
        for client in clients:
            expected = Expected("no_hello", None, "tcp", service=(None, name_of(protocol)))
            yield _refused(client, server, protocol, expected, protocol if server == "dovecot" else "",
                           fixture=client != "curl", cause=None)


@scenario
def proxy_refuses_the_way(lab):
    """A proxy is asked for a way, not for TLS, so that what it refuses is a connection without a ClientHello."""
    for client, server, protocol, service in (("curl", "tinyproxy", "http_connect", "http"),
                                              ("curl", "dante", "socks", "socks")):
        yield _refused(client, server, protocol, Expected("no_hello", None, "tcp", service=(service, service)),
                       cause=None)


@scenario
def starttls_answered_with_something_else(lab):
    yield Case("", ClientSpec("mail", starttls="smtp"), ServerSpec("smtp", role="starttls_garbage", starttls="smtp"),
               (Expected("non_tls_reply", "server", "client_hello", starttls="smtp"),), says("not_tls"),
               says("not_tls"), "starttls_refused", fixture=True)


@scenario
def starttls_dropped_after_the_hello(lab):
    yield Case("", ClientSpec("mail", starttls="smtp"), ServerSpec("smtp", role="starttls_dropped", starttls="smtp"),
               (Expected("closed", "server", "client_hello", starttls="smtp"),), says("got_close"),
               says("own_failure"), "server_unresponsive", fixture=True,
               before=(guest("b", server=ServerSpec("smtp", starttls="smtp"), starttls="smtp"),),
               after=(cut_off(starttls="smtp"),))
