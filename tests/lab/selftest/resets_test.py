# SPDX-License-Identifier: Apache-2.0
"""The population of genuine resets without a network: its plan, its ways, and its only judgement."""
import itertools
import pathlib
import sys
import types
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from judge.seen import Seen  # noqa: E402  (modules of the laboratory)
from net import bridge  # noqa: E402
from population import reset_client, reset_ways, resets  # noqa: E402
from servers.programs import raw_server  # noqa: E402

PORT = 20001


def made(size="ci", seed=1):
    """A run that was planned, and whose clients were all reset."""
    numbers = itertools.count(1)
    network = types.SimpleNamespace(
        server_address=lambda place, family: ("198.19.128.%d" if family == 4 else "2001:db8:6::%x") % next(numbers))
    run = resets.Run(types.SimpleNamespace(network=network), size, seed)
    run.attempts = list(run._plan())
    run._ports = {way.name: PORT for way in reset_ways.WAYS}
    for attempt in run.attempts:
        attempt.said = "got_reset"
    run.lines = [run._line(attempt) for attempt in run.attempts]
    return run


def event(run, attempt, by="server", confidence=None, evidence=()):
    return Seen(source=attempt.source, source_port=1, destination=run._addresses[attempt.way.name, attempt.family],
                destination_port=PORT, start="", name="reset_after_client_hello", kind="reset", by=by,
                stage="client_hello", confidence=confidence, evidence=evidence)


class Plan(unittest.TestCase):
    def test_a_seed_makes_the_same_plan_again(self):
        self.assertEqual(made().lines, made().lines)
        self.assertNotEqual(made(seed=1).lines, made(seed=2).lines)

    def test_no_two_attempts_share_an_address(self):
        sources = [attempt.source for attempt in made("large").attempts]
        self.assertEqual(len(set(sources)), len(sources))

    def test_a_large_one_is_large_enough_and_has_everything_in_it(self):
        attempts = made("large").attempts
        self.assertGreater(len(attempts), 1.05 * resets.ENOUGH["large"])
        self.assertEqual({attempt.condition for attempt in attempts}, set(reset_ways.CONDITIONS))
        self.assertEqual({attempt.way.name for attempt in attempts}, {way.name for way in reset_ways.WAYS})
        self.assertEqual(({attempt.family for attempt in attempts}, {attempt.busy for attempt in attempts}),
                         ({4, 6}, {False, True}))

    def test_a_server_is_itself_again_before_its_way_comes_round(self):
        period = len(reset_ways.WAYS) * resets._STEP
        for way in reset_ways.WAYS:
            self.assertLess(max((second for second, _ in way.deed), default=0) + 1, period)

    def test_names_and_roles_are_known(self):
        names = [way.name for way in reset_ways.WAYS]
        self.assertEqual(len(set(names)), len(names))
        for way in reset_ways.WAYS:
            self.assertIn(way.client, reset_client.ROLES)
            if way.server is not None and way.server.stack == "raw":
                self.assertIn(way.server.role, raw_server.ROLES)

    def test_conditions_are_rules_of_the_box(self):
        for rules in reset_ways.CONDITIONS.values():
            for rule in rules:
                bridge.Rule({"seed": 1, "network": "198.18.32.0/23", **rule})


class Judgement(unittest.TestCase):
    def test_resets_by_the_ends_are_right_and_counted(self):
        run = made()
        self.assertEqual(run.judge("replay", [event(run, attempt) for attempt in run.attempts]), [])
        self.assertEqual(run.not_as_planned(), [])
        self.assertIn("server none", run.summary())

    def test_a_reset_by_the_path_is_wrong_and_says_why(self):
        run = made()
        events = [event(run, attempt) for attempt in run.attempts]
        events[3] = event(run, run.attempts[3], "path", "likely", ("ttl_differs",))
        (sentence,) = run.judge("replay", events)
        self.assertRegex(sentence, "reset_after_client_hello by path, likely, on ttl_differs")

    def test_a_suspicion_is_shown_and_is_no_fault(self):
        run = made()
        events = [event(run, attempt, confidence="possible", evidence=("ip_id_differs",)) for attempt in run.attempts]
        self.assertEqual(run.judge("replay", events), [])
        self.assertRegex(run.summary(), r"server possible \d+(.|\n)*ip_id_differs %d" % len(events))

    def test_what_was_not_seen_is_a_fault(self):
        run = made()
        self.assertIn("has no event", run.judge("replay", [event(run, one) for one in run.attempts[1:]])[0])
        self.assertEqual(run.judge("replay", None), ["population genuine_resets: replay saw nothing"])

    def test_a_way_that_reset_nobody_did_not_happen(self):
        run = made()
        for attempt in run.attempts:
            if attempt.way.name == "linger_after_hello":
                attempt.said = "connected"
        self.assertIn("linger_after_hello reset nobody; clients said connected", run.not_as_planned()[0])

    def test_too_few_resets_are_a_fault(self):
        run = made()
        for attempt in run.attempts:
            attempt.said = "connected"
        self.assertRegex(run.not_as_planned()[0], "only [0-9]+ resets were made")


if __name__ == "__main__":
    unittest.main()
