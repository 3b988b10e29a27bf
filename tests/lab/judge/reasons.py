# SPDX-License-Identifier: Apache-2.0
"""What a run says about causes: totals of each observer, what was told otherwise, and tables for docs/laboratory.md."""
import collections
import textwrap

from judge.causes import AMONG, CONFIDENCES, GRADES, RIGHT, SILENT, UNKNOWN, WRONG, truths

WIDTH = 110
_SHOWN_MAX = 60


def lines(result, tables=False):
    observers = [*result.observers, *result.beginners]
    for observer in observers:
        yield "%-13s %s" % (observer.name, observer.causes.summary())
    reference = _reference(result)
    if reference is None:
        return
    for observer in (reference, *result.beginners):
        yield from _otherwise(observer)
    if tables:
        measured = [reference, *result.beginners]
        yield ""
        yield from _confidence_table(measured)
        yield ""
        yield from _scenario_table(measured)


def _reference(result):
    """Who has seen everything, at leisure."""
    told = [one for one in result.observers if one.causes.any_told]
    return next((one for one in told if one.name == "replay"), told[0] if told else None)


def _otherwise(observer):
    """One line for each case whose primary cause is not the right one."""
    others = [one for one in observer.causes.graded if one.grade != RIGHT or one.certain_and_wrong]
    for one in others[:_SHOWN_MAX]:
        seen = one.pair.seen
        told = "nothing" if seen is None or seen.cause is None else "%s (%s, %s)%s" % (
            seen.cause, seen.cause_confidence, seen.cause_rule or "no rule",
            " or " + ", ".join(seen.alternatives) if seen.alternatives else "")
        text = "%s: %s: %s, told %s" % (one.grade, one.played.case.name, " or ".join(sorted(truths(one.played))), told)
        wrapped = textwrap.wrap(text, WIDTH - 16)
        yield "  %-11s %s" % (observer.name, wrapped[0])
        yield from ("  %-11s   %s" % ("", rest) for rest in wrapped[1:])
    if len(others) > _SHOWN_MAX:
        yield "  %-11s and %d more" % (observer.name, len(others) - _SHOWN_MAX)


def _confidence_table(observers):
    """Markdown: how sure, and how often right."""
    yield "| measured | confidence | right | among the alternatives | unknown | wrong | none | certain and wrong |"
    yield "|---|---|---|---|---|---|---|---|"
    for observer in observers:
        counts = observer.causes.by_confidence()
        for confidence in (*CONFIDENCES, None):
            cells = [counts[name, confidence] for name in (RIGHT, AMONG, UNKNOWN, WRONG, SILENT)]
            if any(cells):
                yield _row(observer.name, confidence or "-", *cells, "")
        totals = [observer.causes.counts[name] for name in (RIGHT, AMONG, UNKNOWN, WRONG, SILENT)]
        yield _row(observer.name, "all: %.1f %% right" % (100 * (observer.causes.share(RIGHT) or 0)), *totals,
                   len(observer.causes.certain_and_wrong()))


def _scenario_table(observers):
    """Markdown: a line for each scenario and cause."""
    yield _row("scenario", "true cause", "cases", *("%s: right" % one.name for one in observers),
               "how sure (%s)" % observers[0].name, "otherwise")
    yield "|" + (5 + len(observers)) * "---|"
    tables = [observer.causes.by_scenario() for observer in observers]
    for key, first in tables[0].items():
        scenario, cause = key
        right = [table.get(key, collections.Counter())[RIGHT] for table in tables]
        sure = ", ".join("%s %d" % (word, first[RIGHT, word]) for word in CONFIDENCES if first[RIGHT, word])
        otherwise = "; ".join(filter(None, (_told_otherwise(observer, table.get(key)) for observer, table in
                                            zip(observers, tables, strict=True))))
        yield _row(scenario, cause, sum(first[name] for name in GRADES), *right, sure or "-", otherwise or "-")


def _told_otherwise(observer, counts):
    words = ", ".join("%s %d" % (name, counts[name]) for name in (AMONG, UNKNOWN, WRONG, SILENT)
                      if counts and counts[name])
    return words and "%s: %s" % (observer.name, words)


def _row(*cells):
    return "| " + " | ".join(str(cell) for cell in cells) + " |"
