# SPDX-License-Identifier: Apache-2.0
"""The packets of a span port in a file, as tcpdump writes them.

The tap is the router's end of the port, outgoing: at the sensor's end AF_XDP takes packets away before taps
see them.
"""
import os
import re
import signal
import subprocess
import time

from model import LabError

_BUFFER_KIB = 65536
_START_SECONDS = 10
_STOP_SECONDS = 20


class Capture:
    def __init__(self, network, path=None, namespace="router", interface="span_pkt", expression="",
                 direction="out"):
        """expression: a pcap filter, for captures of one case only. direction: in, out or inout."""
        self.path = os.fspath(path or os.path.join(network.folder, "capture.pcap"))
        self._network = network
        self._namespace, self._interface = namespace, interface
        self._expression, self._direction = expression, direction
        self._process = None

    def start(self):
        """Returns when packets are being captured."""
        # As root, because tcpdump would give up its rights before it opens the file in a folder of root.
        argv = ["tcpdump", "-i", self._interface, "-Q", self._direction, "-n", "-s", "0",
                "-B", str(_BUFFER_KIB), "-U", "--immediate-mode", "-Z", "root", "-w", self.path]
        if self._expression:
            argv.append(self._expression)
        messages = self.path + ".messages"
        with open(messages, "wb") as errors:
            self._process = self._network.popen(self._namespace, argv, stdout=subprocess.DEVNULL,
                                                stderr=errors)
        deadline = time.monotonic() + _START_SECONDS
        while "listening on" not in self._messages():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self._process.kill()
                self._process.wait()
                raise LabError("tcpdump does not capture: %s" % self._messages().strip())
            time.sleep(0.01)
        return self

    def stop(self):
        """The path of the capture, with all packets in it; LabError when the kernel dropped some."""
        time.sleep(0.05)  # what was sent just now is still in the ring
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired as error:
            self._process.kill()
            self._process.wait()
            raise LabError("tcpdump does not end") from error
        said = self._messages()
        dropped = re.search(r"(\d+) packets? dropped by kernel", said)
        if self._process.returncode != 0 or dropped is None:
            raise LabError("tcpdump ended with status %d: %s" % (self._process.returncode, said.strip()))
        if int(dropped[1]):
            raise LabError("the capture lacks %s packets, which the kernel dropped" % dropped[1])
        return self.path

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, *_):
        if self._process.poll() is None:
            if kind is None:
                self.stop()
            else:
                self._process.kill()
                self._process.wait()

    def _messages(self):
        with open(self.path + ".messages", encoding="utf-8", errors="replace") as lines:
            return lines.read()
