# SPDX-License-Identifier: Apache-2.0
"""Sensors of both drivers, the capture and its replay see the same connections, and say so when they cannot.

Connections are made without TLS: a server that answers a ClientHello with something else is an outcome as
well (non_tls_reply), and one that only needs the standard library. Exits with 77 without namespaces or the
command.
"""
import collections
import concurrent.futures
import pathlib
import signal
import sys
import time
import unittest
import unittest.mock

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from model import LabError  # noqa: E402  (modules of the laboratory)
from net import plan, sandbox  # noqa: E402
from net.topology import Network  # noqa: E402
from observe import events, programs  # noqa: E402
from observe.capture import Capture  # noqa: E402
from observe.replay import replay  # noqa: E402
from observe.sensor import DRIVERS, Sensor  # noqa: E402

PROGRAMS = str(pathlib.Path(__file__).with_name("net_programs.py"))


def program(*arguments):
    return [sys.executable, PROGRAMS, *map(str, arguments)]


class Observing(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.network = Network()
        cls.network.start()
        servers = []
        cls.addClassCleanup(lambda: [server.wait() for server in servers])
        cls.addClassCleanup(cls.network.stop)
        cls.port = cls.network.server_port()
        for place in ("server", "inner"):
            servers.append(cls.network.popen(place, program("serve", cls.port)))
            cls.network.listening(place, cls.port)

    def path(self, name):
        return "%s/%s.%s" % (self.network.folder, self.id().rsplit(".", 1)[1], name)

    def sensor(self, driver, **arguments):
        sensor = Sensor(self.network, driver, events_path=self.path(driver), **arguments)
        self.addCleanup(sensor.kill)
        return sensor.start()

    def greet(self, place="server", family=4, count=1, network="a"):
        """Connections from one program, each of which sends a ClientHello; their destination."""
        address = self.network.server_address(place, family)
        namespace = self.network.client_namespace(network)
        done = self.network.run(namespace, program("greet", address, self.port, count))
        self.assertEqual(done.returncode, 0, done.stderr)
        return address, self.port

    def test_a_connection_right_after_the_start_is_seen(self):
        for driver in DRIVERS:
            for _ in range(6):
                sensor = self.sensor(driver)
                destination = self.greet()
                found = sensor.stop()
                self.assertEqual([events.destination(event) for event in found], [destination], driver)

    def test_all_observers_tell_the_same(self):
        sensors = {driver: self.sensor(driver, watch_ports=[self.port]) for driver in DRIVERS}
        capture = Capture(self.network, self.path("pcap")).start()
        destinations = [self.greet(place, family) for place in ("server", "inner") for family in (4, 6)]
        told = {driver: sensor.stop() for driver, sensor in sensors.items()}
        told["replay"] = replay(capture.stop(), [self.port])
        for who, found in told.items():
            groups = events.by_destination(found)
            self.assertEqual(set(groups), set(destinations), who)
            self.assertEqual({events.name(event) for event in found}, {"non_tls_reply"}, who)
            self.assertEqual({events.by(event) for event in found}, {"server"}, who)
        keys = [sorted(map(events.key, found)) for found in told.values()]
        self.assertEqual(keys[0], keys[1])
        self.assertEqual(keys[0], keys[2])

    def test_a_burst_is_seen_whole(self):
        sensors = {driver: self.sensor(driver) for driver in DRIVERS}
        capture = Capture(self.network, self.path("pcap")).start()
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            list(pool.map(lambda network: self.greet(count=200, network=network), "abc"))
        time.sleep(0.2)
        counts = {driver: len(sensor.stop()) for driver, sensor in sensors.items()}
        counts["replay"] = len(replay(capture.stop()))
        self.assertEqual(counts, collections.Counter(af_xdp_filter=600, af_xdp=600, af_packet=600, replay=600))
        self.assertEqual(self.network.span_losses(), dict.fromkeys(plan.SPANS, 0))

    def test_a_refused_connection_is_seen_on_a_watched_port(self):
        port = self.network.server_port()
        sensor = self.sensor("af_packet", watch_ports=[port])
        address = self.network.server_address("server", 4)
        self.network.run("client_a", program("fetch", address, port))
        found = sensor.stop()
        self.assertEqual([(events.destination(event), events.kind(event)) for event in found],
                         [((address, port), "refused")])

    def test_a_sensor_that_cannot_start_says_why(self):
        with self.assertRaisesRegex(LabError, "nosuch"):
            Sensor(self.network, "af_packet", "nosuch", events_path=self.path("events")).start()
        with self.assertRaisesRegex(LabError, "status 2"):
            Sensor(self.network, "af_packet", events_path=self.path("events"),
                   extra_arguments=["--nosuch"]).start()

    def test_a_sensor_that_was_killed_is_no_sound_observer(self):
        sensor = self.sensor("af_packet")
        sensor._process.send_signal(signal.SIGKILL)
        with self.assertRaisesRegex(LabError, "status -9"):
            sensor.stop()

    def test_a_capture_that_cannot_start_says_why(self):
        with self.assertRaisesRegex(LabError, "syntax error"):
            Capture(self.network, self.path("pcap"), expression="tcp port port").start()
        with self.assertRaisesRegex(LabError, "nosuch"):
            Capture(self.network, self.path("pcap"), interface="nosuch").start()

    def test_a_replay_of_nothing_says_why(self):
        with self.assertRaisesRegex(LabError, "status 2"):
            replay(self.path("nosuch"))

    def test_a_missing_command_is_told_by_name(self):
        with unittest.mock.patch.dict("os.environ", SHAKEDOWN="/nosuch/shakedown"):
            with self.assertRaisesRegex(LabError, "no program /nosuch/shakedown"):
                self.sensor("af_packet")

    def test_an_event_that_was_cut_is_an_error(self):
        path = pathlib.Path(self.path("events"))
        path.write_text('{"event":{"dataset":"shakedown.handshake"}}\n{"event"')
        with self.assertRaisesRegex(LabError, "line 2 is no event"):
            events.load(path)


def main():
    reason = sandbox.why_not()
    if not reason:
        try:
            programs.shakedown()
        except LabError as error:
            reason = str(error)
    if reason:
        print("skipped: " + reason)
        return 77
    sandbox.enter()
    return 0 if unittest.main(verbosity=2, exit=False).result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
