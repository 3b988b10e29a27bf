# SPDX-License-Identifier: Apache-2.0
"""Shakedown on a span port: both of its processes, as in production."""
import json
import os
import signal
import socket
import subprocess
import time

from model import LabError
from observe import events, programs

# Each has a port for itself. The first leaves it to the kernel to drop what cannot matter.
DRIVERS = {"af_xdp_filter": "mon_filter", "af_xdp": "mon_xdp", "af_packet": "mon_pkt"}
_PORTS = {"af_xdp_filter": "af_xdp:%s,filter=on", "af_xdp": "af_xdp:%s,filter=off", "af_packet": "af_packet:%s"}

_LOSSES = ("port_missed", "port_no_mbuf", "fate_flow_table_full", "embryos_evicted", "handshakes_evicted",
           "records_refused", "segment_pool_empty", "message_pool_empty")
_START_SECONDS = 20
_STOP_SECONDS = 60


class Sensor:
    """One `shakedown run`. Its messages go to EVENTS_PATH.messages, its summary to EVENTS_PATH.summary."""

    def __init__(self, network, driver, interface=None, events_path=None, watch_ports=(),
                 silence_timeout=None, extra_arguments=(), namespace="sensor", roots=None):
        """extra_arguments: further ones of `shakedown run`, e.g. ("--workers", "1"). roots: a PEM file of trust anchors
        beside the system's."""
        self.network, self.driver = network, driver
        self.interface = interface or DRIVERS[driver]
        self.events_path = os.fspath(events_path or os.path.join(network.folder, "events-%s.ndjson" % driver))
        self._namespace = namespace
        self._arguments = ["run", "--json", "--port", _PORTS[driver] % self.interface,
                           # Several sensors run at once, and nobody asks them anything.
                           "--control-socket", "off",
                           *programs.common_arguments(self.events_path, watch_ports, silence_timeout),
                           *map(str, extra_arguments)]
        if roots is not None and programs.knows("read", "--roots"):
            self._arguments += ["--config", self._configuration(roots)]
        self._process = None
        self._notices = None

    def start(self):
        """Returns when packets of the interface reach the sensor; LabError when it does not come that far."""
        if os.path.exists(self.events_path):
            os.unlink(self.events_path)
        self._listen()
        with open(self._messages_path(), "wb") as errors, open(self._summary_path(), "wb") as summary:
            self._process = self.network.popen(self._namespace, [programs.shakedown(), *self._arguments],
                                               stdout=summary, stderr=errors,
                                               env=dict(os.environ, NOTIFY_SOCKET=self._notify_path()))
        try:
            self._wait_until_ready()
        finally:
            # Nobody listens from here on, which is no matter to the one who tells.
            self._notices.close()
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
        return "`shakedown run --port %s`" % (_PORTS[self.driver] % self.interface)

    def _messages_path(self):
        return self.events_path + ".messages"

    def _summary_path(self):
        return self.events_path + ".summary"

    def _wait_until_ready(self):
        deadline = time.monotonic() + _START_SECONDS
        while not self._is_ready():
            if self._process.poll() is not None:
                raise LabError("%s ended at once with status %d: %s" % (
                    self, self._process.returncode, self.messages))
            if time.monotonic() > deadline:
                self.kill()
                raise LabError("%s does not capture after %d s: %s" % (self, _START_SECONDS, self.messages))
            time.sleep(0.03)

    def _notify_path(self):
        return self.events_path + ".notify"

    def _configuration(self, roots):
        path = self.events_path + ".yaml"
        with open(path, "w", encoding="utf-8") as lines:
            lines.write("diagnosis:\n  roots: [%s]\n" % json.dumps(os.fspath(roots)))
        return path

    def _listen(self):
        """As a service manager does."""
        if os.path.exists(self._notify_path()):
            os.unlink(self._notify_path())
        self._notices = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._notices.bind(self._notify_path())

    def _is_ready(self):
        """Whether the command has said so (sd_notify): its ports are open, and somebody takes the records.

        What the kernel shows of the interface says too little. An XDP program is attached before it knows its
        socket, and passes packets by until then.
        """
        try:
            return b"READY=1" in self._notices.recv(4096).split()
        except BlockingIOError:
            return False
