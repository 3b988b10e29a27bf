# SPDX-License-Identifier: Apache-2.0
"""The laboratory's own server programs: each writes a line of JSON when it is ready, and one about each connection.
"""
import json
import sys
import time

import model
from model import LabError, Report, Said, Unsupported
from servers import base

_READY_SECONDS = 15


def judge(text):
    """The first whole line decides."""
    line, newline, _ = text.partition("\n")
    if not newline:
        return None
    try:
        fields = json.loads(line)
        return Report(Said[fields["said"]], text=fields["text"])
    except (ValueError, KeyError, TypeError):
        raise LabError("a server program broke: " + base.last_line(text)) from None


def start(program, spec, lab, port, extra=()):
    argv = [sys.executable, base.PROGRAMS / program, spec.role, port, "--chain", lab.pki.chain(spec.identity), "--key",
            lab.pki.key(spec.identity)]
    version = spec.tls.max_version
    if version is not None:
        if version not in (model.TLS12, model.TLS13) or spec.tls != model.TlsSettings.only(version):
            raise Unsupported("%s does exactly TLS 1.2 or exactly TLS 1.3, and nothing else of TLS" % spec.stack)
        argv += ["--version", version]
    running = base.launch(spec, lab, port, base.scratch(lab, spec), [*argv, *extra], judge)
    deadline = time.monotonic() + _READY_SECONDS
    while judge(running.words(0)) is None:
        if time.monotonic() > deadline:
            running.stop()
            raise LabError("the server %s does not become ready" % spec.stack)
        time.sleep(0.02)
    return running
