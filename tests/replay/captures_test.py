#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads a folder of real captures with known truth and asks for agreement of at least 97 %.

The folder is $SHAKEDOWN_CAPTURES, or ../shared/captures beside the source tree; it brings truth.jsonl, from_events.py
and score.py. Skipped where it is absent: the captures are not part of this project.
"""
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import replay

AGREEMENT_MIN = 0.97


def rows_of(folder, scratch, capture):
    """The rows of one capture for score.py, and a sentence when the run did not end well."""
    events = scratch / (capture.name + ".ndjson")
    done = subprocess.run([replay.SHAKEDOWN, "read", str(capture), "--all", "--events", str(events)],
                          capture_output=True, text=True, timeout=replay.PATIENCE, check=False)
    broken = "" if done.returncode == 0 else "%s: exit status %d: %s" % (capture.name, done.returncode,
                                                                         done.stderr.strip()[-300:])
    if not events.exists():
        return b"", broken
    rows = subprocess.run([sys.executable, str(folder / "from_events.py"), str(events), "--capture", capture.name],
                          stdout=subprocess.PIPE, check=True).stdout
    return rows, broken


def check(folder, scratch):
    captures = sorted(path for path in folder.iterdir() if path.suffix in (".pcap", ".pcapng", ".cap"))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(lambda capture: rows_of(folder, scratch, capture), captures))
    rows = scratch / "rows.jsonl"
    rows.write_bytes(b"".join(result[0] for result in results))
    broken = [result[1] for result in results if result[1]]
    score = subprocess.run([sys.executable, str(folder / "score.py"), str(folder / "truth.jsonl"), str(rows),
                            "--proto", "tls"], capture_output=True, text=True, check=True)
    print(score.stdout)
    for line in broken:
        print(line)
    agree, scored = map(int, re.search(r"agree (\d+)/(\d+)\s*$", score.stdout).groups())
    print("agreement %.2f %%, wanted %.0f %%" % (100 * agree / scored, 100 * AGREEMENT_MIN))
    return not broken and agree / scored >= AGREEMENT_MIN


def main():
    default = replay.SOURCE_ROOT / "../shared/captures"
    folder = pathlib.Path(os.environ.get("SHAKEDOWN_CAPTURES", default))
    if not (folder / "truth.jsonl").is_file():
        replay.skip("no captures with truth.jsonl in $SHAKEDOWN_CAPTURES")
    with tempfile.TemporaryDirectory(prefix="replay-") as scratch:
        sys.exit(0 if check(folder, pathlib.Path(scratch)) else 1)


if __name__ == "__main__":
    main()
