# SPDX-License-Identifier: Apache-2.0
"""A server for parts that no real program plays: it ends, stalls or misspeaks at an exact moment.

Roles (ServerSpec.role) and what they report:
  tls                          a plain good server: connected
  serial                       the same, one connection after the other, each `delay` seconds long
  limited                      `limit` handshakes at a time, each `delay` seconds long; who comes meanwhile gets
                               `shed`: silent, close or reset after its ClientHello
  accept_and_close             FIN at once, or after `delay`: nothing
  close_unread                 closes with the ClientHello unread, so that the kernel resets: own_failure
  fin_after_hello, reset_after_hello                   own_failure
  silent_after_hello           waits for the client to end it: got_close
  fin_after_server_flight      a real flight with the FIN on its last segment: own_failure
  reset_after_server_flight    a real flight, then RST after `delay`: own_failure
  killed_mid_handshake, killed_after_server_flight     a process that dies by SIGKILL: own_failure
  http, block_page             HTTP that refuses, for itself or by a filter: not_tls
  smtp_banner, ftp_banner, ssh_banner                  other protocols, which speak after the client (`delay`): not_tls
  not_accepting                its backlog is full: no connection reaches it, so it has no words
Options: delay, limit, shed.
"""
import model
from servers import lines

PACKAGE = "python3"
PROFILE = model.Profile()  # it asks for no client certificates


def available():
    return None


def start(spec, lab, port):
    if spec.starttls or spec.client_certificates or spec.staple:
        raise model.Unsupported("the raw server does no STARTTLS, client certificates or OCSP")
    extra = []
    for option in ("delay", "limit", "shed"):
        if spec.option(option):
            extra += ["--" + option, spec.option(option)]
    if spec.role.endswith("_banner") and not spec.option("delay"):
        extra += ["--delay", "0.3"]
    return lines.start("raw_server.py", spec, lab, port, extra)
