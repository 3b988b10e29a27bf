# SPDX-License-Identifier: Apache-2.0
"""Frames, the box, the rules and the raw programs, without namespaces and without root.

The bridge is tested on frames in memory; the raw client and the raw server talk over the loopback interface.
"""
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time
import types
import unittest

LAB = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(LAB))

from model import Case, ClientSpec, ServerSpec, says  # noqa: E402
from net import box, frames, rules  # noqa: E402

CLIENT, SERVER = "198.18.0.1", "198.19.0.1"
CLIENT6, SERVER6 = "2001:db8:a::1", "2001:db8:5::1"
LINK = bytes(range(12))
DATA = frames.PSH | frames.ACK


def from_client(payload=b"", flags=DATA, seq=1000, ack=5000, six=False):
    addresses = (CLIENT6, SERVER6) if six else (CLIENT, SERVER)
    return frames.forge(LINK, 6 if six else 4, *map(frames.packed, addresses), (40000, 443), seq, ack, flags, 63,
                        payload)


def from_server(payload=b"", flags=DATA, seq=5000, ack=1000):
    return frames.forge(LINK[6:] + LINK[:6], 4, frames.packed(SERVER), frames.packed(CLIENT), (443, 40000), seq, ack,
                        flags, 63, payload)


def tcp_checksum_is_right(frame):
    segment = frames.parse(frame)
    tcp = frame[14 + (40 if segment.family == 6 else 20):]
    pseudo = segment.source + segment.destination + (len(tcp).to_bytes(4, "big") + bytes(3) + b"\6")
    return frames.checksum(pseudo + tcp) == 0


class FramesTest(unittest.TestCase):
    def test_what_is_forged_can_be_parsed(self):
        for six in (False, True):
            segment = frames.parse(from_client(b"hello", six=six))
            self.assertEqual((segment.source_port, segment.destination_port), (40000, 443))
            self.assertEqual((segment.seq, segment.ack), (1000, 5000))
            self.assertEqual((segment.payload, segment.length), (b"hello", 5))
            self.assertEqual(segment.ip_bytes, (60 if six else 40) + 5)

    def test_checksums_are_right_for_even_and_odd_lengths(self):
        for six in (False, True):
            for payload in (b"", b"a", b"ab"):
                self.assertTrue(tcp_checksum_is_right(from_client(payload, six=six)))
        self.assertEqual(frames.checksum(from_client()[14:34]), 0)

    def test_padding_of_short_frames_is_no_payload(self):
        self.assertEqual(frames.parse(from_client() + bytes(6)).payload, b"")

    def test_refuses_what_is_no_whole_tcp_segment(self):
        frame = from_client(b"hello")
        fragment = frame[:20] + b"\x20\x00" + frame[22:]
        udp = frame[:23] + b"\x11" + frame[24:]
        for wrong in (b"", frame[:40], fragment, udp, LINK + b"\x08\x06" + bytes(28)):
            self.assertIsNone(frames.parse(wrong))


