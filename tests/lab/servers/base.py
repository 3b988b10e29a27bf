# SPDX-License-Identifier: Apache-2.0
"""What all server adapters share: starting a program, waiting until it listens, and reading its own words.

A server writes to a log of its own; a token is a position in it, and a report is what was written since. Nothing here
looks at packets. Every program runs in a process group of its own, which stop() ends whole.
"""
import contextlib
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time

import model
from model import LabError, Report, Said, Unsupported
from program_output import PATH, last_line, line_around, missing  # noqa: F401  (adapters ask for them here)

PROGRAMS = pathlib.Path(__file__).resolve().parent / "programs"
ENVIRONMENT = {"PATH": PATH, "LC_ALL": "C.UTF-8", "TZ": "UTC"}
OLD_VERSIONS = (model.SSL3, model.TLS10, model.TLS11)
LOW_SECURITY = ("weak_key", "weak_signature")  # identities that a stack may refuse to serve by default

_STEP_SECONDS = 0.02
_QUIET_SECONDS = 0.1   # a program that has said something decisive may still add to it for so long
_LISTEN_SECONDS = 20

_once_guard = threading.Lock()


class Running:
    """A server that listens. judge(text) -> Report, or None while the text decides nothing."""

    def __init__(self, process, port, log, judge):
        self.port, self.pid, self.log = port, process.pid, log
        self._process, self._judge = process, judge

    def mark(self):
        return self.log.stat().st_size

    def report(self, token, timeout=3):
        """What it said about the one connection since the mark; `nothing` when no decisive word comes in time."""
        deadline = time.monotonic() + timeout
        while True:
            text = self._since(token)
            report = self._judge(text)
            if report is not None:
                return self._final(token, text, report)
            if time.monotonic() > deadline:
                return Report(Said.nothing, text=last_line(text))
            time.sleep(_STEP_SECONDS)

    def words(self, token):
        """All that it wrote since the mark."""
        return self._since(token)

    def stop(self):
        end_group(self._process)
        if self._process.stdin:
            with contextlib.suppress(OSError):
                self._process.stdin.close()

    def is_running(self):
        return self._process.poll() is None

    def type_in(self, data):
        """Write to its standard input, where it was launched with one."""
        self._process.stdin.write(data)
        self._process.stdin.flush()

    def _final(self, token, text, report):
        while True:
            time.sleep(_QUIET_SECONDS)
            later = self._since(token)
            if later == text:
                return report
            text, report = later, self._judge(later) or report

    def _since(self, token):
        with open(self.log, "rb") as log:
            log.seek(token)
            return log.read().decode("utf-8", "replace")


def end_group(process):
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            pass
        try:
            process.wait(1)
        except subprocess.TimeoutExpired:
            continue
    process.wait()


def scratch(lab, spec):
    """A fresh folder for one server."""
    parent = pathlib.Path(lab.folder, "servers")
    parent.mkdir(parents=True, exist_ok=True)
    return pathlib.Path(tempfile.mkdtemp(dir=parent, prefix=spec.stack + "_"))


def launch(spec, lab, port, folder, argv, judge, environment=None, **popen_args):
    """Start `argv` in the namespace of the spec, with all its output in folder/log; returns when it listens."""
    log = folder / "log"
    with open(log, "ab") as output:
        process = lab.network.popen(spec.place, [str(word) for word in argv], stdout=output, stderr=output,
                                    env={**ENVIRONMENT, "HOME": str(folder), **(environment or {})}, cwd=str(folder),
                                    start_new_session=True, **popen_args)
    running = Running(process, port, log, judge)
    try:
        _wait_until_it_listens(process, lab, spec.place, port)
    except LabError as error:
        running.stop()
        words = log.read_text("utf-8", "replace").strip()[-500:]
        raise LabError("the server %s does not start (%s): %s" % (spec.stack, error, words)) from error
    return running


def _wait_until_it_listens(process, lab, namespace, port):
    deadline = time.monotonic() + _LISTEN_SECONDS
    while True:
        try:
            lab.network.listening(namespace, port, timeout=0.5)
            return
        except LabError:
            if process.poll() is not None:
                raise LabError("it ended with status %d" % process.returncode) from None
            if time.monotonic() > deadline:
                raise


def rules_judge(*rules):
    """A judge from clients.base.Rule-like pairs (pattern, said): the first pattern found decides, and a group in it is
    the number of the alert."""
    compiled = [(re.compile(pattern), said) for pattern, said in rules]

    def judge(text):
        for pattern, said in compiled:
            found = pattern.search(text)
            if found:
                number = next((group for group in found.groups() if group), None)
                return Report(said, int(number) if number else None, line_around(text, found.start()))
        return None
    return judge


