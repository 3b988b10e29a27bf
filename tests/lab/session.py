# SPDX-License-Identifier: Apache-2.0
"""One run of the laboratory, from the first packet to the result.

All cases are played once, while the sensors and tcpdump watch the same mirror; afterwards the capture is replayed. So
each case is judged by as many observers as there are drivers. Order matters: observers start before the first case,
and stop only after the sensor's own timeouts and a last packet (runner.heartbeat).

Causes are judged twice more, of the cases alone, without what came before them: by a process that starts with the
profiles which another one has saved of that (WARM), and by one that knows nothing (COLD).
"""
import contextlib
import dataclasses
import pathlib
import shutil
import time

import runner
import scenarios
from judge import compare
from judge.result import Observer, Result
from judge.seen import seen
from model import LabError, Unsupported
from observe import capture as capturing
from observe import replay as replaying
from observe import sensor, splitter
from population import patterns, population, resets

SILENCE_SECONDS = 4
# The longest that the sensor waits before it calls a finished handshake finished (10 s), and its linger (1 s).
SETTLE_SECONDS = 12
REPLAY = "replay"
WARM, COLD = "warm", "cold"
DRIVERS = (*sensor.DRIVERS, REPLAY)
# Servers get ports from the first one up; a sensor has to know them before it starts.
WATCHED_PORTS = range(20001, 20801)


@dataclasses.dataclass(frozen=True)
class Options:
    drivers: tuple[str, ...] = DRIVERS
    scenarios: tuple[str, ...] = ()
    clients: tuple[str, ...] = ()
    servers: tuple[str, ...] = ()
    packages: frozenset[str] | None = None   # Debian packages whose stacks may be used; None: all installed ones
    jobs: int = 3
    populations: tuple[str, ...] = ()
    size: str = "ci"
    seed: int = 1                            # of the populations' plans
    without_cases: bool = False              # populations only
    verbose: bool = False

    @property
    def complete(self):
        return not (self.scenarios or self.clients or self.servers or self.without_cases)


