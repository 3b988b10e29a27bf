# SPDX-License-Identifier: Apache-2.0
"""Programs that do not mean TLS at all, for ports where it is expected. The role names the program:

ssh (OpenSSH), redis (redis-cli), mqtt (mosquitto_pub), ldap (ldapsearch), postgresql (psql), http (curl), socks (curl).
What they say about the other side is one of few things: it closed, reset, sent what they do not understand, or nothing.
"""
import model
from clients import base
from clients.base import Rule
from model import Said

PACKAGE = "curl"  # each role has a program, which is asked for when it runs, and of another package
PACKAGE_OF_ROLE = {"ssh": "openssh-client", "redis": "redis-tools", "mqtt": "mosquitto-clients", "ldap": "ldap-utils",
                   "postgresql": "postgresql-client", "http": "curl", "socks": "curl"}
PROFILE = model.Profile()  # they see no certificates

_RULES = base.SYSTEM_RULES + (
    Rule(r"(?i)connection closed|closed the connection|Empty reply|lost|Can't contact|EOF", Said.got_close),
    Rule(r"", Said.not_tls),
)
_PROGRAMS = {
    "ssh": ("ssh", "-v", "-F", "none", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no", "-o",
            "UserKnownHostsFile=/dev/null", "-o", "ConnectTimeout=5", "-p", "{port}", "lab@{address}", "true"),
    "redis": ("timeout", "5", "redis-cli", "-h", "{address}", "-p", "{port}", "PING"),
    "mqtt": ("timeout", "5", "mosquitto_pub", "-h", "{address}", "-p", "{port}", "-t", "lab", "-m", "lab"),
    "ldap": ("ldapsearch", "-x", "-o", "nettimeout=5", "-H", "ldap://{host}:{port}", "-s", "base", "-b", ""),
    "postgresql": ("psql", "--no-psqlrc", "--no-password", "--command=SELECT 1",
                   "hostaddr={address} port={port} user=lab dbname=lab connect_timeout=5 sslmode=disable "
                   "gssencmode=disable"),
    "http": ("curl", "--verbose", "--max-time", "5", "--noproxy", "*", "http://{host}:{port}/"),
    "socks": ("curl", "--verbose", "--max-time", "5", "--socks5", "{host}:{port}", "http://192.0.2.1/"),
}


def available():
    return base.missing("curl")


def run(spec, lab, address, port, timeout=15):
    base.no_source(spec)
    base.no_starttls(spec)
    template = base.translate(_PROGRAMS, spec.role, "role", spec.stack)
    absent = base.missing(template[2] if template[0] == "timeout" else template[0])
    if absent:
        raise model.Unsupported(absent)
    words = {"address": address, "host": base.bracketed(address), "port": port}
    ended = base.run(spec, lab, [word.format(**words) for word in template], timeout)
    return base.judge(_RULES, ended)
