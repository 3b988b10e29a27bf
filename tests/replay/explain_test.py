#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`shakedown explain` through the real programs: captures, files of events, the table of rules, and what it
refuses; and that events carry a cause exactly where a handshake failed."""
import json
import os
import re
import shlex
import subprocess
import unittest

import replay

DOCUMENT = replay.SOURCE_ROOT / "docs/diagnosis.md"
# The first client of the showcase that knows nothing newer than TLS 1.0.
OLD_CLIENT = "192.0.2.31"
PORTAL = "portal.example.com"


class ExplainTest(replay.ReplayTest):
    def explain(self, *arguments, given=None):
        return subprocess.run([replay.SHAKEDOWN, "explain", *map(str, arguments)], capture_output=True, text=True,
                              timeout=replay.PATIENCE, input=given, check=False)

    def explained(self, *arguments):
        done = self.explain(*arguments)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        return done.stdout

    def showcase(self, *arguments):
        path = self.folder / "showcase.ndjson"
        done = self.read(replay.SHOWCASE, "--events", path, "--quiet", *arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return path


class CauseTest(ExplainTest):
    # Shows that every failed TLS handshake has a cause, and that no success has one.
    def test_a_cause_stands_where_something_failed_and_nowhere_else(self):
        ids = set()
        for line in self.showcase("--all").read_text().splitlines():
            event = json.loads(line)
            self.assertRegex(event["event"]["id"], r"^[0-9a-f]{16}$")
            ids.add(event["event"]["id"])
            cause = event["shakedown"].get("cause")
            if event["event"]["outcome"] == "failure":
                self.assertEqual(event["event"]["reason"], cause["id"])
                self.assertIn(cause["confidence"], ("certain", "likely", "possible"))
                self.assertNotIn("warnings", event["shakedown"])
            elif event["event"]["outcome"] == "success":
                self.assertIsNone(cause)
                self.assertNotIn("reason", event["event"])
        self.assertEqual(len(ids), 37)

    # Shows that the summary counts the causes that the events name.
    def test_the_summary_counts_what_the_events_say(self):
        counted = {}
        for line in self.showcase("--all").read_text().splitlines():
            cause = json.loads(line)["shakedown"].get("cause")
            if cause is not None:
                counted[cause["id"]] = counted.get(cause["id"], 0) + 1
        summary = self.summary(replay.SHOWCASE)
        self.assertEqual({cause["id"]: cause["count"] for cause in summary["causes"]}, counted)
        self.assertAlmostEqual(sum(cause["share"] for cause in summary["causes"]), 1.0, places=5)
        shown = self.read(replay.SHOWCASE).stdout
        self.assertIn("\nWhy ", shown)

    # Shows that the commands are words for a shell, without anything that a shell would act on.
    def test_commands_are_words_for_a_shell(self):
        lines = 0
        for line in self.showcase().read_text().splitlines():
            cause = json.loads(line)["shakedown"]["cause"]
            for command in (cause.get("reproduce"), cause.get("reproduce_working")):
                if command is None:
                    continue
                lines += 1
                words = shlex.split(command.removesuffix(" </dev/null"))
                self.assertIn(words[0], ("openssl", "nc", "curl"))
        self.assertGreater(lines, 10)


class SubjectTest(ExplainTest):
    # Shows the parts of the answer about a client whose versions nobody takes any more.
    def test_a_client_is_explained_from_a_capture(self):
        text = self.explained(OLD_CLIENT, replay.SHOWCASE)
        for part in (OLD_CLIENT + ": 2 failed", "version_mismatch", "What was seen", "protocol_version (70)",
                     "What was concluded", "What would prove it wrong", "To see it again",
                     "openssl s_client -connect 198.51.100.10:443"):
            self.assertIn(part, text)

    # Shows that a capture and its events are explained alike, and a name in any case.
    def test_events_are_explained_like_their_capture(self):
        events = self.showcase("--all")
        for subject in (OLD_CLIENT, "198.51.100.12:443", PORTAL, PORTAL.upper()):
            self.assertEqual(self.explained(subject, replay.SHOWCASE), self.explained(subject, "--events", events),
                             subject)
        text = events.read_text()
        self.assertEqual(self.explain(PORTAL, "--events", "-", given=text).stdout,
                         self.explained(PORTAL, "--events", events))

    # Shows that an event is found by its id, alone.
    def test_an_event_is_found_by_its_id(self):
        events = self.showcase()
        for line in events.read_text().splitlines():
            event = json.loads(line)
            text = self.explained(event["event"]["id"], "--events", events)
            self.assertTrue(text.startswith("Event %s, " % event["event"]["id"]), text)
            self.assertIn(event["shakedown"]["outcome"]["name"], text.replace("\n    ", " "))

    # Shows that the answer for programs has the numbers of the one for people.
    def test_json_has_the_same_numbers(self):
        answer = json.loads(self.explained("198.51.100.12", replay.SHOWCASE, "--json"))
        self.assertEqual(answer["subject"], "198.51.100.12")
        self.assertEqual(answer["failed"], sum(group["count"] for group in answer["groups"]))
        self.assertEqual(answer["event"]["destination"]["ip"], "198.51.100.12")

    # Shows exit status 1 and one sentence where nothing failed, or nothing is known.
    def test_what_did_not_fail_is_said_plainly(self):
        done = self.explain("192.0.2.20", replay.SHOWCASE)
        self.assertEqual((done.returncode, done.stderr), (1, ""))
        self.assertIn("Nothing of 192.0.2.20 failed in", done.stdout)
        done = self.explain("203.0.113.1", replay.SHOWCASE)
        self.assertEqual((done.returncode, done.stderr), (1, ""))
        self.assertIn("Nothing is known of 203.0.113.1 in", done.stdout)

    # Shows one sentence for each mistake, with what to do.
    def test_mistakes_are_one_sentence(self):
        nowhere = self.folder / "nowhere"
        garbage = self.folder / "garbage"
        garbage.write_text("no events\n")
        for arguments, words in (
                ((), ("what is to be explained is missing", "server name")),
                (("a b",), ("'a b'", "give")),
                ((replay.SHOWCASE,), ("is a file", "shakedown explain 192.0.2.7")),
                (("192.0.2.7", "--events", nowhere), ("cannot open", "No such file")),
                (("192.0.2.7", "--events", garbage), ("holds no events",)),
                (("192.0.2.7", replay.SHOWCASE, "--events", garbage), ("contradict",)),
                (("192.0.2.7", "--markdown"), ("--rules",)),
                (("192.0.2.7", "--rules"), ("takes nothing else",)),
                (("192.0.2.7", "--socket", nowhere), ("no sensor runs here",)),
                (("192.0.2.7", "--jsn"), ("--jsn", "--json"))):
            self.assert_refused(self.explain(*arguments), *words)

    # Shows that a capture that cannot be read is the data plane's sentence and exit status 2.
    def test_a_capture_that_cannot_be_read_is_refused(self):
        done = self.explain("192.0.2.7", self.folder / "none.pcap")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("none.pcap", done.stderr)

    # Shows that nothing is left behind in the folder for temporary files.
    def test_nothing_is_left_behind(self):
        temporary = self.folder / "temporary"
        temporary.mkdir()
        done = subprocess.run([replay.SHAKEDOWN, "explain", OLD_CLIENT, replay.SHOWCASE], capture_output=True,
                              timeout=replay.PATIENCE, check=False, env={**os.environ, "TMPDIR": str(temporary)})
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(list(temporary.iterdir()), [])


class RulesTest(ExplainTest):
    # Shows that the document holds the rules of the program, word for word.
    def test_the_document_has_the_table_of_the_program(self):
        table = self.explained("--rules", "--markdown")
        written = re.search(r"<!-- rules: .*?-->\n(.*?)<!-- end of rules -->", DOCUMENT.read_text(), re.DOTALL)
        self.assertIsNotNone(written, "docs/diagnosis.md has no place for the rules")
        self.assertEqual(written[1].strip("\n"), table.strip("\n"),
                         "run: shakedown explain --rules --markdown, and put it into docs/diagnosis.md")

    # Shows that each cause that can be concluded has a rule, in all three forms.
    def test_the_forms_have_the_same_rules(self):
        table = json.loads(self.explained("--rules", "--json"))
        text = self.explained("--rules")
        markdown = self.explained("--rules", "--markdown")
        for rule in table["rules"]:
            self.assertIn("\n%s\n" % rule["id"], "\n" + text)
            self.assertIn("| `%s` |" % rule["id"], markdown)
        concluded = {rule["cause"] for rule in table["rules"]}
        # No rule is needed to say nothing, and QUIC is not read yet.
        self.assertEqual({cause["id"] for cause in table["causes"]} - concluded, {"unknown", "udp_blocked"})


if __name__ == "__main__":
    unittest.main()
