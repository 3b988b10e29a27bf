# SPDX-License-Identifier: Apache-2.0
"""Plays cases: each at a destination address of its own, several at a time, and keeps what the programs said.

Cases of one running server come one after the other, because its log is read from a mark on; cases of different
servers run side by side in `jobs` lanes. Whatever goes wrong in a case is that case's fault and stops no other one:
    model.Unsupported           the case is skipped, with the text
    reports that do not fit     the case did not happen (Played.fault)
    any other error             likewise, with the error

Companions that come before their case all come before the first case, so that a capture can be cut between what was
known and what then happened (Runner.marker). Those of a case that is tried again come right before its second attempt.

Nothing here looks at packets or events.
"""
import collections
import concurrent.futures
import contextlib
import dataclasses
import fnmatch
import sys
import time

import clients
import company
import servers
from judge.compare import Played, settle
from judge.result import Skipped
from model import REPORTED, LabError, Unsupported
from net import fragmenter, mirroring, rules, tunnels

CLIENT_TIMEOUT = company.CLIENT_TIMEOUT
LOG_PATIENCE = 3.0     # a server's log that has to say something
LOG_GLANCE = 0.05      # ... that is only kept for the table of disagreements
_LANES_BEFORE = 2      # times as many, because nobody's log is read
MARKER_SECONDS = 0.7   # of silence before the marker, and behind it


def selected(cases, scenarios=(), client_stacks=(), server_stacks=()):
    """The cases that the user asked for; empty means all. Scenario patterns match the scenario or the whole name."""
    def wanted(case):
        server = case.server.stack if case.server else "none"
        return (not scenarios or any(fnmatch.fnmatchcase(text, pattern) for pattern in scenarios
                                     for text in (case.scenario, case.name))) and (
            not client_stacks or case.client.stack in client_stacks) and (
            not server_stacks or server in server_stacks)

    return [case for case in cases if wanted(case)]


class Stacks:
    """Which stacks can be used here, asked once. `allowed`: Debian packages, None for all that are installed."""

    def __init__(self, allowed=None):
        self._allowed = allowed
        self._reasons = {}

    def why_not(self, case):
        """None, or why this case cannot be played: the stack, the reason and the Debian package."""
        sides = [("client", clients.ADAPTERS, case.client.stack)]
        if case.server is not None:
            sides.append(("server", servers.ADAPTERS, case.server.stack))
        for side, adapters, stack in sides:
            key = (side, stack)
            if key not in self._reasons:
                self._reasons[key] = self._ask(side, adapters, stack)
            if self._reasons[key]:
                return self._reasons[key]
        return None

    def _ask(self, side, adapters, stack):
        if stack not in adapters:
            return "%s %s: there is no adapter" % (side, stack)
        adapter = adapters[stack]
        if self._allowed is not None and adapter.PACKAGE not in self._allowed:
            return "%s %s: not of the core set (Debian package %s)" % (side, stack, adapter.PACKAGE)
        reason = adapter.available()
        return reason and "%s %s: %s (Debian package %s)" % (side, stack, reason, adapter.PACKAGE)


class Runner:
    def __init__(self, lab, stacks, jobs=3, progress=None):
        self._lab = lab
        self._stacks = stacks
        self._jobs = jobs
        self._progress = progress or (lambda text: None)
        self.marker = None     # time.time() between what came before and the cases; None: nothing came before
        self._sites = {}
        self._begun = {}       # attempts whose companions have come

    def play(self, cases):
        """(list of Played, list of Skipped), both in the order of `cases`."""
        done = {}
        groups = collections.defaultdict(list)
        for case in cases:
            reason = self._stacks.why_not(case)
            if reason:
                done[case.name] = Skipped(case, reason)
            else:
                # A case without a server waits for nobody.
                groups[case.server or case.name].append(case)
        wanted = [case for cases in groups.values() for case in cases]
        self._prepare({case.client.stack for case in wanted})
        self._sites = company.sites(self._lab, wanted)
        self._play_before([case for case in wanted if case.before])
        # The longest group first, so that the lanes end together.
        order = sorted(groups.values(), key=len, reverse=True)
        with concurrent.futures.ThreadPoolExecutor(self._jobs) as pool:
            for results in pool.map(self._play_group, order):
                done.update(results)
        results = [done[case.name] for case in cases]
        return ([one for one in results if isinstance(one, Played)],
                [one for one in results if isinstance(one, Skipped)])

    def _play_before(self, cases):
        if not cases:
            return
        with concurrent.futures.ThreadPoolExecutor(_LANES_BEFORE * self._jobs) as pool:
            for case, attempt in zip(cases, pool.map(self._try_before, cases)):
                self._begun[case.name] = attempt
        time.sleep(MARKER_SECONDS)
        self.marker = time.time()
        self._progress("what comes before the cases is done")
        time.sleep(MARKER_SECONDS)

    def _try_before(self, case):
        """The attempt, with what went wrong already as its fault."""
        attempt = _Attempt(self._lab, case, self._sites.pop(case.name))
        attempt.guarded(attempt.play_before)
        self._progress("%-6s          %s" % ("LAB" if attempt.fault else "before", case.name))
        return attempt

    def _prepare(self, stacks):
        """Lets clients that have to be compiled do so before a case waits for them."""
        for stack in sorted(stacks):
            prepare = getattr(clients.ADAPTERS[stack], "prepare", None)
            if prepare:
                prepare(self._lab)

    def _play_group(self, cases):
        return {case.name: self._play_one(case) for case in cases}

    def _play_one(self, case):
        """A case that does not happen, because a program was slow or two of them raced, gets a second chance; one that
        the sensor tells otherwise never does: nobody knows about that yet."""
        first = self._try_one(case)
        if isinstance(first, Skipped) or first.fault is None:
            return first
        second = self._try_one(case)
        if isinstance(second, Skipped):
            return first
        return dataclasses.replace(second, abandoned=first.endpoints)

    def _try_one(self, case):
        began = time.monotonic()
        attempt = self._begun.pop(case.name, None)
        if attempt is None:
            # Of a second attempt nobody has thought in advance.
            site = self._sites.pop(case.name, None) or company.sites(self._lab, [case])[case.name]
            attempt = _Attempt(self._lab, case, site)
            attempt.guarded(attempt.play_before)
        attempt.guarded(attempt.play)
        if attempt.unsupported:
            return Skipped(case, "%s: %s" % (_pair(case), attempt.unsupported), attempt.endpoints)
        played = attempt.played(time.monotonic() - began)
        self._progress("%-6s %5.1f s  %s" % ("LAB" if played.fault else "played", played.seconds, case.name))
        return played


