#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The configuration file through the real programs: what it refuses, and watchlists in events and summary."""
import collections
import json
import os
import re
import subprocess
import unittest

import replay

SAMPLE = replay.SOURCE_ROOT / "deploy/shakedown.yaml"

LISTS = r"""
watchlists:
  partners:
    - '(.*\.)?partner\.example\.com'
  edge:
    - api.example.com
    - 'port[a-z]l\.example\.com'
  nobody: [nobody.example.org]
  everyone: {file: names/everyone.txt}
"""


def is_partner(name):
    return re.fullmatch(r"(.*\.)?partner\.example\.com", name) is not None


EXPECTED = {"partners": is_partner,
            "edge": {"api.example.com", "portal.example.com"}.__contains__,
            "nobody": lambda name: False,
            "everyone": bool}


class ConfigurationTest(replay.ReplayTest):
    def put(self, text, name="shakedown.yaml"):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def put_lists(self):
        self.put("# every name\n.*\n", "names/everyone.txt")
        return self.put(LISTS)

    def in_folder(self, *arguments):
        """`shakedown` run in the test's own folder."""
        return subprocess.run([replay.SHAKEDOWN, *map(str, arguments)], capture_output=True, text=True,
                              cwd=self.folder, timeout=replay.PATIENCE, stdin=subprocess.DEVNULL, check=False)


class WatchlistTest(ConfigurationTest):
    # Shows that each event carries the lists of its server name, in their order, and no other.
    def test_events_carry_the_lists_of_their_names(self):
        events = self.events(replay.SHOWCASE, "--all", "-c", self.put_lists()).splitlines()
        seen = collections.Counter()
        for event in map(json.loads, events):
            name = event.get("tls", {}).get("client", {}).get("server_name", "")
            expected = [tag for tag, belongs in EXPECTED.items() if belongs(name)]
            self.assertEqual(event.get("tags", []), expected, name)
            seen.update(expected)
        self.assertEqual(set(seen), {"partners", "edge", "everyone"})

    # Shows that lists change nothing else.
    def test_without_tags_the_events_are_the_same(self):
        tagged = self.events(replay.SHOWCASE, "--all", "-c", self.put_lists()).splitlines()
        plain = self.events(replay.SHOWCASE, "--all").splitlines()
        for one, other in zip(tagged, plain, strict=True):
            event = json.loads(one)
            event.pop("tags", None)
            self.assertEqual(event, json.loads(other))

    # Shows that tags are the same bytes for any number of workers.
    def test_the_number_of_workers_changes_nothing(self):
        lists = self.put_lists()
        self.assertEqual(self.events(replay.SHOWCASE, "--all", "-c", lists, "--workers", 1),
                         self.events(replay.SHOWCASE, "--all", "-c", lists, "--workers", 4))

    # Shows that the summary counts what the events say, and lists that nobody is on as well.
    def test_the_summary_counts_handshakes_and_failures_per_list(self):
        lists = self.put_lists()
        handshakes, failures = collections.Counter(), collections.Counter()
        for event in map(json.loads, self.events(replay.SHOWCASE, "--all", "-c", lists).splitlines()):
            if event["event"]["outcome"] == "unknown":
                continue
            handshakes.update(event.get("tags", []))
            if event["event"]["outcome"] == "failure":
                failures.update(event.get("tags", []))
        done = self.read(replay.SHOWCASE, "--json", "--config", lists)
        self.assertEqual(done.returncode, 0, done.stderr)
        counted = json.loads(done.stdout)["watchlists"]
        self.assertEqual(set(counted), set(EXPECTED))
        for name, tally in counted.items():
            self.assertEqual((tally["handshakes"], tally["failures"]), (handshakes[name], failures[name]),
                             name)

    # Shows the table of the summary on the screen, and its sentence when no list was met.
    def test_the_summary_shows_a_table(self):
        shown = self.read(replay.SHOWCASE, "-c", self.put_lists()).stdout
        table = shown[shown.index("Watchlists\n"):].splitlines()[1:4]
        self.assertEqual([line.split()[0] for line in table], ["everyone", "edge", "partners"])
        self.assertNotIn("nobody", shown)
        self.assertNotIn("Watchlists", self.read(replay.SHOWCASE).stdout)
        nobody = self.put("watchlists: {nobody: [nobody.example.org]}\n", "nobody.yaml")
        self.assertIn("Watchlists  no handshake was for a name on one of them\n",
                      self.read(replay.SHOWCASE, "-c", nobody).stdout)


