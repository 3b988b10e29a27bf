#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads every capture of tests/captures/lab with the real programs and asks for the outcomes written beside it.

These are the laboratory's cases as its mirror port showed them, so that real stacks are tested without root.
"""
import collections
import concurrent.futures
import json
import os
import pathlib
import tempfile
import unittest

import replay

FOLDER = replay.SOURCE_ROOT / "tests/captures/lab"
SILENCE_SECONDS = "4"  # what the laboratory's sensors ran with


def expected_lines(capture):
    return capture.with_suffix(".expect").read_text().splitlines()


def lines_of(events):
    """Outcome lines, with the tunnel and the VLANs that the packets came in, and what was spoken that is no TLS."""
    lines = []
    for line, event in zip(replay.outcome_lines(events), map(json.loads, events.splitlines()), strict=True):
        tunnel, network = event["shakedown"].get("tunnel"), event["network"]
        vlans = [where["vlan"]["id"] for where in (network, network.get("inner", {})) if "vlan" in where]
        words = (["in", tunnel] if tunnel else []) + (["vlan", *vlans] if vlans else [])
        words += ["over", event["shakedown"]["starttls"]] if "starttls" in event["shakedown"] else []
        services = event["shakedown"].get("service", {})
        words += [word for side in ("client", "server") if side in services for word in (side, services[side])]
        lines.append(" ".join([line, *words]))
    return lines


def server_ports(lines):
    return ",".join(sorted({line.split()[1].rsplit(":", 1)[1] for line in lines}))


def difference(capture, scratch):
    """None, or a sentence that says how the programs saw this capture otherwise."""
    expected = expected_lines(capture)
    events = scratch / (capture.stem + ".ndjson")
    done = replay.subprocess.run(
        [replay.SHAKEDOWN, "read", str(capture), "--all", "--quiet", "--events", str(events), "--silence-timeout",
         SILENCE_SECONDS, "--watch-port", server_ports(expected)],
        capture_output=True, text=True, timeout=replay.PATIENCE, stdin=replay.subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        return "%s: exit status %d: %s" % (capture.name, done.returncode, done.stderr.strip()[-300:])
    seen = lines_of(events.read_bytes())
    if collections.Counter(seen) == collections.Counter(expected):
        return None
    return "%s\n  expected %s\n  seen     %s" % (capture.name, "\n           ".join(expected),
                                                 "\n           ".join(seen) or "nothing")


class FixturesTest(unittest.TestCase):
    # Shows that each case of the laboratory has the outcome that its programs' configuration and words gave it.
    def test_every_capture_tells_what_happened(self):
        captures = sorted(FOLDER.glob("*.pcap"))
        self.assertTrue(captures)
        with tempfile.TemporaryDirectory(prefix="replay-") as scratch:
            with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
                found = list(pool.map(lambda capture: difference(capture, pathlib.Path(scratch)), captures))
        wrong = [sentence for sentence in found if sentence]
        self.assertFalse(wrong, "%d of %d:\n%s" % (len(wrong), len(captures), "\n".join(wrong)))

    # Shows that no capture lies there without its truth, nor a truth without its capture.
    def test_captures_and_truths_come_in_pairs(self):
        names = {suffix: {path.stem for path in FOLDER.glob("*" + suffix)} for suffix in (".pcap", ".expect")}
        self.assertEqual(names[".pcap"], names[".expect"])
        for name in names[".expect"]:
            self.assertTrue(expected_lines(FOLDER / (name + ".expect")), name)


if __name__ == "__main__":
    if not FOLDER.is_dir():
        replay.skip("there are no captures in tests/captures/lab")
    unittest.main()
