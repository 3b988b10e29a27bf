# SPDX-License-Identifier: Apache-2.0
"""The networks of the laboratory do what scenarios rely on, and leave nothing behind.

Exits with 77, which meson takes for "skipped", where namespaces cannot be made.
"""
import concurrent.futures
import os
import pathlib
import signal
import struct
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from model import LabError  # noqa: E402  (modules of the laboratory)
from net import plan, sandbox, twins  # noqa: E402
from net.topology import Network  # noqa: E402
from observe.capture import Capture  # noqa: E402

PROGRAMS = str(pathlib.Path(__file__).with_name("net_programs.py"))
MARK = "SHAKEDOWN_LAB_VICTIM"
KINDS = ("net", "mnt", "pid")  # of namespaces


def program(*arguments):
    return [sys.executable, PROGRAMS, *map(str, arguments)]


def frames(path):
    """The packets of a capture file without their times."""
    data = pathlib.Path(path).read_bytes()
    position, found = 24, []
    while position < len(data):
        length = struct.unpack_from("<I", data, position + 8)[0]
        found.append(data[position + 16:position + 16 + length])
        position += 16 + length
    return found


# What can only be seen from outside of the namespaces.

def marked_processes(mark):
    """{pid: its namespaces} of all processes that a victim started."""
    found = {}
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if ("%s=%s" % (MARK, mark)).encode() in (folder / "environ").read_bytes().split(b"\0"):
                found[int(folder.name)] = {os.readlink(folder / "ns" / kind) for kind in KINDS}
        except OSError:  # It ended meanwhile, or is a zombie.
            continue
    return found


def namespaces_in_use():
    found = set()
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        for kind in KINDS:
            try:
                found.add(os.readlink(folder / "ns" / kind))
            except OSError:
                continue
    return found


