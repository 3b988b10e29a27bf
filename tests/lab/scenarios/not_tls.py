# SPDX-License-Identifier: Apache-2.0
"""One of the two does not speak TLS."""
from model import Case, ClientSpec, Expected, ServerSpec, says
from scenarios import scenario

NON_TLS_REPLY = (Expected("non_tls_reply", "server", "client_hello"),)
# No ClientHello was ever sent; who closes first is the server's habit.
NO_HELLO = (Expected("no_hello", None, "tcp"),)
TLS_SERVERS = (("raw", says("own_failure")), ("openssl", None), ("nginx", None), ("haproxy", None), ("gnutls", None))
SERVER_COMPLAINS = says("not_tls", "got_alert", "got_close", "got_reset")


@scenario
def plain_http_to_a_tls_port(lab):
    for server, server_says in TLS_SERVERS:
        yield Case("", ClientSpec("raw", role="plain_http"), ServerSpec(server), NO_HELLO, SERVER_COMPLAINS,
                   server_says, "plaintext_client", fixture=server in ("raw", "nginx"))


@scenario
def garbage_to_a_tls_port(lab):
    for server, server_says in TLS_SERVERS:
        yield Case("", ClientSpec("raw", role="garbage"), ServerSpec(server), NO_HELLO,
                   SERVER_COMPLAINS | says("timed_out"), server_says, "plaintext_client", fixture=server == "raw")


@scenario
def tls_to_another_service(lab):
    # (stack, role, what the server says)
    services = (("http", "http", says("not_tls")), ("openssh", "ssh", says("not_tls")),
                ("raw", "http", says("not_tls")), ("raw", "ssh_banner", None), ("raw", "smtp_banner", None),
                ("raw", "ftp_banner", None))
    for stack, role, server_says in services:
        for client in ("raw", "openssl", "curl", "gnutls"):
            # Two stacks wait longer for a record than the laboratory for them; both mean the same.
            yield Case("", ClientSpec(client), ServerSpec(stack, role=role), NON_TLS_REPLY,
                       says("not_tls") if client == "raw" else says("not_tls", "own_failure", "got_close", "got_reset"),
                       server_says, "not_tls_server", variant=role if stack == "raw" else "",
                       fixture=client == "raw")
