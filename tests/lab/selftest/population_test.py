# SPDX-License-Identifier: Apache-2.0
"""Populations without a network: plans, planting, the loader's words, and the comparison with events."""
import pathlib
import ssl
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from judge.seen import Seen  # noqa: E402  (modules of the laboratory)
from model import Said  # noqa: E402
from population import loader, patterns, plan, truth  # noqa: E402

SIZE = plan.SIZES["ci"]


class Addresses:
    """Gives out addresses as net.topology.Network does."""

    def __init__(self):
        self.given = 0

    def __call__(self, network):
        self.given += 1
        return "198.18.%d.%d" % ("abc".index(network) * 64, self.given)


def planted(name, seed=1, size=SIZE):
    """(pattern, clients, attempts)"""
    pattern = patterns.PATTERNS[name]()
    clients, attempts = plan.make(seed, size, Addresses(), sorted(patterns.edge_servers()))
    pattern.plant(attempts, clients, size)
    return pattern, clients, attempts


def report(began=0.0, ended=None, said="connected", phase="application", **others):
    made = {"source_port": 40000, "began": began, "ended": began + 0.1 if ended is None else ended, "said": said,
            "phase": phase, "alert": None, "verify": None, "text": ""}
    return made | others


class Plans(unittest.TestCase):
    def test_a_seed_makes_the_same_plan_again(self):
        for name in patterns.PATTERNS:
            self.assertEqual(planted(name)[1:], planted(name)[1:], name)

    def test_another_seed_makes_another_plan(self):
        self.assertNotEqual(planted("nothing", 1)[2], planted("nothing", 2)[2])

    def test_a_plan_has_the_size_that_was_asked_for(self):
        for size in plan.SIZES.values():
            _, clients, attempts = planted("nothing", size=size)
            self.assertEqual((len(clients), len(attempts)), (size.clients, size.attempts))
            self.assertLess(attempts[-1].at, size.seconds)

    def test_attempts_are_in_order_of_time(self):
        for name in patterns.PATTERNS:
            times = [attempt.at for attempt in planted(name)[2]]
            self.assertEqual(times, sorted(times), name)

    def test_what_clients_may_report_are_words_of_the_model(self):
        for name in patterns.PATTERNS:
            for attempt in planted(name)[2]:
                self.assertTrue(all(Said(word) for word in attempt.says))

    def test_a_few_attempts_fail_for_reasons_of_their_own(self):
        noisy = [attempt for attempt in planted("nothing")[2] if attempt.noise]
        self.assertTrue(0 < len(noisy) < SIZE.attempts / 20)
        self.assertEqual({attempt.says for attempt in noisy}, {("rejected_peer",)})


class Planting(unittest.TestCase):
    def assert_marked(self, name, wanted, says):
        """The plan alone marks those that `wanted` picks, and no others."""
        _, _, attempts = planted(name)
        plain = planted("nothing")[2]
        marked = [attempt for attempt in attempts if attempt.planted]
        self.assertEqual(marked, [attempt for attempt in attempts if wanted(attempt)])
        self.assertGreaterEqual(len(marked), patterns.PATTERNS[name].least_failures)
        self.assertEqual({attempt.says for attempt in marked}, {says})
        self.assertFalse(any(attempt.noise for attempt in marked))
        for attempt, before in zip(attempts, plain):
            if not attempt.planted and not attempt.client.clock_offset_days:
                self.assertEqual(attempt, before)

    def test_nothing(self):
        self.assertFalse(any(attempt.planted for attempt in planted("nothing")[2]))

    def test_blocked_name(self):
        self.assert_marked("blocked_name", lambda attempt: (attempt.client.network, attempt.name) == (
            "b", "files.example.com"), ("got_reset",))

    def test_old_stack(self):
        self.assert_marked("old_stack", lambda attempt: (attempt.client.software, attempt.server) == ("old", "edge2"),
                           ("got_alert",))

    def test_wrong_clock(self):
        victim = planted("wrong_clock")[0].victim
        self.assert_marked("wrong_clock", lambda attempt: (
            attempt.client.address == victim.address and not attempt.noise), ("rejected_peer",))
        attempts = planted("wrong_clock")[2]
        lost = [attempt for attempt in attempts if attempt.client.clock_offset_days == -3650]
        self.assertEqual(lost, [attempt for attempt in attempts if attempt.client.address == victim.address])

    def test_missing_intermediate(self):
        self.assert_marked("missing_intermediate", lambda attempt: (
            attempt.server == "edge1" and not attempt.client.has_intermediate and not attempt.noise), ("rejected_peer",))


