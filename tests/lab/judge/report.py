# SPDX-License-Identifier: Apache-2.0
"""What a run says on the screen. Lines of at most 110 columns, but for the words of the programs themselves."""
import collections
import textwrap

from judge import matrix, reasons
from judge.result import count
from model import REPORTED

TEXT_WIDTH = 92


def lines(result, quiet=False, tables=False):
    """`tables`: with the causes of each scenario, as docs/laboratory.md has them."""
    if not quiet and result.played:
        yield from _titled("Matrix", matrix.lines(result))
    yield from _titled("Did not happen (LAB)", _not_happened(result))
    yield from _titled("Disagreements", _disagreements(result))
    yield from _titled("Connections that no case made", _strangers(result))
    yield from _titled("Skipped", _skipped(result))
    if result.played:
        yield from _titled("TLS 1.3: who rejected whom", _confusion(result, quiet))
        yield from _titled("Causes", reasons.lines(result, tables))
    yield from _titled("Populations", result.populations)
    yield from _titled("Totals", _totals(result))


def _titled(title, body):
    body = list(body)
    if body:
        yield ""
        yield "== " + title
        yield from body


def _not_happened(result):
    for one in result.not_happened:
        yield from textwrap.wrap(one.case.name, TEXT_WIDTH)
        yield from _row("fault", one.fault)
        yield from _said(one)


def _said(one):
    for who, reports in (("client", one.client_reports), ("server", one.server_reports)):
        for report in reports[-2:]:
            alert = " alert %d" % report.alert if report.alert is not None else ""
            code = " exit %d" % report.exit_code if report.exit_code is not None else ""
            yield from _row(who, "%s%s%s %s" % (report.said.value, alert, code, report.text.strip()))


def _disagreements(result):
    by_case = collections.defaultdict(list)
    for observer in result.observers:
        # Who saw nothing has one fault, not one for each case.
        for verdict in observer.disagreements if observer.event_count else ():
            by_case[verdict.played.case.name].append((observer.name, verdict))
    for name, found in by_case.items():
        one = found[0][1].played
        yield from textwrap.wrap(name, TEXT_WIDTH)
        yield from _row("to", "%s port %d" % (one.address, one.port))
        for expected in one.expected:
            yield from _row("expected", describe_expected(expected))
        for observer, verdict in found:
            for pair in verdict.pairs:
                if pair.differs:
                    yield from _row(observer, "%s  [%s]" % (describe_seen(pair.seen), ", ".join(pair.differs)))
            if not verdict.pairs:
                yield from _row(observer, "the case expects no connection and shows nothing")
        yield from _said(one)


def describe_expected(expected):
    alert = "reported" if expected.alert == REPORTED else expected.alert
    return _describe(expected.kind, expected.by or "anybody", expected.stage or "any stage", alert,
                     expected.rejection, expected.version, expected.starttls, expected.signature, expected.evidence,
                     expected.tunnel, expected.vlan)


def describe_seen(seen):
    if seen is None:
        return "nothing"
    return _describe(seen.kind, seen.by, seen.stage, seen.alert, seen.rejection, seen.version, seen.starttls,
                     seen.signature, seen.evidence, seen.tunnel, seen.vlan)


def _describe(kind, by, stage, alert, rejection, version, starttls, signature, evidence, tunnel, vlan):
    words = ["%s by %s at %s" % (kind, by, stage)]
    words += ["alert %s" % alert] if alert is not None else []
    words += ["rejected late"] if rejection else []
    words += [version] if version else []
    words += ["starttls " + starttls] if starttls else []
    words += ["signature " + signature] if signature else []
    words += ["evidence " + " ".join(evidence)] if evidence else []
    words += ["in " + tunnel] if tunnel else []
    words += ["VLAN " + " ".join(vlan)] if vlan else []
    return ", ".join(words)


def _row(label, text):
    wrapped = textwrap.wrap(text, TEXT_WIDTH, max_lines=4) or [""]
    yield "  %-10s %s" % (label, wrapped[0])
    for rest in wrapped[1:]:
        yield "  %-10s %s" % ("", rest)


def _strangers(result):
    for observer in result.observers:
        for one in observer.strangers:
            yield from _row(observer.name, "%s:%d to %s:%d %s" % (
                one.source, one.source_port, one.destination, one.destination_port, describe_seen(one)))


def _skipped(result):
    """One line for each reason, with the number of cases."""
    reasons = collections.Counter(one.reason for one in result.skipped)
    for reason, number in sorted(reasons.items()):
        yield from _row(count(number, "case"), reason)


def _confusion(result, quiet):
    for observer in result.observers:
        yield "through %s" % observer.name
        yield from ("  " + line for line in observer.confusion.lines())
        if not quiet:
            yield from ("  " + line for line in observer.confusion.stack_lines())


def _totals(result):
    for observer in result.observers:
        agree = len(observer.verdicts) - len(observer.disagreements)
        yield "%-10s %d of %d cases agree, %s" % (
            observer.name, agree, len(observer.verdicts), count(observer.event_count, "event"))
    covered = len(result.wanted) - len(result.uncovered())
    again = sum(1 for one in result.played if one.abandoned)
    yield "%d of %d scenarios covered, %s played, %d skipped, %d did not happen%s" % (
        covered, len(result.wanted), count(len(result.played), "case"), len(result.skipped), len(result.not_happened),
        ", %d needed a second attempt" % again if again else "")
    if result.population_attempts is not None:
        yield "populations: %d attempts, %s" % (result.population_attempts,
                                                count(len(result.population_faults), "complaint"))
    if result.seconds:
        yield "seconds: " + ", ".join("%s %.1f" % pair for pair in result.seconds.items())
    faults = result.faults()
    yield "all good" if not faults else "NOT GOOD: " + count(len(faults), "reason")
    yield from ("  " + fault for fault in faults)
