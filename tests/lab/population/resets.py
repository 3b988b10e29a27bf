# SPDX-License-Identifier: Apache-2.0
"""Genuine resets in numbers: the population in which nothing in the path ends any connection.

It has the interface of population.Run. Every way of reset_ways.py is played in every round, each attempt from a source
address of its own, under all CONDITIONS, over IPv4 and IPv6, in the second half beside programs that keep the machine
busy. The only judgement is that no event says `by: path`; how confident the sensor was is shown in a table.
"""
import collections
import contextlib
import dataclasses
import ipaddress
import json
import os
import pathlib
import subprocess
import sys
import threading
import time

import servers
from judge import compare
from model import LabError
from population import reset_ways
from servers import lines as programs

NAME = "genuine_resets"
CLIENT = pathlib.Path(__file__).with_name("reset_client.py")
ROUNDS = {"ci": 1, "large": 15}
ENOUGH = {"ci": 50, "large": 1000}      # resets that were really made
_STEP = 0.2           # seconds from one way to the next
_START = 2.0
_GRACE = 20.0
_SENTENCES_MAX = 8
_NETWORK = "a"
# The clients of each condition have a prefix of their own, far from the addresses that others are given.
_PREFIXES = {4: "198.18.%d.0/23", 6: "2001:db8:a:%x::/64"}
_FIRST_PREFIX = {4: 32, 6: 0x32}
_BUSY = "while True: pass"


@dataclasses.dataclass
class Attempt:
    number: int
    way: reset_ways.Way
    condition: str
    family: int
    at: float
    source: str
    busy: bool
    said: str = ""
    text: str = ""

    @property
    def was_reset(self):
        return self.way.certain or self.said in ("got_reset", "refused")


