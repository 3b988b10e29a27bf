# SPDX-License-Identifier: Apache-2.0
"""A client for parts that no real program plays: it ends, stalls or misspeaks at an exact moment.

Roles (ClientSpec.role) and what they report when nothing goes otherwise:
  tls                     a plain good client: connected
  health_check            connects, closes by FIN: nothing
  health_check_reset      connects, closes by RST: nothing
  wait_for_close          connects, says nothing until the server closes: got_close
  syn_scan                half-open scan, its kernel resets the answer: nothing (an open port), refused
  plain_http              an HTTP request without TLS: not_tls, or what the server does about it
  garbage                 300 bytes that are no protocol
  half_hello              half a ClientHello, then FIN: own_failure
  abort_after_hello_fin, abort_after_hello_rst    own_failure
  fin_after_certificate, rst_after_certificate    own_failure; the server's whole flight was read, nothing is answered
  stall_after_hello       reads the server's flight, then keeps silent for its patience: own_failure
  burst                   `count` good clients at once, begun in order; says what the last one says
Options: patience=SECONDS (6: longer than the sensor waits), delay=SECONDS before its own act, count=N, padded=yes,
source=ADDRESS, and rules of net/rules.py. `trust` "root" verifies the certificate; every other word does not.
"""
import sys

import model
from clients import base

PACKAGE = "python3"
PROFILE = model.Profile(tls12="alert", tls13="alert")  # as OpenSSL, which is below; see clients/openssl.py


def available():
    return None


def run(spec, lab, address, port, timeout=15):
    argv = [sys.executable, base.PROGRAMS / "raw_client.py", spec.role, address, port]
    if spec.server_name:
        argv += ["--server-name", spec.server_name]
    if spec.trust == "root" and spec.role in ("tls", "burst"):
        argv += ["--roots", lab.pki.root]
    version = spec.tls.max_version
    if version is not None:
        if version not in (model.TLS12, model.TLS13) or spec.tls != model.TlsSettings.only(version):
            raise model.Unsupported("the raw client does exactly TLS 1.2 or exactly TLS 1.3, and nothing else of TLS")
        argv += ["--version", version]
    for option in ("patience", "delay", "count", "source"):
        if spec.option(option):
            argv += ["--" + option, spec.option(option)]
    if spec.option("padded") == "yes":
        argv.append("--padded")
    ended = base.run(spec, lab, argv, timeout)
    return base.report_of_json(ended, "the raw client")
