# SPDX-License-Identifier: Apache-2.0
"""xrdp, the remote desktop server, on OpenSSL; who has connected finds nobody to log in to, which is late enough.

Roles: tls (`security_layer=tls`), no_tls (`security_layer=rdp`: it confirms the protocol without TLS).
"""
import model
from model import Said
from servers import base

PACKAGE = "xrdp"
PROFILE = model.Profile()  # it asks for no client certificates

_judge = base.rules_judge((r"TLS connection established", Said.connected),
                          (r"SSL_accept.*alert|[Aa]lert", Said.got_alert),
                          (r"ssl_tls_accept failed|trans_set_tls_mode failed", Said.own_failure))
_CONFIGURATION = """
[Globals]
ini_version=1
fork=true
port={port}
security_layer={layer}
crypt_level=high
allow_channels=true
certificate={chain}
key_file={key}
ssl_protocols=TLSv1.2, TLSv1.3
autorun=
bitmap_cache=true
max_bpp=32

[Logging]
LogFile={folder}/words
LogLevel=DEBUG
EnableSyslog=false
EnableConsole=true
ConsoleLevel=DEBUG

[Channels]
rdpdr=true
rdpsnd=true
drdynvc=true
cliprdr=true

[Xorg]
name=Xorg
lib=libxup.so
username=ask
password=ask
ip=127.0.0.1
port=-1
code=20
"""


def available():
    return base.missing("xrdp")


def start(spec, lab, port):
    base.one_kind(spec, "rdp")
    folder = base.scratch(lab, spec)
    configuration = folder / "xrdp.ini"
    configuration.write_text(_CONFIGURATION.format(
        port=port, folder=folder, layer="tls" if spec.role == "tls" else "rdp", chain=lab.pki.chain(spec.identity),
        key=lab.pki.key(spec.identity)))
    return base.launch(spec, lab, port, folder, ["xrdp", "--nodaemon", "-c", configuration], _judge)
