# SPDX-License-Identifier: Apache-2.0
"""vsftpd, the FTP server, on OpenSSL; everybody may log in as "anonymous".

Roles: tls (AUTH TLS is taken), no_tls (`ssl_enable=NO`: 530 to who asks for it).
"""
import model
from model import Said
from servers import base

PACKAGE = "vsftpd"
PROFILE = model.Profile()  # it asks for no client certificates here

_judge = base.rules_judge((r"SSL_accept failed.*alert", Said.got_alert), (r"SSL_accept failed", Said.own_failure),
                          (r'FTP response: .*"530 ', Said.no_upgrade),
                          (r'"234 [\s\S]*FTP command: .*"(?:PBSZ|FEAT|QUIT|PWD|NOOP)', Said.connected))
_CONFIGURATION = """
listen=NO
listen_ipv6=YES
listen_port={port}
background=NO
anonymous_enable=YES
local_enable=NO
ftp_username=ftp
nopriv_user=nobody
anon_root={folder}/empty
secure_chroot_dir={folder}/empty
seccomp_sandbox=NO
isolate=NO
isolate_network=NO
xferlog_enable=YES
log_ftp_protocol=YES
vsftpd_log_file={folder}/protocol
ssl_enable={ssl}
{identity}
"""
_IDENTITY = """
rsa_cert_file={chain}
rsa_private_key_file={key}
allow_anon_ssl=YES
force_local_logins_ssl=NO
force_local_data_ssl=NO
require_ssl_reuse=NO
ssl_tlsv1=YES
ssl_ciphers=HIGH
debug_ssl=YES
"""


def available():
    return base.missing("vsftpd")


def start(spec, lab, port):
    base.one_kind(spec, "ftp")
    folder = base.scratch(lab, spec)
    (folder / "empty").mkdir(mode=0o555)
    (folder / "protocol").touch()
    tls = spec.role == "tls"
    identity = _IDENTITY.format(chain=lab.pki.chain(spec.identity), key=lab.pki.key(spec.identity)) if tls else ""
    configuration = folder / "vsftpd.conf"
    configuration.write_text(_CONFIGURATION.format(port=port, folder=folder, ssl="YES" if tls else "NO",
                                                   identity=identity))
    running = base.launch(spec, lab, port, folder, ["vsftpd", configuration], _judge)
    running.log = folder / "protocol"
    return running
