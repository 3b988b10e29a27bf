#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What happens when a process is killed or interrupted in the middle of a run.

"In the middle" is made certain: events go into a pipe that nobody empties, so control stops, the rings fill, and the
data plane waits for them with most of the capture still unread.
"""
import os
import pathlib
import signal
import subprocess
import tempfile
import threading
import time
import unittest

import replay

# More handshakes than the rings and the pipe hold.
CONNECTIONS = 24_000


def named_files(pid):
    """Files with a name that this process has open or mapped in places where crashes leave things behind."""
    found = set()
    for link in pathlib.Path("/proc/%d/fd" % pid).iterdir():
        try:
            found.add(os.readlink(link))
        except FileNotFoundError:
            pass  # closed while we looked
    for line in pathlib.Path("/proc/%d/maps" % pid).read_text().splitlines():
        found.add(line[73:])
    programs = os.path.dirname(replay.SHAKEDOWN) + "/"
    return {name for name in found
            if name.startswith(replay.NAMED_PLACES) and not name.startswith(programs) and "(deleted)" not in name}


class Run:
    """A `shakedown read` that has begun and cannot finish until release() is called."""

    def __init__(self, capture, folder, workers):
        self.fifo = folder / "events"
        os.mkfifo(self.fifo)
        self.process = subprocess.Popen(
            [replay.SHAKEDOWN, "read", str(capture), "--all", "--events", str(self.fifo), "--workers", str(workers)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.pipe = open(self.fifo, "rb", buffering=0)
        self.pipe.read(1)
        self.drain = None
        self.children = replay.children_of(self.process.pid)
        time.sleep(0.5)  # until the rings are full

    def release(self):
        """Empties the pipe from now on, as a slow disk would at last."""
        def drain():
            while self.pipe.read(1 << 16):
                pass

        self.drain = threading.Thread(target=drain)
        self.drain.start()

    def close(self):
        """For tests that end before their run does."""
        self.process.kill()
        self.process.communicate()
        if self.drain:
            self.drain.join()
        self.pipe.close()

    def finish(self):
        out, error = self.process.communicate(timeout=replay.PATIENCE)
        return self.process.returncode, out, error


class KillTest(replay.ReplayTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = tempfile.TemporaryDirectory(prefix="replay-")
        cls.addClassCleanup(folder.cleanup)
        cls.capture = replay.make_capture(folder.name + "/big.pcap", "--kind", "handshake-heavy",
                                          "--connections", CONNECTIONS)

    def setUp(self):
        super().setUp()
        self.before = replay.leftovers()

    def start(self, workers=1):
        run = Run(self.capture, self.folder, workers)
        self.addCleanup(run.close)
        return run

    def assert_nothing_left(self, run):
        self.assertEqual(replay.wait_until_gone(run.children.values()), [])
        self.assertEqual(replay.leftovers() - self.before, set())
        # The next start works as if nothing had happened.
        self.assertEqual(self.read(replay.SHOWCASE).returncode, 0)

    # Shows that nothing with a name is in use during a run, so that no crash whatever can leave anything.
    def test_a_run_uses_no_named_memory(self):
        run = self.start(workers=2)
        ours = {str(run.fifo), str(self.capture)}
        for pid in run.children.values():
            self.assertEqual(named_files(pid) - ours, set())
        run.release()
        self.assertEqual(run.finish()[0], 0)
        self.assert_nothing_left(run)

    # Shows that the data plane does not outlive control, and that the user is told.
    def test_kill_of_control(self):
        run = self.start()
        os.kill(run.children["control"], signal.SIGKILL)
        code, _, error = run.finish()
        self.assertEqual(code, 1, error)
        self.assertIn("the control plane was killed by signal 9", error)
        self.assert_nothing_left(run)

    # Shows that control ends after the data plane was killed, and that the user is told.
    def test_kill_of_the_data_plane(self):
        run = self.start()
        os.kill(run.children["dataplane"], signal.SIGKILL)
        run.release()
        code, _, error = run.finish()
        self.assertEqual(code, 1, error)
        self.assertIn("the data plane was killed by signal 9", error)
        self.assert_nothing_left(run)

    # Shows that both programs end with the one that started them.
    def test_kill_of_the_command(self):
        run = self.start(workers=2)
        run.close()
        self.assert_nothing_left(run)

    # Shows that Ctrl-C gives the summary of what was read until then.
    def test_an_interruption(self):
        run = self.start()
        run.process.send_signal(signal.SIGINT)
        run.release()
        code, out, error = run.finish()
        self.assertEqual(code, 130, error)
        self.assertIn("interrupted; the numbers cover what was read until then", error)
        self.assertTrue(out.strip(), "no summary")
        self.assert_nothing_left(run)

    # Shows that a second Ctrl-C ends at once what the first one could not.
    def test_a_second_interruption(self):
        run = self.start()
        run.process.send_signal(signal.SIGINT)
        time.sleep(0.2)
        run.process.send_signal(signal.SIGINT)
        code, _, error = run.finish()
        self.assertEqual(code, 130, error)
        self.assert_nothing_left(run)

    # Shows that a reader that goes away (`| head`) ends the run instead of hanging it.
    def test_a_reader_of_the_events_that_goes_away(self):
        run = self.start()
        run.pipe.close()
        code, _, error = run.finish()
        self.assertEqual(code, 2, error)
        self.assert_nothing_left(run)


if __name__ == "__main__":
    unittest.main()
