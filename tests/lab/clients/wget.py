# SPDX-License-Identifier: Apache-2.0
"""wget, built with GnuTLS as in Debian.

It has no option that maps a name to an address, so its /etc/hosts is replaced in a mount namespace of its
own.
"""
import re

import model
from clients import base, gnutls
from clients.base import Rule
from model import Said

PACKAGE = "wget"

# wget verifies after the handshake and closes without close_notify: seen with s_server -msg, in both
# versions. In TLS 1.3 it closes by a RST when it leaves session tickets unread.
PROFILE = model.Profile(tls12="late", tls13="late")

_RULES = (
    Rule(r"Alert\[2\|(\d+)\]", Said.got_alert),
    Rule(r"ERROR: .*certificate|ERROR: The certificate|ERROR: no certificate", Said.rejected_peer),
) + gnutls.RULES


def available():
    return base.missing("wget", "unshare", "mount")


def run(spec, lab, address, port, timeout=15):
    base.only_role(spec)
    base.no_starttls(spec)
    base.no_padding(spec)
    base.expects_sent_name(spec)
    if spec.resume:
        raise model.Unsupported("wget does not resume")
    if spec.tls.alpn:
        raise model.Unsupported("wget offers no ALPN")
    if spec.identity == "client_unknown":
        raise model.Unsupported("wget sends no certificate of an authority that the server does not ask for")
    folder = base.fresh_folder(lab, "wget")
    (folder / "hosts").write_text("127.0.0.1 localhost\n%s %s\n" % (address, spec.server_name or "unused"))
    host = spec.server_name or base.bracketed(address)
    argv = ["unshare", "--mount", "sh", "-c", 'mount --bind "$0" /etc/hosts && exec "$@"', folder / "hosts",
            "wget", "--no-config", "--no-proxy", "--no-hsts", "--tries=1", "--max-redirect=0", "--no-verbose",
            "--timeout=0", "--content-on-error", "--output-document=-", "--server-response",
            "--no-http-keep-alive", "--ciphers=" + gnutls.priority(spec.tls, "wget")]
    argv += ["--no-check-certificate"] if spec.trust == "all" else [
        "--ca-directory=" + str(folder), "--ca-certificate=" + base.anchors(spec, lab)]
    if spec.identity:
        argv += ["--certificate=" + lab.pki.chain(spec.identity), "--private-key=" +
        lab.pki.key(spec.identity)]
    if spec.option("source"):
        argv.append("--bind-address=" + spec.option("source"))
    ended = base.run(spec, lab, argv + ["https://%s:%d/" % (host, port)], timeout,
                     {"GNUTLS_DEBUG_LEVEL": "5"})
    ended = ended._replace(errors=_without_chatter(ended.errors))
    # Exit code 8 is an HTTP status that wget takes for an error; it is an answer all the same.
    if ended.exit_code in (0, 8):
        return base.connected(ended._replace(output="\n".join(re.findall(r"HTTP/.*", ended.errors)[:1])))
    return base.judge(_RULES, ended)


def _without_chatter(text):
    """wget drops an alert that comes after the handshake; GnuTLS itself tells about it, among much else."""
    return "\n".join(line for line in text.splitlines()
                     if not line.startswith("gnutls[") or "Alert[2|" in line)