class Session:
    """In a started laboratory. run() once; then result, capture_path and event_paths are there."""

    def __init__(self, lab, options):
        self.lab = lab
        self.options = options
        self.folder = pathlib.Path(lab.folder)
        self.capture_path = None
        self.event_paths = {}
        self.heartbeat_addresses = []
        self.seconds = {}
        self._marker = None
        self._ignored = []
        self._populations = []
        self._population_faults = []
        self._losses = []

    def run(self):
        cases, wanted = self._choose()
        played, skipped = [], []
        with contextlib.ExitStack() as watching:
            with self._timed("start of the observers"):
                sensors, capture = self._start_watching(watching)
            if cases:
                with self._timed("cases"):
                    stacks = runner.Stacks(self.options.packages)
                    playing = runner.Runner(self.lab, stacks, self.options.jobs, self._progress)
                    played, skipped = playing.play(cases)
                    self._marker = playing.marker
                    self._ignored = [pair for one in skipped for pair in one.endpoints]
            if self.options.populations:
                with self._timed("populations"):
                    self._play_populations()
            used = {one.port for one in played} | {port for one in self._populations for _, port in one.keys}
            if any(port and port not in WATCHED_PORTS for port in used):
                raise LabError("there are more servers than the sensors watch ports for (WATCHED_PORTS)")
            with self._timed("sensor's timeouts"):
                time.sleep(SETTLE_SECONDS)
                self.heartbeat_addresses = runner.heartbeat(self.lab)
                time.sleep(0.5)
            with self._timed("end of the observers"):
                events, faults = self._stop_watching(sensors, capture)
        observers = [self._observer(name, events.get(name, []), faults.get(name), played)
                     for name in self.options.drivers]
        with self._timed("replays without what came before"):
            beginners = list(self._beginners(played))
        attempts = sum(len(one.lines) for one in self._populations) if self.options.populations else None
        return Result(wanted, played, skipped, observers, self.options.complete, self.options.without_cases, attempts,
                      self._population_faults, self.seconds, [line for one in self._populations for line in one.summary().splitlines()],
                      self._losses, beginners)

    def _choose(self):
        """(cases, names of the scenarios that must be covered)."""
        options = self.options
        if options.without_cases:
            return [], ()
        cases = runner.selected(scenarios.load(self.lab), options.scenarios, options.clients, options.servers)
        if options.complete:
            return cases, tuple(scenarios.scenario_names())
        return cases, tuple(dict.fromkeys(case.scenario for case in cases))

    def _progress(self, text):
        self.lab.log("%s", text)

    @contextlib.contextmanager
    def _timed(self, name):
        began = time.monotonic()
        yield
        self.seconds[name] = time.monotonic() - began

    def _start_watching(self, watching):
        capture = None
        if REPLAY in self.options.drivers:
            capture = watching.enter_context(_Stopped(capturing.Capture(self.lab.network)))
        sensors = {}
        for driver in self.options.drivers:
            if driver != REPLAY:
                self.event_paths[driver] = self.folder / (driver + ".ndjson")
                sensors[driver] = watching.enter_context(_Stopped(sensor.Sensor(
                    self.lab.network, driver, events_path=self.event_paths[driver], watch_ports=WATCHED_PORTS,
                    silence_timeout=SILENCE_SECONDS, roots=self.lab.pki.root)))
        return sensors, capture

    def _stop_watching(self, sensors, capture):
        """Events and faults by observer; one that died has a fault, and the others still have their say."""
        events, faults = {}, {}

        def collect(name, source):
            try:
                events[name] = [seen(event) for event in source()]
            except LabError as error:
                faults[name] = str(error)

        for driver, running in sensors.items():
            collect(driver, running.stop)
            if driver not in faults:
                self._losses += ["%s lost something: %s %d" % (driver, *pair) for pair in running.losses().items()]
        self._losses += ["the mirror lost %d packets before %s" % (number, interface)
                         for interface, number in self.lab.network.span_losses().items() if number]
        if capture is not None:
            self.event_paths[REPLAY] = self.folder / "replay.ndjson"

            def read():
                self.capture_path = capture.stop()
                return self._read(REPLAY, self.capture_path)

            collect(REPLAY, read)
        return events, faults

    def _read(self, name, path, **others):
        self.event_paths[name] = self.folder / (name + ".ndjson")
        return replaying.replay(path, WATCHED_PORTS, SILENCE_SECONDS, self.event_paths[name],
                                roots=self.lab.pki.root, **others)

    def _beginners(self, played):
        """Observers of what came behind the marker only; none where there is nothing before it."""
        if self._marker is None or self.capture_path is None:
            return
        before, behind = self.folder / "before.pcap", self.folder / "behind.pcap"
        profiles = self.folder / "profiles.db"
        splitter.split(self.capture_path, self._marker, before, behind)
        for name, saved in ((WARM, profiles), (COLD, None)):
            events, fault = [], None
            try:
                if saved is not None:
                    self._read("before", before, profiles=saved)
                    if not saved.exists():
                        raise LabError("`shakedown read` has saved no profiles")
                events = [seen(event) for event in self._read(name, behind, profiles=saved)]
            except LabError as error:
                fault = str(error)
            verdicts, _ = compare.judge(played, name, events, self._ignored)
            yield Observer(name, len(events), verdicts, [], fault, without_before=True, cold=saved is None)

    def _observer(self, name, found, fault, played):
        verdicts, strangers = compare.judge(played, name, found, self._ignored)
        known = set()
        for one in self._populations:
            known.update(one.keys)
            self._population_faults += one.judge(name, found if fault is None else None)
        strangers = [one for one in strangers if one.destination_key not in known]
        return Observer(name, len(found), verdicts, strangers, fault)

    def _play_populations(self):
        for name in self.options.populations:
            one = (resets.Run(self.lab, self.options.size, self.options.seed) if name == resets.NAME else
                   population.Run(self.lab, name, self.options.size, self.options.seed))
            self._populations.append(one)
            try:
                one.go()
                self._population_faults += one.not_as_planned()
            except (LabError, Unsupported) as error:
                self._population_faults.append("population %s: %s" % (name, error))
            self._progress("population " + one.summary().partition("\n")[0])

    def replay_one(self, path, ports):
        """What a replay of one fixture sees."""
        events_path = self.folder / "fixture.ndjson"
        return [seen(event) for event in replaying.replay(path, ports, SILENCE_SECONDS, events_path)]

    def keep(self, folder):
        """Copies the capture, the events and the truth of the populations to where the user asked for them."""
        folder.mkdir(parents=True, exist_ok=True)
        paths = [self.capture_path] if self.capture_path else []
        for path in self.event_paths.values():
            paths += [path.with_name(path.name + suffix) for suffix in ("", ".messages", ".summary")]
        for path in paths:
            if pathlib.Path(path).exists():
                shutil.copy(path, folder)
        for one in self._populations:
            one.write(folder, self.capture_path)


class _Stopped:
    """Ends an observer that an error left running; stop() by name is what gives results."""

    def __init__(self, observer):
        self._observer = observer

    def __enter__(self):
        return self._observer.start() or self._observer

    def __exit__(self, kind, error, trace):
        if kind is not None:
            with contextlib.suppress(LabError, OSError):
                self._observer.stop()


def population_names(word):
    """What --population asks for."""
    if word == "none":
        return ()
    known = (*patterns.PATTERNS, resets.NAME)
    if word == "all":
        return known
    if word not in known:
        raise ValueError("there is no population %s; there are %s" % (word, ", ".join(known)))
    return (word,)
