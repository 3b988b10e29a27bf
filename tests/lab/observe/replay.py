# SPDX-License-Identifier: Apache-2.0
"""What Shakedown says about a capture file."""
import os
import subprocess

from model import LabError
from observe import events, programs


def replay(pcap, watch_ports=(), silence_timeout=None, events_path=None, workers=None, timeout=300,
           roots=None, profiles=None):
    """The events of `shakedown read`, as dicts. events_path keeps them (default: beside the capture). roots: a PEM
    file of trust anchors beside the system's; profiles: a file that it begins with, where it is there, and leaves
    behind."""
    path = os.fspath(events_path or os.fspath(pcap) + ".ndjson")
    command = [programs.shakedown(), "read", "--quiet", *programs.common_arguments(path, watch_ports, silence_timeout)]
    if workers is not None:
        command += ["--workers", str(workers)]
    if roots is not None and programs.knows("read", "--roots"):
        command += ["--roots", os.fspath(roots)]
    if profiles is not None and programs.knows("read", "--profiles"):
        command += ["--profiles", os.fspath(profiles)]
    try:
        done = subprocess.run([*command, os.fspath(pcap)], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=timeout, check=False)
    except subprocess.TimeoutExpired as error:
        raise LabError("`shakedown read` does not end within %g s" % timeout) from error
    if done.returncode != 0:
        raise LabError("`shakedown read` ended with status %d: %s" % (
            done.returncode, programs.last_words(done.stderr)))
    return events.load(path)
