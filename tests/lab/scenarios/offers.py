# SPDX-License-Identifier: Apache-2.0
"""A version in common, but no cipher suite, group, signature algorithm or application protocol."""
import dataclasses

from model import (REPORTED, TLS12, TLS13, Case, ClientSpec, Expected, ServerSpec, TlsSettings, says, server_alert, variant_of)
from scenarios import scenario
from scenarios.company import guest
from scenarios.stacks import SERVERS

REFUSED = (server_alert(alert=REPORTED),)
GOT_ALERT = says("got_alert")
SERVER_SPOKE = says("own_failure", "nothing")


def _refused(client, server, cause, variant, **others):
    # Others come through, who offer what is usual.
    return Case("", client, server, REFUSED, GOT_ALERT, SERVER_SPOKE, cause, variant=variant,
                before=(guest("b"), guest("c")) if cause != "alpn_mismatch" else (), **others)


@scenario
def no_common_cipher(lab):
    for version in (TLS12, TLS13):
        for client in ("openssl", "gnutls", "nss", "java", "curl", "node", "python"):
            yield _refused(ClientSpec(client, TlsSettings(suites="aes128")),
                           ServerSpec("openssl", TlsSettings.only(version, suites="chacha20")), "cipher_mismatch",
                           variant_of(version), fixture=client == "openssl")
        for server in SERVERS:
            if server != "openssl":
                yield _refused(ClientSpec("openssl", TlsSettings(suites="chacha20")),
                               ServerSpec(server, TlsSettings.only(version, suites="aes256")), "cipher_mismatch",
                               variant_of(version))


@scenario
def no_common_group(lab):
    for client in ("openssl", "gnutls", "nss", "java", "go"):
        for server in ("openssl", "nginx", "gnutls"):
            yield _refused(ClientSpec(client, TlsSettings(groups=("secp256r1",))),
                           ServerSpec(server, TlsSettings.only(TLS13, groups=("secp384r1",))), "group_mismatch",
                           "tlsv13", fixture=client == "openssl" and server == "openssl")


@scenario
def no_common_signature_algorithm(lab):
    for version in (TLS12, TLS13):
        for client in ("openssl", "gnutls"):
            for server in ("openssl", "nginx", "haproxy"):
                yield _refused(ClientSpec(client, TlsSettings(signature_algorithms="ecdsa")),
                               ServerSpec(server, TlsSettings.only(version), identity="good"),
                               "signature_algorithm_mismatch", variant_of(version),
                               fixture=client == "openssl" and server == "openssl")


@scenario
def no_common_alpn(lab):
    for version in (TLS12, TLS13):
        for client in ("openssl", "gnutls", "python", "node", "go"):
            for server in ("nginx", "go", "openssl"):
                case = _refused(ClientSpec(client, TlsSettings(alpn=("spdy/1",))),
                                ServerSpec(server, TlsSettings.only(version, alpn=("http/1.1",))), "alpn_mismatch",
                                variant_of(version), fixture=client == "openssl" and server in ("nginx", "go"))
                if server == "go" and version == TLS13:
                    # crypto/tls chooses the protocol for EncryptedExtensions, when its ServerHello has gone out.
                    # What it says is hidden then, so that others must show what it speaks.
                    company = (guest("b", TlsSettings(alpn=("http/1.1",))),
                               guest("c", TlsSettings(alpn=("http/1.1", "h2"))))
                    case = dataclasses.replace(case, before=company, expected=(
                        Expected("encrypted_alert", "server", "server_hello"),))
                yield case
