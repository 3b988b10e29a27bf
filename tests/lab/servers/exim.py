# SPDX-License-Identifier: Apache-2.0
"""Exim, the mail server, on GnuTLS.

Roles: tls (offers STARTTLS), no_tls (does not, and answers 503 to who asks nevertheless). It has no word for
clients that mean TLS from the beginning.
"""
import model
from model import Said
from servers import base

PACKAGE = "exim4-daemon-light"
PROFILE = model.Profile()  # it asks for no client certificates here

_judge = base.rules_judge((r"TLS error on connection.*fatal alert|TLS session:.*alert", Said.got_alert),
                          (r"TLS error on connection.*(?:premature|closed|terminated)", Said.got_close),
                          (r"TLS error on connection", Said.own_failure),
                          (r" X=TLS.* C=\S*STARTTLS,", Said.connected),
                          (r" C=EHLO(?:,STARTTLS)?(?:,QUIT)?$", Said.no_upgrade))
_USER = "Debian-exim"
_CONFIGURATION = """
exim_user = {user}
exim_group = {user}
primary_hostname = mail.example.com
spool_directory = {folder}/spool
log_file_path = {folder}/%slog
log_selector = +smtp_no_mail +tls_peerdn +smtp_connection
pid_file_path = {folder}/pid
daemon_smtp_ports = {port}
local_interfaces = <; 0.0.0.0 ; ::0
host_lookup =
rfc1413_hosts =
smtp_accept_max_per_host = 20
tls_advertise_hosts = {hosts}
{identity}
begin acl
"""


def available():
    return base.missing("exim4")


def start(spec, lab, port):
    base.one_kind(spec, "smtp")
    folder = base.scratch(lab, spec)
    chain, key = base.own_identity(spec, lab, folder, _USER)
    tls = spec.role == "tls"
    configuration = folder / "exim.conf"
    configuration.write_text(_CONFIGURATION.format(
        user=_USER, folder=folder, port=port, hosts="*" if tls else "",
        identity="tls_certificate = %s\ntls_privatekey = %s" % (chain, key) if tls else ""))
    running = base.launch(spec, lab, port, folder, ["exim4", "-bdf", "-C", configuration], _judge)
    running.log = folder / "mainlog"
    return running