class Ending(unittest.TestCase):
    def setUp(self):
        self.mounts = pathlib.Path("/proc/self/mountinfo").read_text()
        self.mark = "%d.%d" % (os.getpid(), time.monotonic_ns())
        self.victim = subprocess.Popen(program("victim"), env={**os.environ, MARK: self.mark}, text=True,
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(self.victim.stderr.close)
        self.addCleanup(self.victim.stdout.close)
        self.addCleanup(self.victim.wait)
        self.addCleanup(self.victim.kill)
        self.assertEqual(self.victim.stdout.readline(), "ready\n", "the victim does not start")
        self.processes = marked_processes(self.mark)
        self.assertGreater(len(self.processes), 5)
        ours = {os.readlink("/proc/self/ns/" + kind) for kind in KINDS}
        self.namespaces = set().union(*self.processes.values()) - ours
        self.assertGreater(len(self.namespaces), 3)

    def assert_nothing_is_left(self):
        deadline = time.monotonic() + 5
        while namespaces_in_use() & self.namespaces and time.monotonic() < deadline:
            time.sleep(0.02)  # the kernel kills in the background
        self.assertEqual(marked_processes(self.mark), {})
        self.assertEqual(namespaces_in_use() & self.namespaces, set())
        self.assertEqual(pathlib.Path("/proc/self/mountinfo").read_text(), self.mounts)
        for path in ("/run/lab", "/run/netns/router", "/dev/shm/shakedown-lab-victim"):
            self.assertFalse(os.path.exists(path), path)

    def test_killing_the_outer_process_leaves_nothing(self):
        self.victim.send_signal(signal.SIGKILL)
        self.assertEqual(self.victim.wait(10), -signal.SIGKILL)
        self.assert_nothing_is_left()

    def test_killing_the_program_itself_leaves_nothing(self):
        tree = {pid: int(pathlib.Path("/proc/%d/stat" % pid).read_text().rsplit(")", 1)[1].split()[1])
                for pid in self.processes}
        init = next(pid for pid, parent in tree.items() if parent == self.victim.pid)
        inner = next(pid for pid, parent in tree.items() if parent == init
                     and pathlib.Path("/proc/%d/cmdline" % pid).read_bytes().endswith(b"victim\0"))
        os.kill(inner, signal.SIGKILL)
        self.assertEqual(self.victim.wait(10), 128 + signal.SIGKILL)
        self.assert_nothing_is_left()

    def test_sigterm_ends_it_well(self):
        self.victim.send_signal(signal.SIGTERM)
        self.assertEqual(self.victim.wait(10), 128 + signal.SIGTERM)
        self.assertEqual(self.victim.stdout.read(), "ended well\n")
        self.assert_nothing_is_left()

    def test_ctrl_c_ends_it_well(self):
        self.victim.send_signal(signal.SIGINT)
        self.assertNotEqual(self.victim.wait(10), 0)
        self.assertEqual(self.victim.stdout.read(), "ended well\n")
        self.assert_nothing_is_left()


# What needs the namespaces.

class Topology(unittest.TestCase):
    box = False

    @classmethod
    def setUpClass(cls):
        cls.network = Network()
        began = time.monotonic()
        cls.network.start(box=cls.box)
        cls.seconds = time.monotonic() - began
        servers = []
        cls.addClassCleanup(lambda: [server.wait() for server in servers])
        cls.addClassCleanup(cls.network.stop)
        cls.ports = {}
        for place in plan.PLACES:
            cls.ports[place] = cls.network.server_port()
            servers.append(cls.network.popen(place, program("serve", cls.ports[place])))
            cls.network.listening(place, cls.ports[place])

    def fetch(self, namespace, place, family, source=None):
        address = self.network.server_address(place, family)
        asked = [source] if source else []
        done = self.network.run(namespace, program("fetch", address, self.ports[place], *asked))
        self.assertEqual(done.returncode, 0, done.stderr)
        peer, length = done.stdout.split()
        self.assertEqual(int(length), 20_000)
        return peer

    def test_starts_within_three_seconds(self):
        self.assertLess(self.seconds, 3)

    def test_every_client_reaches_every_place_by_both_families(self):
        for name in plan.CLIENTS.values():
            addresses = [self.network.server_address(place, family)
                         for place in plan.PLACES for family in (4, 6)]
            done = self.network.run(name, program("ping", *addresses))
            self.assertEqual(done.stdout.split(), addresses, "%s: %s" % (name, done.stderr))

    def test_connections_come_from_the_address_that_the_client_bound(self):
        for place in plan.PLACES:
            for family in (4, 6):
                source = self.network.client_address("b", family)
                self.assertEqual(self.fetch("client_b", place, family, source), source)

    def test_connections_come_from_the_primary_address_unless_asked(self):
        for family in (4, 6):
            self.assertEqual(self.fetch("client_c", "server", family), str(plan.primary("client_c", family)))

    def test_a_route_chooses_the_source_of_programs_that_cannot(self):
        for family in (4, 6):
            address = self.network.server_address("inner", family)
            source = self.network.client_address("a", family)
            self.network.route_from("a", address, source)
            done = self.network.run("client_a", program("fetch", address, self.ports["inner"]))
            self.assertEqual(done.stdout.split()[:1], [source], done.stderr)

    def test_a_twin_answers_one_client_behind_the_address_and_port_of_another_server(self):
        redirecting = twins.Twins(self.network)
        for place, family in ((place, family) for place in plan.PLACES for family in (4, 6)):
            address, port = self.network.server_address(place, family), self.network.server_port()  # nobody listens
            mine, other = (self.network.client_address("b", family) for _ in range(2))

            def reached(source):
                return self.network.run("client_b", program("fetch", address, port, source)).stdout.split()[:1]

            with redirecting.active(place, mine, address, port, self.ports[place]):
                self.assertEqual(reached(mine), [mine])
                self.assertEqual(reached(other), [])
            self.assertEqual(reached(mine), [])

    def test_neighbours_are_in_one_network_however_it_is_cut(self):
        for count in (1, 5, 200, 100):
            found = self.network.client_neighbours("c", 4, count)
            self.assertEqual(len(set(found)), count)
            self.assertEqual(len({one.rsplit(".", 1)[0] for one in found}), 1)
        self.assertNotIn(self.network.client_address("c", 4), found)

    def mirrored(self, namespace, place, family, link):
        """(frames on the link, frames on each span port) of one connection."""
        expression = "tcp port %d" % self.ports[place]
        taps = [("router", link, "inout"), *(("sensor", name, "in") for name in ("mon_filter", "mon_xdp", "mon_pkt"))]
        captures = [Capture(self.network, "%s/%s.pcap" % (sandbox.FOLDER, name), where, name, expression, way)
                    for where, name, way in taps]
        for capture in captures:
            capture.start()
        self.fetch(namespace, place, family)
        time.sleep(0.1)  # the last FIN
        return [sorted(frames(capture.stop())) for capture in captures]

    def assert_each_once(self, namespace, place, family, link):
        on_link, *spans = self.mirrored(namespace, place, family, link)
        self.assertGreater(len(on_link), 20)
        self.assertEqual(len(on_link), len(set(on_link)), "the link itself shows a packet twice")
        for span in spans:
            self.assertEqual(len(on_link), len(span))
            self.assertEqual(on_link, span)

    def test_each_packet_is_mirrored_once_in_both_directions(self):
        for family in (4, 6):
            self.assert_each_once("client_a", "server", family, "to_server")
            self.assert_each_once("client_a", "inner", family, "to_inner")

    def test_between_two_servers_each_packet_is_mirrored_once(self):
        for family in (4, 6):
            from_server = self.mirrored("server", "inner", family, "to_server")
            self.assertGreater(len(from_server[0]), 20)
            # Time to live and hardware addresses tell where a packet was copied: compare what TCP made of it.
            segments = [sorted(frame[-(len(frame) - 14 - (20 if family == 4 else 40)):] for frame in one)
                        for one in from_server]
            self.assertEqual(segments[0], segments[1])
            self.assertEqual(segments[0], segments[2])

    def test_no_segment_is_larger_than_the_link(self):
        on_link, *spans = self.mirrored("client_a", "server", 4, "to_server")
        self.assertEqual({max(map(len, one)) for one in (on_link, *spans)}, {1514})

    def test_nothing_is_mirrored_when_nobody_speaks(self):
        with Capture(self.network, sandbox.FOLDER + "/idle.pcap") as capture:
            time.sleep(1)
        self.assertEqual(frames(capture.path), [])

    def test_span_ports_lose_nothing(self):
        self.assertEqual(self.network.span_losses(), dict.fromkeys(plan.SPANS, 0))

    def test_addresses_and_ports_are_given_out_once(self):
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            ports = list(pool.map(lambda _: self.network.server_port(), range(500)))
            addresses = list(pool.map(lambda _: self.network.client_address("a", 4), range(500)))
        self.assertEqual(len(set(ports)), 500)
        self.assertEqual(len(set(addresses)), 500)

    def test_says_when_nobody_listens(self):
        with self.assertRaisesRegex(LabError, "nobody listens on port"):
            self.network.listening("server", self.network.server_port(), timeout=0.05)

    def test_says_when_a_program_does_not_end(self):
        with self.assertRaisesRegex(LabError, "does not end"):
            self.network.run("server", ["sleep", "5"], timeout=0.1)


class TopologyWithBox(Topology):
    box = True


class Stopping(unittest.TestCase):
    def test_stop_removes_namespaces_and_kills_programs(self):
        network = Network()
        network.start(box=False)
        left = network.popen("server", ["sleep", "600"])
        network.stop()
        self.assertEqual(left.wait(1), -signal.SIGKILL)
        listed = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True)
        self.assertEqual(listed.stdout, "")

    def test_stop_works_twice_and_before_start(self):
        network = Network()
        network.stop()
        network.start(box=False)
        network.stop()
        network.stop()

    def test_a_stopped_network_can_be_made_anew(self):
        for _ in range(2):
            network = Network()
            network.start(box=False)
            network.stop()


