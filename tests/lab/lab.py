# SPDX-License-Identifier: Apache-2.0
"""The laboratory while it runs: its networks, its certificates and the servers that were asked for.

    sandbox.enter()
    with Lab() as lab:
        running = lab.server(ServerSpec("nginx"))

Equal specs share one running server. Its log tells connections apart by their order only, so who reads
reports holds lab.turn(spec) from before its client starts until the report is read.
"""
import contextlib
import os
import sys
import threading
import time

import pki
import servers
from model import LabError
from net import sandbox, twins
from net.topology import Network


class _Slot:
    """One spec: its server, once started, and two locks (start it once; one connection at a time)."""

    def __init__(self):
        self.starting = threading.Lock()
        self.turn = threading.RLock()
        self.running = None
        self.port = None   # once started, also while it is stopped
        self.error = None


class Lab:
    def __init__(self, verbose=False, folder=sandbox.FOLDER):
        self.folder = os.fspath(folder)
        self.network = Network(self.folder)
        self.twins = twins.Twins(self.network)
        self.pki = None
        self._verbose = verbose
        self._lock = threading.Lock()
        self._slots = {}
        self._began = time.monotonic()

    def start(self, box=True):
        if not sandbox.is_inside():
            raise LabError("the laboratory is started inside the sandbox only")
        os.makedirs(self.folder, exist_ok=True)
        try:
            self.network.start(box=box)
            self.pki = pki.Authority(os.path.join(self.folder, "pki"))
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self):
        """Stop all servers, then remove the networks; may be called twice and in any state."""
        with self._lock:
            slots, self._slots = dict(self._slots), {}
        for spec, slot in slots.items():
            try:
                self._end(slot)
            except Exception as error:  # One stubborn server must not keep the others alive.
                self.log("%s does not stop: %s", spec.stack, error)
        self.network.stop()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def server(self, spec):
        """The running server of this spec, started by its first caller. One that cannot be started says the
        same (LabError, Unsupported) to every caller."""
        slot = self._slot(spec)
        with slot.starting:
            if slot.error is not None:
                raise slot.error
            if slot.running is None:
                began = time.monotonic()
                try:
                    slot.running = self._start_server(spec, slot.port)
                    slot.port = slot.running.port
                except Exception as error:
                    slot.error = error
                    raise
                self.log("%s listens in %s on port %d after %.2f s", spec.stack, spec.place, slot.port,
                         time.monotonic() - began)
            return slot.running

    def stop_server(self, spec):
        """The next lab.server(spec) starts it anew, on the same port."""
        self._end(self._slot(spec))

    @contextlib.contextmanager
    def turn(self, spec):
        """The running server, for the caller alone."""
        with self._slot(spec).turn:
            yield self.server(spec)

    def log(self, text, *arguments):
        if self._verbose:
            line = "%7.2f %s\n" % (time.monotonic() - self._began, text % arguments if arguments else text)
            sys.stderr.write(line)  # one write, so that lines of several threads do not mix

    def _start_server(self, spec, port):
        if port is None:
            return servers.start(spec, self)
        return servers.ADAPTERS[spec.stack].start(spec, self, port)

    def _slot(self, spec):
        with self._lock:
            return self._slots.setdefault(spec, _Slot())

    @staticmethod
    def _end(slot):
        with slot.starting:
            running, slot.running = slot.running, None
        if running is not None:
            running.stop()