class Settling(unittest.TestCase):
    """Marks that depend on when an attempt happened. `self.at` attempts all to the pattern's server."""

    def at(self, pattern, *reports):
        client = plan.Client("198.18.0.1", "a", "modern")
        pairs = [(plan.Attempt(one["began"], client, pattern.server, "www.example.com"), one) for one in reports]
        other = plan.Attempt(5.0, client, "edge9", "www.example.com"), report(5.0)
        pattern.settle(pairs + [other])
        self.assertFalse(other[0].planted, "of another server")
        return [(attempt.planted, attempt.says) for attempt, _ in pairs]

    def test_outage(self):
        pattern = patterns.Outage()
        pattern.down, pattern.up = (4.0, 4.2), (7.0, 7.3)
        either = (True, ("connected", "refused", "got_reset", "got_close"))
        self.assertEqual(self.at(pattern, report(3.8, 3.9), report(3.9, 4.1), report(4.1, 4.3), report(4.3), report(6.8),
                                 report(6.9, 7.1), report(7.4)),
                         [(False, ("connected",)), either, either, (True, ("refused",)), (True, ("refused",)), either,
                          (False, ("connected",))])

    def test_expiring_certificate(self):
        pattern = patterns.ExpiringCertificate()
        pattern.expiry = 109.0
        self.assertEqual(pattern.start(101.5, SIZE), 109.0 - SIZE.seconds / 2)
        either = (True, ("connected", "rejected_peer"))
        self.assertEqual(self.at(pattern, report(5.7, 5.8), report(5.8, 6.0), report(6.2), report(7.2)),
                         [(False, ("connected",)), either, either, (True, ("rejected_peer",))])

    def test_a_slow_start_shifts_the_plan_and_not_the_expiry(self):
        pattern = patterns.ExpiringCertificate()
        pattern.expiry = 109.0
        self.assertEqual(pattern.start(107.0, SIZE), 107.0)
        self.assertAlmostEqual(pattern.certain_from, 3.1)

    def test_load_bursts(self):
        pattern, _, attempts = planted("load_bursts")
        self.assertEqual(pattern.moments, (3.0, 6.0, 9.0))
        members = [attempt for attempt in attempts if attempt.hold]
        self.assertEqual(len(members), 3 * pattern.members)
        pairs = [(attempt, report(attempt.at, attempt.at + 0.05 + attempt.hold)) for attempt in attempts]
        pattern.settle(pairs)
        self.assertTrue(all(attempt.planted for attempt in members))
        for attempt, one in pairs:
            within = any(begin <= one["ended"] and one["began"] <= end for begin, end in pattern.windows)
            self.assertEqual(attempt.planted, attempt.server == pattern.server and within)
            self.assertEqual("got_reset" in attempt.says, attempt.planted)
        self.assertTrue(any(attempt.server == pattern.server and not attempt.planted for attempt in attempts))


class Classifying(unittest.TestCase):
    def test_words(self):
        alert = ssl.SSLError(1, "[SSL: TLSV1_ALERT_PROTOCOL_VERSION] tlsv1 alert protocol version (_ssl.c:992)")
        for error, phase, wanted in (
                (ssl.SSLCertVerificationError(1, "CERTIFICATE_VERIFY_FAILED"), "handshake", ("rejected_peer", None)),
                (alert, "handshake", ("got_alert", 70)),
                (ssl.SSLError(1, "[SSL: SSLV3_ALERT_HANDSHAKE_FAILURE] ..."), "handshake", ("got_alert", 40)),
                (ssl.SSLError(1, "[SSL: TLSV1_UNRECOGNIZED_NAME] ..."), "handshake", ("got_alert", 112)),
                (ssl.SSLError(1, "[SSL: TLSV1_ALERT_OF_TOMORROW] ..."), "handshake", ("got_alert", None)),
                (ssl.SSLEOFError(8, "UNEXPECTED_EOF_WHILE_READING"), "handshake", ("got_close", None)),
                (ssl.SSLZeroReturnError(6, "TLS/SSL connection has been closed (EOF)"), "handshake",
                 ("got_close", None)),
                (ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER]"), "handshake", ("not_tls", None)),
                (ssl.SSLError(1, "[SSL: NO_SHARED_CIPHER]"), "handshake", ("own_failure", None)),
                (ConnectionResetError(104, "reset"), "handshake", ("got_reset", None)),
                (BrokenPipeError(32, "pipe"), "handshake", ("got_reset", None)),
                (ConnectionRefusedError(111, "refused"), "tcp", ("refused", None)),
                (TimeoutError("timed out"), "tcp", ("timed_out", None)),
                (OSError(113, "No route to host"), "tcp", ("unreachable", None))):
            self.assertEqual(loader.classify(error, phase), wanted, error)

    def test_every_software_is_one_that_the_plan_knows(self):
        for software in plan.SOFTWARE:
            context = loader.make_context(software, "nothing", {})
            self.assertEqual(context.maximum_version == ssl.TLSVersion.TLSv1_1, software == "old")
            self.assertIn(truth.version(software), ("TLSv1.1", "TLSv1.2", "TLSv1.3"))


