#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The judge of causes, companions and the splitter, on made-up cases, events and packets.

Needs no network, no programs and no root.
"""
import copy
import dataclasses
import pathlib
import struct
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import scenarios  # noqa: E402
from company import PlayedCompanion  # noqa: E402
from judge import causes, compare, reasons  # noqa: E402
from judge.result import Observer, Result  # noqa: E402
from judge.seen import seen  # noqa: E402
from model import (NOBODY, TLS12, Case, ClientSpec, Companion, Expected, LabError, Report, Said,  # noqa: E402
                   ServerSpec, established, says)
from observe import splitter  # noqa: E402

PORT = 20001
CLIENT, OTHER, SERVER = "198.18.1.1", "198.18.64.9", "198.19.1.1"
ALERT = Expected("alert", "client", "server_hello_done", version=TLS12)
EVENT = {
    "@timestamp": "2026-01-15T12:00:00.020024Z",
    "event": {"start": "2026-01-15T12:00:00.000000Z", "dataset": "shakedown.handshake"},
    "source": {"ip": CLIENT, "port": 40000}, "destination": {"ip": SERVER, "port": PORT},
    "tls": {"version": "1.2", "version_protocol": "tls"},
    "shakedown": {},
}
NOON = 1768478400   # of that day


def event(kind="alert", second=0, source=CLIENT, **ours):
    made = copy.deepcopy(EVENT)
    made["event"]["start"] = "2026-01-15T12:00:%02d.000000Z" % second
    made["source"] = {"ip": source, "port": 40000 + second}
    outcome = {"established": {"name": kind, "kind": kind, "stage": "established"},
               "no_hello": {"name": kind, "kind": kind, "by": "client", "stage": "tcp"}}.get(
        kind, {"name": kind, "kind": kind, "by": "client", "stage": "server_hello_done"})
    made["shakedown"] = {"outcome": outcome, **ours}
    return seen(made)


def cause(name, confidence="likely", *alternatives, rule="a.rule"):
    return {"id": name, "confidence": confidence, "rule": rule,
            "alternatives": [{"id": one, "confidence": "possible"} for one in alternatives]}


def told(name, confidence="likely", *alternatives, **others):
    return event(cause=cause(name, confidence, *alternatives), **others)


def late(name, confidence="likely"):
    return event("established", rejection={"by": "client"}, warnings=[
        {"id": "certificate_expires_soon", "text": ""},
        {"id": "rejected_by_client", "text": "", "cause": cause(name, confidence)}])


def played(*expected, truth="certificate_expired", also=(), company=(), scenario="one", address=SERVER):
    case = Case(scenario, ClientSpec("openssl"), ServerSpec("nginx"), expected, says("rejected_peer"),
                variant=address, cause=truth, also=frozenset(also))
    return compare.Played(case, address, PORT, expected, None, truth, (Report(Said.rejected_peer),), company=company,
                          source=CLIENT, began=NOON + 0.0)


def companion(began, source=OTHER, before=True, said="connected", same_client=False, address=SERVER):
    return PlayedCompanion(Companion(ClientSpec("openssl", network="b"), same_client=same_client), before, address, PORT,
                           source, NOON + began, said)


def observed(one, *found, **others):
    return Observer("replay", len(found), compare.judge([one], "replay", found)[0], [], **others)


def graded(one, *found):
    return observed(one, *found).causes


class Grades(unittest.TestCase):
    def grade(self, found, also=(), expected=ALERT):
        return graded(played(expected, also=also), found).graded[0].grade

    def test_the_primary_cause_counts(self):
        self.assertEqual(self.grade(told("certificate_expired")), causes.RIGHT)
        self.assertEqual(self.grade(told("untrusted_ca", "likely", "certificate_expired")), causes.AMONG)
        self.assertEqual(self.grade(told("unknown", "possible", "certificate_expired")), causes.AMONG)
        self.assertEqual(self.grade(told("unknown", "possible")), causes.UNKNOWN)
        self.assertEqual(self.grade(told("untrusted_ca")), causes.WRONG)
        self.assertEqual(self.grade(event()), causes.SILENT)

    def test_what_is_as_right_is_right(self):
        self.assertEqual(self.grade(told("untrusted_ca"), also=("untrusted_ca",)), causes.RIGHT)
        self.assertEqual(self.grade(told("clock_skew", "likely", "untrusted_ca"), also=("untrusted_ca",)), causes.AMONG)

    def test_a_late_rejection_is_judged_by_its_warning(self):
        rejection = established(TLS12, rejection=True)
        self.assertEqual(self.grade(late("certificate_expired"), expected=rejection), causes.RIGHT)
        self.assertEqual(self.grade(late("clock_skew"), expected=rejection), causes.WRONG)

    def test_a_missing_event_is_silent(self):
        self.assertEqual(graded(played(ALERT)).graded[0].grade, causes.SILENT)

    def test_a_case_is_as_good_as_its_worst_connection(self):
        made = graded(played(ALERT, ALERT), told("certificate_expired"), told("clock_skew", second=1))
        self.assertEqual([one.grade for one in made.graded], [causes.WRONG])

    def test_only_connections_that_failed_are_asked(self):
        made = graded(played(established(TLS12), ALERT), event("established"), told("certificate_expired", second=1))
        self.assertEqual([one.grade for one in made.graded], [causes.RIGHT])
        self.assertEqual(graded(played(established(TLS12)), event("established")).graded, [])
        self.assertEqual(graded(played(Expected("unseen", None)), event("unseen")).graded, [])

    def test_plain_text_is_asked(self):
        plain = Expected("no_hello", None, "tcp")
        made = graded(played(plain, truth="plaintext_client"), event("no_hello", cause=cause("plaintext_client")))
        self.assertEqual([one.grade for one in made.graded], [causes.RIGHT])

    def test_certain_and_wrong_is_told_whatever_the_alternatives(self):
        for name, confidence, wrong in (("untrusted_ca", "certain", True), ("untrusted_ca", "likely", False),
                                        ("certificate_expired", "certain", False), ("unknown", "certain", False)):
            made = graded(played(ALERT), told(name, confidence, "certificate_expired"))
            self.assertEqual(bool(made.certain_and_wrong()), wrong, (name, confidence))


class Faults(unittest.TestCase):
    def faults(self, right, wrong, confidence="likely", **others):
        made = causes.Causes([])
        for number in range(right + wrong):
            one = played(ALERT, address="198.19.2.%d" % number)
            name = "certificate_expired" if number < right else "clock_skew"
            found = dataclasses.replace(told(name, confidence), destination=one.address)
            made._grade(compare.judge([one], "replay", [found])[0][0])
        made.counts.update(one.grade for one in made.graded)
        return list(made.faults(**others))

    def test_ninety_five_of_a_hundred_are_enough(self):
        self.assertEqual(self.faults(95, 5), [])
        self.assertEqual(self.faults(94, 6), ["94.0 % of the causes are right, wanted 95 %"])

    def test_from_a_cold_start_few_may_be_wrong(self):
        self.assertEqual(self.faults(95, 5, cold=True), [])
        self.assertEqual(self.faults(94, 6, cold=True), ["6.0 % of the causes are wrong, wanted at most 5 %"])

    def test_certain_and_wrong_never(self):
        for cold in (False, True):
            self.assertIn("1 causes are certain and wrong", self.faults(99, 1, "certain", cold=cold)[0])

    def test_no_cause_at_all_is_one_fault(self):
        self.assertEqual(list(graded(played(ALERT), event()).faults()), ["no failure was given a cause"])

    def test_a_success_has_no_cause(self):
        made = graded(played(established(TLS12), truth=None), event("established", cause=cause("clock_skew")))
        self.assertEqual(len(made.surplus), 1)
        self.assertEqual(graded(played(established(TLS12), truth=None), event("established", warnings=[
            {"id": "certificate_expires_soon", "text": ""}])).surplus, [])

    def test_what_is_no_failure_has_no_cause(self):
        plain = Expected("no_hello", None, "tcp")
        self.assertEqual(len(graded(played(plain, truth=None), event("no_hello", cause=cause("x"))).surplus), 1)
        self.assertEqual(graded(played(plain, truth=None), event("no_hello")).surplus, [])

    def test_a_companion_that_succeeded_has_no_cause(self):
        one = played(ALERT, company=(companion(-9),))
        found = event("established", 0, OTHER), told("certificate_expired", second=5)
        self.assertEqual(graded(one, *found).surplus, [])
        found = told("clock_skew", source=OTHER), told("certificate_expired", second=5)
        self.assertEqual(len(graded(one, *found).surplus), 1)


class Companions(unittest.TestCase):
    def test_are_told_from_the_case_by_their_address(self):
        one = played(ALERT, company=(companion(-9), companion(9, "198.18.128.7", before=False)))
        found = [event("established", 3, OTHER), event("alert", 4), event("established", 5, "198.18.128.7")]
        verdict = compare.judge([one], "replay", found)[0][0]
        self.assertTrue(verdict.agrees)
        self.assertEqual([len(each) for _, each in verdict.company], [1, 1])

    def test_are_told_from_their_own_client_by_time(self):
        one = played(ALERT, company=(companion(-20, CLIENT, same_client=True),
                                     companion(20, CLIENT, before=False, same_client=True)))
        one = dataclasses.replace(one, began=NOON + 10.0,
                                  company=tuple(dataclasses.replace(each, began=NOON + at)
                                                for each, at in zip(one.company, (0.0, 20.0), strict=True)))
        found = [event("established", 1), event("alert", 11), event("established", 21)]
        verdict = compare.judge([one], "replay", found)[0][0]
        self.assertTrue(verdict.agrees)
        self.assertEqual([[each.start[17:19] for each in some] for _, some in verdict.company], [["01"], ["21"]])

    def test_elsewhere_are_no_strangers(self):
        one = played(ALERT, company=(companion(-9, address="198.19.1.2"),))
        away = dataclasses.replace(event("established", 1, OTHER), destination="198.19.1.2")
        verdicts, strangers = compare.judge([one], "replay", [away, event("alert", 4)])
        self.assertEqual(strangers, [])
        self.assertEqual(len(verdicts[0].company[0][1]), 1)

    def test_must_be_seen_as_they_said(self):
        one = played(ALERT, company=(companion(-9),))
        sentence, = observed(one, event("alert", 4)).strange_company
        self.assertIn("has no event", sentence)
        sentence, = observed(one, event("alert", 3, OTHER), event("alert", 4)).strange_company
        self.assertIn("connected, and was seen as alert", sentence)
        self.assertEqual(observed(one, event("alert", 4), without_before=True).strange_company, [])

    def test_a_surplus_connection_of_a_stranger_counts_against_the_case(self):
        verdict = compare.judge([played(ALERT)], "replay", [event("alert"), event("established", 1, OTHER)])[0][0]
        self.assertEqual(verdict.differs, (compare.SURPLUS,))


class Tables(unittest.TestCase):
    def test_each_measurement_has_its_columns(self):
        one = played(ALERT)
        whole = observed(one, told("certificate_expired", "certain"))
        cold = Observer("cold", 1, compare.judge([one], "cold", [told("unknown", "possible")])[0], [],
                        without_before=True, cold=True)
        result = Result(("one",), [one], [], [whole], False, beginners=[cold])
        text = list(reasons.lines(result, tables=True))
        self.assertIn("| one | certificate_expired | 1 | 1 | 0 | certain 1 | cold: unknown 1 |", text)
        self.assertIn("| replay | certain | 1 | 0 | 0 | 0 | 0 |  |", text)
        self.assertTrue(any("unknown: one.openssl.nginx" in line for line in text), text)


class Sites(unittest.TestCase):
    def load(self, *cases):
        def one(lab):
            yield from cases
        scenarios.scenario_names()
        before = dict(scenarios._scenarios)
        try:
            scenarios._scenarios.clear()
            scenarios.scenario(one)
            return scenarios.load(None)
        finally:
            scenarios._scenarios.clear()
            scenarios._scenarios.update(before)

    def case(self, variant, server=ServerSpec("nginx"), **client):
        company = (Companion(ClientSpec("openssl")), Companion(ClientSpec("openssl", server_name="api.example.com")))
        return Case("", ClientSpec("openssl", **client), server, (), says("connected"), variant=variant, before=company)

    def test_each_case_has_a_name_of_its_own_which_its_companions_share(self):
        first, second = self.load(self.case("1"), self.case("2"))
        self.assertNotEqual(first.client.server_name, second.client.server_name)
        self.assertEqual(len(first.client.server_name), len("www.example.com"))
        self.assertEqual([one.client.server_name for one in first.before],
                         [first.client.server_name, "api.example.com"])

    def test_other_names_and_servers_that_know_theirs_stay(self):
        loaded = self.load(self.case("1", server_name=None), self.case("2", server_name="blocked.example.com"),
                           self.case("3", ServerSpec("nginx", role="reject_unknown_name")),
                           self.case("4", options=(("rule", "box.drop:name=www.example.com"),)))
        self.assertEqual([one.client.server_name for one in loaded],
                         [None, "blocked.example.com", "www.example.com", "www.example.com"])

    def test_a_private_authority_has_one_site(self):
        names = {one.client.server_name for one in self.load(*(
            self.case(str(number), ServerSpec("nginx", identity="unknown_ca")) for number in range(3)))}
        self.assertEqual(names, {"intranet.example.com"})

    def test_nobody_is_no_program(self):
        from servers import ADAPTERS
        self.assertNotIn(NOBODY.stack, ADAPTERS)


class Splitter(unittest.TestCase):
    def split(self, times, moment, magic=0xA1B2C3D4, order="<", tail=b""):
        data = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 65535, 1)
        for number, (seconds, parts) in enumerate(times):
            data += struct.pack(order + "IIII", seconds, parts, 3, 3) + b"%03d" % number
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            (folder / "whole").write_bytes(data + tail)
            counts = splitter.split(folder / "whole", moment, folder / "before", folder / "behind")
            parts = [list(splitter.records((folder / part).read_bytes())) for part in ("before", "behind")]
        self.assertEqual(counts, tuple(map(len, parts)))
        return [[int(record[16:]) for _, record in part] for part in parts]

    def test_packets_before_and_behind_the_moment(self):
        self.assertEqual(self.split([(10, 0), (11, 499_999), (11, 500_000), (12, 0)], 11.5), [[0, 1], [2, 3]])

    def test_either_byte_order_and_precision(self):
        times = [(10, 0), (11, 499_999_999), (11, 500_000_000)]
        self.assertEqual(self.split(times, 11.5, 0xA1B23C4D, ">"), [[0, 1], [2]])

    def test_packets_out_of_order_go_where_their_time_belongs(self):
        self.assertEqual(self.split([(12, 0), (10, 0), (13, 0)], 11), [[1], [0, 2]])

    def test_a_part_may_be_empty_and_the_last_packet_cut(self):
        self.assertEqual(self.split([(12, 0)], 11), [[], [0]])
        self.assertEqual(self.split([(12, 0)], 11, tail=struct.pack("<IIII", 13, 0, 90, 90) + b"short"), [[], [0]])

    def test_what_is_no_capture_is_refused(self):
        with self.assertRaises(LabError):
            self.split([], 11, magic=0x0A0D0D0A)


if __name__ == "__main__":
    unittest.main()
