# SPDX-License-Identifier: Apache-2.0
"""What the replay tests share: running the real `shakedown`, making captures, looking after processes.

The environment names the programs: SHAKEDOWN, MAKE_CAPTURE, SHAKEDOWN_SOURCE_ROOT.
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

SHAKEDOWN = os.environ["SHAKEDOWN"]
SOURCE_ROOT = pathlib.Path(os.environ["SHAKEDOWN_SOURCE_ROOT"])
SHOWCASE = SOURCE_ROOT / "tests/captures/showcase.pcap"
SKIPPED = 77  # what meson takes for "skipped"
PATIENCE = 120  # seconds; no single run here takes a tenth of it
# Where crashes leave things behind.
NAMED_PLACES = ("/dev/shm", "/var/run/dpdk", "/run/dpdk", "/tmp", "/dev/hugepages")


class ReplayTest(unittest.TestCase):
    """A folder of its own for each test, and nothing on the screen but failures."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="replay-"))
        self.addCleanup(shutil.rmtree, self.folder)

    def read(self, *arguments):
        """Runs `shakedown read` to its end."""
        return subprocess.run([SHAKEDOWN, "read", *map(str, arguments)], capture_output=True, text=True,
                              timeout=PATIENCE, stdin=subprocess.DEVNULL, check=False)

    def events(self, *arguments):
        """The bytes of the events of a run that must end well."""
        path = self.folder / "events.ndjson"
        done = self.read(*arguments, "--events", path)
        self.assertEqual(done.returncode, 0, done.stderr)
        return path.read_bytes()

    def summary(self, *arguments):
        done = self.read(*arguments, "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def assert_refused(self, done, *words):
        """Exit code 2, one sentence on standard error, no summary."""
        self.assertEqual(done.returncode, 2, done.stderr)
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        self.assertEqual(len([line for line in lines if not line.startswith("Try ")]), 1, done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)


def make_capture(path, *arguments):
    subprocess.run([os.environ["MAKE_CAPTURE"], "--out", str(path), *map(str, arguments)], check=True,
                   stdout=subprocess.DEVNULL, timeout=PATIENCE)
    return path


def outcome_lines(events):
    """Handshake events as the lines of a .expect file: client, server, name, by, stage."""
    def endpoint(side):
        return ("[%s]:%d" if ":" in side["ip"] else "%s:%d") % (side["ip"], side["port"])

    lines = []
    for line in events.splitlines():
        event = json.loads(line)
        outcome = event["shakedown"]["outcome"]
        lines.append(" ".join([endpoint(event["source"]), endpoint(event["destination"]), outcome["name"],
                               outcome.get("by", "none"), outcome.get("stage", "none")]))
    return lines


def children_of(pid):
    """Pids of the two programs by their short names; waits until both run."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        found = {}
        for child in pathlib.Path("/proc/%d/task/%d/children" % (pid, pid)).read_text().split():
            name = os.readlink("/proc/%s/exe" % child).rsplit("/", 1)[-1]
            found[name.replace("shakedown-", "")] = int(child)
        if {"dataplane", "control"} <= found.keys():
            return found
        time.sleep(0.01)
    raise AssertionError("the two programs did not start")


def is_running(pid):
    try:
        stat = pathlib.Path("/proc/%d/stat" % pid).read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rsplit(")", 1)[1].split()[0] not in "ZX"


def wait_until_gone(pids):
    """Those that still run after a while."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and any(map(is_running, pids)):
        time.sleep(0.02)
    return [pid for pid in pids if is_running(pid)]


def leftovers():
    """What a run of ours could have left on the machine, by name."""
    names = set()
    for place in NAMED_PLACES:
        for folder, _, files in os.walk(place) if place != "/tmp" else [next(os.walk(place))]:
            names.update(os.path.join(folder, name) for name in files
                         if any(word in folder + name for word in ("shakedown", "dpdk", "rte")))
    return names


def skip(reason):
    print("skipped: " + reason)
    sys.exit(SKIPPED)
