#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Either process may die and be started anew while the other goes on, as they do when they run apart.

Control is stopped in the middle by a pipe that nobody empties, so that where it dies is no matter of chance.
"""
import json
import os
import signal
import subprocess
import time
import unittest

import replay

CONNECTIONS = 24_000
LIBEXEC = os.path.dirname(replay.SHAKEDOWN)


class RestartTest(replay.ReplayTest):
    def setUp(self):
        super().setUp()
        self.socket = self.folder / "socket"
        self.capture = replay.make_capture(self.folder / "many.pcap", "--kind", "handshake-heavy", "--connections",
                                           CONNECTIONS)

    def start(self, program, *arguments, **keywords):
        process = subprocess.Popen([os.path.join(LIBEXEC, program), *map(str, arguments)], stderr=subprocess.PIPE,
                                   stdout=subprocess.PIPE, text=True, **keywords)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        return process

    def start_dataplane(self):
        process = self.start("shakedown-dataplane", "--socket", self.socket, "--read", self.capture)
        deadline = time.monotonic() + replay.PATIENCE
        while not self.socket.exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        return process

    def test_control_dies_and_a_new_one_takes_over(self):
        dataplane = self.start_dataplane()
        fifo = self.folder / "events"
        os.mkfifo(fifo)
        first = self.start("shakedown-control", "--socket", self.socket, "--all", "--events", fifo)
        with open(fifo, "rb", buffering=0) as pipe:
            before = pipe.read(1)
            time.sleep(1)  # the pipe and the rings fill; the data plane waits
            self.assertIsNone(dataplane.poll(), "the data plane waits for room, it does not give up")
            first.send_signal(signal.SIGKILL)
            first.wait(replay.PATIENCE)
            while part := pipe.read(1 << 16):
                before += part
        events = self.folder / "after.ndjson"
        second = self.start("shakedown-control", "--socket", self.socket, "--all", "--events", events, "--json")
        text, complaints = second.communicate(timeout=replay.PATIENCE)
        self.assertEqual(second.returncode, 0, complaints)
        self.assertEqual(dataplane.wait(replay.PATIENCE), 0)
        after = events.read_text().splitlines()
        for line in after:
            json.loads(line)
        # What the first had taken from the ring and not yet written died with it: at most what it holds in order.
        self.assertGreater(before.count(b"\n"), 0)
        self.assertGreater(len(after), 0)
        counters = json.loads(text)["capture"]["counters"]
        self.assertEqual(counters["records_refused"], 0)
        self.assertLessEqual(before.count(b"\n") + len(after), counters["records_pushed"])
        # Records that were in the ring name offers which the dead one had taken; all later ones were sent anew.
        ring_and_what_was_in_order = 10_000
        self.assertGreater(len(after), ring_and_what_was_in_order)
        for line in after[ring_and_what_was_in_order:]:
            self.assertIn("supported_ciphers", line)
        self.assertFalse(self.socket.exists(), "the socket file goes with the data plane")

    def test_dataplane_dies_and_a_new_one_is_found(self):
        dataplane = self.start_dataplane()
        fifo = self.folder / "events"
        os.mkfifo(fifo)
        control = self.start("shakedown-control", "--socket", self.socket, "--all", "--events", fifo)
        with open(fifo, "rb", buffering=0) as pipe:
            pipe.read(1)
            time.sleep(0.5)
            dataplane.send_signal(signal.SIGKILL)
            dataplane.wait(replay.PATIENCE)
            # The socket file of the dead one is in the way and must not matter.
            self.assertTrue(self.socket.exists())
            successor = self.start("shakedown-dataplane", "--socket", self.socket, "--read", self.capture)
            lines = 1
            while part := pipe.read(1 << 16):
                lines += part.count(b"\n")
        self.assertEqual(successor.wait(replay.PATIENCE), 0)
        _, complaints = control.communicate(timeout=replay.PATIENCE)
        self.assertIn("sensor blind", complaints)
        self.assertIn("sensor back", complaints)
        self.assertGreaterEqual(lines, CONNECTIONS, "everything that the successor read arrived")


if __name__ == "__main__":
    unittest.main()