def once(lab, name, make):
    """The path `name` in the servers' folder, made by make(path) if it is not there yet."""
    path = pathlib.Path(lab.folder, "servers", name)
    with _once_guard:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            make(path)
    return path


def translate(spec, table, key, what):
    """A word of the model in the program's own language; None stays None."""
    if key is None:
        return None
    if key not in table:
        raise Unsupported("%s has no %s %s" % (spec.stack, what, key))
    return table[key]


def only(spec, roles=("tls",), options=(), staple=False, starttls=False, groups=True, signatures=True, alpn=True):
    """Raises Unsupported for everything in the spec that an adapter does not say it can do."""
    if spec.role not in roles:
        raise Unsupported("%s has no role %r" % (spec.stack, spec.role))
    unknown = [key for key, _ in spec.options if key not in options]
    if unknown:
        raise Unsupported("%s has no option %s" % (spec.stack, ", ".join(unknown)))
    asked = {"OCSP stapling": spec.staple and not staple, "STARTTLS": spec.starttls and not starttls,
             "a choice of groups": spec.tls.groups and not groups,
             "a choice of signature algorithms": spec.tls.signature_algorithms and not signatures,
             "ALPN": spec.tls.alpn and not alpn}
    for what, lacks in asked.items():
        if lacks:
            raise Unsupported("%s does no %s" % (spec.stack, what))


def versions(tls, known=model.VERSIONS):
    """The versions that the settings allow, oldest first, out of `known`, or None for the program's default.

    DHE and static RSA suites do not exist in TLS 1.3, so a server that has nothing else ends at TLS 1.2.
    """
    low, high = tls.min_version, tls.max_version
    if tls.suites in ("dhe", "rsa_kx") and high in (None, model.TLS13):
        high = model.TLS12
    if low is None and high is None:
        return None
    order = model.VERSIONS
    first = order.index(low) if low else order.index(model.TLS12)
    last = order.index(high) if high else order.index(model.TLS13)
    wanted = order[min(first, last):last + 1]
    lacking = [version for version in wanted if version not in known]
    if lacking:
        raise Unsupported("no %s" % ", ".join(lacking))
    return wanted


def needs_low_security(spec):
    """Whether OpenSSL and its like must be told to accept what they refuse by default."""
    wanted = versions(spec.tls) or ()
    return (any(version in OLD_VERSIONS for version in wanted) or spec.identity in LOW_SECURITY
            or spec.tls.signature_algorithms == "sha1" or spec.tls.suites == "ccm8")


def output(*argv, **run_args):
    """What a program that only makes something writes."""
    done = subprocess.run([str(word) for word in argv], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          **run_args)
    if done.returncode:
        raise LabError("%s: %s" % (argv[0], (done.stderr or done.stdout).strip()[-500:]))
    return done.stdout


def own_identity(spec, lab, folder, user):
    """(chain, key): copies in `folder` for a program that reads them as `user`; the folder becomes his, too."""
    copies = []
    for source, name in ((lab.pki.chain(spec.identity), "server.pem"), (lab.pki.key(spec.identity), "server.key")):
        path = folder / name
        shutil.copyfile(source, path)
        path.chmod(0o600)
        shutil.chown(path, user, user)
        copies.append(path)
    folder.chmod(0o755)
    shutil.chown(folder, user, user)
    return tuple(copies)


def one_kind(spec, *kinds):
    """For servers with a protocol of their own before TLS: which one is asked of them. It may be asked for without
    TLS in it (role no_tls), which is where clients are refused, and where TLS is no language."""
    only(spec, ("tls", "no_tls"), starttls=True, groups=False, signatures=False, alpn=False)
    if spec.starttls not in kinds:
        raise Unsupported("%s speaks %s only" % (spec.stack, " and ".join(kinds)))
    if spec.client_certificates:
        raise Unsupported("client certificates are not set up for %s here" % spec.stack)
    if spec.tls != model.TlsSettings():
        raise Unsupported("%s takes TLS as it comes; its clients choose" % spec.stack)


def program(interpreter, name, arguments):
    """The command line of one of the laboratory's own programs, which take key=value."""
    return [interpreter, PROGRAMS / name, *key_values(arguments)]


def key_values(arguments):
    return ["%s=%s" % (key, value) for key, value in arguments.items() if value is not None]
