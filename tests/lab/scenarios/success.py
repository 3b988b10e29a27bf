# SPDX-License-Identifier: Apache-2.0
"""Handshakes that succeed, in every shape: what a sensor must never call a failure."""
from model import (ESTABLISHED, SSL3, TLS10, TLS11, TLS12, TLS13, Case, ClientSpec, ServerSpec, TlsSettings,
                   established, says, variant_of)
from scenarios import scenario
from scenarios.stacks import CLIENTS, SERVERS

CONNECTED = says("connected")


def success(client, server, version, variant="", **others):
    return Case("", client, server, (established(version),), CONNECTED, variant=variant, verdict=ESTABLISHED, **others)


@scenario
def established_between_all_stacks(lab):
    for client in CLIENTS:
        for server in SERVERS:
            yield success(ClientSpec(client), ServerSpec(server, TlsSettings.only(TLS13)), TLS13, "tlsv13",
                          fixture=client == server)
    for version in (TLS12,):
        for client in CLIENTS:
            yield success(ClientSpec(client), ServerSpec("nginx", TlsSettings.only(version)), version, variant_of(version))
        for server in SERVERS:
            if server != "nginx":
                yield success(ClientSpec("openssl"), ServerSpec(server, TlsSettings.only(version)), version,
                              variant_of(version))


@scenario
def established_with_old_versions(lab):
    for version in (SSL3, TLS10, TLS11):
        for client, server in (("openssl", "openssl"), ("gnutls", "gnutls"), ("nss", "nss"), ("gnutls", "openssl"),
                               ("nss", "openssl"), ("openssl", "nginx"), ("python", "haproxy")):
            yield success(ClientSpec(client, TlsSettings.only(version)), ServerSpec(server, TlsSettings.only(version)),
                          version, variant_of(version), fixture=client == server)


@scenario
def established_over_ipv6(lab):
    for client, server in (("openssl", "nginx"), ("curl", "haproxy"), ("gnutls", "openssl"), ("python", "go")):
        yield success(ClientSpec(client, family=6), ServerSpec(server), TLS13, fixture=client == "curl")


@scenario
def established_with_client_certificate(lab):
    for version in (TLS12, TLS13):
        for client in CLIENTS:
            yield success(ClientSpec(client, identity="client_good"),
                          ServerSpec("openssl", TlsSettings.only(version), client_certificates="require"), version,
                          variant_of(version), fixture=client == "openssl")
        for server in SERVERS:
            if server != "openssl":
                yield success(ClientSpec("openssl", identity="client_good"),
                              ServerSpec(server, TlsSettings.only(version), client_certificates="require"), version,
                              variant_of(version))


@scenario
def established_with_optional_client_certificate_absent(lab):
    for version in (TLS12, TLS13):
        for client, server in (("openssl", "openssl"), ("curl", "nginx"), ("gnutls", "haproxy"), ("python", "go")):
            yield success(ClientSpec(client), ServerSpec(server, TlsSettings.only(version),
                                                         client_certificates="request"), version, variant_of(version))


@scenario
def resumed(lab):
    for kind, version in (("session_id", TLS12), ("ticket", TLS12), ("psk", TLS13), ("early_data", TLS13)):
        for client in ("openssl", "gnutls", "python", "curl"):
            for server in ("openssl", "nginx", "gnutls"):
                if (client, server, kind) in (("openssl", "gnutls", "early_data"), ("gnutls", "nginx", "early_data")):
                    # gnutls-serv answers what comes after early data, and s_client sends no more; gnutls-cli sends
                    # its request again, to an nginx that may have answered and gone.
                    continue
                options = {"early_data": (("early_data", "yes"),), "session_id": (("tickets", "no"),)}.get(kind, ())
                # gnutls-cli fetches its session by a handshake alone, and sends nothing over it.
                first = established(version, rejection=client == "gnutls")
                yield Case("", ClientSpec(client, resume=kind),
                           ServerSpec(server, TlsSettings.only(version), options=options),
                           (first, established(version)), CONNECTED, variant=kind,
                           fixture=client == server == "openssl")


@scenario
def hello_retry_request(lab):
    for client in ("openssl", "gnutls", "nss", "python", "go", "java"):
        for server in ("openssl", "nginx"):
            yield success(ClientSpec(client, TlsSettings(groups=("x25519", "secp384r1"))),
                          ServerSpec(server, TlsSettings.only(TLS13, groups=("secp384r1",))), TLS13,
                          fixture=client == server)


@scenario
def large_client_hello(lab):
    # A post-quantum key share (Chromium by itself) or a long offer makes the hello span two segments.
    for client in ("openssl", "python", "go", "chromium"):
        yield success(ClientSpec(client, options=(("padded", "yes"),)), ServerSpec("nginx"), TLS13,
                      fixture=client in ("openssl", "chromium"))


@scenario
def established_with_other_suites(lab):
    for suites in ("chacha20", "aes128"):
        for client in ("openssl", "gnutls", "nss", "java", "go"):
            yield success(ClientSpec(client, TlsSettings(suites=suites)),
                          ServerSpec("openssl", TlsSettings.only(TLS13)), TLS13, suites)
    for suites in ("dhe", "rsa_kx"):
        for client in ("openssl", "gnutls", "nss"):
            yield success(ClientSpec(client, TlsSettings(suites=suites)),
                          ServerSpec("openssl", TlsSettings.only(TLS12)), TLS12, suites, fixture=client == "openssl")