class Judging(unittest.TestCase):
    def line(self, said="connected", phase="application", software="modern", reached=False, port=40000, began=0.0,
             **others):
        client = plan.Client("198.18.0.1", "a", software)
        attempt = plan.Attempt(0.0, client, "edge1", "www.example.com", planted=reached)
        return truth.line(attempt, report(began, said=said, phase=phase, source_port=port, **others), "198.19.0.1", 443,
                          "sni_blocked")

    def seen(self, kind="established", by="none", stage="established", version="TLSv1.3", port=40000, **others):
        return Seen("198.18.0.1", port, "198.19.0.1", 443, others.pop("start", "1"), kind, kind, by, stage,
                    version=version, **others)

    def judge(self, lines, *seen):
        return list(truth.judge(lines, seen))

    def test_agreement(self):
        rejected = {"said": "rejected_peer", "phase": "handshake", "verify": 20}
        for line, event in (
                (self.line(), self.seen()),
                (self.line(software="old"), self.seen(version="TLSv1.1")),
                (self.line(software="tls12", **rejected),
                 self.seen("alert", "client", "server_hello_done", "TLSv1.2", alert=48)),
                (self.line("got_reset", "handshake", reached=True), self.seen("reset", "path", "client_hello", None)),
                (self.line("got_reset", "handshake"), self.seen("reset", "server", "client_hello", None)),
                (self.line("got_close", "handshake"), self.seen("reset", "server", "client_hello", None)),
                (self.line("got_alert", "handshake", alert=70),
                 self.seen("alert", "server", "client_hello", None, alert=70)),
                (self.line("refused", "tcp"), self.seen("refused", "server", "tcp", None)),
                (self.line("got_reset", "application"), self.seen())):
            self.assertEqual(self.judge([line], event), [])

    def test_causes_are_counted(self):
        reset = self.line("got_reset", "handshake", reached=True)
        for cause, grade in (("sni_blocked", "right"), ("path_interference", "wrong"), (None, "silent")):
            found = self.seen("reset", "path", "client_hello", None, cause=cause, cause_confidence="likely")
            self.assertEqual(truth.causes([reset, self.line(port=40001)], [found])[grade], 1)
        self.assertEqual(sum(truth.causes([self.line()], [self.seen()]).values()), 0)

    def assert_told(self, found, *words):
        self.assertEqual(len(found), 1, found)
        for word in words:
            self.assertIn(word, found[0])

    def test_an_attempt_without_event(self):
        self.assert_told(self.judge([self.line()]), "198.18.0.1:40000", "no event")
        self.assert_told(self.judge([self.line()], self.seen(), self.seen(port=40001)), "40001", "no attempt")

    def test_who_reset_is_a_matter_of_the_plan(self):
        blocked, alone = (self.line("got_reset", "handshake", reached=reached) for reached in (True, False))
        self.assert_told(self.judge([blocked], self.seen("reset", "server", "client_hello", None)), "not path")
        self.assert_told(self.judge([alone], self.seen("reset", "path", "client_hello", None)), "not server")

    def test_an_event_too_many(self):
        self.assert_told(self.judge([self.line()], self.seen(), self.seen(start="2")), "second event")

    def test_another_server_is_nobody_s_business(self):
        other = Seen("198.18.0.1", 40000, "198.19.0.2", 443, "1", "reset", "reset", "server", "client_hello")
        self.assertEqual(self.judge([self.line()], self.seen(), other), [])

    def test_a_port_that_was_used_twice(self):
        lines = [self.line(), self.line("got_reset", "handshake", began=1.0)]
        reset = self.seen("reset", "server", "client_hello", None, start="2")
        self.assertEqual(self.judge(lines, reset, self.seen()), [])

    def test_wrong_events(self):
        failed = self.seen("closed", "client", "server_hello")
        self.assert_told(self.judge([self.line()], failed), "reported connected", "kind closed, not established")
        self.assert_told(self.judge([self.line()], self.seen(version="TLSv1.2")), "version TLSv1.2, not TLSv1.3")
        rejected = self.line("rejected_peer", "handshake", "tls12", verify=10)
        self.assert_told(self.judge([rejected], self.seen("alert", "client", "server_hello_done", "TLSv1.2", alert=48)),
                         "alert 48, not 45")
        self.assert_told(self.judge([self.line("got_reset", "handshake")], self.seen()), "kind established, not reset")

    def test_words_that_nobody_expects_agree_with_nothing(self):
        self.assert_told(self.judge([self.line("unreachable", "tcp")], self.seen()), "nothing can be compared")

    def test_counts(self):
        lines = [self.line(), self.line("got_reset", "handshake", reached=True), self.line(reached=True),
                 self.line("rejected_peer", "handshake", verify=20), self.line("got_close", "application", reached=True)]
        self.assertEqual(truth.counts(lines), {"attempts": 5, "failed": 2, "inside": 3, "failed_inside": 1,
                                               "failed_outside": 1, "closed_after_handshake": 1})
        self.assertEqual([line["cause"] for line in lines], [None, "sni_blocked", None, None, None])

    def test_a_client_that_trusts_nobody_fails_for_its_own_reason(self):
        client = plan.Client("198.18.0.1", "a", "modern")
        attempt = plan.Attempt(0.0, client, "edge1", "www.example.com", noise=True)
        patterns.mark_certificate(attempt, "rejected_peer")
        line = truth.line(attempt, report(said="rejected_peer", phase="handshake", verify=20), "198.19.0.1", 443, "x")
        self.assertEqual((line["cause"], line["planted"]), ("untrusted_ca", False))


if __name__ == "__main__":
    unittest.main()
