# SPDX-License-Identifier: Apache-2.0
"""Compares cases with events, field by field.

A case as it was played (Played) and the events of one observer, a driver or the replay, give a Verdict: the pairs of
what was expected and what was seen, in order of time, and in which fields they differ. A connection that was expected
and has no event, or the other way round, is a disagreement of its own. Events are matched by destination address and
port, which no two cases share. Those of a case's companions are told from its own by the client's address, and by
their time where it is the same client.
"""
import collections
import dataclasses

from model import REPORTED, Case, Expected, Report, Said
from observe import events

# In the order and with the letters of the matrix.
FIELDS = ("kind", "by", "stage", "alert", "rejection", "version", "starttls", "signature", "evidence", "tunnel",
          "vlan", "service")
LETTERS = "kbsarvtgeulc"
MISSING, SURPLUS = "missing", "surplus"


@dataclasses.dataclass(frozen=True)
class Played:
    """A case that was played. `expected` is final: what the client said may have decided it (Case.truth)."""

    case: Case
    address: str
    port: int
    expected: tuple[Expected, ...]
    verdict: str | None                    # of model.CLASSES
    cause: str | None
    client_reports: tuple[Report, ...]
    server_reports: tuple[Report, ...] = ()
    fault: str | None = None               # why the case did not happen; None: it did
    seconds: float = 0.0
    abandoned: tuple[tuple[str, int], ...] = ()  # where it was tried before, and did not happen
    around: tuple[str, ...] = ()           # addresses of tunnels that only this case has around its packets
    company: tuple = ()                    # of company.PlayedCompanion, in their order
    source: str | None = None              # its client's address; None: not known
    began: float = 0.0                     # time.time() of its own connections
    ended: float = 0.0

    @property
    def destination_key(self):
        """None for a case that never came so far as to have an address."""
        return _key(self.address, self.port)

    @property
    def endpoints(self):
        """Where its connections and those of its company went."""
        found = dict.fromkeys([(self.address, self.port), *((one.address, one.port) for one in self.company)])
        return tuple(pair for pair in found if pair[0])

    @property
    def abandoned_keys(self):
        return [_key(address, port) for address, port in self.abandoned]


def _key(address, port):
    return (events.address(address), port) if address else None


@dataclasses.dataclass(frozen=True)
class Pair:
    """One connection. `differs`: names of FIELDS, or MISSING, or SURPLUS."""

    expected: Expected | None
    seen: object | None
    asked: tuple[str, ...] = ()
    differs: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Verdict:
    played: Played
    observer: str
    pairs: tuple[Pair, ...]
    company: tuple = ()    # (company.PlayedCompanion, tuple of what was seen of it), in their order

    @property
    def agrees(self):
        """A case that expects nothing and of which nothing was seen proves nothing about the sensor."""
        return bool(self.pairs) and not any(pair.differs for pair in self.pairs)

    @property
    def differs(self):
        found = {name for pair in self.pairs for name in pair.differs}
        order = FIELDS + (MISSING, SURPLUS)
        return tuple(name for name in order if name in found)

    @property
    def asked(self):
        found = {name for pair in self.pairs for name in pair.asked}
        return tuple(name for name in FIELDS if name in found)


def reported_alert(expected, client_report, server_report):
    """The number of the alert as its receiver reported it; None where it told none."""
    receiver = client_report if expected.by == "server" else server_report
    return receiver.alert if receiver else None


def settle(expected, client_report, server_report):
    """REPORTED becomes a number, or "any" where nobody told it."""
    if expected.alert != REPORTED:
        return expected
    if expected.kind != "alert":
        return dataclasses.replace(expected, alert=None)  # the receiver can read what the sensor cannot
    number = reported_alert(expected, client_report, server_report)
    # An alert without a number must still be an alert that could be read, which `kind` says.
    return dataclasses.replace(expected, alert=number if number is not None else REPORTED)


def compare(expected, seen):
    """The Pair of two that belong together."""
    asked, differs = [], []
    for field in FIELDS:
        wanted = getattr(expected, field)
        if wanted in (None, (), (None, None)) or (field == "alert" and wanted == REPORTED):
            continue
        asked.append(field)
        if not _same(field, wanted, getattr(seen, field)):
            differs.append(field)
    return Pair(expected, seen, tuple(asked), tuple(differs))


def _same(field, wanted, found):
    if field == "evidence":
        return set(wanted) <= set(found)
    if field == "service":
        return all(each in (None, other) for each, other in zip(wanted, found, strict=True))
    return found == wanted


def pair_up(expected, seen):
    """Both in order of time. What one side has more of is missing or surplus."""
    seen = sorted(seen, key=lambda one: (one.start, one.source, one.source_port))
    pairs = [compare(*both) for both in zip(expected, seen)]
    pairs += [Pair(one, None, differs=(MISSING,)) for one in expected[len(seen):]]
    pairs += [Pair(None, one, differs=(SURPLUS,)) for one in seen[len(expected):]]
    return tuple(pairs)


def judge(played, observer, seen, ignored=()):
    """(verdicts of the cases that happened, events that belong to no case at all). `ignored`: where nobody is
    judged."""
    by_destination = collections.defaultdict(list)
    for one in seen:
        by_destination[one.destination_key].append(one)
    verdicts = []
    for one in played:
        found = [event for address, port in one.endpoints for event in by_destination.pop(_key(address, port), [])]
        for key in one.abandoned_keys:
            by_destination.pop(key, None)
        if one.fault is None:
            own, company = separate(one, found)
            verdicts.append(Verdict(one, observer, pair_up(one.expected, own), company))
    for address, port in ignored:
        by_destination.pop(_key(address, port), None)
    strangers = sorted((one for rest in by_destination.values() for one in rest), key=lambda one: one.start)
    return verdicts, strangers


def separate(played, found):
    """What was seen of the case itself, and of each companion: ([Seen, ...], ((PlayedCompanion, (Seen, ...)), ...))."""
    own, others = [], collections.defaultdict(list)
    for one in found:
        index = _companion_of(played, one)
        if index is None:
            own.append(one)
        else:
            others[index].append(one)
    return own, tuple((one, tuple(others[index])) for index, one in enumerate(played.company))


def _companion_of(played, seen):
    """The index of the companion that an event is of; None: the case's own."""
    company = [(index, one) for index, one in enumerate(played.company)
               if (events.address(one.source), *_key(one.address, one.port)) == (seen.source, *seen.destination_key)]
    if not company:
        return None
    rows = [(one.began, index) for index, one in company]
    same_place = seen.destination_key == played.destination_key
    if same_place and played.source and events.address(played.source) == seen.source:
        rows.append((played.began, None))
    rows.sort(key=lambda row: row[0])
    begun = [row for row in rows if row[0] <= seen.start_seconds]
    return (begun[-1] if begun else rows[0])[1]


def strange_company(verdict, without_before=False):
    """Sentences about companions that the observer saw otherwise than they said. `without_before`: it has not seen what
    came before the cases."""
    for one, found in verdict.company:
        if without_before and one.before:
            continue
        who = "%s: the companion %s (%s) " % (verdict.played.case.name, one.source, one.companion.client.stack)
        if not found:
            yield who + "has no event"
        elif one.said == Said.connected.value and any(seen.kind != "established" for seen in found):
            yield who + "connected, and was seen as " + ", ".join(seen.name for seen in found)
