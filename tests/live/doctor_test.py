#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`shakedown doctor` on the machine at hand, in a namespace of its own: what it says must be so, and nothing may be
different afterwards. Needs root; says why it skips otherwise."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

import link

SHAKEDOWN = os.environ["SHAKEDOWN"]
NOBODY = 65534


def doctor(*words, **options):
    return subprocess.run([SHAKEDOWN, "doctor", *words], capture_output=True, text=True, timeout=60, check=False,
                          **options)


class DoctorTest(unittest.TestCase):
    def setUp(self):
        self.cable = link.Cable("dr-near", "dr-far")
        self.addCleanup(self.cable.remove)

    def examine(self, *words, status=0):
        """All findings of one name: its grades and what was found."""
        done = doctor("--json", *words)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        report = json.loads(done.stdout)
        self.assertEqual(report["would_run"], status == 0)
        findings = {}
        for check in report["checks"]:
            findings.setdefault(check["name"], []).append(check)
        return findings

    def test_a_good_port_is_found_good_and_runs(self):
        for driver in ("af_packet", "af_xdp"):
            port = "%s:dr-far" % driver
            findings = self.examine("--port", port)
            self.assertEqual(findings["dr-far"][0]["grade"], "ok")
            self.assertEqual(findings["rights"][0]["grade"], "ok")
            self.assertEqual(findings["rss"][0]["grade"], "ok")
            self.assertEqual(findings["ring"][0]["grade"], "ok")
            process = subprocess.Popen([SHAKEDOWN, "run", "--port", port, "--quiet"], stdout=subprocess.DEVNULL,
                                       stderr=subprocess.PIPE, text=True)
            time.sleep(2)
            process.send_signal(signal.SIGTERM)
            _, error = process.communicate(timeout=30)
            self.assertEqual(process.returncode, 0, error)

    def test_a_port_that_another_sensor_reads_is_refused(self):
        process = subprocess.Popen([SHAKEDOWN, "run", "--port", "af_xdp:dr-far", "--quiet"],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            deadline = time.monotonic() + 30
            while not self.cable.has_xdp_program() and time.monotonic() < deadline:
                time.sleep(0.1)
            findings = self.examine("--port", "af_xdp:dr-far", status=1)["dr-far"]
            self.assertIn("another sensor", findings[-1]["found"])
            self.examine("--port", "af_packet:dr-far")
        finally:
            process.terminate()
            process.wait(30)
        self.examine("--port", "af_xdp:dr-far")

    def test_a_port_that_is_down_is_said_with_the_command_that_brings_it_up(self):
        link.run("ip", "link", "set", "dr-far", "down")
        finding = self.examine("--port", "dr-far", status=1)["dr-far"][0]
        self.assertEqual((finding["grade"], finding["repair"]), ("fail", "ip link set dr-far up"))
        subprocess.run(finding["repair"].split(), check=True)
        self.examine("--port", "dr-far")

    def test_a_port_that_joins_packets_is_a_warning_whose_repair_works(self):
        link.run("ethtool", "-K", "dr-far", "gro", "on")
        warnings = [f for f in self.examine("--port", "dr-far")["dr-far"] if f["grade"] == "warn"]
        self.assertEqual(len(warnings), 1, warnings)
        subprocess.run(warnings[0]["repair"].split(), capture_output=True, check=True)
        self.assertEqual([f["grade"] for f in self.examine("--port", "dr-far")["dr-far"]], ["ok"])

    def test_what_is_not_there_is_said(self):
        findings = self.examine("--port", "dr-none", status=1)
        self.assertIn("there is no such interface", findings["dr-none"][0]["found"])
        self.assertIn("dr-far", findings["dr-none"][0]["found"])
        self.assertEqual(self.examine("--port", "pci:0000:ff:1f.7", status=1)["pci:0000:ff:1f.7"][0]["grade"], "fail")

    def test_a_user_without_rights_is_told_so(self):
        if not os.access(SHAKEDOWN, os.X_OK) or shutil.which("setpriv") is None:
            self.skipTest("there is no setpriv")
        done = subprocess.run(["setpriv", "--reuid", str(NOBODY), "--clear-groups", "--inh-caps", "-all", SHAKEDOWN,
                               "doctor", "--port", "af_xdp:dr-far"], capture_output=True, text=True, timeout=60,
                              check=False)
        if "Permission denied" in done.stderr:
            self.skipTest("nobody may not run programs of this folder")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("FAIL  rights", done.stdout)

    def test_the_configuration_is_part_of_the_question(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="doctor-"))
        self.addCleanup(shutil.rmtree, folder)
        path = folder / "shakedown.yaml"
        path.write_text("ports:\n  - af_packet: dr-far\noutput:\n  events: %s/none/events.ndjson\n"
                        "control:\n  user: no-such-user\n" % folder)
        findings = self.examine("-c", str(path), status=1)
        self.assertEqual(findings["output"][0]["repair"], "mkdir -p %s/none" % folder)
        self.assertEqual(findings["user"][0]["grade"], "fail")
        self.assertEqual(findings["dr-far"][0]["grade"], "ok")
        path.write_text("prots: []\n")
        done = doctor("-c", str(path))
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn("did you mean 'ports'?", done.stderr)

    def test_bad_use_is_refused(self):
        for words in (["dr-far"], ["--prot", "dr-far"], ["--port", "af_dpx:dr-far"]):
            done = doctor(*words)
            self.assertEqual((done.returncode, done.stdout), (2, ""))

    def test_nothing_is_changed(self):
        def picture():
            return [link.run(*words) for words in (("ip", "-d", "link"), ("ethtool", "-k", "dr-far"),
                                                   ("ls", "-lR", "/sys/fs/bpf"), ("ls", "-A", "/dev/shm"))]
        before = picture()
        self.examine("--port", "af_xdp:dr-far")
        self.assertEqual(picture(), before)


if __name__ == "__main__":
    link.enter_namespaces()
    unittest.main()
