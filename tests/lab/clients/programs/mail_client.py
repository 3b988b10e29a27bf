# SPDX-License-Identifier: Apache-2.0
"""A client of mail or files that wants TLS, with Python's own libraries, and says what it saw as one line of JSON.

    mail_client.py PROTOCOL ADDRESS PORT [--server-name NAME] [--roots PEM] [--version V] [--insist] [--patience S]

PROTOCOL is smtp (smtplib), imap (imaplib), pop3 (poplib) or ftp (ftplib). Without --insist it leaves when the upgrade
is not offered, as these libraries do but for ftplib, which cannot know; with it, it asks nevertheless.
"""
import argparse
import errno
import ftplib
import imaplib
import json
import poplib
import smtplib
import ssl

UNREACHABLE = (errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EACCES, errno.EPERM)
VERSIONS = {"TLSv1.2": ssl.TLSVersion.TLSv1_2, "TLSv1.3": ssl.TLSVersion.TLSv1_3}
# Of a server that does not know the command, or cannot serve it now.
DECLINING_CODES = (454, 500, 502, 503)


class NoUpgrade(Exception):
    """The server does not offer it, or has declined it."""


def smtp(options, context):
    with smtplib.SMTP(timeout=options.patience) as client:
        # The name is what is checked and sent, the address is where it connects to.
        client.connect(options.address, options.port)
        client._host = options.server_name or options.address
        client.ehlo("client.example.com")
        if not client.has_extn("starttls"):
            if not options.insist:
                raise NoUpgrade("STARTTLS is not offered")
            code, text = client.docmd("STARTTLS")
            raise NoUpgrade("%d %s" % (code, text.decode()))
        code, text = client.starttls(context=context)
        if code != 220:
            raise NoUpgrade("%d %s" % (code, text.decode()))
        client.ehlo("client.example.com")
        code, text = client.noop()
        if code != 250:
            raise smtplib.SMTPException("%d %s" % (code, text.decode()))
        return text.decode()


def imap(options, context):
    client = imaplib.IMAP4(options.address, options.port, options.patience)
    client.host = options.server_name or options.address
    if "STARTTLS" not in client.capabilities:
        if not options.insist:
            client.logout()
            raise NoUpgrade("STARTTLS is not offered")
        client.capabilities += ("STARTTLS",)
    try:
        client.starttls(context)
    except imaplib.IMAP4.error as error:
        raise NoUpgrade(str(error)) from None
    answer = client.noop()
    client.logout()
    return answer[1][0].decode()


def pop3(options, context):
    client = poplib.POP3(options.address, options.port, options.patience)
    client.host = options.server_name or options.address
    if "STLS" not in client.capa():
        if not options.insist:
            client.quit()
            raise NoUpgrade("STLS is not offered")
        client.capa = lambda: {"STLS": []}  # which stls() asks
    try:
        client.stls(context)
    except poplib.error_proto as error:
        raise NoUpgrade(str(error)) from None
    return client.quit().decode()


def ftp(options, context):
    client = ftplib.FTP_TLS(context=context, timeout=options.patience)
    client.connect(options.address, options.port)
    client.host = options.server_name or options.address
    try:
        client.auth()
    except ftplib.error_perm as error:
        raise NoUpgrade(str(error)) from None
    answer = client.sendcmd("FEAT")
    client.quit()
    return answer


def converse(options):
    context = ssl.create_default_context(cafile=options.roots)
    if not options.roots:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if options.version:
        context.minimum_version = context.maximum_version = VERSIONS[options.version]
    return {"smtp": smtp, "imap": imap, "pop3": pop3, "ftp": ftp}[options.protocol](options, context)


def said_of(error):
    if isinstance(error, NoUpgrade):
        return "no_upgrade"
    if isinstance(error, ssl.SSLCertVerificationError):
        return "rejected_peer"
    if isinstance(error, smtplib.SMTPResponseException):
        return "no_upgrade" if error.smtp_code in DECLINING_CODES else "own_failure"
    if isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError, smtplib.SMTPServerDisconnected, EOFError,
                          imaplib.IMAP4.abort)):
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
    parser.add_argument("protocol", choices=("smtp", "imap", "pop3", "ftp"))
    parser.add_argument("address")
    parser.add_argument("port", type=int)
    parser.add_argument("--server-name")
    parser.add_argument("--roots")
    parser.add_argument("--version", choices=sorted(VERSIONS))
    parser.add_argument("--insist", action="store_true")
    parser.add_argument("--patience", type=float, default=7)
    options = parser.parse_args()
    try:
        said, text = "connected", converse(options)
    except (OSError, EOFError, NoUpgrade, smtplib.SMTPException, imaplib.IMAP4.error, poplib.error_proto,
            ftplib.Error) as error:
        said, text = said_of(error), "%s: %s" % (type(error).__name__, error)
    print(json.dumps({"said": said, "text": text}))


if __name__ == "__main__":
    main()
