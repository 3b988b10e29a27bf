#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tunnels and imperfect mirrors of the laboratory: their words, two ports with one direction each, what is not decoded.

Exits with 77, which meson takes for "skipped", where namespaces cannot be made.
"""
import dataclasses
import json
import os
import pathlib
import struct
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import lab as laboratory  # noqa: E402  (modules of the laboratory)
import packages  # noqa: E402
import runner  # noqa: E402
import scenarios  # noqa: E402
import session  # noqa: E402
from judge import compare  # noqa: E402
from judge.seen import seen  # noqa: E402
from model import TLS13, Said, Unsupported  # noqa: E402
from net import fragmenter, frames, sandbox, tunnels  # noqa: E402
from observe import events, programs  # noqa: E402
from observe.capture import Capture  # noqa: E402
from observe.sensor import Sensor  # noqa: E402
from scenarios.tunnels import success  # noqa: E402


class Words(unittest.TestCase):
    def test_the_innermost_tunnel_and_all_vlans_are_named(self):
        self.assertEqual(tunnels.seen_as("vxlan:42"), ("vxlan:42", ()))
        self.assertEqual(tunnels.seen_as("gre/gre_key:7"), ("gre:7", ()))
        self.assertEqual(tunnels.seen_as("provider_vlan:5/vlan:6/vxlan:42"), ("vxlan:42", ("5", "6")))
        self.assertEqual(tunnels.seen_as("vlan:6"), ("", ("6",)))
        self.assertEqual(tunnels.seen_as("mpls:99"), ("mpls:99", ()))
        self.assertEqual(tunnels.seen_as(""), ("", ()))

    def test_mistakes_of_scenarios_are_told(self):
        for text in ("carrier_pigeon", "vxlan:42/vlan:7", "gre/mpls:99"):
            with self.assertRaises(ValueError, msg=text):
                tunnels.parse(text)

    def test_every_path_of_the_scenarios_is_understood(self):
        for case in scenarios.load(None):
            for key in ("tunnel", "mirror"):
                text = case.client.option(key)
                if text and ":" in text:
                    self.assertTrue(tunnels.parse(text), text)

    def test_no_two_cases_have_a_number_of_a_tunnel_in_common(self):
        used = {}
        for case in scenarios.load(None):
            for layer in tunnels.parse(case.client.option("tunnel", "")):
                if layer.id:
                    self.assertNotIn(layer, used, "%s and %s" % (case.name, used.get(layer)))
                    used[layer] = case.name


class Cutting(unittest.TestCase):
    """net/fragmenter.py, whose packets kernels put together again."""

    IPV4 = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 1020, 7, 0x4000, 64, 6, 0, b"\xc6\x12\0\1", b"\xc6\x13\0\1")
    IPV6 = struct.pack("!IHBB", 6 << 28, 1000, 6, 64) + bytes(32)
    PAYLOAD = bytes(range(250)) * 4

    def test_small_packets_stay_whole(self):
        packet = self.IPV4 + self.PAYLOAD
        self.assertEqual(fragmenter.cut(packet, 1020, 1), [packet])
        self.assertEqual(len(fragmenter.cut(packet, 1019, 1)), 2)

    def test_pieces_of_ipv4(self):
        found = fragmenter.cut(self.IPV4 + self.PAYLOAD, 501, 9)
        self.assertEqual([len(one) for one in found], [500, 500, 60])
        self.assertEqual(b"".join(one[20:] for one in found), self.PAYLOAD)
        self.assertEqual([struct.unpack_from("!HHH", one, 2) for one in found],
                         [(500, 9, 0x2000), (500, 9, 0x2000 | 60), (60, 9, 120)])
        self.assertEqual([frames.checksum(one[:20]) for one in found], [0, 0, 0])

    def test_pieces_of_ipv6(self):
        found = fragmenter.cut(self.IPV6 + self.PAYLOAD, 608, 9)
        self.assertEqual([len(one) for one in found], [608, 488])
        self.assertEqual(b"".join(one[48:] for one in found), self.PAYLOAD)
        self.assertEqual([struct.unpack_from("!HBB", one, 4) for one in found], [(568, 44, 64), (448, 44, 64)])
        self.assertEqual([struct.unpack_from("!BBHI", one, 40) for one in found], [(6, 0, 1, 9), (6, 0, 560, 9)])


class WithLaboratory(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.lab = laboratory.Lab()
        cls.addClassCleanup(cls.lab.stop)
        cls.lab.start()

    def play(self, *patterns):
        cases = runner.selected(scenarios.load(self.lab), patterns)
        played, skipped = runner.Runner(self.lab, runner.Stacks(packages.core())).play(cases)
        self.assertEqual([one.fault for one in played if one.fault], [])
        self.assertTrue(played, skipped)
        return played

    def test_two_ports_with_one_direction_each_are_one_link(self):
        watching = Sensor(self.lab.network, "af_packet", "mon_to_server", watch_ports=session.WATCHED_PORTS,
                          silence_timeout=session.SILENCE_SECONDS,
                          extra_arguments=("--port", "af_packet:mon_to_client")).start()
        self.addCleanup(watching.kill)
        played = self.play("established_over_ipv6.openssl.*", "certificate_expired.openssl.*", "no_common_cipher.*",
                           "established_with_client_certificate.openssl.openssl.*")
        time.sleep(session.SETTLE_SECONDS)
        verdicts, strangers = compare.judge(played, "two ports", [seen(event) for event in watching.stop()])
        otherwise = [(verdict.played.case.name, verdict.differs) for verdict in verdicts if not verdict.agrees]
        self.assertEqual(otherwise, [])
        self.assertEqual(strangers, [])
        self.assertGreater(len(verdicts), 5)

    def test_fragments_are_made_and_put_together(self):
        for key, value in (("tunnel", "vxlan:1"), ("inner_mtu", "600"), ("fragments", "600"), ("mirror", "vxlan:2")):
            options = ((key, value),) + {"tunnel": (("underlay_mtu", "1000"),),
                                         "mirror": (("mirror_mtu", "1000"),)}.get(key, ())
            with self.subTest(key):
                events, counters = self.replayed(options)
                self.assertEqual([event["shakedown"]["outcome"]["name"] for event in events], ["established"])
                self.assertGreater(counters["packets_reassembled"], 0)
                self.assertGreater(counters["fragments_received"], 1)
                self.assertEqual(counters["fragments_reassembled"], counters["fragments_received"])

    # Kinds that are not decoded, and one tunnel more than are opened.
    NOT_DECODED = {"fou:5555": "fate_not_tcp", "gue:5556": "fate_not_tcp",
                   "gre/ipip/gre_key:8/vxlan:9/gre_key:10": "fate_tunnel_too_deep"}

    def test_what_is_not_decoded_is_counted_and_not_guessed(self):
        reasons = []
        for path, counter in self.NOT_DECODED.items():
            with self.subTest(path):
                try:
                    found, counters = self.replayed((("tunnel", path),))
                except Unsupported as reason:
                    reasons.append(str(reason))
                    continue
                self.assertEqual(found, [])
                self.assertGreater(counters["packets_received"], 10)
                self.assertEqual(counters.get(counter), counters["packets_received"], counters)
        if len(reasons) == len(self.NOT_DECODED):
            self.skipTest("; ".join(reasons))

    def replayed(self, options):
        """(events, counters) of a replay of one good connection with these options of its client."""
        case = dataclasses.replace(success("openssl", TLS13, "", options=options), scenario="replayed")
        with Capture(self.lab.network, os.path.join(self.lab.folder, "replayed.pcap")) as capture:
            played, skipped = runner.Runner(self.lab, runner.Stacks()).play([case])
            time.sleep(0.1)
        for one in skipped:
            raise Unsupported(one.reason)
        self.assertIsNone(played[0].fault)
        done = subprocess.run([programs.shakedown(), "read", "--json", "--all", "--events", capture.path + ".ndjson",
                               capture.path], capture_output=True, text=True, check=True)
        return events.load(capture.path + ".ndjson"), json.loads(done.stdout)["capture"]["counters"]


def main():
    reason = sandbox.why_not()
    if reason:
        print("skipped: " + reason)
        return 77
    sandbox.enter()
    unittest.main(verbosity=2)
    return 0


if __name__ == "__main__":
    sys.exit(main())
