# SPDX-License-Identifier: Apache-2.0
"""Runs one pattern in front of the sensors and the capture, and says what became of every attempt.

    run = Run(lab, "blocked_name", "ci", seed=1)
    run.go()                        # blocks until every attempt has ended
    run.lines, run.counts           # truth, see truth.py
    run.not_as_planned()            # sentences; faults of the laboratory, or of this machine
    run.judge(seen)                 # sentences about what one observer tells differently
    run.write(folder, capture)      # truth and packets of this pattern alone
"""
import collections
import datetime
import json
import pathlib
import shutil
import subprocess
import sys
import threading
import time

from judge import causes, compare
from model import LabError, Unsupported
from population import patterns, plan, truth

LOADER = pathlib.Path(__file__).with_name("loader.py")
PYTHON = "/usr/bin/python3"   # Debian's, with Debian's OpenSSL
LOADER_START = 1.5    # seconds until all loaders have loaded
GRACE = 30.0          # after the last attempt
LATE_MAX = 3.0        # a machine that starts attempts later than that shows another plan than the one it was given
SENTENCES_MAX = 5


class Run:
    """One pattern, once."""

    def __init__(self, lab, pattern_name, size_name, seed=1):
        self.lab = lab
        self.name, self.seed, self.size_name = pattern_name, seed, size_name
        self.size = plan.SIZES[size_name]
        self.pattern = patterns.PATTERNS[pattern_name]()
        self.specs = self.pattern.servers(lab, self.size)
        self.addresses = {key: lab.network.server_address(spec.place, 4) for key, spec in self.specs.items()}
        self.clients, self.attempts = plan.make(seed, self.size, lambda network: lab.network.client_address(network, 4),
                                                sorted(self.specs))
        self.pattern.plant(self.attempts, self.clients, self.size)
        self.ports = {}
        self.lines = []
        self.counts = {}
        self.began = self.seconds = 0.0
        self._start = 0.0
        self._reports = {}
        self._causes = {}
        self._complaints = []
        self._lock = threading.Lock()

    # What patterns ask for.

    def endpoint(self, server):
        return "%s:%d" % (self.addresses[server], self.ports[server])

    def prefix(self, network):
        return str(self.lab.network.client_prefix(network, 4))

    def stop_server(self, server):
        self.lab.stop_server(self.specs[server])

    def start_server(self, server):
        self.ports[server] = self.lab.server(self.specs[server]).port

    def now(self):
        return round(time.monotonic() - self._start, 4)

    # What happens.

    def go(self):
        began = time.monotonic()
        for key in sorted(self.specs):
            self.start_server(key)
        rules = [self.lab.network.box.add(**rule) for rule in self.pattern.rules(self)]
        try:
            self._attempt_all()
        finally:
            for rule in rules:
                self.lab.network.box.remove(rule)
        pairs = [(attempt, self._reports[number]) for number, attempt in enumerate(self.attempts)]
        self.pattern.settle(pairs)
        self.lines = [truth.line(attempt, report, self.addresses[attempt.server], self.ports[attempt.server],
                                 self.pattern.cause) for attempt, report in pairs]
        self.counts = truth.counts(self.lines)
        self.seconds = time.monotonic() - began

    def _attempt_all(self):
        self._start = self.pattern.start(time.monotonic() + LOADER_START, self.size)
        groups = collections.defaultdict(list)
        for number, attempt in enumerate(self.attempts):
            groups[attempt.client.network, attempt.client.clock_offset_days].append(self._task(number, attempt))
        threads = [threading.Thread(target=self._complaining, args=(self._load, network, days, tasks))
                   for (network, days), tasks in groups.items()]
        threads += [threading.Thread(target=self._complaining, args=(self._at, second, action))
                    for second, action in self.pattern.events(self)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        missing = len(self.attempts) - len(self._reports)
        if missing:
            self._complaints.append("%d attempts were never reported" % missing)
        if self._complaints:
            raise LabError("; ".join(self._complaints))

    def _complaining(self, function, *arguments):
        """An error in a thread must not be lost."""
        try:
            function(*arguments)
        except Exception as error:
            self._complaints.append("%s: %s" % (type(error).__name__, error))

    def _at(self, second, action):
        time.sleep(max(0.0, self._start + second - time.monotonic()))
        action()

    def _load(self, network, clock_offset_days, tasks):
        argv = [PYTHON, "-I", LOADER]
        if clock_offset_days:
            argv = _with_wrong_clock(clock_offset_days) + argv
        head = {"root": str(self.lab.pki.root), "intermediate": str(self.lab.pki.intermediate), "start": self._start}
        process = self.lab.network.popen(self.lab.network.client_namespace(network), argv, stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        limit = self._start - time.monotonic() + self.size.seconds + GRACE
        try:
            out, err = process.communicate("".join(json.dumps(one) + "\n" for one in (head, *tasks)), timeout=limit)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
        with self._lock:
            for text in out.splitlines():
                report = json.loads(text)
                self._reports[report["id"]] = report
        if process.returncode != 0:
            raise LabError("a loader ended with status %s: %s" % (process.returncode, err.strip()[-400:]))

    def _task(self, number, attempt):
        client = attempt.client
        trust = "nothing" if attempt.noise else "root+cache" if client.has_intermediate else "root"
        return {"id": number, "at": attempt.at, "source": client.address, "address": self.addresses[attempt.server],
                "port": self.ports[attempt.server], "name": attempt.name, "software": client.software,
                "trust": trust, "hold": attempt.hold}

    # What became of it.

    @property
    def keys(self):
        """(address, port) of its servers, as events have them; nobody else uses these."""
        return {(compare.events.address(self.addresses[key]), port) for key, port in self.ports.items()}

    def not_as_planned(self):
        """Sentences about attempts that ended otherwise than the plan allows, and about a pattern nobody could see."""
        return self._abridged(self._misfits(), "not as planned")

    def _misfits(self):
        latest = 0.0
        for number, attempt in enumerate(self.attempts):
            report = self._reports[number]
            latest = max(latest, report["began"] - attempt.at)
            if report["said"] not in attempt.says:
                yield "%s to %s as %s at %.2f s (%s) reported %s (%s), planned was %s" % (
                    attempt.client.address, attempt.server, attempt.name, report["began"], attempt.client.software,
                    report["said"], report["text"], " or ".join(attempt.says))
        if latest > LATE_MAX:
            yield "an attempt began %.1f s late: this machine is too slow for the size %s" % (latest, self.size_name)
        if self.counts["failed_inside"] < self.pattern.least_failures:
            yield "only %d attempts failed by the pattern, and it needs %d to be seen" % (
                self.counts["failed_inside"], self.pattern.least_failures)

    def judge(self, observer, seen):
        """`seen`: what this observer saw, or None when it did not come that far."""
        if not self.lines:
            return []   # That it was not played is a fault of its own.
        if seen is None:
            return ["population %s: %s saw nothing" % (self.name, observer)]
        self._causes[observer] = truth.causes(self.lines, seen)
        return self._abridged(truth.judge(self.lines, seen), observer + " tells otherwise")

    def _abridged(self, sentences, title):
        sentences = list(sentences)
        shown = ["population %s, %s: %s" % (self.name, title, text) for text in sentences[:SENTENCES_MAX]]
        if len(sentences) > SENTENCES_MAX:
            shown.append("population %s, %s: %d more" % (self.name, title, len(sentences) - SENTENCES_MAX))
        return shown

    def summary(self):
        if not self.lines:
            return "%-20s was not played" % self.name
        lines = ["%-20s %d attempts, pattern reached %d and failed %d, %d failed otherwise; %.1f s" % (
            self.name, self.counts["attempts"], self.counts["inside"], self.counts["failed_inside"],
            self.counts["failed_outside"], self.seconds)]
        # Told, and not judged: what is planted here is found by looking at many.
        lines += ["%-20s causes through %s: %s" % ("", observer, ", ".join(
            "%d %s" % (number, word) for word, number in sorted(counts.items()) if number))
            for observer, counts in self._causes.items() if set(counts) - {causes.SILENT, "certain and wrong"}]
        return "\n".join(lines)

    def pattern_truth(self):
        start = datetime.datetime.fromtimestamp(self._start - time.monotonic() + time.time(), datetime.timezone.utc)
        return self.pattern.truth(self) | {"start": start.isoformat(timespec="milliseconds"), "counts": self.counts,
                                           "seed": self.seed, "size": self.size_name}

    def write(self, folder, capture=None):
        """population-<name>.truth.jsonl, .pattern.json and, cut out of the capture of everything, .pcap"""
        if not self.lines:
            return
        stem = "population-" + self.name
        with open(folder / (stem + ".truth.jsonl"), "w", encoding="utf-8") as lines:
            lines.writelines(json.dumps(line) + "\n" for line in self.lines)
        text = json.dumps(self.pattern_truth(), indent=2)
        (folder / (stem + ".pattern.json")).write_text(text + "\n", encoding="utf-8")
        if capture is not None:
            self._cut(capture, folder / (stem + ".pcap"))

    def _cut(self, capture, path):
        """Its servers have addresses of their own."""
        hosts = " or ".join("host " + address for address in sorted(self.addresses.values()))
        done = subprocess.run(["tcpdump", "-n", "-Z", "root", "-r", str(capture), "-w", str(path), hosts],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            print("population %s has no capture: %s" % (self.name, done.stderr.strip()[-300:]), file=sys.stderr)


def _with_wrong_clock(days):
    """Only the calendar is wrong; waiting goes on as ever."""
    if not shutil.which("faketime"):
        raise Unsupported("faketime is not installed")
    return ["env", "FAKETIME_DONT_FAKE_MONOTONIC=1", "DONT_FAKE_MONOTONIC=1", "faketime", "-m", "-f", "%+dd" % days]
