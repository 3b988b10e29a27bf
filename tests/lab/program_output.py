# SPDX-License-Identifier: Apache-2.0
"""Programs of the laboratory: where they are looked for, and lines of what they print."""
import shutil

PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
_LINE_LENGTH_MAX = 300


def missing(*programs):
    """What an adapter's available() answers: None, or which program is not installed."""
    absent = [program for program in programs if not shutil.which(program, path=PATH)]
    return "%s is not installed" % ", ".join(absent) if absent else None


def line_around(text, position):
    start = text.rfind("\n", 0, position) + 1
    end = text.find("\n", position)
    return text[start:len(text) if end < 0 else end].strip()[:_LINE_LENGTH_MAX]


def first_line(text):
    """The first one that is not blank; empty when there is none."""
    return next((line.strip()[:_LINE_LENGTH_MAX] for line in text.splitlines() if line.strip()), "")


def last_line(text):
    return first_line("\n".join(reversed(text.splitlines())))
