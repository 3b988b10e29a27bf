# SPDX-License-Identifier: Apache-2.0
"""Headless Chromium (BoringSSL), with a fresh profile per run; what it says is read from its own net log.

Its ClientHello carries an X25519MLKEM768 key share and is about 1.9 KB long, so it spans two segments. With
network prediction switched off in the profile, it opens one connection per page as long as that works or
fails over the certificate. After any other failure of a handshake (an alert, an early closing, a reset, no
TLS at all) it tries once more by itself, with older signature algorithms allowed, and sees the same again.
`text` therefore ends with the number of connections, which connections() reads. The flags keep it from
talking to anybody else; no name but the one asked for resolves.
"""
import base64
import json
import re
import shutil

import model
from clients import base
from model import Said

PACKAGE = "chromium"

# BoringSSL verifies within the handshake. Seen with s_server -msg: 15 03 03 00 02 in TLS 1.2, 17 03 03 00 13
# in TLS 1.3; the alert is certificate_unknown(46) whatever is wrong.
PROFILE = model.Profile(tls12="alert", tls13="encrypted_alert")

_VERSIONS = {model.TLS12: "tls1.2", model.TLS13: "tls1.3"}
_FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic",
    "--no-first-run", "--no-default-browser-check", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-default-apps", "--disable-extensions",
    "--disable-domain-reliability", "--no-pings", "--no-proxy-server", "--metrics-recording-only",
    "--disable-features=OptimizationHints,MediaRouter,Translate,HttpsUpgrades,LocalNetworkAccessChecks",
)
# A page in a frame has no icon that would be asked for over a second connection.
_PAGE = "data:text/html,<link rel=icon href=data:,><iframe src=https://%s:%d/></iframe>"
_PREFERENCES = {"net": {"network_prediction_options": 2}, "dns_prefetching": {"enabled": False}}
_ERRORS = (
    (r"ERR_CERT_\w+|ERR_SSL_PINNED\w+|ERR_SSL_SERVER_CERT_BAD_FORMAT", Said.rejected_peer),
    (r"ERR_CONNECTION_REFUSED", Said.refused),
    (r"ERR_ADDRESS_UNREACHABLE|ERR_INTERNET_DISCONNECTED|ERR_NETWORK_ACCESS_DENIED|ERR_NETWORK_CHANGED",
     Said.unreachable),
    (r"ERR_CONNECTION_RESET|ERR_SOCKET_NOT_CONNECTED", Said.got_reset),
    (r"ERR_CONNECTION_CLOSED|ERR_EMPTY_RESPONSE|ERR_CONNECTION_ABORTED", Said.got_close),
    (r"ERR_CONNECTION_TIMED_OUT|ERR_TIMED_OUT", Said.timed_out),
    (r"ERR_INVALID_HTTP_RESPONSE", Said.connected),
)


def available():
    return base.missing("chromium")


def connections(report):
    """How many TCP connections a run opened."""
    found = re.search(r"\((\d+) connections?\)$", report.text)
    return int(found[1]) if found else 0


def run(spec, lab, address, port, timeout=30):
    _refuse(spec)
    home = base.fresh_folder(lab, "chromium")
    _furnish(home, spec, lab)
    host = spec.server_name or base.bracketed(address)
    low, high = (base.translate(_VERSIONS, each, "version", "Chromium") for each in base.versions(spec.tls))
    rules = "MAP %s %s,MAP * ~NOTFOUND, EXCLUDE %s" % (host, base.bracketed(address), address)
    argv = ["chromium", *_FLAGS, "--user-data-dir=%s" % (home / "profile"),
            "--log-net-log=%s" % (home / "net.json"), "--host-resolver-rules=" + rules]
    argv += ["--ssl-version-min=" + low] if low else []
    argv += ["--ssl-version-max=" + high] if high else []
    argv += ["--ignore-certificate-errors"] if spec.trust == "all" else []
    argv += ["--dump-dom", _PAGE % (host, port)]
    ended = base.run(spec, lab, argv, timeout, {"HOME": str(home), "XDG_CONFIG_HOME": str(home / "config"),
                                                "XDG_CACHE_HOME": str(home / "cache"), "TMPDIR": str(home)})
    report = _report(ended, _events(home / "net.json"), "%s:%d" % (base.bracketed(address), port))
    shutil.rmtree(home, ignore_errors=True)
    return report


