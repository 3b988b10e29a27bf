#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The judge of the laboratory on made-up cases and events: it has to find every kind of disagreement.

Needs no network, no programs and no root.
"""
import copy
import dataclasses
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from judge import compare, confusion, matrix, report  # noqa: E402
from judge.result import Observer, Result, Skipped  # noqa: E402
from judge.seen import seen  # noqa: E402
from model import (CLIENT_REJECTED, ESTABLISHED, REPORTED, SERVER_REJECTED, TLS12, TLS13, Case,  # noqa: E402
                   ClientSpec, Expected, LabError, Report, Said, ServerSpec, Truth, established, says, server_alert)

PORT = 20001
EVENT = {
    "@timestamp": "2026-01-15T12:00:00.020024Z",
    "event": {"start": "2026-01-15T12:00:00.000000Z", "dataset": "shakedown.handshake"},
    "source": {"ip": "198.18.0.1", "port": 40000},
    "destination": {"ip": "198.19.0.1", "port": PORT},
    "tls": {"version": "1.3", "version_protocol": "tls"},
    "shakedown": {"outcome": {"name": "established", "kind": "established", "stage": "established"}},
}


def event(kind="established", by=None, stage="established", second=0, address="198.19.0.1", version="1.3", **ours):
    made = copy.deepcopy(EVENT)
    made["event"]["start"] = "2026-01-15T12:00:%02d.000000Z" % second
    made["source"]["port"] += second
    made["destination"]["ip"] = address
    made["shakedown"]["outcome"] = {"name": kind, "kind": kind, "stage": stage}
    if by:
        made["shakedown"]["outcome"]["by"] = by
    made["tls"] = {"version": version, "version_protocol": "tls"} if version else {}
    made["shakedown"].update(ours)
    return seen(made)


def alert(code, sender, encrypted=False):
    facts = {"from": sender, "encrypted": encrypted}
    return facts if encrypted else facts | {"level": "fatal", "code": code}


def played(*expected, address="198.19.0.1", verdict=None, client=Report(Said.connected), server=None, scenario="one",
           fault=None, stack="openssl", cause=None):
    case = Case(scenario, ClientSpec(stack), ServerSpec("nginx"), expected, says("connected"), variant=address)
    settled = tuple(compare.settle(one, client, server) for one in expected)
    return compare.Played(case, address, PORT, settled, verdict, cause, (client,), (server,) if server else (), fault)


def judged(cases, events, name="af_xdp"):
    verdicts, strangers = compare.judge(cases, name, events)
    return Observer(name, len(events), verdicts, strangers)


def result(cases, events, wanted=("one",), complete=False, **others):
    return Result(wanted, cases, [], [judged(cases, events)], complete, **others)


class FieldsTest(unittest.TestCase):
    def differs(self, expected, found, **others):
        verdicts, _ = compare.judge([played(expected, **others)], "af_xdp", [found])
        return verdicts[0].differs

    def test_agreement_has_no_differences(self):
        self.assertEqual(self.differs(established(TLS13), event()), ())

    def test_each_field_is_compared(self):
        wanted = Expected("alert", "server", "client_hello", alert=40, version=TLS13, starttls="smtp")
        alike = {"kind": "alert", "by": "server", "stage": "client_hello", "alerts": [alert(40, "server")],
                 "starttls": "smtp"}
        self.assertEqual(self.differs(wanted, event(**alike)), ())
        for field, change in (("by", {"by": "client", "alerts": [alert(40, "client")]}),
                              ("stage", {"stage": "server_hello"}), ("alert", {"alerts": [alert(70, "server")]}),
                              ("alert", {"alerts": []}), ("version", {"version": "1.2"}),
                              ("version", {"version": None}),
                              ("starttls", {"starttls": "imap"}), ("starttls", {"starttls": None}),
                              ("rejection", {"rejection": {"by": "client"}})):
            self.assertEqual(self.differs(wanted, event(**alike | change)), (field,), change)
        self.assertIn("kind", self.differs(wanted, event(**alike | {"kind": "closed"})))

    def test_signature_and_evidence_are_compared(self):
        wanted = Expected("reset", "path", "client_hello", signature="psh_rst", evidence=("ttl_differs",))
        path = {"evidence": ["payload_in_reset", "ttl_differs"], "confidence": "certain"}
        found = event("reset", "path", "client_hello", tampering_signature="psh_rst", path=path)
        self.assertEqual(found.confidence, "certain")
        self.assertEqual(self.differs(wanted, found), ())
        self.assertEqual(self.differs(dataclasses.replace(wanted, signature="psh_rst_ack"), found), ("signature",))
        self.assertEqual(self.differs(dataclasses.replace(wanted, evidence=("ttl_differs", "reset_too_early")), found),
                         ("evidence",))
        self.assertEqual(self.differs(wanted, event("reset", "path", "client_hello")), ("signature", "evidence"))
        self.assertEqual(self.differs(Expected("reset", "path", "client_hello"), found), ())

    def test_none_means_that_any_value_will_do(self):
        anything = Expected("reset", None, None, rejection=None)
        self.assertEqual(self.differs(anything, event("reset", "path", "tcp", alerts=[alert(40, "server")])), ())
        self.assertEqual(self.differs(anything, event("closed", "path", "client_hello")), ("kind",))

    def test_a_late_rejection_must_be_seen(self):
        late = established(TLS13, rejection=True)
        self.assertEqual(self.differs(late, event()), ("rejection",))
        self.assertEqual(self.differs(late, event(rejection={"by": "client"})), ())
        self.assertEqual(self.differs(established(TLS13), event(rejection={"by": "client"})), ("rejection",))

    def test_tunnel_and_vlans_are_compared_where_they_are_asked_for(self):
        found = event(tunnel="vxlan:42")
        wanted = established(TLS13)
        self.assertEqual(self.differs(wanted, found), ())
        self.assertEqual(self.differs(dataclasses.replace(wanted, tunnel="vxlan:42"), found), ())
        self.assertEqual(self.differs(dataclasses.replace(wanted, tunnel="vxlan:43"), found), ("tunnel",))
        self.assertEqual(self.differs(dataclasses.replace(wanted, tunnel=""), found), ("tunnel",))
        tagged = copy.deepcopy(EVENT)
        tagged["network"] = {"vlan": {"id": "5"}, "inner": {"vlan": {"id": "6"}}}
        self.assertEqual(seen(tagged).vlan, ("5", "6"))
        self.assertEqual(self.differs(dataclasses.replace(wanted, vlan=("5", "6")), seen(tagged)), ())
        self.assertEqual(self.differs(dataclasses.replace(wanted, vlan=("6",)), seen(tagged)), ("vlan",))

    def test_an_upgrade_must_be_named(self):
        for found, differs in (("smtp", ()), ("imap", ("starttls",)), ("unknown", ("starttls",))):
            self.assertEqual(self.differs(established(TLS13, starttls="smtp"), event(starttls=found)), differs)

    def test_services_are_asked_for_side_by_side(self):
        found = event(service={"client": "http", "client_code": 1, "server": "smtp"})
        for wanted, differs in (((None, "smtp"), ()), (("http", None), ()), (("http", "smtp"), ()), ((None, None), ()),
                                (("", "smtp"), ("service",)), ((None, "ftp"), ("service",))):
            expected = dataclasses.replace(established(TLS13), service=wanted)
            self.assertEqual(self.differs(expected, found), differs, wanted)

    def test_the_alert_that_was_reported_is_the_one_to_see(self):
        wanted = server_alert(alert=REPORTED)
        found = event("alert", "server", "client_hello", alerts=[alert(112, "server")])
        self.assertEqual(self.differs(wanted, found, client=Report(Said.got_alert, alert=112)), ())
        self.assertEqual(self.differs(wanted, found, client=Report(Said.got_alert, alert=40)), ("alert",))
        self.assertEqual(self.differs(wanted, found, client=Report(Said.got_alert)), ())

    def test_an_alert_of_the_client_is_reported_by_the_server(self):
        wanted = Expected("alert", "client", "server_hello", alert=REPORTED)
        found = event("alert", "client", "server_hello", alerts=[alert(48, "client")])
        said = {"client": Report(Said.rejected_peer, alert=42), "server": Report(Said.got_alert, alert=48)}
        self.assertEqual(self.differs(wanted, found, **said), ())
        said["server"] = Report(Said.got_alert, alert=46)
        self.assertEqual(self.differs(wanted, found, **said), ("alert",))

    def test_the_number_of_an_encrypted_alert_is_not_asked_for(self):
        wanted = Expected("encrypted_alert", "client", "server_hello", alert=REPORTED)
        said = Report(Said.got_alert, alert=48)
        self.assertEqual(self.differs(wanted, event("encrypted_alert", "client", "server_hello"), server=said), ())

    def test_the_alert_that_counts_is_the_first_fatal_one_of_the_side_that_ended_it(self):
        survived = alert(90, "client") | {"level": "warning"}
        found = event("alert", "client", "server_hello", alerts=[
            alert(112, "server"), survived, alert(48, "client"), alert(42, "client"), alert(0, "server")])
        self.assertEqual(found.alert, 48)
        self.assertEqual(event("alert", "client", alerts=[survived, survived | {"code": 41}]).alert, 41)
        self.assertIsNone(event("encrypted_alert", "client", alerts=[alert(0, "client", encrypted=True)]).alert)

    def test_what_is_no_event_is_the_sensors_fault(self):
        broken = copy.deepcopy(EVENT)
        del broken["shakedown"]
        with self.assertRaises(LabError):
            seen(broken)

    def test_old_versions_have_their_names(self):
        old = copy.deepcopy(EVENT)
        old["tls"] = {"version": "3.0", "version_protocol": "ssl"}
        self.assertEqual(seen(old).version, "SSLv3")


class ConnectionsTest(unittest.TestCase):
    def test_a_missing_event_is_a_disagreement(self):
        verdicts, _ = compare.judge([played(established())], "af_xdp", [])
        self.assertFalse(verdicts[0].agrees)
        self.assertEqual(verdicts[0].differs, (compare.MISSING,))

    def test_one_event_too_many_is_a_disagreement(self):
        verdicts, strangers = compare.judge([played(established())], "af_xdp", [event(), event(second=1)])
        self.assertEqual(verdicts[0].differs, (compare.SURPLUS,))
        self.assertEqual(strangers, [])

    def test_connections_of_a_resumption_are_paired_by_time(self):
        pair = played(established(TLS12), server_alert())
        right = [event("alert", "server", "client_hello", second=2), event(version="1.2", second=1)]
        wrong = [event("alert", "server", "client_hello", second=1), event(version="1.2", second=2)]
        self.assertTrue(compare.judge([pair], "af_xdp", right)[0][0].agrees)
        self.assertFalse(compare.judge([pair], "af_xdp", wrong)[0][0].agrees)
        self.assertEqual(compare.judge([pair], "af_xdp", right[:1])[0][0].differs[-1], compare.MISSING)

    def test_a_case_that_expects_nothing_proves_nothing(self):
        verdicts, _ = compare.judge([played()], "af_xdp", [])
        self.assertFalse(verdicts[0].agrees)

    def test_events_of_no_case_are_strangers(self):
        _, strangers = compare.judge([played(established())], "af_xdp", [event(), event(address="198.19.0.9")])
        self.assertEqual([one.destination for one in strangers], ["198.19.0.9"])

    def test_events_of_a_case_that_did_not_happen_are_no_strangers(self):
        verdicts, strangers = compare.judge([played(established(), fault="no")], "af_xdp", [event()])
        self.assertEqual((verdicts, strangers), ([], []))

    def test_events_of_a_first_attempt_that_did_not_happen_are_no_strangers(self):
        one = dataclasses.replace(played(established()), abandoned=(("198.19.0.7", PORT),))
        verdicts, strangers = compare.judge([one], "af_xdp", [event("reset", "client", address="198.19.0.7"), event()])
        self.assertEqual((strangers, verdicts[0].agrees), ([], True))

    def test_an_address_is_the_same_however_it_is_written(self):
        case = played(established(), address="2001:db8:5:0:0:0:0:1")
        self.assertTrue(compare.judge([case], "af_xdp", [event(address="2001:db8:5::1")])[0][0].agrees)


class ResultTest(unittest.TestCase):
    def test_all_good(self):
        self.assertEqual(result([played(established())], [event()]).faults(), [])

    def assert_fault(self, found, words):
        self.assertTrue(any(words in fault for fault in found.faults()), found.faults())

    def test_no_cases_at_all(self):
        self.assert_fault(result([], []), "no case happened")
        self.assert_fault(result([], [], wanted=()), "no scenario was chosen")
        self.assert_fault(Result(("one",), [], [Skipped(played().case, "why")], [], False), "no case happened")

    def test_a_dead_sensor(self):
        self.assert_fault(result([played(established())], []), "no events at all")

    def test_no_observer(self):
        self.assert_fault(Result(("one",), [played(established())], [], [], False), "nobody watched")

    def test_a_sensor_that_died_after_it_had_seen_everything(self):
        good = result([played(established())], [event()])
        good.observers[0].fault = "ended with status 1"
        self.assert_fault(good, "ended with status 1")

    def test_a_case_that_was_not_judged(self):
        good = result([played(established())], [event()])
        good.observers[0].verdicts.clear()
        self.assert_fault(good, "0 of 1 cases were judged")

    def test_a_case_that_did_not_happen(self):
        cases = [played(established()), played(established(), address="198.19.0.2", fault="said otherwise")]
        self.assert_fault(result(cases, [event()]), "1 case did not happen")

    def test_a_scenario_that_nothing_covers(self):
        self.assert_fault(result([played(established())], [event()], wanted=("one", "two")), "scenario two")
        # A case that did not happen covers nothing.
        cases = [played(established()), played(established(), address="198.19.0.2", scenario="two", fault="no")]
        self.assert_fault(result(cases, [event()], wanted=("one", "two")), "scenario two")

    def test_one_observer_of_several_that_disagrees(self):
        case = played(established(TLS13))
        both = Result(("one",), [case], [], [judged([case], [event()]),
                                             judged([case], [event(version="1.2")], "replay")], False)
        self.assertEqual([fault for fault in both.faults() if "otherwise" in fault], ["replay: 1 case seen otherwise"])

    def test_strangers_that_failed(self):
        stranger = event("reset", "server", "client_hello", address="198.19.0.9")
        self.assert_fault(result([played(established())], [event(), stranger]), "that no case made")

    def test_strangers_that_did_not_fail_are_told_only(self):
        found = result([played(established())], [event(), event("no_hello", stage="tcp", address="198.19.0.9")])
        self.assertEqual(found.faults(), [])
        self.assertIn("198.19.0.9", "\n".join(report.lines(found)))

    def test_a_complete_run_needs_every_class(self):
        self.assert_fault(result([played(established(TLS13), verdict=ESTABLISHED)], [event()], complete=True),
                          "no TLS 1.3 case of class server_rejected")

    def test_populations_alone_need_attempts(self):
        alone = {"populations_only": True, "wanted": ()}
        self.assert_fault(result([], [event()], **alone), "no population attempted anything")
        self.assert_fault(result([], [event()], population_attempts=0, **alone), "no population attempted anything")
        self.assertEqual(result([], [event("no_hello", stage="tcp")], population_attempts=5, **alone).faults(), [])
        self.assert_fault(result([], [event()], population_attempts=5, population_faults=["lost"], **alone), "lost")


class ConfusionTest(unittest.TestCase):
    REJECTED = Expected("encrypted_alert", "client", "server_hello", version=TLS13)

    def confusion(self, *rows):
        """rows: (truth, event or None, number)"""
        cases, events = [], []
        for truth, found, number in rows:
            for _ in range(number):
                address = "198.19.1.%d" % len(cases)
                cases.append(played(Expected("alert", version=TLS13), address=address, verdict=truth))
                if found:
                    events.append(event(*found, address=address))
        return judged(cases, events).confusion

    def test_predictions(self):
        for found, wanted in (
                (event(), ESTABLISHED), (event(rejection={"by": "client"}), CLIENT_REJECTED),
                (event("encrypted_alert", "client", "server_hello"), CLIENT_REJECTED),
                (event("closed", "client", "server_hello"), CLIENT_REJECTED),
                (event("closed", "client", "client_hello"), confusion.NONE),
                (event("encrypted_alert", "server", "client_finished"), SERVER_REJECTED),
                (event("reset", "server", "client_certificate"), SERVER_REJECTED),
                (event("alert", "server", "server_hello"), confusion.NONE),
                (event("silence", "client", "server_hello"), confusion.NONE),
                (event("closed", "path", "client_finished"), confusion.NONE), (None, confusion.NONE)):
            self.assertEqual(confusion.prediction(found), wanted, found)

    def test_numbers_by_hand(self):
        made = self.confusion((CLIENT_REJECTED, ("closed", "client", "server_hello"), 19),
                              (CLIENT_REJECTED, None, 1),
                              (SERVER_REJECTED, ("closed", "server", "client_finished"), 8),
                              (SERVER_REJECTED, None, 2),
                              (ESTABLISHED, ("established",), 3))
        self.assertEqual(made.counts[CLIENT_REJECTED, confusion.NONE], 1)
        self.assertAlmostEqual(made.recall(CLIENT_REJECTED), 19 / 20)
        self.assertAlmostEqual(made.recall(SERVER_REJECTED), 8 / 10)
        self.assertEqual(made.precision(ESTABLISHED), 1.0)
        self.assertEqual(made.faults(True), ["recall of server_rejected is 0.800, wanted 0.95"])

    def test_precision_counts_what_was_wrongly_taken_for_a_class(self):
        made = self.confusion((ESTABLISHED, ("established",), 99),
                              (ESTABLISHED, ("closed", "client", "server_hello"), 1),
                              (CLIENT_REJECTED, ("closed", "client", "server_hello"), 9),
                              (SERVER_REJECTED, ("closed", "server", "client_finished"), 1))
        self.assertAlmostEqual(made.precision(CLIENT_REJECTED), 0.9)
        self.assertEqual(made.faults(True), ["precision of client_rejected is 0.900, wanted 0.99"])

    def test_other_versions_do_not_count(self):
        older = played(Expected("alert", "client", "server_hello_done", version=TLS12), verdict=CLIENT_REJECTED)
        open_version = played(established(), address="198.19.0.2", verdict=ESTABLISHED)
        found = [event("alert", "client", "server_hello_done", version="1.2"),
                 event(address="198.19.0.2", version="1.2")]
        self.assertEqual(sum(judged([older, open_version], found).confusion.counts.values()), 0)

    def test_cases_that_did_not_ask_count_for_nothing(self):
        made = self.confusion((None, ("closed", "client", "server_hello"), 5), (ESTABLISHED, ("established",), 1),
                              (CLIENT_REJECTED, ("closed", "client", "server_hello"), 1),
                              (SERVER_REJECTED, ("closed", "server", "client_finished"), 1))
        self.assertEqual(made.faults(True), [])
        self.assertEqual(made.counts[confusion.NOT_ASKED, CLIENT_REJECTED], 5)


class TextTest(unittest.TestCase):
    def test_lines_are_narrow(self):
        long_name = "a_scenario_with_a_name_that_is_longer_than_any_screen_would_like_to_show_in_one_line"
        cases = [played(established(TLS13), scenario=long_name),
                 played(established(TLS13), address="2001:db8:5:1:2:3:4:5", verdict=ESTABLISHED)]
        observers = [judged(cases, [event(version="1.2")], name) for name in ("af_xdp", "af_packet", "replay")]
        text = list(report.lines(Result((long_name, "one"), cases, [], observers, True)))
        self.assertEqual([line for line in text if len(line) > 110], [])
        self.assertTrue(any("kbs.rV." in line for line in text), text)
        self.assertTrue(any("MISSING" in line for line in text), text)

    def test_disagreements_say_what_both_programs_said(self):
        case = played(established(TLS13), client=Report(Said.connected, text="HTTP/1.0 200 OK", exit_code=0),
                      server=Report(Said.connected, text="a request came"))
        text = "\n".join(report.lines(result([case], [event("closed", "client", "server_hello")]), quiet=True))
        for words in ("closed by client at server_hello", "HTTP/1.0 200 OK", "a request came", "exit 0"):
            self.assertIn(words, text)

    def test_causes_are_not_claimed(self):
        case = played(server_alert(), cause="version_mismatch")
        seen_as = {"kind": "alert", "by": "server", "stage": "client_hello", "alerts": [alert(70, "server")]}
        self.assertIn("cause: not diagnosed yet (0 of 1)", "\n".join(report.lines(result([case], [event(**seen_as)]))))
        told = event(**seen_as, cause={"id": "version_mismatch", "confidence": "certain"})
        self.assertIn("cause: 100.0 % of 1 right", "\n".join(report.lines(result([case], [told]))))

    def test_the_result_is_told_as_json(self):
        told = matrix.as_json(result([played(established(TLS13))], [event(version="1.2")]))
        self.assertFalse(told["good"])
        self.assertEqual(told["cases"][0]["seen"]["af_xdp"]["differs"], ("version",))


class TruthByReportTest(unittest.TestCase):
    def test_what_the_client_said_decides_what_to_expect(self):
        case = Case("weak", ClientSpec("openssl"), ServerSpec("nginx"), (established(),),
                    says("connected", "got_alert"),
                    by_report=(Truth(Said.got_alert, (server_alert(),), SERVER_REJECTED, "certificate_weak"),))
        self.assertEqual(case.truth(Report(Said.connected))[0], (established(),))
        self.assertEqual(case.truth(Report(Said.got_alert))[1:], (SERVER_REJECTED, "certificate_weak"))


if __name__ == "__main__":
    unittest.main()
