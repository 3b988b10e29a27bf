#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What people do wrong: each case gets one clear sentence and exit code 2, or the part that could be read."""
import os
import unittest

import replay


class BadInputTest(replay.ReplayTest):
    def file(self, content):
        path = self.folder / "input.pcap"
        path.write_bytes(content)
        return path

    # Shows that the sentence names the file that is not there.
    def test_a_missing_file(self):
        self.assert_refused(self.read(self.folder / "missing.pcap"), "missing.pcap", "no such file")

    # Shows that a folder is not taken for an empty capture.
    def test_a_directory(self):
        self.assert_refused(self.read(self.folder), str(self.folder), "directory")

    # Shows that nothing at all is not "no failures".
    def test_an_empty_file(self):
        self.assert_refused(self.read(self.file(b"")), "input.pcap", "empty")

    # Shows that text is not read as packets.
    def test_a_file_that_is_no_capture(self):
        self.assert_refused(self.read(self.file(b"This is no capture at all.\n" * 100)), "input.pcap")

    # Shows that a file cut inside its own header is refused.
    def test_a_capture_cut_inside_its_header(self):
        self.assert_refused(self.read(self.file(replay.SHOWCASE.read_bytes()[:20])), "input.pcap")

    # Shows that one bad file among good ones is refused before anything is read.
    def test_one_bad_file_among_good_ones(self):
        self.assert_refused(self.read(replay.SHOWCASE, self.folder / "missing.pcap"), "missing.pcap")

    @unittest.skipIf(os.geteuid() == 0, "root may read every file")
    def test_a_file_that_may_not_be_read(self):
        path = self.file(replay.SHOWCASE.read_bytes())
        path.chmod(0)
        self.assert_refused(self.read(path), "Permission denied")

    # Shows that a capture cut inside a packet gives what was there, a warning, and success.
    def test_a_capture_cut_inside_a_packet(self):
        whole = replay.SHOWCASE.read_bytes()
        done = self.read(self.file(whole[:len(whole) * 2 // 3 + 1]))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(done.stdout)
        self.assertRegex(done.stdout + done.stderr, "(?i)cut|truncated")

    # Shows that a capture without packets is read to its end, and that nothing is invented.
    def test_a_capture_without_packets(self):
        header = replay.SHOWCASE.read_bytes()[:24]
        done = self.read(self.file(header), "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(replay.json.loads(done.stdout)["tls"]["handshakes"], 0)


class BadOutputTest(replay.ReplayTest):
    # Shows that events are not lost silently where they cannot be created.
    def test_an_output_folder_that_is_not_there(self):
        path = self.folder / "nowhere/events.ndjson"
        self.assert_refused(self.read(replay.SHOWCASE, "--events", path), "events.ndjson", "No such file")

    # Shows that a folder is refused as an output.
    def test_an_output_that_is_a_folder(self):
        self.assert_refused(self.read(replay.SHOWCASE, "--events", self.folder), "directory")

    # Shows that a full disk under the events is an error and not a short file.
    def test_a_full_disk_under_the_events(self):
        self.assert_refused(self.read(replay.SHOWCASE, "--all", "--events", "/dev/full"), "No space left")

    # Shows that a full disk under the summary is noticed.
    def test_a_full_disk_under_the_summary(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = replay.subprocess.run([replay.SHAKEDOWN, "read", str(replay.SHOWCASE)], stdout=full, text=True,
                                         stderr=replay.subprocess.PIPE, timeout=replay.PATIENCE, check=False)
        self.assert_refused(done, "No space left")


class BadArgumentsTest(replay.ReplayTest):
    # Shows that a slip in an option is answered with the option that was meant.
    def test_an_unknown_option(self):
        self.assert_refused(self.read(replay.SHOWCASE, "--evnts", "x"), "did you mean '--events'?")

    # Shows that numbers out of range are refused before anything starts.
    def test_more_workers_than_there_can_be(self):
        self.assert_refused(self.read(replay.SHOWCASE, "--workers", 65), "--workers", "64")


if __name__ == "__main__":
    unittest.main()
