# SPDX-License-Identifier: Apache-2.0
"""A mail client that wants TLS (Python's smtplib), and says what it saw as one line of JSON.

    smtp_client.py ADDRESS PORT [--server-name NAME] [--roots PEM] [--insist] [--patience SECONDS]

Without --insist it leaves when STARTTLS is not offered; with it, it asks nevertheless.
"""
import argparse
import errno
import json
import smtplib
import ssl

UNREACHABLE = (errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EACCES, errno.EPERM)


def converse(options):
    context = ssl.create_default_context(cafile=options.roots)
    if not options.roots:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with smtplib.SMTP(timeout=options.patience) as client:
        # The name is what is checked and sent, the address is where it connects to.
        client.connect(options.address, options.port)
        client._host = options.server_name or options.address
        client.ehlo("client.example.com")
        if not client.has_extn("starttls"):
            if not options.insist:
                return "no_upgrade", "STARTTLS is not offered"
            code, text = client.docmd("STARTTLS")
            return "no_upgrade", "%d %s" % (code, text.decode())
        code, text = client.starttls(context=context)
        if code != 220:
            return "no_upgrade", "%d %s" % (code, text.decode())
        client.ehlo("client.example.com")
        code, text = client.noop()
        return ("connected" if code == 250 else "own_failure"), "%d %s" % (code, text.decode())


def said_of(error):
    if isinstance(error, ssl.SSLCertVerificationError):
        return "rejected_peer"
    if isinstance(error, smtplib.SMTPResponseException):
        return "no_upgrade" if error.smtp_code in (454, 502) else "own_failure"
    if isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError, smtplib.SMTPServerDisconnected)):
        return "got_close"
    if isinstance(error, ssl.SSLError):
        reason = str(error.reason)
        return "got_alert" if "ALERT" in reason else "not_tls" if "WRONG_VERSION" in reason else "own_failure"
    if isinstance(error, TimeoutError):
        return "timed_out"
    if isinstance(error, ConnectionRefusedError):
        return "refused"
    if isinstance(error, ConnectionError):
        return "got_reset"
    return "unreachable" if getattr(error, "errno", None) in UNREACHABLE else "own_failure"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("address")
    parser.add_argument("port", type=int)
    parser.add_argument("--server-name")
    parser.add_argument("--roots")
    parser.add_argument("--insist", action="store_true")
    parser.add_argument("--patience", type=float, default=7)
    options = parser.parse_args()
    try:
        said, text = converse(options)
    except (OSError, smtplib.SMTPException) as error:
        said, text = said_of(error), "%s: %s" % (type(error).__name__, error)
    print(json.dumps({"said": said, "text": text}))


if __name__ == "__main__":
    main()