class Orphans(unittest.TestCase):
    def test_are_buried_and_children_are_left_to_the_program(self):
        for _ in range(20):
            subprocess.run(["setsid", "-f", "true"], check=True)
            self.assertEqual(subprocess.run(["sh", "-c", "exit 3"], check=False).returncode, 3)
        deadline = time.monotonic() + 2
        while zombies() and time.monotonic() < deadline:
            time.sleep(0.01)
        self.assertEqual(zombies(), [])


def zombies():
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            text = path.read_text()
        except OSError:
            continue
        if text.rsplit(")", 1)[1].split()[0] == "Z":
            found.append(text)
    return found


OUTSIDE = (Ending,)
INSIDE = (Topology, TopologyWithBox, Stopping, Orphans)


def passes(classes):
    load = unittest.defaultTestLoader
    names = sys.argv[1:]
    suite = unittest.TestSuite()
    for one in classes:
        for test in load.loadTestsFromTestCase(one):
            if not names or any(name in test.id() for name in names):
                suite.addTest(test)
    return unittest.TextTestRunner(verbosity=2).run(suite).wasSuccessful()


def main():
    reason = sandbox.why_not()
    if reason:
        print("skipped: " + reason)
        return 77
    if not passes(OUTSIDE):
        return 1
    sandbox.enter()
    return 0 if passes(INSIDE) else 1


if __name__ == "__main__":
    sys.exit(main())
