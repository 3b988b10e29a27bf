# SPDX-License-Identifier: Apache-2.0
"""nginx without TLS, for clients that mean TLS. Its only role is "http"; a ClientHello in its log is not_tls."""
import model
from model import Said
from servers import base

PACKAGE = "nginx-light"
PROFILE = model.Profile()  # it speaks no TLS

_judge = base.rules_judge((r'"\\x16\\x03.*" 400 ', Said.not_tls), (r'" 200 ', Said.connected))
_CONFIGURATION = """
daemon off;
master_process off;
pid {folder}/pid;
error_log stderr;
events {{ }}
http {{
  access_log /dev/stdout combined;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{ listen {port}; listen [::]:{port}; return 200 "ok\\n"; }}
}}
"""


def available():
    return base.missing("nginx")


def start(spec, lab, port):
    base.only(spec, ("http",))
    folder = base.scratch(lab, spec)
    (folder / "nginx.conf").write_text(_CONFIGURATION.format(folder=folder, port=port))
    argv = ["/usr/sbin/nginx", "-e", "stderr", "-p", folder, "-c", folder / "nginx.conf"]
    return base.launch(spec, lab, port, folder, argv, _judge)
