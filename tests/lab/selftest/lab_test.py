# SPDX-License-Identifier: Apache-2.0
"""Lab starts each server once, hands it to one user at a time, and stops all. Needs no root."""
import concurrent.futures
import pathlib
import sys
import threading
import time
import unittest
import unittest.mock

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import lab  # noqa: E402  (modules of the laboratory)
from model import ServerSpec, Unsupported  # noqa: E402


class FakeServer:
    def __init__(self, port):
        self.port = port
        self.stopped = False

    def stop(self):
        self.stopped = True


class Servers(unittest.TestCase):
    def setUp(self):
        self.lab = lab.Lab()
        self.starts = []
        adapter = unittest.mock.Mock(start=self.start)
        for patch in (unittest.mock.patch.object(lab.servers, "start", self.start),
                      unittest.mock.patch.dict(lab.servers.ADAPTERS, nginx=adapter)):
            patch.start()
            self.addCleanup(patch.stop)

    def start(self, spec, _lab, port=None):
        self.starts.append(spec)
        time.sleep(0.05)
        if spec.stack == "broken":
            raise Unsupported("never")
        return FakeServer(port or 20000 + len(self.starts))

    def test_equal_specs_share_one_server_however_many_ask_at_once(self):
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            running = set(pool.map(lambda _: self.lab.server(ServerSpec("nginx")), range(16)))
        self.assertEqual((len(running), len(self.starts)), (1, 1))

    def test_different_specs_do_not_wait_for_each_other(self):
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            began = time.monotonic()
            list(pool.map(lambda number: self.lab.server(ServerSpec("s%d" % number)), range(8)))
        self.assertLess(time.monotonic() - began, 0.3)

    def test_what_cannot_be_started_is_tried_once(self):
        for _ in range(3):
            with self.assertRaisesRegex(Unsupported, "never"):
                self.lab.server(ServerSpec("broken"))
        self.assertEqual(len(self.starts), 1)

    def test_a_stopped_server_is_started_anew_on_its_port(self):
        first = self.lab.server(ServerSpec("nginx"))
        self.lab.stop_server(ServerSpec("nginx"))
        self.assertTrue(first.stopped)
        second = self.lab.server(ServerSpec("nginx"))
        self.assertIsNot(second, first)
        self.assertEqual((second.port, len(self.starts)), (first.port, 2))

    def test_turns_exclude_each_other(self):
        inside, most, guard = [], [], threading.Lock()

        def one(_):
            with self.lab.turn(ServerSpec("nginx")):
                inside.append(1)
                with guard:
                    most.append(len(inside))
                time.sleep(0.005)
                inside.pop()

        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            list(pool.map(one, range(8)))
        self.assertEqual(max(most), 1)

    def test_stop_stops_all_servers(self):
        running = [self.lab.server(ServerSpec("s%d" % number)) for number in range(3)]
        self.lab.stop()
        self.assertTrue(all(one.stopped for one in running))


if __name__ == "__main__":
    unittest.main()
