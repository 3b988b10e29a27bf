#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The real two processes on captures that are good: what they say, and that they always say the same."""
import collections
import json
import unittest

import replay


class ShowcaseTest(replay.ReplayTest):
    # Shows that each connection of the bundled capture gets the outcome that the generator gave it.
    def test_every_connection_ends_as_the_generator_wrote_it(self):
        expected = (replay.SHOWCASE.with_suffix(".expect")).read_text().splitlines()
        seen = replay.outcome_lines(self.events(replay.SHOWCASE, "--all"))
        self.assertEqual(collections.Counter(seen), collections.Counter(expected))

    # Shows that events are failures alone unless all are asked for.
    def test_events_are_failures_unless_all_are_asked_for(self):
        every = self.events(replay.SHOWCASE, "--all").splitlines()
        failures = [line for line in every if json.loads(line)["event"]["outcome"] == "failure"]
        self.assertEqual(self.events(replay.SHOWCASE).splitlines(), failures)
        self.assertLess(0, len(failures))
        self.assertLess(len(failures), len(every))

    # Shows that the summary fits one screen and that it goes to standard output, without colours when piped.
    def test_the_summary_fits_one_screen(self):
        done = self.read(replay.SHOWCASE)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertLessEqual(len(done.stdout.splitlines()), 50)
        self.assertLessEqual(max(map(len, done.stdout.splitlines())), 100)
        self.assertNotIn("\x1b", done.stdout + done.stderr)

    # Shows that `--events -` can be piped: with --quiet, standard output holds events and nothing else.
    def test_events_on_standard_output_are_pure(self):
        done = self.read(replay.SHOWCASE, "--events", "-", "--quiet")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout.encode(), self.events(replay.SHOWCASE))

    # Shows that --json is one JSON object whose numbers agree with the events.
    def test_the_summary_as_json_agrees_with_the_events(self):
        events = [json.loads(line) for line in self.events(replay.SHOWCASE, "--all").splitlines()]
        names = collections.Counter(event["shakedown"]["outcome"]["kind"] for event in events)
        outcomes = self.summary(replay.SHOWCASE)["outcomes"]
        self.assertEqual({kind: count for kind, count in outcomes.items() if count}, dict(names))


class DeterminismTest(replay.ReplayTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.shared = replay.tempfile.TemporaryDirectory(prefix="replay-")
        cls.addClassCleanup(cls.shared.cleanup)
        cls.lossy = replay.make_capture(cls.shared.name + "/lossy.pcap", "--kind", "lossy", "--connections", 1500)

    # Shows that the number of workers changes no byte of the events.
    def test_one_two_and_four_workers_write_the_same_bytes(self):
        for capture in (replay.SHOWCASE, self.lossy):
            one = self.events(capture, "--all", "--workers", 1)
            self.assertTrue(one)
            for workers in (2, 4):
                self.assertEqual(one, self.events(capture, "--all", "--workers", workers))

    # Shows that a second run writes the same bytes, in the summary as well.
    def test_a_rerun_writes_the_same_bytes(self):
        self.assertEqual(self.events(self.lossy, "--all"), self.events(self.lossy, "--all"))
        self.assertEqual(self.read(self.lossy).stdout, self.read(self.lossy).stdout)

    # Shows that two files are read in the order of their packets, whatever the order of their names.
    def test_the_order_of_the_files_does_not_matter(self):
        def outcomes(*files):
            return collections.Counter(replay.outcome_lines(self.events(*files, "--all")))

        both = outcomes(replay.SHOWCASE, self.lossy)
        self.assertEqual(both, outcomes(self.lossy, replay.SHOWCASE))
        self.assertEqual(both, outcomes(self.lossy) + outcomes(replay.SHOWCASE))

    # Shows that pcapng and nanosecond stamps carry the same handshakes as classic pcap.
    def test_the_file_format_does_not_matter(self):
        plain = replay.outcome_lines(self.events(self.lossy, "--all"))
        for option in ("--pcapng", "--nanoseconds"):
            other = replay.make_capture(self.folder / "other.pcap", "--kind", "lossy", "--connections", 1500, option)
            self.assertEqual(plain, replay.outcome_lines(self.events(other, "--all")))


class ConservationTest(replay.ReplayTest):
    # Shows that nothing is lost on the way: each packet has one fate, each handshake begun has one end.
    def test_the_sums_of_the_counters_agree(self):
        lossy = replay.make_capture(self.folder / "lossy.pcap", "--kind", "lossy", "--connections", 1500)
        for workers in (1, 3):
            counters = self.summary(lossy, "--workers", workers)["capture"]["counters"]
            fates = sum(count for name, count in counters.items() if name.startswith("fate_"))
            self.assertEqual(counters["packets_received"], fates)
            self.assertEqual(counters["handshakes_begun"],
                             counters["records_pushed"] + counters["records_refused"] + counters["handshakes_open"] +
                             counters["handshakes_dropped_not_tls"])
            self.assertEqual(counters["records_refused"], 0)
            self.assertEqual(counters["handshakes_open"], 0)
            self.assertEqual(counters["records_pushed"], len(self.events(lossy, "--all").splitlines()))


if __name__ == "__main__":
    unittest.main()
