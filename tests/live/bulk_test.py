#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the XDP filter keeps from user space when real TLS moves a lot of data, and that it keeps no handshake from it.

Needs root, nginx, openssl and curl; says why it skips otherwise. bulk.py is the long run, with a table.
"""
import os
import pathlib
import shutil
import tempfile
import unittest

import bulk_lab
import link

SHAKEDOWN = os.environ["SHAKEDOWN"]
OBJECT_BYTES = 48 * 1024 * 1024
BULK_CONNECTIONS = 4
SMALL_CONNECTIONS = 60
DROPPED_SHARE_MIN = 0.95
ATTEMPTS = 4


class BulkTest(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="bulk-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        bulk_lab.Network()
        cls.server = bulk_lab.WebServer(cls.folder, {"large": OBJECT_BYTES, "small": 100},
                                        limit="limit_rate 50m;")
        cls.addClassCleanup(cls.server.stop)

    def start(self, name, filtered):
        sensor = bulk_lab.Sensor(SHAKEDOWN, self.folder, name, filtered)
        self.addCleanup(sensor.close)
        return sensor

    # Shows that bulk data is dropped in the kernel, and that every handshake is in the events.
    def test_bulk_is_dropped_and_no_handshake_is_missed(self):
        sensor = self.start("filter", True)
        for attempt in range(ATTEMPTS):
            before = bulk_lab.Network.mirrored()
            dropped_before = sum(sensor.reasons().values())
            first = bulk_lab.FIRST_CLIENT_PORT + 1000 * attempt
            ports = bulk_lab.download("large", BULK_CONNECTIONS, parallel=2, first_port=first)
            ports |= bulk_lab.download("small", SMALL_CONNECTIONS, parallel=4, first_port=first + BULK_CONNECTIONS)
            mirrored, lost = (now - then for now, then in zip(bulk_lab.Network.mirrored(), before))
            if lost == 0:
                break
        else:
            self.skipTest("the mirror lost packets each time, because the machine is too busy")
        # The sensor reads the filter's counters now and then.
        bulk_lab.wait_until(lambda: sum(sensor.reasons().values()) - dropped_before >= mirrored, "the last count")
        bulk_lab.wait_until(lambda: ports <= sensor.established().keys(), "the last event")
        self.assertEqual({sensor.established()[port] for port in ports}, {1})
        reasons = sensor.reasons()
        dropped = reasons["dropped_decided"] + reasons["dropped_ack"]
        self.assertGreaterEqual(dropped / sum(reasons.values()), DROPPED_SHARE_MIN, reasons)
        self.assertLessEqual(sensor.packets(), sum(reasons.values()) * (1 - DROPPED_SHARE_MIN))
        self.stop_without_a_trace(sensor)

    def stop_without_a_trace(self, sensor):
        pins = pathlib.Path("/sys/fs/bpf/shakedown")
        self.assertEqual(pins.exists(), os.path.ismount("/sys/fs/bpf"))
        counters = sensor.stop()
        self.assertFalse(pins.exists())
        self.assertEqual(bulk_lab.Network.xdp_program(), 0)
        self.assertEqual(counters["port_missed"], 0)
        self.assertEqual(counters["shunts_skipped"], 0)
        self.assertGreaterEqual(counters["shunts_asked"], BULK_CONNECTIONS)

    # Shows that a pair of endpoints that was decided is followed again when it is used anew.
    def test_endpoints_that_are_used_anew_are_followed_again(self):
        sensor = self.start("anew", True)
        for times in (1, 2, 3):
            bulk_lab.download_and_reset("large", 40000)
            bulk_lab.wait_until(lambda n=times: sensor.established().get(40000) == n, "the next handshake")
        sensor.stop()

    # Shows that nothing is dropped when nobody wants it, and that the sensor works without the filter.
    def test_without_the_filter_everything_comes(self):
        sensor = self.start("plain", False)
        ports = bulk_lab.download("small", 20, parallel=2, first_port=50000)
        bulk_lab.wait_until(lambda: sum(sensor.established().values()) >= len(ports), "the last event")
        self.assertEqual(sensor.established(), dict.fromkeys(ports, 1))
        self.assertEqual(sum(sensor.reasons().values()), 0)
        counters = sensor.stop()
        self.assertEqual(counters["shunts_asked"], 0)


if __name__ == "__main__":
    if bulk_lab.missing_tool() is not None:
        link.skip("there is no `%s`" % bulk_lab.missing_tool())
    link.enter_namespaces()
    unittest.main(verbosity=2)
