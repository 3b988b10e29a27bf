#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Asks a real sensor over its control socket, with every subcommand of `shakedown`, while it watches a cable.

The socket is made as `shakedown run` makes it: bound, with mode 0660, listening, and inherited by control. Needs root; says
why it skips otherwise.
"""
import grp
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

import link

DATAPLANE = os.environ["DATAPLANE"]
CONTROL = os.environ["CONTROL"]
SHAKEDOWN = os.environ["SHAKEDOWN"]
PATIENCE = 30
NOBODY = 65534
CLIENT, SERVER = "192.0.2.7:50123", "198.51.100.5:443"


def tcp_frame(flags, sequence, payload=b"", source=CLIENT, destination=SERVER):
    """A frame from `source` to `destination`; checksums are those of nobody, as on a mirror with offloads."""
    def end(text):
        host, port = text.split(":")
        return socket.inet_aton(host), int(port)
    (from_host, from_port), (to_host, to_port) = end(source), end(destination)
    tcp = (from_port.to_bytes(2, "big") + to_port.to_bytes(2, "big") + sequence.to_bytes(4, "big") + bytes(4) +
           bytes((0x50, flags)) + b"\xff\xff" + bytes(4) + payload)
    header = b"\x45\x00" + (20 + len(tcp)).to_bytes(2, "big") + b"\x00\x01\x40\x00\x40\x06\x00\x00"
    return bytes(12) + b"\x08\x00" + header + from_host + to_host + tcp


class Sensor:
    """Data plane and control as `shakedown run` starts them, with a control socket."""

    def __init__(self, folder, interface, *words):
        self.path = folder / "control.sock"
        self.events = folder / "events.ndjson"
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listening.bind(str(self.path))
        os.chmod(self.path, 0o660)
        os.chown(self.path, 0, grp.getgrnam("nogroup").gr_gid)
        listening.listen(16)
        ends = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        self.dataplane = subprocess.Popen(
            [DATAPLANE, "--port", "af_packet:" + interface, "--workers", "2", "--handoff-fd", str(ends[0].fileno())],
            pass_fds=[ends[0].fileno()], stderr=subprocess.PIPE, text=True)
        self.control = subprocess.Popen(
            [CONTROL, "--handoff-fd", str(ends[1].fileno()), "--serve-fd", str(listening.fileno()), "--quiet",
             *map(str, words)],
            pass_fds=[ends[1].fileno(), listening.fileno()], stderr=subprocess.PIPE, text=True)
        for end in (*ends, listening):
            end.close()

    def close(self):
        for process in (self.dataplane, self.control):
            if process.poll() is None:
                process.kill()
            process.communicate()

    def stop(self):
        """What control said on standard error."""
        self.dataplane.terminate()
        self.dataplane.wait(PATIENCE)
        return self.control.communicate(timeout=PATIENCE)[1]

    def run(self, *words, user=None):
        return subprocess.run([SHAKEDOWN, *words, "--socket", str(self.path)], capture_output=True, text=True,
                              timeout=PATIENCE, check=False, user=user, group=user,
                              extra_groups=[] if user is not None else None)

    def ask(self, *words):
        """The answer as JSON."""
        done = self.run(*words, "--json")
        if done.returncode != 0:
            raise AssertionError("%s: %s %s" % (words, done.stderr, done.stdout))
        return json.loads(done.stdout)

    def attached(self):
        return self.ask("status")["data_plane"]["attached"]


class SocketTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="socket-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.folder.chmod(0o755)
        self.cable = link.Cable()
        self.addCleanup(self.cable.remove)

    def start(self, *words):
        sensor = Sensor(self.folder, self.cable.far, *words)
        self.addCleanup(sensor.close)
        link.wait_until(sensor.attached, "the start")
        return sensor

    def send(self, count):
        for _ in range(count):
            self.cable.socket.send(link.udp_frame(100))

    def packets(self, sensor):
        return sensor.ask("status")["traffic"]["packets"]


class AnswerTest(SocketTest):
    def test_status_follows_the_traffic(self):
        sensor = self.start("--sensor", "edge-1")
        self.send(500)
        link.wait_until(lambda: self.packets(sensor) == 500, "the last packet")
        status = sensor.ask("status")
        self.assertEqual(status["sensor"], "edge-1")
        self.assertEqual(status["data_plane"]["pid"], sensor.dataplane.pid)
        self.assertEqual(status["data_plane"]["state"], "running")
        self.assertEqual(status["control"]["pid"], sensor.control.pid)
        self.assertLess(status["data_plane"]["heartbeat_age_seconds"], 5)
        self.assertEqual(status["overload"]["level"], "none")
        link.wait_until(lambda: sensor.ask("status")["traffic"]["rate_seconds"] >= 1, "the first rate")
        text = sensor.run("status")
        self.assertEqual(text.returncode, 0, text.stderr)
        self.assertIn("edge-1: the sensor works", text.stdout)
        self.assertIn("500 packets since the data plane began", text.stdout)

    def test_tables(self):
        sensor = self.start()
        self.send(300)
        link.wait_until(lambda: self.packets(sensor) == 300, "the last packet")
        counters = {item["name"]: item for item in sensor.ask("counters")["counters"]}
        self.assertEqual(counters["packets_received"]["total"], 300)
        self.assertEqual(len(counters["packets_received"]["workers"]), 2)
        self.assertEqual(counters["fate_not_tcp"]["total"], 300)
        text = sensor.run("counters").stdout
        self.assertRegex(text, r"packets_received +300 +packets ")
        self.assertNotIn("malformed_ethernet", text)
        self.assertIn("malformed_ethernet", sensor.run("counters", "--all").stdout)
        self.assertIn("worker 1", sensor.run("counters", "--workers").stdout)
        port, = sensor.ask("ports")["ports"]
        self.assertIn(self.cable.far, port["name"])
        self.assertEqual(port["packets"], 300)
        self.assertIn(self.cable.far, sensor.run("ports").stdout)
        queues = sensor.ask("queues")
        self.assertEqual(sum(worker["packets"] for worker in queues["workers"]), 300)
        self.assertIn("Workers", sensor.run("queues").stdout)

    # Shows that a connection is found while it is followed, by its two ends in any order.
    def test_a_connection_is_found_where_it_is(self):
        sensor = self.start()
        self.assertEqual(sensor.ask("connection", CLIENT, SERVER)["followed"], "unknown")
        self.cable.socket.send(tcp_frame(0x02, 1000))
        link.wait_until(lambda: sensor.ask("connection", CLIENT, SERVER)["followed"] == "embryo", "the embryo")
        found = sensor.ask("connection", SERVER, CLIENT)
        self.assertEqual(found["followed"], "embryo")
        self.assertEqual(found["silent_workers"], [])
        self.assertEqual(found["handshake"]["source"], {"ip": "192.0.2.7", "port": 50123})
        self.assertGreater(found["deadline_in_seconds"], 0)
        # The beginning of a ClientHello, whose rest does not come.
        self.cable.socket.send(tcp_frame(0x18, 1001, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(40)))
        link.wait_until(lambda: sensor.ask("connection", CLIENT, SERVER)["followed"] == "connection", "the connection")
        text = sensor.run("connection", CLIENT, SERVER).stdout
        self.assertIn("its handshake is being followed", text)
        self.assertRegex(text, r"client +192\.0\.2\.7:50123\n")

    # Shows that a worker that does not run is named instead of waited for.
    def test_a_data_plane_that_stands_still_is_named(self):
        sensor = self.start()
        sensor.dataplane.send_signal(signal.SIGSTOP)
        try:
            self.assertEqual(sensor.ask("connection", CLIENT, SERVER)["silent_workers"], [0, 1])
        finally:
            sensor.dataplane.send_signal(signal.SIGCONT)

    def test_the_log_level_changes_for_both(self):
        sensor = self.start()
        self.assertEqual(sensor.ask("status")["control"]["log_level"], "info")
        self.assertEqual(sensor.run("log-level", "debug").stdout, "The log level is debug now.\n")
        self.assertEqual(sensor.ask("status")["control"]["log_level"], "debug")


class ReloadTest(SocketTest):
    def setUp(self):
        super().setUp()
        self.file = self.folder / "shakedown.yaml"

    def events_of(self, path):
        return "output:\n  events: %s\n" % path

    def test_a_reload_takes_over_what_it_can_and_names_the_rest(self):
        first, second = self.folder / "first.ndjson", self.folder / "second.ndjson"
        self.file.write_text(self.events_of(first))
        sensor = self.start("--config", self.file, "--events", first)
        self.file.write_text(self.events_of(second) + "watchlists:\n  shops: ['shop']\nworkers:\n  count: 7\n")
        answer = sensor.ask("reload")
        self.assertEqual(answer["taken"], ["output.events", "watchlists"])
        self.assertEqual(answer["needs_restart"], ["workers.count"])
        self.assertEqual(answer["reopened"], [str(second)])
        self.assertTrue(second.exists())
        self.assertEqual(sensor.ask("status")["control"]["outputs"], [{"name": "events", "path": str(second)}])
        self.assertIn("takes effect with a restart: workers.count", sensor.stop())

    def test_a_bad_file_changes_nothing(self):
        self.file.write_text("watchlists:\n  shops: ['shop']\n")
        sensor = self.start("--config", self.file)
        self.file.write_text("watchlists:\n  shops: ['(']\nprots: []\n")
        done = sensor.run("reload")
        self.assertEqual(done.returncode, 2)
        self.assertIn("all stays as it is", done.stderr)
        self.assertIn("shakedown.yaml:", done.stdout)
        answer = json.loads(sensor.run("reload", "--json").stdout)
        self.assertEqual((answer["ok"], answer["reason"]), (False, "bad_configuration"))
        self.assertTrue(sensor.attached())

    # Shows what log rotation does: the file is renamed, and SIGHUP makes another one.
    def test_a_signal_opens_rotated_files_anew(self):
        sensor = self.start("--events", self.folder / "events")
        (self.folder / "events").rename(self.folder / "events.1")
        sensor.control.send_signal(signal.SIGHUP)
        link.wait_until((self.folder / "events").exists, "the new file")
        self.assertTrue(sensor.attached())


class RightsTest(SocketTest):
    # Shows that the permissions of the socket decide: others are refused, members of its group are not.
    def test_only_root_and_the_group_may_ask(self):
        try:
            subprocess.run([SHAKEDOWN, "version"], capture_output=True, check=True, timeout=PATIENCE, user=NOBODY)
        except PermissionError as error:
            self.skipTest("another user cannot run the program where it is: %s" % error)
        sensor = self.start()
        member = sensor.run("status", user=NOBODY)
        self.assertEqual(member.returncode, 0, member.stderr)
        other = subprocess.run([SHAKEDOWN, "status", "--socket", str(sensor.path)], capture_output=True, text=True,
                               timeout=PATIENCE, check=False, user=NOBODY, group=NOBODY - 1, extra_groups=[])
        self.assertEqual(other.returncode, 2)
        self.assertIn("no rights", other.stderr)
        self.assertIn("the group nogroup", other.stderr)

    def test_no_sensor(self):
        nowhere = self.folder / "nowhere.sock"
        done = subprocess.run([SHAKEDOWN, "status", "--socket", str(nowhere)], capture_output=True, text=True,
                              timeout=PATIENCE, check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("no sensor runs here", done.stderr)
        self.assertIn(str(nowhere), done.stderr)


class RunTest(SocketTest):
    """The same through `shakedown run`, which makes the socket."""

    def setUp(self):
        super().setUp()
        self.path = self.folder / "run.sock"
        self.events = self.folder / "events"
        self.process = subprocess.Popen(
            [SHAKEDOWN, "run", "--port", "af_packet:" + self.cable.far, "--quiet", "--events", str(self.events),
             "--control-socket", str(self.path)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.addCleanup(self.process.communicate)
        self.addCleanup(self.process.terminate)
        link.wait_until(lambda: self.status().get("data_plane", {}).get("attached"), "the start")

    def status(self):
        done = subprocess.run([SHAKEDOWN, "status", "--json", "--socket", str(self.path)], capture_output=True,
                              text=True, timeout=PATIENCE, check=False)
        return json.loads(done.stdout) if done.returncode == 0 else {}

    # Shows that the socket outlives control, that its next one answers, and that both are told of.
    def test_the_socket_outlives_control(self):
        self.assertEqual(self.path.stat().st_mode & 0o777, 0o660)
        for name, other in (("control", "data_plane"), ("data_plane", "control")):
            before = self.status()
            restarts = before["supervisor"][name]["restarts"]
            os.kill(before[name]["pid"], signal.SIGKILL)
            link.wait_until(lambda n=name, r=restarts: self.status().get("supervisor", {}).get(n, {}).get("restarts") == r + 1,
                       "the restart")
            link.wait_until(lambda: self.status().get("data_plane", {}).get("attached"), "the next attachment")
            self.assertEqual(self.status()[other]["pid"], before[other]["pid"])
        link.wait_until(lambda: self.status().get("blind", {}).get("count") == 1, "the blind interval")

    def test_a_signal_to_the_supervisor_is_a_reload(self):
        self.events.rename(self.folder / "events.1")
        self.process.send_signal(signal.SIGHUP)
        link.wait_until(self.events.exists, "the new file")

    def test_nothing_is_left_of_the_socket(self):
        self.process.terminate()
        self.process.wait(PATIENCE)
        self.assertEqual(self.process.returncode, 0)
        self.assertFalse(self.path.exists())


class BadClientTest(SocketTest):
    def connect(self, sensor):
        client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        client.settimeout(PATIENCE)
        client.connect(str(sensor.path))
        self.addCleanup(client.close)
        return client

    # Shows that clients who send nonsense, do not read or do not leave are nobody's harm but their own.
    def test_nobody_holds_up_the_sensor(self):
        sensor = self.start()
        silent = [self.connect(sensor) for _ in range(10)]
        flood = self.connect(sensor)
        request = b'{"command":"counters"}\n' * 1000

        def send_without_reading():
            try:
                flood.sendall(request)
            except OSError:
                pass
        sender = threading.Thread(target=send_without_reading, daemon=True)
        sender.start()
        nonsense = self.connect(sensor)
        nonsense.sendall(os.urandom(200).replace(b"\n", b"") + b"\n")
        self.assertIn(b'"ok":false', nonsense.recv(4096))
        self.send(2000)
        link.wait_until(lambda: self.packets(sensor) == 2000, "the last packet")
        flood.close()
        for client in silent:
            client.close()
        self.assertTrue(sensor.attached())

    def test_who_comes_too_late_is_sent_away(self):
        sensor = self.start()
        clients = [self.connect(sensor) for _ in range(16)]
        for client in clients:
            client.sendall(b'{"command":"status"}\n')
            self.assertIn(b'"ok":true', client.recv(65536))
        late = sensor.run("status")
        self.assertEqual(late.returncode, 2)
        self.assertIn("too many others", late.stderr)
        clients.pop().close()
        link.wait_until(lambda: sensor.run("status").returncode == 0, "a free place")


if __name__ == "__main__":
    link.enter_namespaces()
    unittest.main()
