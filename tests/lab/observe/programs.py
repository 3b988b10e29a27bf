# SPDX-License-Identifier: Apache-2.0
"""Where the command under test is, and how its errors are told."""
import os
import pathlib
import shutil
import subprocess

from model import LabError

_BUILT = pathlib.Path(__file__).resolve().parents[3] / "build" / "shakedown"
_HELP = {}


def shakedown():
    """The path of the command: $SHAKEDOWN, else the one in build/ of this tree, else an installed one."""
    asked = os.environ.get("SHAKEDOWN")
    for path in (asked,) if asked else (str(_BUILT), shutil.which("shakedown")):
        if path and os.access(path, os.X_OK) and not os.path.isdir(path):
            return os.path.abspath(path)
    raise LabError("there is no program %s; build it, or name another one in SHAKEDOWN" % (asked or _BUILT))


def common_arguments(events_path, watch_ports, silence_timeout):
    """What `run` and `read` have in common here: all events."""
    arguments = ["--events", os.fspath(events_path), "--all"]
    if silence_timeout is not None:
        arguments += ["--silence-timeout", "%g" % silence_timeout]
    if watch_ports:
        arguments += ["--watch-port", ",".join(str(port) for port in sorted(set(watch_ports)))]
    return arguments


def knows(command, option):
    """Whether `shakedown COMMAND` has the option; asked once."""
    if command not in _HELP:
        done = subprocess.run([shakedown(), command, "--help"], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, check=False)
        _HELP[command] = done.stdout
    return option in _HELP[command]


def last_words(text, limit=2000):
    return text.strip()[-limit:] or "(it said nothing)"
