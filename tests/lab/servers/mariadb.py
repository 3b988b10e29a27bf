# SPDX-License-Identifier: Apache-2.0
"""MariaDB, on OpenSSL, with an empty folder instead of a database: nobody needs a password, and `SELECT 1` works.

Roles: tls (its greeting has CLIENT_SSL), no_tls (it has not; there is no way to ask for it then).
"""
import model
from model import Said
from servers import base

PACKAGE = "mariadb-server"
PROFILE = model.Profile()  # it asks for no client certificates here

_judge = base.rules_judge((r"Query\tSELECT 1|Connect\t.*using SSL/TLS", Said.connected))
_USER = "mysql"
_NO_FILE = "/dev/null"


def available():
    return base.missing("mariadbd")


def start(spec, lab, port):
    base.one_kind(spec, "mysql")
    folder = base.scratch(lab, spec)
    chain, key = base.own_identity(spec, lab, folder, _USER)
    data = folder / "data"
    data.mkdir()
    base.shutil.chown(data, _USER, _USER)
    (folder / "queries").touch()
    base.shutil.chown(folder / "queries", _USER, _USER)
    # Without tables of grants there is nothing that would have to be made first, which takes long.
    settings = {"user": _USER, "datadir": data, "port": port, "bind-address": "*", "socket": folder / "socket",
                "pid-file": folder / "pid", "innodb": "OFF", "default-storage-engine": "Aria",
                "aria-log-dir-path": data, "general-log": 1, "general-log-file": folder / "queries",
                "skip-name-resolve": 1, "performance-schema": "OFF", "table-open-cache": 64, "max-connections": 20}
    if spec.role == "tls":
        settings.update({"ssl-cert": chain, "ssl-key": key})
    else:
        settings["ssl"] = 0
    argv = ["mariadbd", "--no-defaults", "--skip-grant-tables"]
    running = base.launch(spec, lab, port, folder, argv + ["--%s=%s" % pair for pair in settings.items()], _judge)
    running.log = folder / "queries"
    return running