class BridgeTest(unittest.TestCase):
    def setUp(self):
        self.sent, self.now = [], 0.0
        self.bridge = box.Bridge(lambda direction, frame: self.sent.append((direction, frame)), lambda: self.now)

    def rule(self, **fields):
        return self.bridge.add({"address": SERVER, "port": 443, **fields})

    def pass_on(self, *frames_):
        """Frames that come, by who sent them; returns what left as (direction, segment)."""
        self.sent.clear()
        for frame in frames_:
            self.bridge.on_frame(box.TO_SERVER if frames.parse(frame).source_port == 40000 else box.TO_CLIENT, frame)
        return [(direction, frames.parse(frame)) for direction, frame in self.sent]

    def test_passes_everything_on_without_rules(self):
        self.bridge.on_frame(box.TO_SERVER, b"anything")
        self.assertEqual(self.sent, [(box.TO_SERVER, b"anything")])

    def test_resets_both_ends_where_the_name_is_seen(self):
        self.rule(do="reset", name="blocked.example.com", ttl=37)
        self.assertEqual(len(self.pass_on(from_client(flags=frames.SYN), from_client(b"another name"))), 2)
        (first, to_client), (second, to_server) = self.pass_on(from_client(b"..blocked.example.com.."))
        self.assertEqual((first, second), (box.TO_CLIENT, box.TO_SERVER))
        # RFC 9293 §3.10.7.4: only a RST with the next expected number is obeyed.
        self.assertEqual((to_client.seq, to_client.ack, to_client.flags), (5000, 1023, frames.RST | frames.ACK))
        self.assertEqual((to_server.seq, to_server.source_port), (1000, 40000))
        self.assertEqual((self.sent[0][1][22], self.sent[0][1][6:12]), (37, LINK[:6]))
        self.assertTrue(all(tcp_checksum_is_right(frame) for _, frame in self.sent))

    def test_resets_late_often_and_with_words(self):
        self.rule(do="reset", forward=True, to="client", count=3, payload="no")
        sent = self.pass_on(from_client(b"x"))
        self.assertEqual([direction for direction, _ in sent], [box.TO_SERVER] + [box.TO_CLIENT] * 3)
        self.assertEqual([segment.seq for _, segment in sent[1:]], [5000, 6460, 7920])
        self.assertEqual(sent[1][1].payload, b"no")

    def test_resets_a_connection_once(self):
        self.rule(do="reset", to="client")
        self.assertEqual(len(self.pass_on(from_client(b"x"))), 1)
        self.assertEqual([direction for direction, _ in self.pass_on(from_client(b"x"))], [box.TO_SERVER])

    def test_drops_both_directions_from_the_name_on(self):
        rule = self.rule(do="drop", name="blocked")
        self.assertEqual(len(self.pass_on(from_client(b"x"), from_server(b"y"))), 2)
        self.assertEqual(self.pass_on(from_client(b"blocked"), from_server(), from_client(b"x")), [])
        self.assertEqual(self.bridge.remove(rule), 1)
        self.assertEqual(len(self.pass_on(from_client(b"blocked"))), 1)

    def test_a_new_connection_of_the_same_ports_starts_anew(self):
        self.rule(do="drop", name="blocked")
        self.pass_on(from_client(b"blocked"))
        self.assertEqual(len(self.pass_on(from_client(flags=frames.SYN), from_client(b"x"))), 2)

    def test_leaves_other_servers_and_networks_alone(self):
        self.bridge.add({"address": "198.19.0.2", "do": "drop"})
        self.bridge.add({"port": 444, "do": "drop"})
        self.bridge.add({"network": "198.18.1.0/24", "do": "drop"})
        self.assertEqual(len(self.pass_on(from_client(b"x"), from_server(b"y"))), 2)
        self.bridge.add({"network": "198.18.0.0/24", "do": "drop"})
        self.assertEqual(self.pass_on(from_client(b"x"), from_server(b"y")), [])

    def test_drops_what_is_larger_than_the_limit_and_only_that(self):
        self.rule(do="drop_large", bytes=140, direction="to_server")
        self.assertEqual(len(self.pass_on(from_client(bytes(100)))), 1)
        self.assertEqual(len(self.pass_on(from_client(bytes(101)))), 0)
        self.assertEqual(len(self.pass_on(from_server(bytes(101)))), 1)

    def test_drops_syn_acks(self):
        self.rule(do="drop_syn_ack")
        syn = from_client(flags=frames.SYN)
        self.assertEqual(len(self.pass_on(syn, from_server(flags=frames.SYN | frames.ACK))), 1)

    def test_delays_until_the_time_has_come(self):
        self.rule(do="delay", milliseconds=50)
        self.assertEqual(self.pass_on(from_client(b"x")), [])
        self.assertAlmostEqual(self.bridge.run_due(), 0.05)
        self.now = 0.05
        self.assertIsNone(self.bridge.run_due())
        self.assertEqual(len(self.sent), 1)

    def test_loses_the_same_frames_with_the_same_seed(self):
        lost = []
        for _ in range(2):
            rule = self.rule(do="lose", percent=30, seed=7)
            lost.append([bool(self.pass_on(from_client(b"x"))) for _ in range(200)])
            self.bridge.remove(rule)
        self.assertEqual(lost[0], lost[1])
        self.assertTrue(100 < sum(lost[0]) < 180)

    def test_duplicates(self):
        self.rule(do="duplicate")
        self.assertEqual(len(self.pass_on(from_client(b"x"))), 2)

    def test_swaps_neighbours_and_holds_the_last_for_a_moment(self):
        self.rule(do="reorder")
        one, two = from_client(b"1"), from_client(b"2", seq=1001)
        self.assertEqual([segment.payload for _, segment in self.pass_on(one, two)], [b"2", b"1"])
        self.now = 1.0
        self.bridge.run_due()
        self.assertEqual(self.pass_on(one), [])
        self.now = 2.0
        self.bridge.run_due()
        self.assertEqual(len(self.sent), 1)

    def test_refuses_rules_it_does_not_understand(self):
        for wrong in ({"do": "explode"}, {}, {"do": "drop", "colour": "red"}, {"do": "drop", "address": "nowhere"}):
            self.assertIn("error", box.answer(self.bridge, json.dumps({"add": wrong})))
        self.assertIn("error", box.answer(self.bridge, b"no json"))
        self.assertEqual(self.bridge.rules, {})

    def test_answers_on_its_control_socket(self):
        self.assertEqual(box.answer(self.bridge, b'{"add": {"do": "drop", "port": 443}}'), {"id": 1})
        self.pass_on(from_client(b"x"))
        self.assertEqual(box.answer(self.bridge, b'{"statistics": true}'), {"frames": 1, "rules": {1: 1}})
        self.assertEqual(box.answer(self.bridge, b'{"remove": 1}'), {"hits": 1})

    def test_forwards_more_than_the_laboratory_sends(self):
        for number in range(20):
            self.bridge.add({"address": "198.19.0.2", "port": number + 1, "do": "drop"})
        frame, begin = from_client(bytes(1000)), time.process_time()
        for _ in range(4000):
            self.bridge.on_frame(box.TO_SERVER, frame)
        self.assertLess(time.process_time() - begin, 1)


