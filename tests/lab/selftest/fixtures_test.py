#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Cutting a capture into fixtures, on made-up packets. Needs no network, no programs and no root."""
import pathlib
import struct
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import fixtures  # noqa: E402
from judge import compare  # noqa: E402
from judge.result import Result, Skipped  # noqa: E402
from judge.seen import Seen  # noqa: E402
from model import Case, ClientSpec, LabError, says  # noqa: E402


def frame(source, destination, protocol=6, payload=b"", vlan=False):
    header = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 0, 0, 64, protocol, 0, bytes(source),
                         bytes(destination))
    tag = struct.pack(">HH", 0x8100, 7) if vlan else b""
    return b"\0" * 12 + tag + struct.pack(">H", 0x0800) + header + payload


class FixturesTest(unittest.TestCase):
    A, B, SERVER = (198, 18, 0, 1), (198, 18, 0, 2), (198, 19, 0, 1)

    def capture(self, frames, tail=b"", magic=0xA1B2C3D4):
        data = struct.pack("<IHHiIII", magic, 2, 4, 0, 0, 65535, 1)
        for number, one in enumerate(frames):
            data += struct.pack("<IIII", number, 0, len(one), len(one)) + one
        with tempfile.NamedTemporaryFile(suffix=".pcap") as file:
            file.write(data + tail)
            file.flush()
            return fixtures.Capture(file.name)

    def test_packets_are_found_by_either_address_also_behind_a_tag(self):
        capture = self.capture([frame(self.A, self.SERVER), frame(self.SERVER, self.A, vlan=True), frame(self.A, self.B)])
        self.assertEqual(len(capture.about("198.19.0.1")), 2)
        self.assertEqual(len(capture.about("198.18.0.2")), 1)
        self.assertEqual(capture.about("198.19.0.2"), [])

    def test_packets_are_found_behind_mpls_labels(self):
        plain = frame(self.A, self.SERVER)
        for labels in (struct.pack(">I", 99 << 12 | 0x100 | 64),
                       struct.pack(">II", 98 << 12 | 64, 99 << 12 | 0x100 | 64)):
            capture = self.capture([plain[:12] + b"\x88\x47" + labels + plain[14:], plain[:12] + b"\x88\x47" + labels])
            self.assertEqual(len(capture.about("198.19.0.1")), 1)

    def test_icmp_errors_belong_to_what_they_quote(self):
        quoted = frame(self.A, self.SERVER)[14:]
        error = frame(self.B, self.A, 1, bytes((3, 13)) + b"\0" * 6 + quoted)
        echo = frame(self.B, self.A, 1, bytes((8, 0)) + b"\0" * 6 + quoted)
        self.assertEqual(len(self.capture([error, echo]).about("198.19.0.1")), 1)

    def test_a_capture_cut_in_a_packet_is_read_up_to_there(self):
        capture = self.capture([frame(self.A, self.SERVER)], tail=struct.pack("<IIII", 1, 0, 90, 90) + b"short")
        self.assertEqual(len(capture.records), 1)

    def test_what_is_no_capture_is_refused(self):
        with self.assertRaises(LabError):
            self.capture([], magic=0x0A0D0D0A)

    def test_the_tail_is_cut_and_the_closing_packet_stays(self):
        records = [bytes([number]) * 100 for number in range(5)]
        self.assertEqual(fixtures.cut(records, b"end", 24 + 3 + 200), records[:2] + [b"end"])
        self.assertEqual(fixtures.cut(records, b"end", 24 + 3 + 199), records[:1] + [b"end"])
        self.assertEqual(fixtures.cut(records, b"end", 24 + 3 + 500), records + [b"end"])

    def test_lines_are_those_of_expect_files(self):
        found = [Seen("198.18.0.1", 40001, "198.19.0.1", 20001, "2026-01-15T12:00:01", "closed_after_server_hello",
                      "closed", "client", "server_hello"),
                 Seen("2001:db8:a::1", 40000, "2001:db8:5::1", 20001, "2026-01-15T12:00:00", "established",
                      "established", "none", "established"),
                 Seen("198.18.0.1", 40002, "198.19.0.1", 20001, "2026-01-15T12:00:02", "unseen", "unseen", "none",
                      "tcp", tunnel="vxlan:42", vlan=("5", "6")),
                 Seen("198.18.0.1", 40003, "198.19.0.1", 20001, "2026-01-15T12:00:03", "starttls_refused",
                      "starttls_refused", "server", "tcp", starttls="ldap", service=("ldap", "")),
                 Seen("198.18.0.1", 40004, "198.19.0.1", 20001, "2026-01-15T12:00:04", "non_tls_reply",
                      "non_tls_reply", "server", "client_hello", service=("", "ssh"))]
        self.assertEqual(fixtures.expect_lines(found), [
            "[2001:db8:a::1]:40000 [2001:db8:5::1]:20001 established none established",
            "198.18.0.1:40001 198.19.0.1:20001 closed_after_server_hello client server_hello",
            "198.18.0.1:40002 198.19.0.1:20001 unseen none tcp in vxlan:42 vlan 5 6",
            "198.18.0.1:40003 198.19.0.1:20001 starttls_refused server tcp over ldap client ldap",
            "198.18.0.1:40004 198.19.0.1:20001 non_tls_reply server client_hello server ssh"])

    def test_what_this_run_could_not_make_stays(self):
        def played(name):
            case = Case(name, ClientSpec("openssl"), None, (), says("refused"))
            return compare.Played(case, "198.19.0.1", 20001, (), None, None, ())

        for complete, left in ((False, ["gone", "skipped"]), (True, ["skipped"])):
            with tempfile.TemporaryDirectory() as name:
                folder = pathlib.Path(name)
                for one in ("made", "skipped", "gone"):
                    (folder / ("%s.openssl.none.pcap" % one)).touch()
                skipped = [Skipped(played("skipped").case, "no such device")]
                fixtures._remove_old(folder, Result((), [played("made")], skipped, [], complete))
                self.assertEqual(sorted(path.name.split(".")[0] for path in folder.iterdir()), left)


if __name__ == "__main__":
    unittest.main()
