# SPDX-License-Identifier: Apache-2.0
"""The server name is missing, or nobody serves it."""
from model import (REPORTED, TLS12, TLS13, Case, ClientSpec, Expected, ServerSpec, TlsSettings, established, says,
                   server_alert, variant_of)
from scenarios import scenario
from scenarios.company import OTHER_NAME, guest
from scenarios.stacks import CLIENTS

# The proxy ends the connection before any certificate: that a client without SNI is told to trust everybody, because
# some stacks cannot check a chain without a name, changes nothing.
CLOSED = (Expected("closed", "server", "client_hello"),)
RESET_OR_CLOSED = says("got_close", "got_reset")
# Other names work, then and now.
BEFORE, AFTER = (guest("b"), guest("c", name=OTHER_NAME)), (guest("b"),)


@scenario
def name_missing_at_a_forward_proxy(lab):
    for client in CLIENTS:
        yield Case("", ClientSpec(client, server_name=None, trust="all"),
                   ServerSpec("nginx", role="preread"), CLOSED, RESET_OR_CLOSED, None, "sni_missing",
                   fixture=client in ("openssl", "gnutls"), before=BEFORE, after=AFTER)
    yield Case("", ClientSpec("openssl", server_name=None, trust="all"),
               ServerSpec("haproxy", role="sni_route"), CLOSED, RESET_OR_CLOSED, None, "sni_missing", before=BEFORE,
               after=AFTER)


@scenario
def name_unknown_at_a_forward_proxy(lab):
    for client in ("openssl", "curl", "gnutls", "nss", "python"):
        yield Case("", ClientSpec(client, server_name="nowhere.example.org"), ServerSpec("nginx", role="preread"),
                   CLOSED, RESET_OR_CLOSED, None, "sni_unrecognised", fixture=client == "openssl", before=BEFORE,
                   after=AFTER)


@scenario
def name_known_at_a_forward_proxy(lab):
    for client in CLIENTS:
        yield Case("", ClientSpec(client), ServerSpec("nginx", role="preread"), (established(),), says("connected"))


@scenario
def name_unrecognised(lab):
    for version in (TLS12, TLS13):
        variant = variant_of(version)
        for client in CLIENTS:
            yield Case("", ClientSpec(client, server_name="nowhere.example.org"),
                       ServerSpec("nginx", TlsSettings.only(version), role="reject_unknown_name"),
                       (server_alert(alert=REPORTED),), says("got_alert"), None, "sni_unrecognised", variant=variant,
                       fixture=client == "openssl")
        for server, role in (("openssl", "servername_fatal"), ("haproxy", "strict_sni")):
            yield Case("", ClientSpec("openssl", server_name="nowhere.example.org"),
                       ServerSpec(server, TlsSettings.only(version), role=role), (server_alert(alert=REPORTED),),
                       says("got_alert"), None, "sni_unrecognised", variant=variant)


@scenario
def name_missing_where_it_is_needed(lab):
    for version in (TLS12, TLS13):
        variant = variant_of(version)
        for client in ("openssl", "gnutls", "python", "curl", "nss"):
            yield Case("", ClientSpec(client, server_name=None, trust="all"),
                       ServerSpec("nginx", TlsSettings.only(version), role="reject_unknown_name"),
                       (server_alert(alert=REPORTED),), says("got_alert"), None, "sni_missing", variant=variant,
                       fixture=client == "openssl")
        yield Case("", ClientSpec("openssl", server_name=None, trust="all"),
                   ServerSpec("haproxy", TlsSettings.only(version), role="strict_sni"),
                   (server_alert(alert=REPORTED),), says("got_alert"), None, "sni_missing", variant=variant)