class RulesTest(unittest.TestCase):
    def case(self, *words, place="server"):
        return Case("s", ClientSpec("raw", options=tuple(("rule", word) for word in words)),
                    ServerSpec("raw", place=place), (), says("connected"))

    def lab(self, packets, hits=1):
        self.ran, self.boxed = [], []

        def run(namespace, argv, timeout):
            self.ran.append((namespace, argv[1]))
            return types.SimpleNamespace(returncode=0, stderr="", stdout="counter packets %d bytes 0" % packets)

        def add(**fields):
            self.boxed.append(fields)
            return 5
        return types.SimpleNamespace(network=types.SimpleNamespace(run=run, box=types.SimpleNamespace(
            add=add, statistics=lambda: {"rules": {"5": hits}})))

    def test_a_case_without_rules_needs_no_network(self):
        with rules.active(None, self.case(), SERVER, 443):
            pass

    def test_puts_firewall_rules_where_they_belong(self):
        with rules.active(self.lab(1), self.case("filtered", "black_hole_to_client:bytes=500"), SERVER6, 443):
            pass
        self.assertEqual([namespace for namespace, _ in self.ran], ["server", "router", "router", "server"])
        self.assertIn("ip6 daddr %s tcp dport 443" % SERVER6, self.ran[0][1])
        self.assertIn("tcp sport 443 meta length > 500", self.ran[1][1])

    def test_gives_the_box_numbers_and_words(self):
        with rules.active(self.lab(1), self.case("box.reset:name=a.example.com,ttl=37,forward=yes"), SERVER, 443):
            pass
        self.assertEqual(self.boxed, [{"do": "reset", "address": SERVER, "port": 443, "name": "a.example.com",
                                       "ttl": 37.0, "forward": True}])

    def test_errors_are_ignored_where_their_receiver_is(self):
        words = ("errors_ignored", "errors_ignored_by_client:sender=192.0.2.251")
        with rules.active(self.lab(1), self.case(*words), SERVER6, 443):
            pass
        self.assertEqual([namespace for namespace, _ in self.ran[:2]], ["server", "client_a"])
        self.assertIn("ip6 daddr %s icmpv6 type" % SERVER6, self.ran[0][1])
        self.assertIn("ip saddr 192.0.2.251 icmp type", self.ran[1][1])

    def test_a_narrow_way_is_that_of_one_server(self):
        lab = self.lab(1)
        commands = []
        lab.network.run = lambda namespace, argv, timeout: commands.append((namespace, " ".join(argv))) or \
            types.SimpleNamespace(returncode=0, stderr="", stdout="")
        with rules.active(lab, self.case("narrow_to_client:bytes=900"), SERVER, 443):
            pass
        (where, route), (_, rule) = commands
        self.assertEqual(where, "router")
        self.assertRegex(route, r"^ip -4 route add 198\.18\.0\.0/18 via \S+ mtu lock 900 table \d+$")
        self.assertRegex(rule, r"^ip -4 rule add from 198\.19\.0\.1 lookup \d+$")

    def test_a_rule_that_nothing_met_is_an_error_unless_that_is_meant(self):
        for word in ("filtered", "box.drop"):
            with self.assertRaises(rules.LabError), rules.active(self.lab(0, 0), self.case(word), SERVER, 443):
                pass
            with rules.active(self.lab(0, 0), self.case(word + ":meets=nothing"), SERVER, 443):
                pass

    def test_refuses_unknown_words(self):
        for word in ("no_such_rule", "", "filtered.now"):
            with self.assertRaises(ValueError):
                rules.parse(word)


