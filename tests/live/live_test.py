#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The real two processes on a kernel interface, through af_packet and af_xdp, in a namespace of our own.

Needs root; says why it skips otherwise. The pauses of the captures are shortened when they are sent, and the timeouts
with them.
"""
import collections
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

import link

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "replay"))
import replay  # noqa: E402  pylint: disable=wrong-import-position

DATAPLANE = os.environ["DATAPLANE"]
CONTROL = os.environ["CONTROL"]
DRIVERS = ("af_packet", "af_xdp")
# What the kernel drops before it comes to us is another matter: see FILTERED.
PORTS = {"af_packet": "af_packet:%s", "af_xdp": "af_xdp:%s,filter=off", "filtered": "af_xdp:%s"}
FILTERED = DRIVERS + ("filtered",)
# Longer than any capture takes to send, so that only silence that is meant is silence.
TIMEOUT = 2
TIMEOUTS = [word for name in ("silence", "no-hello", "embryo") for word in ("--%s-timeout" % name, str(TIMEOUT))]
PATIENCE = 30
SETTLED = 0.3  # seconds after which what was sent has been read, on a busy machine too


def has_segment(process):
    """Whether control has mapped what the data plane shares, which it does once its ports are open."""
    try:
        return "memfd:shakedown" in pathlib.Path("/proc/%d/maps" % process.pid).read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


class Pair:
    """A data plane and its control, joined by a socketpair as the `shakedown` command does it."""

    def __init__(self, folder, ports, *words):
        self.events_path = pathlib.Path(tempfile.mkdtemp(dir=folder)) / "events.ndjson"
        ends = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        for end in ends:
            end.set_inheritable(True)
        port_words = [word for port in ports for word in ("--port", port)]
        self.dataplane = subprocess.Popen(
            [DATAPLANE, *port_words, "--handoff-fd", str(ends[0].fileno()), *map(str, words)],
            pass_fds=[ends[0].fileno()], stderr=subprocess.PIPE, text=True)
        self.control = subprocess.Popen(
            [CONTROL, "--handoff-fd", str(ends[1].fileno()), "--all", "--events", str(self.events_path), "--json"],
            pass_fds=[ends[1].fileno()], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for end in ends:
            end.close()
        link.wait_until(lambda: has_segment(self.control) or self.dataplane.poll() is not None, "the start")

    def outcomes(self):
        """Lines of a .expect file, as far as events are there."""
        events = self.events_path.read_bytes() if self.events_path.exists() else b""
        return collections.Counter(replay.outcome_lines(events[:events.rfind(b"\n") + 1]))

    def stop(self, number=signal.SIGTERM):
        """Seconds that the data plane took to end."""
        begin = time.monotonic()
        self.dataplane.send_signal(number)
        self.dataplane.wait(PATIENCE)
        return time.monotonic() - begin

    def counters(self):
        """At the end of the run; every packet received has exactly one fate."""
        out, error = self.control.communicate(timeout=PATIENCE)
        if self.control.returncode != 0:
            raise AssertionError("control ended with %d: %s" % (self.control.returncode, error))
        counters = json.loads(out)["capture"]["counters"]
        fates = sum(count for name, count in counters.items() if name.startswith("fate_"))
        if fates != counters["packets_received"]:
            raise AssertionError("%d packets have %d fates" % (counters["packets_received"], fates))
        return counters

    def close(self):
        for process in (self.dataplane, self.control):
            if process.poll() is None:
                process.kill()
            process.communicate()


class LiveTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="live-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.cable = link.Cable()
        self.addCleanup(self.cable.remove)

    def start(self, driver, *words):
        pair = Pair(self.folder, [PORTS[driver] % self.cable.far], *words)
        self.addCleanup(pair.close)
        return pair

    def assert_nothing_left(self):
        self.assertFalse(self.cable.has_xdp_program())
        self.assertFalse(self.cable.is_promiscuous())

    def refuse(self, *words):
        """The one sentence of a data plane that must not start."""
        done = subprocess.run([DATAPLANE, "--without-control", *words], capture_output=True, text=True,
                              timeout=PATIENCE, check=False)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        return done.stderr


class OutcomeTest(LiveTest):
    # Shows that a connection that is watched live ends as it does when its capture is read, timeouts included.
    def test_the_showcase_has_the_same_outcomes_live(self):
        expected = collections.Counter(replay.SHOWCASE.with_suffix(".expect").read_text().splitlines())
        frames = link.read_pcap(replay.SHOWCASE)
        for driver in FILTERED:
            for workers in (1, 2):
                with self.subTest(driver=driver, workers=workers):
                    pair = self.start(driver, "--workers", workers, *TIMEOUTS)
                    self.cable.send(frames, silence=1.5 * TIMEOUT)
                    # The last ones are those that a timeout ends, while the cable is silent.
                    link.wait_until(lambda p=pair: p.outcomes().total() >= expected.total(), "the last outcome")
                    self.assertEqual(pair.outcomes(), expected)
                    time.sleep(SETTLED)
                    self.assertLess(pair.stop(), 2)
                    counters = pair.counters()
                    self.assertEqual(pair.dataplane.returncode, 0)
                    self.assertEqual(pair.dataplane.stderr.read(), "")
                    if driver == "filtered":
                        self.assertLess(counters["packets_received"], len(frames))
                    else:
                        self.assertEqual(counters["packets_received"], len(frames))
                    for name in ("port_missed", "port_no_mbuf", "records_refused", "packets_truncated"):
                        self.assertEqual(counters[name], 0, name)
                    self.assert_nothing_left()

    # Shows that what is known is handed on when the run is ended in the middle of a handshake.
    def test_an_end_in_the_middle_keeps_what_was_seen(self):
        frames = link.read_pcap(replay.SHOWCASE)
        for driver in DRIVERS:
            for number in (signal.SIGINT, signal.SIGTERM):
                with self.subTest(driver=driver, signal=number):
                    pair = self.start(driver)
                    self.cable.send(frames[:-3])
                    time.sleep(SETTLED)
                    self.assertLess(pair.stop(number), 2)
                    self.assertEqual(pair.dataplane.returncode, 0)
                    self.assertEqual(pair.counters()["packets_received"], len(frames) - 3)
                    self.assert_nothing_left()


class LossTest(LiveTest):
    # Shows that what is not received is counted: nothing is lost in silence.
    def test_every_packet_is_received_or_counted_as_missed(self):
        frame = link.udp_frame(60)
        for driver in DRIVERS:
            for workers in (1, 2):
                with self.subTest(driver=driver, workers=workers):
                    pair = self.start(driver, "--workers", workers)
                    # As if the scheduler had taken its processors away, for longer than the rings last.
                    pair.dataplane.send_signal(signal.SIGSTOP)
                    for _ in range(12_000):
                        self.cable.socket.send(frame)
                    pair.dataplane.send_signal(signal.SIGCONT)
                    time.sleep(SETTLED)
                    pair.stop()
                    counters = pair.counters()
                    self.assertGreaterEqual(counters["packets_received"], 2048)
                    self.assertGreater(counters["port_missed"], 0)
                    self.assertEqual(counters["packets_received"] + counters["port_missed"], 12_000)

    # Shows what becomes of packets that are longer than Ethernet's: see port/kernel_port.h.
    def test_long_packets(self):
        sizes = (1514, 1982, 1983, 3000)
        for driver in DRIVERS:
            with self.subTest(driver=driver):
                pair = self.start(driver)
                for size in sizes:
                    self.cable.socket.send(link.udp_frame(size))
                time.sleep(SETTLED)
                pair.stop()
                counters = pair.counters()
                self.assertEqual(counters["packets_received"], len(sizes))
                kept = sum(min(size, 1982) for size in sizes) if driver == "af_packet" else sum(sizes)
                self.assertEqual(counters["bytes_received"], kept)


class LeftoverTest(LiveTest):
    # Shows that a killed process leaves nothing but af_xdp's program, which the next start replaces and tells of.
    def test_the_next_start_clears_what_a_kill_left(self):
        for driver in FILTERED:
            with self.subTest(driver=driver):
                pair = self.start(driver)
                pair.stop(signal.SIGKILL)
                self.assertFalse(self.cable.is_promiscuous())
                self.assertEqual(self.cable.has_xdp_program(), driver != "af_packet")
                pair = self.start(driver)
                self.cable.send(link.read_pcap(replay.SHOWCASE)[:50])
                time.sleep(SETTLED)
                pair.stop()
                received = pair.counters()["packets_received"]
                self.assertTrue(received == 50 or (driver == "filtered" and 0 < received < 50), received)
                told = pair.dataplane.stderr.read()
                self.assertEqual("it was replaced" in told, driver != "af_packet", told)
                self.assert_nothing_left()

    # Shows that no file appears where libxdp would pin its programs.
    def test_nothing_is_pinned(self):
        link.run("mount", "-t", "bpf", "bpf", "/sys/fs/bpf")
        self.addCleanup(link.run, "umount", "/sys/fs/bpf")
        before = os.listdir("/sys/fs/bpf")
        pair = self.start("af_xdp")
        self.assertEqual(os.listdir("/sys/fs/bpf"), before)
        pair.stop()
        self.assert_nothing_left()


class RefusalTest(LiveTest):
    # Shows that a second reader is told so, and does not disturb the first one.
    def test_two_data_planes_at_one_interface(self):
        pair = self.start("af_xdp")
        # Whoever comes second must not replace the first one's program.
        self.assertIn("another data plane reads", self.refuse("--port", "af_xdp:" + self.cable.far))
        self.assertTrue(self.cable.has_xdp_program())
        self.cable.send(link.read_pcap(replay.SHOWCASE)[:20])
        time.sleep(SETTLED)
        pair.stop()
        self.assertEqual(pair.counters()["packets_received"], 20)

    def test_an_interface_that_is_down(self):
        link.run("ip", "link", "set", self.cable.far, "down")
        for driver in DRIVERS:
            self.assertIn("ip link set %s up" % self.cable.far,
                          self.refuse("--port", "%s:%s" % (driver, self.cable.far)))

    def test_an_interface_that_is_not_there(self):
        self.assertIn(self.cable.far, self.refuse("--port", "af_packet:nowhere"))

    def test_missing_rights(self):
        bounded = subprocess.run(
            ["setpriv", "--bounding-set", "-net_raw,-bpf,-sys_admin", "--inh-caps=-net_raw,-bpf,-sys_admin",
             DATAPLANE, "--without-control", "--port", "af_xdp:" + self.cable.far],
            capture_output=True, text=True, timeout=PATIENCE, check=False)
        self.assertEqual(bounded.returncode, 2, bounded.stderr)
        self.assertIn("CAP_NET_RAW and CAP_SYS_ADMIN", bounded.stderr)

    # Shows that the end of an interface is the end of the run, with a sentence.
    def test_an_interface_that_goes_away(self):
        for driver in DRIVERS:
            with self.subTest(driver=driver):
                pair = self.start(driver)
                link.run("ip", "link", "del", self.cable.near)
                pair.dataplane.wait(PATIENCE)
                self.assertEqual(pair.dataplane.returncode, 1)
                self.assertIn("has gone", pair.dataplane.stderr.read())
                self.cable.remove()
                self.cable = link.Cable()
                self.addCleanup(self.cable.remove)


class ControlTest(LiveTest):
    # Shows that the data plane at a socket outlives control, and serves the next one.
    def test_control_may_come_and_go(self):
        path = self.folder / "socket"
        dataplane = subprocess.Popen([DATAPLANE, "--port", "af_packet:" + self.cable.far, "--socket", str(path)],
                                     stderr=subprocess.PIPE, text=True)
        self.addCleanup(dataplane.communicate)
        self.addCleanup(dataplane.kill)
        link.wait_until(path.exists, "the socket")
        for name in ("first", "second"):
            events = self.folder / name
            control = subprocess.Popen([CONTROL, "--socket", str(path), "--all", "--quiet", "--events", str(events)])
            try:
                link.wait_until(lambda c=control: has_segment(c), "the hand-over")
                self.cable.send(link.read_pcap(replay.SHOWCASE))
                link.wait_until(lambda e=events: e.exists() and e.stat().st_size > 0, "the first event")
            finally:
                control.kill()
                control.wait()
        self.assertIsNone(dataplane.poll())
        dataplane.terminate()
        self.assertEqual(dataplane.wait(2), 0)


if __name__ == "__main__":
    link.enter_namespaces()
    unittest.main()
