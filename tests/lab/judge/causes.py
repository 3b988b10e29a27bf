# SPDX-License-Identifier: Apache-2.0
"""Whether the events say why: each connection that failed, or was rejected late, against the cause of its case.

    right      the primary cause is that of the case, or one that is as right (Case.also)
    among      it is another one, or none, and the right one is among the alternatives
    unknown    "unknown"
    wrong      another one
    silent     no cause at all

A case is graded by the worst of its connections. Whoever says "certain" must be right. Handshakes that succeeded, of
cases and of their companions, have no cause.
"""
import collections
import dataclasses

from judge.compare import Pair, Played
from model import Said

RIGHT, AMONG, UNKNOWN, WRONG, SILENT = GRADES = ("right", "among", "unknown", "wrong", "silent")
_WORST_LAST = (RIGHT, AMONG, UNKNOWN, SILENT, WRONG)
CONFIDENCES = ("certain", "likely", "possible")
RIGHT_MIN = 0.95         # of the failing cases, for who has seen what came before
COLD_WRONG_MAX = 0.05    # ... and who has not may know less, and must not say more
_NO_FAILURES = ("established", "unseen")


def truths(played):
    return {played.cause} | played.case.also


def is_asked(played, pair):
    """Whether a cause has to be told of this connection."""
    if played.cause is None or pair.expected is None:
        return False
    expected = pair.expected
    if expected.kind == "no_hello":   # is no failure, but for who speaks something else
        return played.cause == "plaintext_client"
    if expected.kind == "established" and expected.rejection is None:
        return pair.seen is not None and pair.seen.rejection
    return expected.kind not in _NO_FAILURES or bool(expected.rejection)


def grade(right, seen):
    if seen is None or seen.cause is None:
        return SILENT
    if seen.cause in right:
        return RIGHT
    if right & set(seen.alternatives):
        return AMONG
    return UNKNOWN if seen.cause == "unknown" else WRONG


def is_certain_and_wrong(right, seen):
    return seen is not None and seen.cause_confidence == "certain" and seen.cause not in right | {"unknown"}


@dataclasses.dataclass(frozen=True)
class Graded:
    """One case; `pair` is the worst of its connections."""

    played: Played
    pair: Pair
    grade: str
    certain_and_wrong: bool

    @property
    def confidence(self):
        return self.pair.seen.cause_confidence if self.pair.seen else None


class Causes:
    """What one observer made of all cases."""

    def __init__(self, verdicts):
        self.graded = []
        self.surplus = []      # sentences about causes where nothing failed
        for verdict in verdicts:
            self._grade(verdict)
            self.surplus += _surplus(verdict)
        self.counts = collections.Counter(one.grade for one in self.graded)

    def _grade(self, verdict):
        played = verdict.played
        asked = [pair for pair in verdict.pairs if is_asked(played, pair)]
        if not asked:
            return
        right = truths(played)
        worst = max(asked, key=lambda pair: (_WORST_LAST.index(grade(right, pair.seen)),
                                             is_certain_and_wrong(right, pair.seen)))
        self.graded.append(Graded(played, worst, grade(right, worst.seen),
                                  any(is_certain_and_wrong(right, pair.seen) for pair in asked)))

    @property
    def any_told(self):
        return any(one.grade != SILENT for one in self.graded)

    def share(self, *grades):
        """None where no case asks."""
        return sum(self.counts[name] for name in grades) / len(self.graded) if self.graded else None

    def certain_and_wrong(self):
        return [one for one in self.graded if one.certain_and_wrong]

    def faults(self, cold=False):
        """Sentences about what is not good enough. `cold`: it has not seen what came before the cases."""
        if self.graded and not self.any_told:
            yield "no failure was given a cause"
            return
        wrong = self.certain_and_wrong()
        if wrong:
            yield "%d causes are certain and wrong: %s" % (len(wrong), _names(wrong))
        if self.surplus:
            yield "%d causes where nothing failed: %s" % (len(self.surplus), "; ".join(self.surplus[:3]))
        share = self.share(RIGHT)
        if cold and self.graded and self.share(WRONG) > COLD_WRONG_MAX:
            yield "%.1f %% of the causes are wrong, wanted at most %.0f %%" % (
                100 * self.share(WRONG), 100 * COLD_WRONG_MAX)
        if not cold and share is not None and share < RIGHT_MIN:
            yield "%.1f %% of the causes are right, wanted %.0f %%" % (100 * share, 100 * RIGHT_MIN)

    def summary(self):
        if not self.graded:
            return "cause: nothing was asked"
        if not self.any_told:
            return "cause: not diagnosed yet (0 of %d)" % len(self.graded)
        words = ", ".join("%d %s" % (self.counts[name], name) for name in GRADES if self.counts[name])
        return "cause: %.1f %% of %d right (%s), %d certain and wrong" % (
            100 * self.share(RIGHT), len(self.graded), words, len(self.certain_and_wrong()))

    def by_confidence(self):
        """Counter of (grade, confidence)."""
        return collections.Counter((one.grade, one.confidence) for one in self.graded)

    def by_scenario(self):
        """{(scenario, cause): Counter of grades and of ("right", confidence)}, in the order of the cases."""
        rows = {}
        for one in self.graded:
            row = rows.setdefault((one.played.case.scenario, one.played.cause), collections.Counter())
            row[one.grade] += 1
            row["certain and wrong"] += one.certain_and_wrong
            if one.grade == RIGHT:
                row[RIGHT, one.confidence] += 1
        return rows

    def as_json(self):
        return {"counts": dict(self.counts), "certain_and_wrong": [one.played.case.name
                                                                   for one in self.certain_and_wrong()],
                "surplus": self.surplus,
                "cases": [{"case": one.played.case.name, "truth": sorted(truths(one.played)), "grade": one.grade,
                           "cause": one.pair.seen.cause if one.pair.seen else None, "confidence": one.confidence,
                           "rule": one.pair.seen.cause_rule if one.pair.seen else None,
                           "alternatives": one.pair.seen.alternatives if one.pair.seen else ()}
                          for one in self.graded]}


def _surplus(verdict):
    """A cause beside a success is wrong whatever the case; a cause of what is no failure, where the case has none."""
    name = verdict.played.case.name
    for pair in verdict.pairs:
        if pair.seen is None:
            continue
        if pair.seen.success_has_cause:
            yield "%s succeeded" % name
        elif pair.expected is not None and verdict.played.cause is None and pair.seen.cause is not None:
            yield "%s, %s, is called %s" % (name, pair.seen.name, pair.seen.cause)
    for one, found in verdict.company:
        if one.said == Said.connected.value and any(seen.cause is not None or seen.success_has_cause for seen in found):
            yield "a companion of %s succeeded" % name


def _names(graded):
    names = ["%s (%s)" % (one.played.case.name, one.pair.seen.cause if one.pair.seen else "-") for one in graded]
    return ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
