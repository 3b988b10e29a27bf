#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""prepare-nic.sh on a virtual cable, in a namespace of its own: what it does, that it does it once, and that it takes
all of it back. Needs root; says why it skips otherwise."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.environ["SHAKEDOWN_LIVE"])
import link  # noqa: E402  pylint: disable=wrong-import-position

SCRIPT = pathlib.Path(os.environ["SHAKEDOWN_SOURCE_ROOT"], "deploy/prepare-nic.sh")
FAR = "pn-far"


class PrepareNicTest(unittest.TestCase):
    def setUp(self):
        self.state = tempfile.mkdtemp(prefix="nic-")
        self.addCleanup(shutil.rmtree, self.state)
        link.run("ip", "link", "add", "pn-near", "type", "veth", "peer", "name", FAR)
        self.addCleanup(subprocess.run, ["ip", "link", "del", "pn-near"], check=False)

    def prepare(self, *words, status=0):
        done = subprocess.run([SCRIPT, *words], capture_output=True, text=True, timeout=60, check=False,
                              env=dict(os.environ, SHAKEDOWN_STATE=self.state))
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout + done.stderr

    @staticmethod
    def flags():
        return set(json.loads(link.run("ip", "-j", "link", "show", FAR))[0]["flags"])

    def picture(self):
        """All that the script might change."""
        ipv6 = pathlib.Path("/proc/sys/net/ipv6/conf", FAR, "disable_ipv6")
        return (self.flags(), link.run("ethtool", "-k", FAR),
                ipv6.read_text() if ipv6.exists() else "")

    def test_a_dry_run_says_and_does_nothing(self):
        before = self.picture()
        said = self.prepare("--dry-run", FAR)
        self.assertIn("+ ip link set dev %s promisc on" % FAR, said)
        self.assertEqual(self.picture(), before)
        self.assertEqual(os.listdir(self.state), [])

    def test_the_interface_listens_and_is_silent(self):
        link.run("ethtool", "-K", FAR, "gro", "on")
        self.prepare(FAR)
        self.assertLessEqual({"UP", "PROMISC", "NOARP"}, self.flags())
        self.assertIn("generic-receive-offload: off", link.run("ethtool", "-k", FAR))

    def test_a_second_time_nothing_is_left_to_do(self):
        self.prepare(FAR)
        self.assertNotIn("\n+ ", "\n" + self.prepare(FAR))

    def test_everything_can_be_taken_back(self):
        link.run("ethtool", "-K", FAR, "gro", "on")
        before = self.picture()
        self.prepare(FAR)
        self.assertNotEqual(self.picture(), before)
        self.prepare("--undo", "--dry-run", FAR)
        self.assertNotEqual(self.picture(), before)
        self.prepare("--undo", FAR)
        self.assertEqual(self.picture(), before)
        self.assertIn("nothing to undo", self.prepare("--undo", FAR))

    def test_what_was_so_before_stays_so_after(self):
        link.run("ip", "link", "set", FAR, "up", "promisc", "on")
        self.prepare(FAR)
        self.prepare("--undo", FAR)
        self.assertLessEqual({"UP", "PROMISC"}, self.flags())

    def test_an_interface_of_the_default_route_is_refused(self):
        link.run("ip", "link", "set", FAR, "up")
        link.run("ip", "addr", "add", "192.0.2.1/24", "dev", FAR)
        link.run("ip", "link", "set", "pn-near", "up")
        link.run("ip", "route", "add", "default", "via", "192.0.2.2", "dev", FAR)
        self.assertIn("the default route", self.prepare(FAR, status=2))
        self.assertNotIn("PROMISC", self.flags())

    def test_bad_use_is_refused(self):
        for words, sentence in ((["pn-none"], "there is no interface"), ([], "prepare-nic.sh [--dry-run]"),
                                (["0000:ff:1f.7"], "there is no device"), (["--hugepages", "some"], "no number"),
                                ([FAR, "0"], "no number of queues"), ([FAR, "1", "more"], "one device at a time"),
                                (["--irq-cpus", "a;b", FAR], "no list of processors"), (["../x"], "no device"),
                                (["--undo-all", FAR], "unknown option")):
            self.assertIn(sentence, self.prepare(*words, status=2))


if __name__ == "__main__":
    link.enter_namespaces()
    unittest.main()