def _refuse(spec):
    base.only_role(spec)
    base.no_starttls(spec)
    base.no_source(spec)
    base.expects_sent_name(spec)
    tls = spec.tls
    for asked, what in ((spec.resume, "resumption"), (spec.identity, "a client certificate"),
                        (tls.suites, "suites"), (tls.groups, "groups"),
                        (spec.clock_offset_days, "another clock (it hangs under faketime)"),
                        (tls.signature_algorithms, "signature algorithms"),
                        (tls.alpn not in ((), ("h2", "http/1.1")), "other ALPN")):
        if asked:
            raise model.Unsupported("headless Chromium has no option for %s" % what)


def _furnish(home, spec, lab):
    words = {"root": "root", "root+cache": "root+cache"}.get(spec.trust, "nothing")
    shutil.copytree(lab.pki.nss_database(words), home / ".pki" / "nssdb")
    profile = home / "profile" / "Default"
    profile.mkdir(parents=True)
    (profile / "Preferences").write_text(json.dumps(_PREFERENCES))


def _events(path):
    """The net log as (event name, source, parameters, error name); a killed Chromium leaves it unfinished."""
    text = path.read_text(errors="replace") if path.exists() else ""
    try:
        log = json.loads(text)
    except ValueError:
        try:
            whole = text if text.endswith("},\n") else text[:text.rfind("\n{")]
            log = json.loads(whole.rstrip().rstrip(",") + "]}")
        except ValueError:
            return []
    names = {number: name for name, number in log["constants"]["logEventTypes"].items()}
    errors = {number: name for name, number in log["constants"]["netError"].items()}
    found = []
    for event in log["events"]:
        parameters = event.get("params") or {}
        found.append((names.get(event["type"], "?"), event["source"]["id"], parameters,
                      errors.get(parameters.get("net_error"))))
    return found


def _report(ended, events, endpoint):
    sockets = [source for name, source, parameters, _ in events
               if name == "TCP_CONNECT_ATTEMPT" and parameters.get("address") == endpoint]
    alerts = [base64.b64decode(parameters["bytes"]) for name, source, parameters, _ in events
              if name == "SSL_ALERT_RECEIVED" and source in sockets and parameters.get("bytes")]
    fatal = [alert[1] for alert in alerts if len(alert) == 2 and alert[1] not in (0, 90)]
    errors = [error for name, _, _, error in events
              if error and name in ("SSL_CONNECT_JOB_CONNECT", "TCP_CONNECT_JOB_CONNECT", "REQUEST_ALIVE")
              and error not in ("ERR_NAME_NOT_RESOLVED", "ERR_ABORTED")]
    text = "%s (%d connection%s)" % (" ".join(dict.fromkeys(errors)) or "page loaded", len(sockets),
                                     "" if len(sockets) == 1 else "s")
    if ended.exit_code is None:
        return model.Report(Said.timed_out, None, text)
    if not errors:
        said = Said.connected if sockets else Said.own_failure
        return model.Report(said, None, text, ended.exit_code)
    if fatal:
        return model.Report(Said.got_alert, fatal[0], text, ended.exit_code)
    if _not_tls(events):
        return model.Report(Said.not_tls, None, text, ended.exit_code)
    said = next((said for pattern, said in _ERRORS if re.search(pattern, text)), Said.own_failure)
    return model.Report(said, None, text, ended.exit_code)


def _not_tls(events):
    """BoringSSL's reasons for no TLS record: HTTP_REQUEST, HTTPS_PROXY_REQUEST, WRONG_VERSION_NUMBER."""
    return any(name == "SSL_HANDSHAKE_ERROR" and parameters.get("error_reason") in (155, 156, 247)
               for name, _, parameters, _ in events)
