# SPDX-License-Identifier: Apache-2.0
"""ldapsearch (OpenLDAP on GnuTLS), which reads the root entry; -ZZ asks for StartTLS and insists."""
import model
from clients import base, gnutls
from clients.base import Rule
from model import Said

PACKAGE = "ldap-utils"

# libldap judges the certificate after GnuTLS's handshake, and then goes on without TLS: its unbind can be read.
PROFILE = model.Profile(tls12="late", tls13="late")

_RULES = (
    Rule(r"certificate is NOT trusted|certificate issuer is unknown|Error in the certificate|peer cert untrusted",
         Said.rejected_peer),
    Rule(r"unsupported extended operation|Protocol error \(2\)|not available|Server is unavailable", Said.no_upgrade),
    Rule(r"Can't contact LDAP server", Said.got_close),
) + gnutls.RULES
_TRACE = "1"  # without it nothing says what is wrong with a certificate


def available():
    return base.missing("ldapsearch", "unshare")


def run(spec, lab, address, port, timeout=15):
    base.only_role(spec)
    base.no_source(spec)
    base.no_padding(spec)
    base.expects_sent_name(spec)
    base.only_tls_of(spec)
    if spec.starttls != "ldap":
        raise model.Unsupported("ldapsearch speaks LDAP only")
    host = spec.server_name or base.bracketed(address)
    argv = ["ldapsearch", "-x", "-LLL", "-ZZ", "-d", _TRACE, "-o", "nettimeout=%d" % timeout,
            "-H", "ldap://%s:%d" % (host, port), "-s", "base", "-b", ""]
    settings = {"LDAPTLS_REQCERT": "never" if spec.trust == "all" else "demand",
                "LDAPTLS_CIPHER_SUITE": gnutls.priority(spec.tls, spec.stack)}
    if spec.trust != "all":
        settings["LDAPTLS_CACERT"] = base.anchors(spec, lab)
    if spec.server_name:
        argv = base.knowing_host(argv, lab, spec.stack, spec.server_name, address)
    ended = base.run(spec, lab, argv, timeout, settings)
    return base.connected(ended) if ended.exit_code == 0 else base.judge(_RULES, ended)