class Run:
    name = NAME

    def __init__(self, lab, size_name, seed=1):
        self.lab, self.size_name, self.seed = lab, size_name, seed
        self.seconds = 0.0
        self.lines = []
        self.attempts = []
        self.tables = {}       # observer: Counter of (group, by, confidence)
        self.speaks = {}       # observer: Counter of evidence
        self.ways = [way for way in reset_ways.WAYS if _is_possible(way)]
        self._half = len(self.ways) * ROUNDS[size_name] * _STEP / 2
        self._ports = {}
        self._addresses = {(way.name, family): lab.network.server_address("inner", family)
                           for way in self.ways for family in (4, 6)}
        self._complaints = []

    # What happens.

    def go(self):
        began = time.monotonic()
        with contextlib.ExitStack() as stack:
            self._prepare(stack)
            start = time.monotonic() + _START
            self.attempts = list(self._plan())
            deeds = self._deeds(start)
            for deed in deeds:
                deed.start()
            busy = threading.Timer(start + self._half - time.monotonic(), self._make_busy, (stack,))
            busy.start()
            stack.callback(busy.cancel)
            self._attempt(start)
            for deed in deeds:
                deed.join()
        self.seconds = time.monotonic() - began
        self.lines = [self._line(one) for one in self.attempts]

    def _prepare(self, stack):
        for number, way in enumerate(self.ways, start=1):
            self._ports[way.name] = self._start_server(way.server, stack)
            if way.firewall:
                for family in (4, 6):
                    table = reset_ways.firewall_table(way.firewall, self._addresses[way.name, family],
                                                      self._ports[way.name], number * 10 + family)
                    self._run(["nft", table])
        self._run(["sysctl", "-q", "-w", reset_ways.SYSCTL + "=1"])
        stack.callback(self._run, ["sysctl", "-q", "-w", reset_ways.SYSCTL + "=0"])
        for condition, rules in reset_ways.CONDITIONS.items():
            for family in (4, 6):
                for rule in rules:
                    made = self.lab.network.box.add(network=str(_prefix(condition, family)), seed=self.seed, **rule)
                    stack.callback(self.lab.network.box.remove, made)

    def _start_server(self, spec, stack):
        if spec is None:
            return self.lab.network.server_port()
        if spec.stack != "reset_server":
            return self.lab.server(spec).port
        port = self.lab.network.server_port()
        running = programs.start("reset_server.py", spec, self.lab, port,
                                 [word for key, value in spec.options for word in ("--" + key, value)])
        stack.callback(running.stop)
        return port

    def _run(self, argv):
        done = self.lab.network.run("inner", argv, timeout=10)
        if done.returncode != 0:
            raise LabError("%s: %s" % (" ".join(argv), done.stderr.strip()[-300:]))

    def _plan(self):
        """The attempts in order of time, `at` counted from the start."""
        conditions = list(reset_ways.CONDITIONS)
        ways, rounds = self.ways, ROUNDS[self.size_name]
        used = collections.Counter()
        number = 0
        for turn in range(rounds):
            for place, way in enumerate(ways):
                at = (turn * len(ways) + place) * _STEP
                for member in range(way.burst):
                    condition = reset_ways.ALWAYS.get(
                        way.name, conditions[(turn + place + member + self.seed) % len(conditions)])
                    family = 6 if (turn + member) % 3 == 2 or (turn + place) % 5 == 4 else 4
                    used[condition, family] += 1
                    source = str(_prefix(condition, family)[used[condition, family]])
                    yield Attempt(number, way, condition, family, at, source, at >= self._half)
                    number += 1

    def _deeds(self, start):
        """Threads for what happens to servers; one way's deeds are over before it comes round again."""
        moments = {(one.way, one.at) for one in self.attempts if one.way.deed}
        return [threading.Thread(target=self._do, args=(start + at, way)) for way, at in sorted(
            moments, key=lambda pair: pair[1])]

    def _do(self, moment, way):
        try:
            for offset, function in way.deed:
                time.sleep(max(0.0, moment + offset - time.monotonic()))
                function(self.lab, way.server)
        except Exception as error:  # An error in a thread must not be lost.
            self._complaints.append("%s: %s: %s" % (way.name, type(error).__name__, error))

    def _make_busy(self, stack):
        for _ in range(2 * (os.cpu_count() or 1)):
            process = subprocess.Popen([sys.executable, "-c", _BUSY], stdin=subprocess.DEVNULL)
            stack.callback(process.wait)
            stack.callback(process.kill)

    def _attempt(self, start):
        tasks = [{"id": one.number, "at": start + one.at, "role": one.way.client, "source": one.source,
                  "address": self._addresses[one.way.name, one.family], "port": self._ports[one.way.name],
                  "patience": one.way.patience} for one in self.attempts]
        process = self.lab.network.popen(self.lab.network.client_namespace(_NETWORK),
                                         [sys.executable, CLIENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                         stderr=subprocess.PIPE, text=True)
        try:
            out, err = process.communicate("".join(json.dumps(task) + "\n" for task in tasks),
                                           timeout=_START + 2 * self._half + _GRACE)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
        for text in out.splitlines():
            report = json.loads(text)
            self.attempts[report["id"]].said, self.attempts[report["id"]].text = report["said"], report["text"]
        if process.returncode != 0:
            raise LabError("the clients ended with status %s: %s" % (process.returncode, err.strip()[-400:]))

    # What became of it.

    @property
    def keys(self):
        """(address, port) of its servers, as events have them; nobody else uses these."""
        return {(compare.events.address(address), self._ports[name]) for (name, _), address in self._addresses.items()
                if name in self._ports}

    def not_as_planned(self):
        complaints = list(self._complaints)
        silent = [one for one in self.attempts if not one.said or one.said == "nothing" and not one.way.certain]
        complaints += ["%s was never reported: %s" % (one.way.name, one.text) for one in silent]
        made = sum(one.was_reset for one in self.attempts)
        if made < ENOUGH[self.size_name]:
            complaints.append("only %d resets were made, wanted %d" % (made, ENOUGH[self.size_name]))
        for way in self.ways:
            if not any(one.was_reset for one in self.attempts if one.way is way):
                complaints.append("%s reset nobody; clients said %s" % (way.name, ", ".join(
                    sorted({one.said for one in self.attempts if one.way is way}))))
        return self._abridged(complaints, "not as planned")

    def judge(self, observer, seen):
        """`seen`: what this observer saw, or None when it did not come that far."""
        if not self.lines:
            return []   # That it was not played is a fault of its own.
        if seen is None:
            return ["population %s: %s saw nothing" % (self.name, observer)]
        events = collections.defaultdict(list)
        for one in seen:
            events[one.source, one.destination, one.destination_port].append(one)
        table, evidence, sentences = collections.Counter(), collections.Counter(), []
        for attempt in self.attempts:
            address = compare.events.address
            found = events.get((address(attempt.source), address(self._addresses[attempt.way.name, attempt.family]),
                                self._ports[attempt.way.name]), [])
            if not found:
                sentences.append("%s has no event" % self._title(attempt))
            for one in found:
                table[attempt.way.group, one.by, one.confidence or "none"] += 1
                evidence.update(one.evidence)
                if one.by == "path":
                    sentences.append("%s is called %s by path, %s, on %s" % (
                        self._title(attempt), one.name, one.confidence, ", ".join(one.evidence) or "nothing"))
        self.tables[observer], self.speaks[observer] = table, evidence
        return self._abridged(sentences, observer + " tells otherwise")

    def _title(self, attempt):
        return "%s (%s, IPv%d%s) of %s, who said %s," % (
            attempt.way.name, attempt.condition, attempt.family, ", busy" if attempt.busy else "", attempt.source,
            attempt.said)

    def _abridged(self, sentences, title):
        shown = ["population %s, %s: %s" % (self.name, title, text) for text in sentences[:_SENTENCES_MAX]]
        if len(sentences) > _SENTENCES_MAX:
            shown.append("population %s, %s: %d more" % (self.name, title, len(sentences) - _SENTENCES_MAX))
        return shown

    def summary(self):
        """A line, and under it the table of who was called the one who ended it, and how sure the path was it."""
        if not self.lines:
            return "%-20s was not played" % self.name
        head = "%-20s %d attempts, %d resets made; %.1f s" % (
            self.name, len(self.lines), sum(one.was_reset for one in self.attempts), self.seconds)
        return "\n".join([head, *self._table()])

    def _table(self):
        yield "  %-34s %8s %6s   %s" % ("", "attempts", "resets", "events: by, and confidence that it was the path")
        for group in dict.fromkeys(way.group for way in self.ways):
            mine = [one for one in self.attempts if one.way.group == group]
            counts = collections.Counter()
            for table in self.tables.values():
                for (name, by, confidence), number in table.items():
                    if name == group:
                        counts[by, confidence] += number
            words = ", ".join("%s %s %d" % (*key, number) for key, number in sorted(counts.items()))
            yield "  %-34s %8d %6d   %s" % (group, len(mine), sum(one.was_reset for one in mine), words)
        evidence = collections.Counter()
        for counts in self.speaks.values():
            evidence += counts
        words = ", ".join("%s %d" % pair for pair in sorted(evidence.items()))
        yield "  what spoke for the path: " + (words or "nothing")
        yield "  events are those of %s together" % ", ".join(self.tables)

    def _line(self, one):
        return {"client": one.source, "server": self._addresses[one.way.name, one.family],
                "server_port": self._ports[one.way.name], "way": one.way.name, "group": one.way.group,
                "condition": one.condition, "busy": one.busy, "at": round(one.at, 2), "said": one.said,
                "text": one.text, "reset": one.was_reset}

    def write(self, folder, capture=None):
        """population-genuine_resets.truth.jsonl; its packets are in the capture of everything."""
        with open(folder / ("population-%s.truth.jsonl" % self.name), "w", encoding="utf-8") as lines:
            lines.writelines(json.dumps(line) + "\n" for line in self.lines)


def _is_possible(way):
    """Whether its stack is installed here."""
    stack = way.server.stack if way.server else None
    return stack not in servers.ADAPTERS or servers.ADAPTERS[stack].available() is None


def _prefix(condition, family):
    index = list(reset_ways.CONDITIONS).index(condition)
    step = 2 if family == 4 else 1
    return ipaddress.ip_network(_PREFIXES[family] % (_FIRST_PREFIX[family] + step * index))
