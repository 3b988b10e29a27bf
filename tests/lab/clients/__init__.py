# SPDX-License-Identifier: Apache-2.0
"""The client stacks of the laboratory, by name. See base.py for what an adapter is.

Each adapter has PACKAGE (Debian's name), PROFILE (how it tells a server that it does not accept its
certificate), available() -> None or why not, and run(spec, lab, address, port, timeout) -> model.Report.
Adapters with programs to compile have prepare(lab), which run() also does by itself.
"""
import importlib
import importlib.util

_NAMES = ("openssl", "curl", "gnutls", "nss", "wget", "python", "node", "java", "go", "chromium", "psql",
          "mariadb", "ldap", "freerdp", "mail", "plain", "raw")

ADAPTERS = {name: importlib.import_module("clients." + name) for name in _NAMES
            if importlib.util.find_spec("clients." + name)}


def profile(stack, reason="chain"):
    """How `stack` rejects a server's certificate for a `reason`: "name" if only the name is wrong, else
    "chain".

    Some programs leave the chain to their TLS library, within the handshake, and compare the name themselves
    later.
    """
    adapter = ADAPTERS[stack]
    return getattr(adapter, "NAME_PROFILE", adapter.PROFILE) if reason == "name" else adapter.PROFILE


def prepare(lab):
    """Compiles what has to be compiled, so that no case has to wait for it."""
    for adapter in ADAPTERS.values():
        if adapter.available() is None and hasattr(adapter, "prepare"):
            adapter.prepare(lab)


def run(spec, lab, address, port, timeout=None):
    """Runs the stack that `spec` names; `timeout` as the adapter's default if not given."""
    adapter = ADAPTERS[spec.stack]
    if timeout is None:
        return adapter.run(spec, lab, address, port)
    return adapter.run(spec, lab, address, port, timeout)
