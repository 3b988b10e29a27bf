# SPDX-License-Identifier: Apache-2.0
"""OpenSSH's server, for clients that mean TLS. Its only role is "ssh"; it reports not_tls when the client's first
line is no SSH identification."""
import subprocess

import model
from model import Said
from servers import base

PACKAGE = "openssh-server"
PROFILE = model.Profile()  # it speaks no TLS

# sshd(8) logs "banner exchange: Connection from A port P: invalid format" and ends the connection.
_judge = base.rules_judge((r"banner exchange.*invalid format|Bad protocol version", Said.not_tls),
                          (r"Connection reset", Said.got_reset),
                          (r"Connection closed|Did not receive identification", Said.got_close))


def available():
    return base.missing("sshd", "ssh-keygen")


def start(spec, lab, port):
    base.only(spec, ("ssh",))
    folder = base.scratch(lab, spec)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / "host_key")], check=True,
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    argv = ["/usr/sbin/sshd", "-D", "-e", "-f", "/dev/null", "-h", folder / "host_key", "-p", port, "-o", "UsePAM=no",
            "-o", "PidFile=none", "-o", "LogLevel=VERBOSE", "-o", "UseDNS=no"]
    return base.launch(spec, lab, port, folder, argv, _judge)