class PathTest(ConfigurationTest):
    # Shows that files of patterns are found beside the configuration, wherever one stands.
    def test_paths_are_relative_to_the_configuration(self):
        self.put_lists()
        (self.folder / "elsewhere").mkdir()
        os.rename(self.folder / "shakedown.yaml", self.folder / "names/s.yaml")
        moved = self.folder / "names/s.yaml"
        self.put(moved.read_text(encoding="utf-8").replace("names/everyone", "everyone"), "names/s.yaml")
        for path in ("names/s.yaml", "./names/s.yaml", "elsewhere/../names/s.yaml", moved):
            done = self.in_folder("read", replay.SHOWCASE, "-c", path, "--events", "-", "--quiet")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn('"everyone"', done.stdout)

    # Shows that a name that looks like an option is a name.
    def test_a_configuration_may_begin_with_a_dash(self):
        self.put("watchlists: {a: ['.*']}\n", "-c.yaml")
        done = self.in_folder("read", replay.SHOWCASE, "--config=-c.yaml", "--events", "-", "--quiet")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn('"tags":["a"]', done.stdout)


class RefusalTest(ConfigurationTest):
    BAD = "watchlists:\n  Big Name: ['a(']\n  a: []\nother: x\n"
    PROBLEMS = [
        "shakedown.yaml:2:3: the name 'Big Name' must be 1 to 64 of a-z, 0-9, '-' and '_'; perhaps "
        "'big-name'?",
        "shakedown.yaml:2:14: the pattern 'a(' is no regular expression: Missing close parenthesis for group "
        "started at index 1",
        "shakedown.yaml:3:6: the watchlist 'a' has no patterns",
        "shakedown.yaml:4:1: unknown key 'other'; known here: sensor, ports, workers, handshakes, overload, "
        "memory, output, control, diagnosis, watchlists"]

    # Shows that all problems come at once, a line each, before anything is read or written.
    def test_all_problems_are_said_before_anything_starts(self):
        self.put(self.BAD)
        done = self.in_folder("read", replay.SHOWCASE, "-c", "shakedown.yaml", "--events", "events.ndjson")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertEqual(done.stderr.splitlines(), self.PROBLEMS)
        self.assertFalse((self.folder / "events.ndjson").exists())

    # Shows the same from `--check` of both commands, which need neither capture nor interface.
    def test_check_says_the_same_and_reads_nothing(self):
        self.put(self.BAD)
        for command in ("read", "run"):
            done = self.in_folder(command, "--check", "-c", "shakedown.yaml")
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertEqual(done.stderr.splitlines(), self.PROBLEMS)

    # Shows that a good configuration is one line and nothing else.
    def test_check_of_a_good_configuration_is_one_line(self):
        self.put_lists()
        for command in ("read", "run"):
            done = self.in_folder(command, "-c", "shakedown.yaml", "--check")
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertEqual(done.stdout, "shakedown.yaml: OK, 4 watchlists with 5 patterns\n")

    # Shows one line for a file that is not there, is a folder, or can be read once only.
    def test_what_cannot_be_read_is_one_line(self):
        (self.folder / "folder").mkdir()
        for path, reason in (("none.yaml", "cannot be read: No such file or directory"),
                             ("folder", "cannot be read: Is a directory"),
                             ("/dev/stdin", "is not a file that can be read twice")):
            done = self.in_folder("read", replay.SHOWCASE, "-c", path)
            self.assertEqual((done.returncode, done.stderr), (2, "%s: %s\n" % (path, reason)))

    # Shows that control itself refuses what has become bad since `shakedown` looked at it.
    def test_control_refuses_a_bad_configuration_by_itself(self):
        self.put(self.BAD)
        control = os.path.join(os.path.dirname(replay.SHAKEDOWN), "shakedown-control")
        done = subprocess.run([control, "--socket", "nowhere", "--config", "shakedown.yaml"], cwd=self.folder,
                              capture_output=True, text=True, timeout=replay.PATIENCE, check=False)
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertEqual(done.stderr.splitlines(), self.PROBLEMS)


class SampleTest(ConfigurationTest):
    # Shows that the sample is good as it is, and with everything in it that is commented out.
    def test_the_sample_is_good(self):
        done = self.in_folder("run", "--check", "-c", SAMPLE)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.put("old.example\n", "legacy-names.txt")
        text = SAMPLE.read_text(encoding="utf-8")
        self.put(re.sub(r"^  # (legacy:|  file:)", r"  \1", text, flags=re.MULTILINE))
        done = self.in_folder("run", "--check", "-c", "shakedown.yaml")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(done.stdout, "shakedown.yaml: OK, 3 watchlists with 5 patterns\n")


if __name__ == "__main__":
    unittest.main()
