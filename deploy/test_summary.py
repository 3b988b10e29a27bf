#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Names the tests that failed or were skipped in meson's testlog.json, and counts all of them.

The last line is "N passed, N failed, N skipped". Exit status 1 when a test failed or none passed.
"""
import json
import sys

PASSED = {"OK", "EXPECTEDFAIL"}
SKIPPED = {"SKIP", "IGNORED"}


def reason(test):
    """What a skipped test printed last."""
    lines = [line for line in test.get("stdout", "").splitlines() if line.strip()]
    return ": " + lines[-1].strip() if lines else ""


def main():
    passed = failed = skipped = 0
    with open(sys.argv[1], encoding="utf-8") as log:
        for line in log:
            test = json.loads(line)
            if test["result"] in PASSED:
                passed += 1
            elif test["result"] in SKIPPED:
                skipped += 1
                print("skipped  %s%s" % (test["name"], reason(test)))
            else:
                failed += 1
                print("failed   %s (%s)" % (test["name"], test["result"].lower()))
    print("%d passed, %d failed, %d skipped" % (passed, failed, skipped))
    sys.exit(1 if failed or not passed else 0)


if __name__ == "__main__":
    main()
