# SPDX-License-Identifier: Apache-2.0
"""The stacks that scenarios go through, and what more than one family of scenarios asks about them."""
import clients
import servers

# Complete TLS stacks; what else has an adapter plays special parts.
CLIENTS = ("openssl", "curl", "gnutls", "nss", "wget", "python", "node", "java", "go", "chromium")
SERVERS = ("openssl", "nginx", "haproxy", "gnutls", "nss", "stunnel", "python", "node", "java", "go")


def client_profile(stack, reason="chain"):
    """How the client refuses a server certificate over its chain, or over its name ("name")."""
    return clients.profile(stack, reason)


def server_profile(stack, certificate=True):
    """How the server refuses a client certificate, or (certificate=False) the lack of one."""
    adapter = servers.ADAPTERS[stack]
    return adapter.PROFILE if certificate else getattr(adapter, "PROFILE_MISSING", adapter.PROFILE)