def _pair(case):
    return "%s with %s" % (case.client.stack, case.server.stack if case.server else "nobody")


class _Attempt:
    """One case being played."""

    def __init__(self, lab, case, site):
        self.lab, self.case, self.site = lab, case, site
        self.address, self.port = site.address, 0
        self.fault = None
        self.unsupported = None
        self.running = None
        self.company = None
        self.expected, self.verdict, self.cause = [], case.verdict, case.cause
        self.client_reports, self.server_reports = [], []
        self.around = ()
        self.began = self.ended = 0.0

    def guarded(self, function):
        """Does one part of it, unless an earlier one has failed; whatever goes wrong is kept."""
        if self.fault or self.unsupported:
            return
        try:
            function()
        except Unsupported as reason:
            self.unsupported = str(reason)
        except LabError as error:
            self.fault = str(error) or "LabError"
        except Exception as error:  # One broken adapter must not cost the cases of all others.
            self.fault = "%s: %s" % (type(error).__name__, error)

    def play_before(self):
        """What is needed to know where it takes place, and those who come there first."""
        self.port = self.lab.server(self.case.server).port if self.case.server else self.lab.network.server_port()
        self.company = company.Company(self.lab, self.case, self.site, self.port)
        self.company.play(self.case.before, before=True)

    def play(self):
        """Its server is held for this case alone meanwhile."""
        lab, case, address = self.lab, self.case, self.address
        with contextlib.ExitStack() as stack:
            if case.server is not None:
                self.running = stack.enter_context(lab.turn(case.server))
            outer = stack.enter_context(tunnels.active(lab, case, address))
            outermost = stack.enter_context(mirroring.active(lab, case, address))
            stack.enter_context(fragmenter.active(lab, case, address))
            stack.enter_context(rules.active(lab, case, address, self.port))
            self.around = (*outer, *outermost)
            self.began = time.time()
            for _ in range(case.repeat):
                self._once()
                if self.fault:
                    return
            self.ended = time.time()
            self._play_after()

    def _play_after(self):
        """What the server says of them is no word about the next case."""
        if not self.case.after:
            return
        mark = self.running.mark() if self.running else None
        self.company.play(self.case.after, before=False)
        if self.running and any(one.server is None for one in self.case.after):
            self.running.report(mark, LOG_PATIENCE)

    def _once(self):
        case = self.case
        mark = self.running.mark() if self.running else None
        client = clients.ADAPTERS[case.client.stack]
        report = client.run(case.client, self.lab, self.address, self.port, CLIENT_TIMEOUT)
        self.client_reports.append(report)
        server_report = self._server_report(mark, report)
        expected, self.verdict, self.cause = case.truth(report, server_report)
        if len(expected) == 1 and hasattr(client, "connections"):
            # The program tells how often it tried; all went the same way.
            expected *= max(1, client.connections(report))
        self.expected += [settle(one, report, server_report) for one in expected]
        self.fault = _misfit("client", report, case.client_says) or _misfit("server", server_report, case.server_says)

    def _server_report(self, mark, client_report):
        if self.running is None:
            return None
        expected = self.case.truth(client_report)[0]
        needed = self.case.server_says is not None or any(
            one.alert == REPORTED and one.by == "client" for one in expected)
        try:
            report = self.running.report(mark, LOG_PATIENCE if needed else LOG_GLANCE)
        except LabError:
            if needed:
                raise
            return None
        self.server_reports.append(report)
        return report

    @property
    def endpoints(self):
        return self.played(0.0).endpoints

    def played(self, seconds):
        return Played(self.case, self.address, self.port, tuple(self.expected), self.verdict, self.cause,
                      tuple(self.client_reports), tuple(self.server_reports), self.fault, seconds, around=self.around,
                      company=tuple(self.company.played) if self.company else (), source=self.site.source,
                      began=self.began, ended=self.ended)


def _misfit(who, report, wanted):
    if wanted is None:
        return None
    said = report.said if report else None
    if said in wanted:
        return None
    return "the %s reported %s, and the scenario needs %s" % (
        who, said.value if said else "nothing at all", " or ".join(sorted(word.value for word in wanted)))


# A datagram to a port where nobody listens, over both mirrored links: packets that carry the clock on, which replays
# need to tell a silence from the end of the capture.
_HEARTBEAT = """
import socket, sys
for address in sys.argv[1:]:
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"The capture ends here.", (address, 9))
"""


def heartbeat(lab):
    addresses = [lab.network.server_address(place, 4) for place in rules.PLACES]
    program = [sys.executable, "-c", _HEARTBEAT, *addresses]
    done = lab.network.run(lab.network.client_namespace("a"), program, timeout=10)
    if done.returncode != 0:
        raise LabError("no datagram leaves the client's network: %s" % done.stderr.strip()[-300:])
    return addresses
