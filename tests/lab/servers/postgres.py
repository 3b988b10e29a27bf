# SPDX-License-Identifier: Apache-2.0
"""PostgreSQL, whose clients ask for TLS by an SSLRequest that the server answers with one byte.

Its only user and database are both "lab"; nobody needs a password.

Roles: tls (it says S and speaks TLS: connected), no_ssl (ssl = off, it says N; it has no words about it).
"""
import pathlib
import shutil
import subprocess

import model
from model import Said
from servers import base

PACKAGE = "postgresql"
PROFILE = model.Profile(tls12="alert", tls13="encrypted_alert")  # OpenSSL with SSL_VERIFY_PEER | FAIL_IF_NO_PEER_CERT

_judge = base.rules_judge((r"connection authorized", Said.connected),
                          (r"could not accept SSL connection:.*alert number (\d+)", Said.got_alert),
                          (r"could not accept SSL connection:.*(?:alert)", Said.got_alert),
                          (r"could not accept SSL connection:.*reset", Said.got_reset),
                          (r"could not accept SSL connection: (?:EOF|Success)", Said.got_close),
                          (r"could not accept SSL connection", Said.own_failure))
_SETTINGS = """
listen_addresses = '*'
unix_socket_directories = ''
fsync = off
log_connections = on
max_connections = 20
shared_buffers = 4MB
dynamic_shared_memory_type = mmap
logging_collector = off
ssl = %(ssl)s
ssl_cert_file = 'server.pem'
ssl_key_file = 'server.key'
%(versions)s
"""


def _programs():
    folders = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return folders[-1].parent if folders else None


def available():
    if _programs() is None:
        return "postgresql is not installed"
    return base.missing("runuser")


def start(spec, lab, port):
    base.only(spec, ("tls", "no_ssl"), starttls=True, groups=False, signatures=False, alpn=False)
    if spec.starttls != "postgres":
        raise model.Unsupported("PostgreSQL speaks its own protocol only (starttls='postgres')")
    if spec.client_certificates:
        raise model.Unsupported("client certificates are not set up for PostgreSQL here")
    folder = base.scratch(lab, spec)
    folder.chmod(0o755)
    data = folder / "data"
    data.mkdir(mode=0o700)
    shutil.chown(data, "postgres", "postgres")
    as_postgres = ["runuser", "-u", "postgres", "--"]
    _prepare([*as_postgres, _programs() / "initdb", "-D", data, "-N", "-A", "trust", "-U", "lab",
              "--no-instructions"], folder)
    _prepare([*as_postgres, _programs() / "postgres", "--single", "-D", data, "postgres"], folder,
             "CREATE DATABASE lab;\n")
    for source, name in ((lab.pki.chain(spec.identity), "server.pem"), (lab.pki.key(spec.identity), "server.key")):
        shutil.copyfile(source, data / name)
        (data / name).chmod(0o600)
        shutil.chown(data / name, "postgres", "postgres")
    with open(data / "postgresql.conf", "a", encoding="utf-8") as settings:
        settings.write(_SETTINGS % {"ssl": "off" if spec.role == "no_ssl" else "on", "versions": _versions(spec)})
    (data / "pg_hba.conf").write_text("host all all all trust\n")
    argv = [*as_postgres, _programs() / "postgres", "-D", data, "-p", port]
    return base.launch(spec, lab, port, folder, argv, _judge)


def _prepare(argv, folder, text=""):
    done = subprocess.run([str(word) for word in argv], cwd=folder, input=text, capture_output=True, text=True)
    if done.returncode != 0:
        raise model.LabError("%s: %s" % (argv[-1], base.last_line(done.stderr)))


def _versions(spec):
    text = ""
    for key, version in (("min", spec.tls.min_version), ("max", spec.tls.max_version)):
        if version is not None:
            text += "ssl_%s_protocol_version = '%s'\n" % (key, version)
    if spec.tls.suites:
        raise model.Unsupported("suites are not set up for PostgreSQL here")
    return text
