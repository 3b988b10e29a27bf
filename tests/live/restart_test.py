#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Kills the data plane and the control plane of a `shakedown run` in turn, under real TLS traffic.

What must hold: every connection of a time in which a data plane ran is in the events, whoever died meanwhile; the times
in which none ran are told of; nothing grows and nothing is left. `restart_test.py --times 20` kills twenty times and takes
some minutes, because the pauses before a restart grow; without it a few must do. Needs root; says why it skips otherwise.
"""
import argparse
import datetime
import functools
import json
import os
import pathlib
import pwd
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import link
import tls_pair

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "replay"))
import replay  # noqa: E402  pylint: disable=wrong-import-position

PATIENCE = 30
wait_until = functools.partial(link.wait_until, pause=0.002)
MARGIN = 1.0  # seconds around a kill in which a connection may or may not be seen
LINGER = 1.0  # seconds after the end of a failed connection until it is decided; until then it dies with its data plane
SETTLED = 2.0  # seconds of traffic between two kills
PROGRAMS = ("dataplane", "control")
ARGUMENTS = argparse.Namespace(times=6, driver="af_packet")


def seconds_of(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


class Traffic(threading.Thread):
    """Clients that connect one after the other until they are told to stop."""

    def __init__(self, pair):
        super().__init__(daemon=True)
        self.connections = []  # begin, end, port of the client
        self.errors = []
        self._kinds = [(port, context) for port, context, _ in pair.contexts()]
        self._ending = threading.Event()

    def run(self):
        number = 0
        while not self._ending.is_set():
            port, context = self._kinds[number % len(self._kinds)]
            number += 1
            try:
                self.connections.append(self._connect(port, context))
            except OSError as error:
                self.errors.append(str(error))
            time.sleep(0.002)

    @staticmethod
    def _connect(port, context):
        begin = time.time()
        with socket.create_connection((tls_pair.FAR_ADDRESSES[0], port), timeout=PATIENCE) as raw:
            client_port = raw.getsockname()[1]
            try:
                with context.wrap_socket(raw, server_hostname="server.example") as connection:
                    left = len(tls_pair.BODY)
                    while left:
                        left -= len(connection.recv(left))
            except ssl.SSLError:
                pass
        return begin, time.time(), client_port

    def stop(self):
        self._ending.set()
        self.join()


class Manager:
    """What a service manager hears."""

    def __init__(self, folder):
        self.path = str(folder / "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.setblocking(False)
        self.heard = ""

    def has_heard(self, word):
        try:
            while True:
                self.heard += self.socket.recv(4096).decode() + "\n"
        except BlockingIOError:
            return word in self.heard


class Sensor:
    """`shakedown run` with everything that it writes."""

    def __init__(self, folder, interface, manager, *words):
        self.events = folder / "events.ndjson"
        self.health = folder / "health.ndjson"
        self.complaints = folder / "complaints"
        environment = dict(os.environ, NOTIFY_SOCKET=manager.path, WATCHDOG_USEC="2000000")
        with open(self.complaints, "wb") as complaints:
            self.process = subprocess.Popen(
                [replay.SHAKEDOWN, "run", "--port", "%s:%s" % (ARGUMENTS.driver, interface), "--workers", "2",
                 "--events", str(self.events), "--health", str(self.health), "--all", "--json",
                 "--control-socket", str(folder / "control.sock"), *words],
                stdout=subprocess.PIPE, stderr=complaints, env=environment, text=True)

    def child(self, program, other=None):
        """The pid of one of the two programs, another one than `other`; waits for it."""
        def find():
            for entry in pathlib.Path("/proc").iterdir():
                try:
                    if os.readlink(entry / "exe").endswith("shakedown-" + program):
                        parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
                        if parent == self.process.pid and int(entry.name) != other:
                            return int(entry.name)
                except (OSError, ValueError):
                    continue
            return None
        try:
            return wait_until(find, "the start of the " + program)
        except AssertionError as error:
            raise AssertionError("%s, the command is at %s: %s" % (error, self.process.poll(), self.told())) from error

    def descriptors(self):
        return len(os.listdir("/proc/%d/fd" % self.process.pid))

    def memory(self):
        """Kilobytes that are the supervisor's own."""
        for line in pathlib.Path("/proc/%d/status" % self.process.pid).read_text().splitlines():
            if line.startswith("RssAnon:"):
                return int(line.split()[1])
        raise AssertionError("the kernel does not say how much memory it takes")

    def mappings(self):
        return len(pathlib.Path("/proc/%d/maps" % self.process.pid).read_text().splitlines())

    def stop(self):
        """Seconds until the end, exit code, summary."""
        begin = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        out, _ = self.process.communicate(timeout=PATIENCE)
        return time.monotonic() - begin, self.process.returncode, out

    def told(self):
        return self.complaints.read_text()

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


class RestartTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="live-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.before = replay.leftovers()
        self.cable = link.Cable()
        self.addCleanup(self.cable.remove)
        self.pair = tls_pair.TlsPair(self.folder)
        self.addCleanup(self.pair.close)
        for direction in ("ingress", "egress"):
            tls_pair.mirror(tls_pair.NEAR, direction, self.cable.near)
        self.manager = Manager(self.folder)
        self.addCleanup(self.manager.socket.close)
        self.traffic = Traffic(self.pair)
        self.kills = []  # program, when it was killed, when another one was there

    def start(self, *words):
        self.sensor = Sensor(self.folder, self.cable.far, self.manager, *words)
        self.addCleanup(self.sensor.close)
        wait_until(lambda: self.manager.has_heard("READY=1"), "readiness")

    def kill(self, program, at_once=False):
        victim = self.sensor.child(program)
        os.kill(victim, signal.SIGKILL)
        moment = time.time()
        successor = self.sensor.child(program, victim)
        self.kills.append((program, moment, time.time()))
        if at_once:
            os.kill(successor, signal.SIGKILL)
            self.sensor.child(program, successor)
        time.sleep(SETTLED)

    def blind_intervals(self):
        found = []
        for line in self.sensor.health.read_text().splitlines():
            event = json.loads(line)["event"]
            if event["dataset"] == "shakedown.blind":
                found.append((seconds_of(event["start"]), seconds_of(event["end"])))
        return sorted(found)

    def seen(self):
        """Ports of clients with the time of their first packet, in whole seconds of either side."""
        found = set()
        for line in self.sensor.events.read_text().splitlines():
            event = json.loads(line)
            start = int(seconds_of(event["event"]["start"]))
            found.update((event["source"]["port"], second) for second in (start - 1, start, start + 1))
        return found

    def assert_nothing_is_missing(self, blind, begin, end):
        seen = self.seen()
        blind = [(0, begin), *blind, (end + LINGER, float("inf"))]
        certain = [(first, last, port) for first, last, port in self.traffic.connections
                   if all(last < since - LINGER - MARGIN or first > until + MARGIN for since, until in blind)]
        missing = [one for one in certain if (one[2], int(one[0])) not in seen]
        self.assertEqual(missing, [], "%d of %d connections; %s" % (len(missing), len(certain), self.sensor.told()))
        self.assertGreater(len(certain), 20 * ARGUMENTS.times)
        # The data plane did not wait for a control that was dead.
        alone = [(since, until) for program, since, until in self.kills if program == "control"]
        self.assertTrue(any(since <= first and last <= until for first, last, _ in certain for since, until in alone))

    # Shows that either program may die at any moment, often, and that the sensor goes on and says what it missed.
    def test_either_program_is_killed_again_and_again(self):
        self.start()
        self.traffic.start()
        begin = time.time()
        time.sleep(SETTLED)
        early = None
        for turn in range(ARGUMENTS.times):
            program = PROGRAMS[turn % 2]
            self.kill(program, at_once=turn == 3)
            if turn == min(4, ARGUMENTS.times // 2):
                early = self.sensor.descriptors(), self.sensor.mappings(), self.sensor.memory()
        self.assertEqual(self.sensor.descriptors(), early[0])
        self.assertEqual(self.sensor.mappings(), early[1])
        self.assertLess(self.sensor.memory(), early[2] + 256)
        self.assertTrue(self.manager.has_heard("WATCHDOG=1"))
        self.traffic.stop()
        end = time.time()
        children = [self.sensor.child(program) for program in PROGRAMS]
        seconds, code, summary = self.sensor.stop()
        self.assertEqual(code, 0, self.sensor.told())
        self.assertLess(seconds, 2)
        self.assertTrue(self.manager.has_heard("STOPPING=1"))

        died = [moment for program, moment, _ in self.kills if program == "dataplane"]
        blind = self.blind_intervals()
        self.assertEqual(len(blind), len(died), self.sensor.told())
        for (since, until), moment in zip(blind, died):
            self.assertLess(abs(since - moment), MARGIN)
            self.assertGreater(until, since)
        self.assertEqual(self.sensor.told().count("sensor back at"), len(died))
        self.assert_nothing_is_missing(blind, begin, end)
        counters = json.loads(summary)["capture"]["counters"]
        self.assertEqual(counters["records_refused"], 0)

        self.assertEqual(replay.wait_until_gone(children), [])
        self.assertEqual(replay.leftovers() - self.before, set())
        self.assertFalse((self.folder / "control.sock").exists())

    # Shows that control has a user of its own and no right of root, also after it was started anew.
    def test_control_runs_as_its_own_user(self):
        self.folder.chmod(0o777)
        self.start("--user", "nobody")
        victim = None
        for _ in range(2):
            control = self.sensor.child("control", victim)
            status = pathlib.Path("/proc/%d/status" % control).read_text()
            self.assertIn("Uid:\t%s\n" % "\t".join([str(pwd.getpwnam("nobody").pw_uid)] * 4), status)
            self.assertIn("CapEff:\t0000000000000000", status)
            self.assertIn("NoNewPrivs:\t1", status)
            answer = subprocess.run([replay.SHAKEDOWN, "status", "--socket", str(self.folder / "control.sock")],
                                    capture_output=True, text=True, timeout=PATIENCE, check=False)
            self.assertEqual(answer.returncode, 0, answer.stderr)
            os.kill(control, signal.SIGKILL)
            victim = control
        self.assertEqual(self.sensor.events.stat().st_uid, pwd.getpwnam("nobody").pw_uid)
        self.assertEqual(self.sensor.stop()[1], 0, self.sensor.told())

    # Shows that a user who is not there is refused before anything is started.
    def test_an_unknown_user_is_refused(self):
        done = subprocess.run([replay.SHAKEDOWN, "run", "--port", self.cable.far, "--user", "nobody-of-this-name"],
                              capture_output=True, text=True, timeout=PATIENCE, check=False)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("there is no user 'nobody-of-this-name'", done.stderr)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=ARGUMENTS.times, help="how often a program is killed (default 6)")
    parser.add_argument("--driver", default=ARGUMENTS.driver, help="of the port: af_packet or af_xdp")
    ARGUMENTS = parser.parse_args()
    link.enter_namespaces()
    if sentence := tls_pair.can_mirror():
        link.skip("packets cannot be copied: " + sentence)
    unittest.main(argv=sys.argv[:1])
