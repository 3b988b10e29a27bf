# SPDX-License-Identifier: Apache-2.0
"""Shakedown on a span port: both of its processes, as in production."""
import json
import os
import pathlib
import signal
import subprocess
import time

from model import LabError
from observe import events, programs

DRIVERS = {"af_xdp": "mon_xdp", "af_packet": "mon_pkt"}  # and the port that each has for itself

_CONTROL = "shakedown-contr\n"  # the kernel keeps 15 characters of shakedown-control
_LOSSES = ("port_missed", "port_no_mbuf", "fate_flow_table_full", "embryos_evicted", "handshakes_evicted",
           "records_refused", "segment_pool_empty", "message_pool_empty")
_START_SECONDS = 20
_STOP_SECONDS = 60


class Sensor:
    """One `shakedown run`. Its messages go to EVENTS_PATH.messages, its summary to EVENTS_PATH.summary."""

    def __init__(self, network, driver, interface=None, events_path=None, watch_ports=(),
                 silence_timeout=None, extra_arguments=(), namespace="sensor"):
        """extra_arguments: further ones of `shakedown run`, e.g. ("--workers", "1")."""
        self.network, self.driver = network, driver
        self.interface = interface or DRIVERS[driver]
        self.events_path = os.fspath(events_path or os.path.join(network.folder, "events-%s.ndjson" % driver))
        self._namespace = namespace
        self._arguments = ["run", "--json", "--port", "%s:%s" % (driver, self.interface),
                           *programs.common_arguments(self.events_path, watch_ports, silence_timeout),
                           *map(str, extra_arguments)]
        self._process = None

    def start(self):
        """Returns when packets of the interface reach the sensor; LabError when it does not come that far."""
        if os.path.exists(self.events_path):
            os.unlink(self.events_path)
        with open(self._messages_path(), "wb") as errors, open(self._summary_path(), "wb") as summary:
            self._process = self.network.popen(self._namespace, [programs.shakedown(), *self._arguments],
                                               stdout=summary, stderr=errors)
        deadline = time.monotonic() + _START_SECONDS
        while not self._is_ready():
            if self._process.poll() is not None:
                raise LabError("%s ended at once with status %d: %s" % (
                    self, self._process.returncode, self.messages))
            if time.monotonic() > deadline:
                self.kill()
                raise LabError("%s does not capture after %d s: %s" % (self, _START_SECONDS, self.messages))
            time.sleep(0.03)
        return self

    def stop(self):
        """End it as a user would, and return its events, as dicts; LabError when it did not end well."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired as error:
            self.kill()
            raise LabError("%s does not end: %s" % (self, self.messages)) from error
        if self._process.returncode != 0:
            raise LabError("%s ended with status %d: %s" % (self, self._process.returncode, self.messages))
        return events.load(self.events_path)

    def kill(self):
        """Both planes die with the command."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def losses(self):
        """{counter: number} of everything that it could not take or keep; empty after a sound run, once stopped."""
        try:
            with open(self._summary_path(), encoding="utf-8") as summary:
                counters = json.load(summary)["capture"]["counters"]
        except (OSError, ValueError, KeyError) as error:
            raise LabError("%s left no summary: %s" % (self, error)) from error
        return {name: counters[name] for name in _LOSSES if counters.get(name)}

    @property
    def pid(self):
        return self._process.pid

    @property
    def messages(self):
        """What it said on standard error: warnings, for instance about packets that it lost."""
        with open(self._messages_path(), encoding="utf-8", errors="replace") as lines:
            return programs.last_words(lines.read())

    def __str__(self):
        return "`shakedown run --port %s:%s`" % (self.driver, self.interface)

    def _messages_path(self):
        return self.events_path + ".messages"

    def _summary_path(self):
        return self.events_path + ".summary"

    def _is_ready(self):
        """Whether the control plane has mapped the segment: the data plane hands it over once its ports are
        open, and from then on packets wait in the rings of the interface.

        What the kernel shows of the interface says too little. An XDP program is attached before it knows its
        socket, and passes packets by until then.
        """
        for folder in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                parent = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
                if parent == self._process.pid and (folder / "comm").read_text() == _CONTROL:
                    return "/memfd:" in (folder / "maps").read_text()
            except OSError:  # It ended meanwhile.
                continue
        return False
