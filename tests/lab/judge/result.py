# SPDX-License-Identifier: Apache-2.0
"""All that a run of the laboratory found out, and whether that is good enough.

faults() is the only judge of the exit status: nothing is good that was not shown. No case, no event, a scenario that
no case covered, or a case that did not happen is as bad as a disagreement.
"""
import dataclasses

from judge.causes import Causes
from judge.compare import Played, Verdict, strange_company
from judge.confusion import Confusion
from model import Case


@dataclasses.dataclass(frozen=True)
class Skipped:
    case: Case
    reason: str
    endpoints: tuple[tuple[str, int], ...] = ()   # where its companions had been before that was known


@dataclasses.dataclass
class Observer:
    """One who watched: a driver, or the replay of the capture."""

    name: str
    event_count: int
    verdicts: list[Verdict]
    strangers: list                    # events of connections that no case made
    fault: str | None = None           # it could not watch at all
    without_before: bool = False       # it did not see what came before the cases
    cold: bool = False                 # ... and was not told of it either

    def __post_init__(self):
        self.confusion = Confusion.of(self.verdicts)
        self.causes = Causes(self.verdicts)
        self.strange_company = [sentence for verdict in self.verdicts
                                for sentence in strange_company(verdict, self.without_before)]

    @property
    def disagreements(self):
        return [verdict for verdict in self.verdicts if not verdict.agrees]


@dataclasses.dataclass
class Result:
    wanted: tuple[str, ...]            # scenarios that must be covered
    played: list[Played]
    skipped: list[Skipped]
    observers: list[Observer]
    complete: bool = True              # nothing was filtered away, so every class must occur
    populations_only: bool = False     # no cases were asked for
    population_attempts: int | None = None   # None: no populations were asked for
    population_faults: list[str] = dataclasses.field(default_factory=list)
    seconds: dict[str, float] = dataclasses.field(default_factory=dict)
    populations: list[str] = dataclasses.field(default_factory=list)   # a line about each
    losses: list[str] = dataclasses.field(default_factory=list)        # what an observer or the mirror lost
    beginners: list[Observer] = dataclasses.field(default_factory=list)   # who did not see what came before

    @property
    def happened(self):
        return [one for one in self.played if one.fault is None]

    @property
    def not_happened(self):
        return [one for one in self.played if one.fault is not None]

    def uncovered(self):
        covered = {one.case.scenario for one in self.happened if one.expected}
        return [name for name in self.wanted if name not in covered]

    def faults(self):
        return list(self._faults())

    def _faults(self):
        if not self.wanted and not self.populations_only:
            yield "no scenario was chosen"
        if not self.happened and not self.populations_only:
            yield "no case happened"
        if self.population_attempts == 0 or (self.populations_only and not self.population_attempts):
            yield "no population attempted anything"
        if not self.observers:
            yield "nobody watched"
        if self.not_happened:
            yield count(len(self.not_happened), "case") + " did not happen"
        for name in self.uncovered():
            yield "scenario %s was not covered by any case" % name
        for observer in (*self.observers, *self.beginners):
            for sentence in self._faults_of(observer):
                yield "%s: %s" % (observer.name, sentence)
        yield from self.population_faults
        yield from self.losses

    def _faults_of(self, observer):
        if observer.fault:
            yield observer.fault
        if not observer.event_count:
            yield "no events at all"
        if len(observer.verdicts) != len(self.happened):
            yield "%d of %d cases were judged" % (len(observer.verdicts), len(self.happened))
        if observer.disagreements:
            yield count(len(observer.disagreements), "case") + " seen otherwise"
        failed = [one for one in observer.strangers if one.is_failure]
        if failed:
            yield count(len(failed), "failed connection") + " that no case made"
        yield from observer.confusion.faults(self.complete)
        if observer.event_count:
            yield from observer.strange_company[:3]
            yield from observer.causes.faults(observer.cold)


def count(number, noun):
    return "%d %s%s" % (number, noun, "" if number == 1 else "s")