class RawProgramsTest(unittest.TestCase):
    """(server role, client role) -> what both say."""

    ENDINGS = {
        ("tls", "tls"): ("connected", "connected"),
        ("serial", "burst"): ("connected", "connected"),
        ("fin_after_hello", "tls"): ("got_close", "own_failure"),
        ("reset_after_hello", "tls"): ("got_reset", "own_failure"),
        ("close_unread", "tls"): ("got_reset", "own_failure"),
        ("silent_after_hello", "tls"): ("timed_out", "got_close"),
        ("killed_mid_handshake", "tls"): ("got_close", "own_failure"),
        ("http", "tls"): ("not_tls", "not_tls"),
        ("smtp_banner", "tls"): ("not_tls", None),
        ("accept_and_close", "wait_for_close"): ("got_close", "nothing"),
        ("reset_after_server_flight", "stall_after_hello"): ("got_reset", "own_failure"),
        ("tls", "health_check"): ("nothing", "got_close"),
        ("tls", "health_check_reset"): ("nothing", "got_reset"),
        ("tls", "abort_after_hello_fin"): ("own_failure", None),
        ("tls", "fin_after_certificate"): ("own_failure", "got_close"),
        ("tls", "rst_after_certificate"): ("own_failure", "got_reset"),
        ("tls", "half_hello"): ("own_failure", "got_close"),
        ("tls", "plain_http"): (None, "own_failure"),
    }

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.pem = os.path.join(cls.folder.name, "server.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-subj", "/CN=www.example.com", "-keyout", cls.pem, "-out", cls.pem + ".crt"], check=True,
                       capture_output=True)
        with open(cls.pem, "a", encoding="ascii") as pem, open(cls.pem + ".crt", encoding="ascii") as certificate:
            pem.write(certificate.read())

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def test_both_say_what_their_roles_promise(self):
        for (server_role, client_role), (client_says, server_says) in self.ENDINGS.items():
            with self.subTest(server=server_role, client=client_role):
                self.converse(server_role, client_role, client_says, server_says)

    def converse(self, server_role, client_role, client_says, server_says):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = str(probe.getsockname()[1])
        server = subprocess.Popen([sys.executable, LAB / "servers/programs/raw_server.py", server_role, port, "--chain",
                                   self.pem, "--key", self.pem, "--delay", "0.1"], stdout=subprocess.PIPE, text=True)
        try:
            self.assertIn("ready", server.stdout.readline())
            client = subprocess.run([sys.executable, LAB / "clients/programs/raw_client.py", client_role, "127.0.0.1",
                                     port, "--server-name", "www.example.com", "--patience", "1", "--count", "2"],
                                    capture_output=True, text=True, timeout=30)
            if client_says is not None:
                self.assertEqual(json.loads(client.stdout)["said"], client_says, client.stderr)
            if server_says is not None:
                self.assertEqual(json.loads(server.stdout.readline())["said"], server_says)
        finally:
            server.kill()
            server.wait()
            server.stdout.close()


if __name__ == "__main__":
    unittest.main()
