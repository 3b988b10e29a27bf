# SPDX-License-Identifier: Apache-2.0
"""gnutls-serv.

Options: tickets=no, early_data=yes (it reads early data, and answers the first request behind it).
"""
import model
from clients import gnutls as client
from model import Said
from servers import base

PACKAGE = "gnutls-bin"

# --verify-client-cert is gnutls_session_set_verify_cert, called within the handshake before the client's Finished is
# read: gnutls-serv says "Error in handshake: Error in the certificate.", s_client "SSL alert number 49" in both
# versions. Without a certificate: "Certificate is required", 116 in TLS 1.3; "No certificate was found", 50 before.
PROFILE = model.Profile(tls12="alert", tls13="encrypted_alert")

_judge = base.rules_judge(
    (r"Alert\[2\|(\d+)\] - .* - was received", Said.got_alert),
    (r"Error in handshake: (?:Error in the certificate|Certificate is required|No certificate was found)",
     Said.rejected_peer),
    # An alert in the clear after its ServerHello (OpenSSL's clients, TLS 1.3) is beyond it.
    (r"Error in handshake: Decryption has failed", Said.nothing),
    # It says so of a hello without a version in common.
    (r"Error in handshake: A packet with illegal or unsupported version was received", Said.own_failure),
    (r"Error in handshake: (?:An unexpected TLS packet|A TLS record packet with invalid length|Unexpected TLS packet)"
     r"|Received record packet of unknown type", Said.not_tls),
    (r"Error in handshake: The TLS connection was non-properly terminated", Said.got_close),
    (r"Error in handshake: Error in the pull function", Said.got_reset),
    (r"Error in handshake: ", Said.own_failure),
    (r"(?m)^- Version: ", Said.connected),
)


def available():
    return base.missing("gnutls-serv")


def start(spec, lab, port):
    base.only(spec, options=("tickets", "early_data"), staple=True)
    base.versions(spec.tls, client.VERSIONS)
    argv = ["gnutls-serv", "--port", port, "--http", "--priority", client.priority(spec.tls),
            "--x509certfile", lab.pki.chain(spec.identity), "--x509keyfile", lab.pki.key(spec.identity)]
    argv += ["--debug", 5]
    if spec.client_certificates:
        argv += ["--x509cafile", lab.pki.client_root, "--verify-client-cert"]
        argv += ["--require-client-cert"] if spec.client_certificates == "require" else []
    else:
        argv.append("--disable-client-cert")
    for protocol in spec.tls.alpn:
        argv += ["--alpn", protocol]
    argv += ["--alpn-fatal"] if spec.tls.alpn else []
    if spec.staple:
        argv += ["--ocsp-response", lab.pki.staple(spec.identity, spec.staple), "--ignore-ocsp-response-errors"]
    argv += ["--noticket"] if spec.option("tickets") == "no" else []
    argv += ["--earlydata", "--maxearlydata", 16384] if spec.option("early_data") == "yes" else []
    return base.launch(spec, lab, port, base.scratch(lab, spec), argv, _judge)
