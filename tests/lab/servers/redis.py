# SPDX-License-Identifier: Apache-2.0
"""Redis without TLS, for clients that mean TLS. It has no words about them.

Roles: protected (as it comes: it greets those from outside with -DENIED), open (it waits for the end of a line, and
looks for that up to the first zero only, which every ClientHello has).
"""
import model
from servers import base

PACKAGE = "redis-server"
PROFILE = model.Profile()  # it speaks no TLS here


def available():
    return base.missing("redis-server")


def start(spec, lab, port):
    base.only(spec, ("protected", "open"))
    folder = base.scratch(lab, spec)
    argv = ["redis-server", "--port", port, "--bind", "*", "-::*", "--protected-mode",
            "yes" if spec.role == "protected" else "no", "--save", "", "--dir",
            folder, "--loglevel", "verbose"]
    return base.launch(spec, lab, port, folder, argv, base.rules_judge())
