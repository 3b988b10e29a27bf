#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Several workers that read queues of their own: both directions of every connection must come to one of them.

The device is a TAP with several queues, into which the kernel copies real TLS. Needs root, /dev/net/tun and the
kernel's mirroring; says why it skips otherwise.
"""
import collections
import json
import os
import pathlib
import shutil
import tempfile
import time
import unittest

import link
import live_test
import tls_pair
from live_test import replay

CONNECTIONS = 160


def packets_of_queues(tap):
    """Packets that the kernel put into each queue of a TAP, by queue."""
    counts = collections.Counter()
    for qdisc in json.loads(link.run("tc", "-s", "-j", "qdisc", "show", "dev", tap)):
        if "parent" in qdisc:
            counts[int(qdisc["parent"].rpartition(":")[2], 16) - 1] += qdisc["packets"]
    return {queue: count for queue, count in counts.items() if count}


class TapTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="queues-"))
        self.addCleanup(shutil.rmtree, self.folder)

    def start(self, taps, *words):
        """A data plane at TAPs, each with the keys of its port."""
        ports = ["tap:%s%s" % (name, keys) for name, keys in taps.items()]
        sensor = live_test.Pair(self.folder, ports, "--log-level", "info", *words)
        self.addCleanup(sensor.close)
        return sensor


class QueuesTest(TapTest):
    def setUp(self):
        super().setUp()
        self.talkers = tls_pair.TlsPair(self.folder)
        self.addCleanup(self.talkers.close)

    def outcomes_by_port(self, sensor):
        lines = sensor.outcomes().elements()
        by_port = {}
        for line in lines:
            client, _, outcome = line.split()[:3]
            port = int(client.rpartition(":")[2])
            self.assertNotIn(port, by_port, line)
            by_port[port] = outcome
        return by_port

    def talk_and_compare(self, sensor, count=CONNECTIONS):
        """Every connection has its outcome, and no packet came to the wrong worker. Returns the counters."""
        expected = self.talkers.talk(count)
        link.wait_until(lambda: sensor.outcomes().total() >= len(expected), "the last outcome")
        self.assertEqual(self.outcomes_by_port(sensor), expected)
        time.sleep(live_test.SETTLED)
        sensor.stop()
        counters = sensor.counters()
        self.assertEqual(sensor.dataplane.returncode, 0)
        for name in ("packets_wrong_worker", "port_missed", "port_no_mbuf", "records_refused", "handovers_refused"):
            self.assertEqual(counters[name], 0, name)
        return counters

    # Shows that the kernel brings both directions to one queue, and that each worker has its share.
    def test_two_queues_and_two_workers(self):
        sensor = self.start({"sd-tap": ""}, "--workers", 2)
        tls_pair.mirror(tls_pair.NEAR, "ingress", "sd-tap")
        tls_pair.mirror(tls_pair.NEAR, "egress", "sd-tap")
        expected = self.talkers.talk(CONNECTIONS)
        link.wait_until(lambda: sensor.outcomes().total() >= len(expected), "the last outcome")
        self.assertEqual(self.outcomes_by_port(sensor), expected)
        time.sleep(live_test.SETTLED)
        queues = packets_of_queues("sd-tap")
        self.assertEqual(set(queues), {0, 1})
        self.assertGreater(min(queues.values()), sum(queues.values()) / 5, queues)
        sensor.stop()
        counters = sensor.counters()
        self.assertEqual(counters["packets_received"], sum(queues.values()))
        for name in ("packets_wrong_worker", "port_missed", "port_no_mbuf", "records_refused"):
            self.assertEqual(counters[name], 0, name)
        self.assertIn("each worker reads queues of its own", sensor.dataplane.stderr.read())
        self.assertNotIn("sd-tap", link.run("ip", "link"))

    # Shows that a link whose directions come from two ports meets at the right worker all the same.
    def test_two_ports_with_a_direction_each(self):
        sensor = self.start({"sd-tap0": "", "sd-tap1": ""}, "--workers", 2)
        tls_pair.mirror(tls_pair.NEAR, "ingress", "sd-tap0")
        tls_pair.mirror(tls_pair.NEAR, "egress", "sd-tap1")
        self.talk_and_compare(sensor)
        self.assertIn("each worker reads queues of its own", sensor.dataplane.stderr.read())

    # Shows that more queues than workers are all read.
    def test_four_queues_and_two_workers(self):
        sensor = self.start({"sd-tap": ",queues=4"}, "--workers", 2)
        tls_pair.mirror(tls_pair.NEAR, "ingress", "sd-tap")
        tls_pair.mirror(tls_pair.NEAR, "egress", "sd-tap")
        self.talk_and_compare(sensor)

    # Shows that nobody relies on queues when he is told not to.
    def test_the_distributor_reads_all_queues(self):
        sensor = self.start({"sd-tap": ",queues=2,rss=off"}, "--workers", 2)
        tls_pair.mirror(tls_pair.NEAR, "ingress", "sd-tap")
        tls_pair.mirror(tls_pair.NEAR, "egress", "sd-tap")
        self.talk_and_compare(sensor, 40)
        self.assertIn("one thread hands packets out", sensor.dataplane.stderr.read())


class PacketTest(TapTest):
    def setUp(self):
        super().setUp()
        # A TAP is up as soon as it is there, and would begin with packets of the kernel's own.
        self.let_new_interfaces_speak(False)
        self.addCleanup(self.let_new_interfaces_speak, True)
        self.cable = link.Cable()
        self.addCleanup(self.cable.remove)

    @staticmethod
    def let_new_interfaces_speak(may):
        link.run("sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=%d" % (not may))

    def start_at_cable(self, keys, *words):
        sensor = self.start({"sd-tap": keys}, *words)
        tls_pair.mirror(self.cable.near, "egress", "sd-tap")
        return sensor

    # Shows that a packet that is longer than a buffer arrives whole.
    def test_jumbo_packets_take_several_buffers(self):
        sensor = self.start_at_cable(",mtu=9000")
        for name in (self.cable.near, self.cable.far):
            link.run("ip", "link", "set", name, "mtu", "9000")
        sizes = (60, 1514, 2048, 2049, 5000, 9014)
        for size in sizes:
            self.cable.socket.send(link.udp_frame(size))
        time.sleep(live_test.SETTLED)
        sensor.stop()
        counters = sensor.counters()
        self.assertEqual(counters["packets_received"], len(sizes))
        self.assertEqual(counters["bytes_received"], sum(sizes))

    # Shows that packets that came in pieces, which the kernel can sort by their addresses alone, find their connection.
    def test_pieces_find_the_worker_of_their_connection(self):
        expected = collections.Counter(replay.SHOWCASE.with_suffix(".expect").read_text().splitlines())
        sensor = self.start_at_cable("", "--workers", 2, *live_test.TIMEOUTS)
        frames = link.read_pcap(replay.SHOWCASE)
        self.cable.send([(moment, piece) for moment, frame in frames for piece in link.in_pieces(frame, 200)],
                        silence=1.5 * live_test.TIMEOUT)
        link.wait_until(lambda: sensor.outcomes().total() >= expected.total(), "the last outcome")
        self.assertEqual(sensor.outcomes(), expected)
        time.sleep(live_test.SETTLED)
        sensor.stop()
        counters = sensor.counters()
        self.assertGreater(counters["packets_taken_over"], 10)
        self.assertEqual(counters["packets_taken_over"], counters["fate_handed_over"])
        for name in ("packets_wrong_worker", "handovers_refused", "port_missed"):
            self.assertEqual(counters[name], 0, name)

    # Shows that what the kernel could not keep for us is counted.
    def test_every_packet_is_received_or_counted_as_missed(self):
        sensor = self.start_at_cable("")
        frame = link.udp_frame(60)
        with link.stopped(sensor.dataplane):
            for _ in range(12_000):
                self.cable.socket.send(frame)
        time.sleep(1)
        sensor.stop()
        counters = sensor.counters()
        self.assertGreaterEqual(counters["packets_received"], 8000)
        self.assertGreater(counters["port_missed"], 0)
        self.assertEqual(counters["packets_received"] + counters["port_missed"], 12_000)

    # Shows that a link that goes down and comes back is read on.
    def test_a_link_that_goes_down_and_comes_back(self):
        for port in ("af_packet:%s", "af_xdp:%s,filter=off"):
            with self.subTest(port=port):
                sensor = live_test.Pair(self.folder, [port % self.cable.far])
                self.addCleanup(sensor.close)
                frame = link.udp_frame(60)
                self.cable.socket.send(frame)
                time.sleep(live_test.SETTLED)
                for state in ("down", "up"):
                    link.run("ip", "link", "set", self.cable.far, state)
                    time.sleep(1.2)
                self.cable.socket.send(frame)
                time.sleep(live_test.SETTLED)
                sensor.stop()
                self.assertEqual(sensor.dataplane.returncode, 0)
                self.assertEqual(sensor.counters()["packets_received"], 2)


if __name__ == "__main__":
    link.enter_namespaces()
    for tool in ("openssl", "tc", "nsenter"):
        if shutil.which(tool) is None:
            link.skip("there is no `%s`" % tool)
    if not os.path.exists("/dev/net/tun"):
        link.skip("there is no /dev/net/tun")
    if reason := tls_pair.can_mirror():
        link.skip("the kernel cannot mirror: " + reason)
    unittest.main()
