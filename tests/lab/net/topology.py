# SPDX-License-Identifier: Apache-2.0
"""The networks of plan.py while they exist, and programs in them.

A Network lives inside the private namespaces of sandbox.enter() only: elsewhere start() refuses, so that it
can never touch the interfaces of the machine. All methods may be called by several threads at a time.
"""
import collections
import itertools
import os
import shutil
import signal
import subprocess
import threading
import time

from model import LabError
from net import commands, plan, sandbox

_FIRST_PORT = 20001
_LAST_PORT = 32000       # the kernel gives out source ports above
_POLL_SECONDS = 0.01
_LISTEN = "0A"           # the state in /proc/net/tcp
_TX_DROPPED = 11         # the column in /proc/net/dev


class Network:
    def __init__(self, folder=sandbox.FOLDER):
        self.folder = folder
        self.box = None  # net.box.Box, when started with one
        self._ip = shutil.which("ip") or "ip"
        self._lock = threading.Lock()
        self._ports = itertools.count(_FIRST_PORT)
        self._given = collections.Counter()
        self._residents = {}
        self._started = False

    def start(self, box=True):
        """Make everything. box=False: a bridge of the kernel, which only forwards, in place of the box."""
        if not sandbox.is_inside():
            raise LabError("a network is started inside the sandbox only")
        self._started = True
        _batch([self._ip], ("netns add " + name for name in plan.NAMESPACES))
        self._in_all(commands.settings)
        _batch([self._ip], commands.cables())
        self._in_all(commands.offloads)
        for name in plan.NAMESPACES:
            _batch([self._ip, "-n", name], commands.configuration(name))
        _batch(["tc", "-n", "router"], commands.mirror())
        if box:
            self._start_box()
        else:
            _batch([self._ip, "-n", "box"], commands.kernel_bridge())

    def stop(self):
        """Remove everything, whatever state it is in; may be called twice."""
        if not self._started:
            return
        self._started = False
        if self.box is not None:
            self.box.stop()
            self.box = None
        names = subprocess.run([self._ip, "netns", "list"], capture_output=True, text=True, check=False)
        present = {line.split()[0] for line in names.stdout.splitlines() if line}
        for name in plan.NAMESPACES:
            if name in present:
                self._kill_all(name)
                subprocess.run([self._ip, "netns", "delete", name], check=False)
        for resident in self._residents.values():
            resident.wait()
        self._residents.clear()

    # Programs.

    def popen(self, namespace, argv, **popen_args):
        """subprocess.Popen in a namespace; its pid is that of the program; stdin is empty unless given."""
        popen_args.setdefault("stdin", subprocess.DEVNULL)
        command = [self._ip, "netns", "exec", namespace, *map(_text, argv)]
        return subprocess.Popen(command, **popen_args)

    def run(self, namespace, argv, timeout=30, **run_args):
        """subprocess.run in a namespace: a CompletedProcess with text; LabError when it takes too long."""
        if "input" not in run_args:
            run_args.setdefault("stdin", subprocess.DEVNULL)
        if "stdout" not in run_args and "stderr" not in run_args:
            run_args.setdefault("capture_output", True)
        run_args.setdefault("text", True)
        command = [self._ip, "netns", "exec", namespace, *map(_text, argv)]
        try:
            return subprocess.run(command, timeout=timeout, check=False, **run_args)
        except subprocess.TimeoutExpired as error:
            raise LabError("%s does not end within %g s" % (argv[0], timeout)) from error

    def listening(self, namespace, port, timeout=5):
        """Wait until somebody listens on the TCP port, on whatever address."""
        deadline = time.monotonic() + timeout
        while not self.is_listening(namespace, port):
            if time.monotonic() > deadline:
                raise LabError("nobody listens on port %d in %s after %g s" % (port, namespace, timeout))
            time.sleep(_POLL_SECONDS)

    def is_listening(self, namespace, port):
        for table in ("net/tcp", "net/tcp6"):
            for line in self.read_proc(namespace, table).splitlines()[1:]:
                words = line.split(maxsplit=4)
                if words[3] == _LISTEN and int(words[1].rsplit(":", 1)[1], 16) == port:
                    return True
        return False

    def read_proc(self, namespace, name):
        """A file of /proc/PID/ as a process in the namespace has it; no program is started to ask for it."""
        with open("/proc/%d/%s" % (self._resident(namespace).pid, name), encoding="ascii") as file:
            return file.read()

    def span_losses(self):
        """{interface: packets that did not fit into the queue of that span port}; all zero in a sound run."""
        losses = {}
        for line in self.read_proc("router", "net/dev").splitlines()[2:]:
            name, numbers = line.split(":")
            if name.strip() in plan.SPANS:
                losses[name.strip()] = int(numbers.split()[_TX_DROPPED])
        return losses

    # Addresses and ports.

    def client_namespace(self, network):
        return plan.CLIENTS[network]

    def client_prefix(self, network, family):
        return plan.prefix(plan.CLIENTS[network], family)

    def server_prefix(self, place, family):
        return plan.prefix(place, family)

    def client_address(self, network, family):
        """An address of that client network that was not given out before; any program there may bind it."""
        return self._fresh(plan.CLIENTS[network], family)

    def client_neighbours(self, network, family, count):
        """So many fresh addresses in a row, which no way of cutting networks (/24 is the smallest) takes apart."""
        namespace = plan.CLIENTS[network]
        with self._lock:
            number = self._given[namespace, family]
            first = int(plan.first_free(namespace, family)) + number
            if first // 256 != (first + count - 1) // 256:
                number += 256 - first % 256
            self._given[namespace, family] = number + count
        return [self._address(namespace, family, number + place) for place in range(count)]

    def server_address(self, place, family):
        """An address of "server" or "inner" that was not given out before; its servers answer on it."""
        return self._fresh(place, family)

    def server_port(self):
        with self._lock:
            port = next(self._ports)
        if port > _LAST_PORT:
            raise LabError("no more server ports")
        return port

    def route_from(self, network, destination, source, words=""):
        """Let the kernel choose `source` for everything that clients of this network send to `destination`.

        For programs that cannot be told their source address: destinations are not shared between cases. `words`:
        what `ip route` should know beyond that.
        """
        self.routes_from(network, [(destination, source, words)])

    def routes_from(self, network, ways):
        """The same for many (destination, source, words) at once."""
        namespace, lines = plan.CLIENTS[network], []
        for destination, source, words in ways:
            gateway = plan.transit(namespace, 6 if ":" in source else 4)[0]
            lines += ["address replace %s dev lo nodad" % source] if ":" in source else []
            lines.append("route replace %s via %s src %s %s" % (destination, gateway, source, words))
        _batch([self._ip, "-n", namespace], lines)

    def _fresh(self, namespace, family):
        with self._lock:
            number = self._given[namespace, family]
            self._given[namespace, family] += 1
        return self._address(namespace, family, number)

    @staticmethod
    def _address(namespace, family, number):
        address = plan.first_free(namespace, family) + number
        network = plan.prefix(namespace, family)
        if address not in network or address == network.broadcast_address:
            raise LabError("no more IPv%d addresses in %s" % (family, namespace))
        return str(address)

    # Building.

    def _in_all(self, script_of):
        """One shell per namespace, all at a time: most of the time is spent in starting programs."""
        running = [(name, self.popen(name, ["sh", "-c", script_of(name)], stdout=subprocess.PIPE,
                                     stderr=subprocess.STDOUT, text=True)) for name in plan.NAMESPACES]
        answers = [(name, process.communicate()[0], process.returncode) for name, process in running]
        for name, output, status in answers:
            if status != 0:
                raise LabError("%s cannot be set up: %s" % (name, output.strip()))

    def _start_box(self):
        from net import box  # a network with a plain bridge does not need it
        try:
            self.box = box.Box(self.popen, os.path.join(self.folder, "box.socket"))
        except RuntimeError as error:
            raise LabError(str(error)) from error

    def _resident(self, namespace):
        with self._lock:
            if namespace not in self._residents:
                self._residents[namespace] = self.popen(namespace, ["sleep", "infinity"])
                self._wait_for_exec(self._residents[namespace])
            return self._residents[namespace]

    @staticmethod
    def _wait_for_exec(process):
        """Until then the process is `ip` on its way into the namespace."""
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            with open("/proc/%d/comm" % process.pid, encoding="ascii") as name:
                if name.read().strip() == "sleep":
                    return
            time.sleep(_POLL_SECONDS / 5)
        raise LabError("`ip netns exec` does not start programs")

    def _kill_all(self, namespace):
        for _ in range(10):  # programs may start others while they are killed
            listed = subprocess.run([self._ip, "netns", "pids", namespace], capture_output=True, text=True,
                                    check=False)
            pids = [int(word) for word in listed.stdout.split()]
            if not pids:
                return
            for pid in pids:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            time.sleep(_POLL_SECONDS)


def _text(word):
    return word if isinstance(word, (str, bytes)) else str(word)


def _batch(program, lines):
    done = subprocess.run([*program, "-batch", "-"], input="".join(line + "\n" for line in lines), text=True,
                          capture_output=True, check=False)
    if done.returncode != 0:
        raise LabError("%s: %s" % (" ".join(program), done.stderr.strip()))
