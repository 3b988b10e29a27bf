# SPDX-License-Identifier: Apache-2.0
"""The matrix of cases and observers, as text of at most 110 columns and as JSON.

A cell has one letter for each field of compare.FIELDS: small where it agrees, capital where it differs, a point where
it was not asked. A case of several connections shows the worst of them.
"""
import dataclasses
import textwrap

from judge.compare import FIELDS, LETTERS, MISSING, SURPLUS

WIDTH = 110
CELL = len(LETTERS)
LEGEND = "letters: " + ", ".join("%s %s" % pair for pair in zip(LETTERS, FIELDS)) + "; capital: differs, .: not asked"


def cell(verdict):
    if verdict is None:
        return "LAB"
    if not verdict.pairs:
        return "EMPTY"
    for word in (MISSING, SURPLUS):
        if word in verdict.differs:
            return word.upper()
    return "".join(letter.upper() if field in verdict.differs else letter if field in verdict.asked else "."
                   for letter, field in zip(LETTERS, FIELDS))


def variant_of(case):
    """What tells a case from the others of its scenario and its stacks."""
    parts = [case.variant, "ipv6" if case.client.family == 6 else ""]
    return ".".join(part for part in parts if part)


def server_of(case):
    return case.server.stack if case.server else "-"


def lines(result):
    names = [observer.name for observer in result.observers]
    by_observer = [{verdict.played.case.name: verdict for verdict in observer.verdicts}
                   for observer in result.observers]
    yield _line("scenario (variant)", "client", "server", names)
    for one in result.played:
        case = one.case
        variant = variant_of(case)
        title = "%s (%s)" % (case.scenario, variant) if variant else case.scenario
        cells = [cell(verdicts.get(case.name)) for verdicts in by_observer]
        yield _line(title, case.client.stack, server_of(case), cells)
    yield from textwrap.wrap(LEGEND, WIDTH)


def _line(title, client, server, cells):
    tail = "%-9s %-9s" % (client[:9], server[:9]) + "".join(" %-*s" % (CELL, text[:CELL]) for text in cells)
    room = WIDTH - len(tail) - 1
    return ("%-*s %s" % (min(room, 58), _cut(title, min(room, 58)), tail)).rstrip()


def _cut(text, room):
    return text if len(text) <= room else text[:room - 1] + "~"


def as_json(result):
    """What --json writes; every case with what was expected, said and seen."""
    return {
        "good": not result.faults(),
        "faults": result.faults(),
        "seconds": {name: round(value, 2) for name, value in result.seconds.items()},
        "cases": [case_json(result, one) for one in result.played],
        "populations": result.populations,
        "skipped": [{"case": one.case.name, "reason": one.reason} for one in result.skipped],
        "observers": {observer.name: {
            "events": observer.event_count,
            "agree": len(observer.verdicts) - len(observer.disagreements),
            "disagree": len(observer.disagreements),
            "strangers": [dataclasses.asdict(one) for one in observer.strangers],
            "tls13": observer.confusion.as_json(), "causes": observer.causes.as_json()}
            for observer in (*result.observers, *result.beginners)},
    }


def case_json(result, one):
    """One case with its truth, what both programs said and what every observer saw."""
    seen = {}
    for observer in result.observers:
        for verdict in observer.verdicts:
            if verdict.played is one:
                seen[observer.name] = {
                    "agrees": verdict.agrees, "differs": verdict.differs,
                    "connections": [dataclasses.asdict(pair.seen) if pair.seen else None for pair in verdict.pairs]}
    return {"name": one.case.name, "scenario": one.case.scenario, "variant": one.case.variant,
            "client": one.case.client.stack, "server": one.case.server.stack if one.case.server else None,
            "destination": one.address, "port": one.port, "fault": one.fault,
            "second_attempt": bool(one.abandoned), "cause": one.cause, "also": sorted(one.case.also),
            "company": [{"client": other.companion.client.stack, "source": other.source, "before": other.before,
                         "destination": other.address, "said": other.said} for other in one.company],
            "verdict": one.verdict, "seconds": round(one.seconds, 3),
            "expected": [dataclasses.asdict(expected) for expected in one.expected],
            "client_said": [_report_json(report) for report in one.client_reports],
            "server_said": [_report_json(report) for report in one.server_reports], "seen": seen}


def _report_json(report):
    return {"said": report.said.value, "alert": report.alert, "text": report.text, "exit_code": report.exit_code}
