# SPDX-License-Identifier: Apache-2.0
"""OpenLDAP's server, on GnuTLS, without a database: its root entry can be read by everybody.

A connection that is idle for a second is closed, which programs wait for that cannot end one.

Roles: tls (StartTLS is taken), no_tls (it has no certificate, and so no such extended operation: protocolError).
"""
import model
from model import Said
from servers import base

PACKAGE = "slapd"
PROFILE = model.Profile()  # it asks for no client certificates here

_judge = base.rules_judge((r"TLS negotiation failure", Said.own_failure),  # it does not say that it got an alert
                          (r"oid=1\.3\.6\.1\.4\.1\.1466\.20037[\s\S]*RESULT .*err=(?:2|52|53)", Said.no_upgrade),
                          (r"TLS established[\s\S]* (?:RESULT|UNBIND)", Said.connected))
_CONFIGURATION = """
include /etc/ldap/schema/core.schema
pidfile {folder}/pid
argsfile {folder}/args
idletimeout 1
{identity}
"""
_CONNECTIONS_AND_RESULTS = "256"


def available():
    return base.missing("slapd")


def start(spec, lab, port):
    base.one_kind(spec, "ldap")
    folder = base.scratch(lab, spec)
    identity = "TLSCertificateFile %s\nTLSCertificateKeyFile %s\nTLSCACertificateFile %s" % (
        lab.pki.chain(spec.identity), lab.pki.key(spec.identity), lab.pki.intermediate)
    configuration = folder / "slapd.conf"
    configuration.write_text(_CONFIGURATION.format(folder=folder, identity=identity if spec.role == "tls" else ""))
    argv = ["slapd", "-f", configuration, "-h", "ldap://0.0.0.0:%d/ ldap://[::]:%d/" % (port, port), "-d",
            _CONNECTIONS_AND_RESULTS]
    return base.launch(spec, lab, port, folder, argv, _judge)
