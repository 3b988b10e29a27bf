# SPDX-License-Identifier: Apache-2.0
"""What the box forges, when and in which order, on frames in memory; and ICMP errors byte by byte."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from net import bridge, forgery, frames  # noqa: E402

CLIENT, SERVER = "198.18.0.1", "198.19.0.1"
CLIENT6, SERVER6 = "2001:db8:a::1", "2001:db8:6::1"
LINK = bytes(range(12))
DATA, RESET = frames.PSH | frames.ACK, frames.RST | frames.ACK
HELLO = b"hello"


def from_client(payload=b"", flags=DATA, seq=1000, ack=5000, six=False, **others):
    addresses = (CLIENT6, SERVER6) if six else (CLIENT, SERVER)
    return frames.forge(LINK, 6 if six else 4, *map(frames.packed, addresses), (40000, 443), seq, ack, flags, 63,
                        payload, **others)


def from_server(payload=b"", flags=DATA, seq=5000, ack=1005, ttl=61, **others):
    return frames.forge(LINK[6:] + LINK[:6], 4, frames.packed(SERVER), frames.packed(CLIENT), (443, 40000), seq, ack,
                        flags, ttl, payload, **others)


SYN = from_client(flags=frames.SYN, seq=999, ack=0)
SYN_ACK = from_server(flags=frames.SYN | frames.ACK, seq=4999, ack=1000)
ACK = from_client(flags=frames.ACK)


class BridgeCase(unittest.TestCase):
    def setUp(self):
        self.sent, self.early, self.now = [], [], 0.0
        self.bridge = bridge.Bridge(lambda direction, frame: self.sent.append((direction, frames.parse(frame))),
                                    lambda: self.now, lambda frame: self.early.append(frames.parse(frame)))

    def rule(self, **fields):
        return self.bridge.add({"address": SERVER, "port": 443, **fields})

    def pass_on(self, *frames_):
        """What left because of these frames, as (direction, segment)."""
        self.sent.clear()
        for frame in frames_:
            to_server = frames.parse(frame).source_port == 40000
            self.bridge.on_frame(bridge.TO_SERVER if to_server else bridge.TO_CLIENT, frame)
        return list(self.sent)

    def forged(self, *frames_):
        """Segments of the last frame that are not that frame."""
        self.pass_on(*frames_[:-1])
        return [segment for _, segment in self.pass_on(frames_[-1]) if segment != frames.parse(frames_[-1])]


class Looks(BridgeCase):
    def forge_one(self, **fields):
        self.rule(do="reset", to="client", **fields)
        (forged,) = self.forged(SYN, from_server(flags=frames.SYN | frames.ACK, seq=4999, ttl=61, window=500, ip_id=7),
                                from_client(HELLO))
        return forged

    def test_is_wrong_unless_told_otherwise(self):
        forged = self.forge_one()
        self.assertEqual((forged.ttl, forged.ip_id, forged.window, forged.flags), (37, 0, 0, RESET))

    def test_can_be_that_of_the_real_packets(self):
        forged = self.forge_one(ttl="right", ipid="right", window="right")
        self.assertEqual((forged.ttl, forged.ip_id, forged.window), (61, 8, 500))

    def test_can_be_given_in_numbers(self):
        forged = self.forge_one(ttl=201.0, window=1400.0, ipid="random", payload="no")
        self.assertEqual((forged.ttl, forged.window, forged.payload), (201, 1400, b"no"))
        self.assertNotEqual(forged.ip_id, 0)

    def test_ends_may_be_of_any_kind(self):
        for kind, flags in (("rst", frames.RST), ("rst_ack", RESET), ("fin", frames.FIN | frames.ACK)):
            self.assertEqual(self.forge_one(**{"as": kind}).flags, flags)
            self.setUp()

    def test_several_take_turns_in_kind_and_guess_in_steps(self):
        self.rule(do="reset", to="client", count=3.0, ack_step=10.0, **{"as": "rst/rst_ack"})
        forged = self.forged(from_client(HELLO))
        self.assertEqual([one.flags for one in forged], [frames.RST, RESET, frames.RST])
        self.assertEqual([one.seq for one in forged], [5000, 6460, 7920])
        self.assertEqual([one.ack for one in forged], [1005, 1015, 1025])

    def test_the_last_may_acknowledge_nothing(self):
        self.rule(do="reset", to="client", count=2, step=0, last_ack="zero")
        self.assertEqual([(one.seq, one.ack) for one in self.forged(from_client(HELLO))], [(5000, 1005), (5000, 0)])

    def test_refuses_what_nobody_can_forge(self):
        for wrong in ({"as": "syn"}, {"ipid": "wrong"}, {"at": "noon"}, {"status": "200"}, {"error": "none"},
                      {"ttl": "left"}):
            with self.subTest(wrong), self.assertRaises((ValueError, KeyError)):
                self.rule(do="reset", **wrong)
                self.forged(from_client(HELLO))


class Moments(BridgeCase):
    FLIGHT = (SYN, SYN_ACK, ACK, from_client(HELLO), from_server(b"one"), from_server(b"two", seq=5003),
              from_client(b"more", seq=1005, ack=5006))
    MOMENTS = ("syn", "syn_ack", "ack", "data", "reply", "more_reply", "more_data")

    def test_each_strikes_at_its_own_segment_and_only_once(self):
        for index, moment in enumerate(self.MOMENTS):
            self.setUp()
            self.rule(do="reset", at=moment, to="client", forward=True)
            struck = [len(self.pass_on(frame)) - 1 for frame in self.FLIGHT + self.FLIGHT[3:]]
            self.assertEqual(struck, [int(index == place) for place in range(len(struck))], moment)

    def test_a_repeated_segment_is_no_second_one(self):
        self.rule(do="reset", at="more_data", to="client")
        self.assertEqual(self.forged(from_client(HELLO), from_client(HELLO)), [])

    def test_a_repeated_syn_is_no_new_connection_and_another_number_is(self):
        self.rule(do="reset", at="syn", to="client")
        self.assertEqual(len(self.forged(SYN)), 1)
        self.assertEqual(len(self.forged(SYN)), 0)
        self.assertEqual(len(self.forged(from_client(flags=frames.SYN, seq=77, ack=0))), 1)

    def test_the_number_of_a_reset_is_the_expected_one_at_every_moment(self):
        for moment, frame, forward, to_client, to_server in (
                ("syn", SYN, False, (0, 1000), (999, 0)), ("ack", ACK, True, (5000, 1000), (1000, 5000)),
                ("data", from_client(HELLO), True, (5000, 1005), (1005, 5000)),
                ("reply", from_server(b"one"), True, (5003, 1005), (1005, 5003)),
                ("reply", from_server(b"one"), False, (5000, 1005), (1005, 5003))):
            self.setUp()
            self.rule(do="reset", at=moment, forward=forward)
            first, second = self.forged(frame)
            self.assertEqual(((first.seq, first.ack), (second.seq, second.ack)), (to_client, to_server), moment)

    def test_what_follows_may_be_dropped(self):
        self.rule(do="reset", to="client", then="drop")
        self.pass_on(from_client(HELLO))
        self.assertEqual(self.pass_on(from_client(HELLO), from_server(b"one")), [])

    def test_what_follows_of_the_client_alone_may_be_dropped(self):
        self.rule(do="reset", to="client", then="drop_client")
        self.pass_on(from_client(HELLO))
        self.assertEqual([direction for direction, _ in self.pass_on(from_client(HELLO), from_server(b"one"))],
                         [bridge.TO_CLIENT])


class Rows(BridgeCase):
    def test_what_stands_behind_delays_what_is_forged_there_too(self):
        self.rule(do="reset", forward=True)
        self.rule(do="delay", milliseconds=20)
        self.assertEqual([direction for direction, _ in self.pass_on(from_client(HELLO))], [bridge.TO_CLIENT])
        self.sent.clear()
        self.now = 0.02
        self.bridge.run_due()
        self.assertEqual([segment.flags for _, segment in self.sent], [DATA, RESET])

    def test_frames_to_the_client_meet_the_rules_in_the_opposite_order(self):
        self.rule(do="reset", at="reply", to="client", forward=True)
        self.rule(do="delay", milliseconds=20)  # begins with the client's first packet
        self.assertEqual(self.pass_on(SYN), [])
        self.assertEqual(self.pass_on(from_server(b"one")), [])
        self.now = 0.02
        self.bridge.run_due()
        self.assertEqual([segment.flags for _, segment in self.sent], [frames.SYN, DATA, RESET])

    def test_those_before_the_mirror_go_another_way(self):
        self.rule(do="reset", side="router")
        self.assertEqual([segment.source_port for segment in self.forged(from_client(HELLO))], [443])
        self.assertEqual([(one.source_port, one.seq, one.flags) for one in self.early], [(40000, 1000, RESET)])

    def test_a_box_without_such_a_way_refuses(self):
        plain = bridge.Bridge(lambda *_: None)
        with self.assertRaises(ValueError):
            plain.add({"do": "reset", "side": "router"})


class Pages(BridgeCase):
    def test_a_page_is_followed_by_a_fin(self):
        for status in ("302", "403"):
            self.setUp()
            self.rule(do="page", status=status, ttl="right")
            page, fin = self.forged(SYN, SYN_ACK, from_client(HELLO))
            self.assertTrue(page.payload.startswith(b"HTTP/1.1 " + status.encode()))
            self.assertEqual((page.seq, page.ack, page.ttl), (5000, 1005, 61))
            self.assertEqual((fin.seq, fin.flags), (5000 + len(page.payload), frames.FIN | frames.ACK))

    def test_they_are_as_long_as_they_say(self):
        for page in forgery.STATUS_PAGES.values():
            head, _, body = page.partition(b"\r\n\r\n")
            self.assertIn(b"Content-Length: %d\r\n" % len(body), head + b"\r\n")


class Errors(unittest.TestCase):
    def setUp(self):
        self.sent = []
        self.bridge = bridge.Bridge(lambda direction, frame: self.sent.append((direction, frame)))

    def send(self, frame, **fields):
        self.bridge.add({"do": "icmp", **fields})
        self.bridge.on_frame(bridge.TO_SERVER, frame)
        return self.sent

    def test_quotes_the_beginning_of_what_it_is_about(self):
        ((direction, error),) = self.send(SYN, at="syn", error="prohibited", sender="192.0.2.9")
        self.assertEqual(direction, bridge.TO_CLIENT)
        self.assertEqual((error[23], error[34:36], error[26:34]), (1, b"\3\x0d", frames.packed("192.0.2.9")
                                                                    + frames.packed(CLIENT)))
        self.assertEqual(error[42:], SYN[14:42])
        self.assertEqual((frames.checksum(error[14:34]), frames.checksum(error[34:])), (0, 0))

    def test_tells_the_mtu(self):
        ((_, error),) = self.send(from_client(bytes(1300)), error="packet_too_big", bytes=1300)
        self.assertEqual((error[34:36], error[38:42]), (b"\3\4", (1300).to_bytes(4, "big")))

    def test_ipv6_quotes_as_much_as_fits(self):
        frame = from_client(bytes(1400), six=True)
        ((_, error),) = self.send(frame, error="packet_too_big", bytes=1280)
        self.assertEqual((error[20], error[54:56], error[58:62]), (58, b"\2\0", (1280).to_bytes(4, "big")))
        self.assertEqual(len(error), 14 + 1280)
        pseudo = error[22:54] + (len(error) - 54).to_bytes(4, "big") + bytes(3) + b"\x3a"
        self.assertEqual(frames.checksum(pseudo + error[54:]), 0)

    def test_what_fits_passes(self):
        self.assertEqual(self.send(from_client(bytes(960)), error="packet_too_big", bytes=1000),
                         [(bridge.TO_SERVER, from_client(bytes(960)))])

    def test_what_is_not_meant_passes(self):
        for at, frame in (("syn", from_client(HELLO)), ("data", SYN)):
            self.setUp()
            self.assertEqual(self.send(frame, at=at), [(bridge.TO_SERVER, frame)])


if __name__ == "__main__":
    unittest.main()
