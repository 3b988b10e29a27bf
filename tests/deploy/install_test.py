#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Installs into a folder of its own, and looks at what is there: programs that find each other, units that systemd
understands, samples that the configuration's own check accepts, and a configuration that a second installation leaves
alone."""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

BUILD = os.environ["SHAKEDOWN_BUILD_ROOT"]
SOURCE = pathlib.Path(os.environ["SHAKEDOWN_SOURCE_ROOT"])
PREFIX = os.environ["SHAKEDOWN_PREFIX"]
UNIT_DIR = os.environ["SHAKEDOWN_UNIT_DIR"]
UNITS = ("shakedown.service", "shakedown@.service", "shakedown-hugepages.service")


def run(*words, **options):
    return subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=60, check=False,
                          **options)


def install(root):
    done = run("meson", "install", "-C", BUILD, "--no-rebuild", "--destdir", root)
    if done.returncode != 0:
        raise AssertionError(done.stdout + done.stderr)


class InstallTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.root = pathlib.Path(tempfile.mkdtemp(prefix="install-"))
        cls.addClassCleanup(shutil.rmtree, cls.root)
        install(cls.root)

    @classmethod
    def at(cls, *parts):
        """A path of the installed system, below the root of this test."""
        return cls.root / str(pathlib.Path(PREFIX, *parts)).lstrip("/")

    @property
    def shakedown(self):
        return self.at(os.environ["SHAKEDOWN_BINDIR"], "shakedown")

    def configuration(self):
        found = list(self.root.rglob("etc/shakedown/shakedown.yaml"))
        self.assertEqual(len(found), 1, found)
        return found[0]

    def test_the_programs_find_each_other_where_they_were_put(self):
        done = run(self.shakedown, "read", SOURCE / "tests/captures/showcase.pcap", "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        for program in ("shakedown-dataplane", "shakedown-control", "prepare-nic.sh"):
            path = self.at(os.environ["SHAKEDOWN_LIBEXECDIR"], program)
            self.assertTrue(os.access(path, os.X_OK), path)

    def test_no_placeholder_is_left(self):
        for path in self.root.rglob("*"):
            if path.is_file() and path.suffix in (".service", ".conf", ".logrotate"):
                self.assertIsNone(re.search(r"@[a-z]+@", path.read_text()), path)

    def test_systemd_understands_the_units(self):
        if UNIT_DIR == "no" or shutil.which("systemd-analyze") is None:
            self.skipTest("no units, or no systemd-analyze")
        folder = pathlib.Path(tempfile.mkdtemp(prefix="units-"))
        self.addCleanup(shutil.rmtree, folder)
        for name in UNITS:
            # It looks whether the programs are there, which they are below the root of this test.
            text = self.at(UNIT_DIR, name).read_text().replace(PREFIX + "/", "%s/" % self.at())
            (folder / name).write_text(text)
        for name in UNITS:
            done = run("systemd-analyze", "verify", "--man=no", folder / name.replace("@", "@dmz"))
            self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_the_sample_configurations_are_good(self):
        examples = sorted(self.root.rglob("examples/*.yaml"))
        self.assertGreaterEqual(len(examples), 6)
        for path in [*examples, self.configuration()]:
            done = run(self.shakedown, "run", "--check", "-c", path)
            self.assertEqual(done.returncode, 0, done.stderr)

    def test_a_second_installation_leaves_the_configuration_alone(self):
        path = self.configuration()
        before = path.read_text()
        self.addCleanup(path.write_text, before)
        path.write_text(before + "\n# mine\n")
        install(self.root)
        self.assertTrue(path.read_text().endswith("# mine\n"))

    def test_the_scripts_are_good_bash(self):
        for script in ("prepare-nic.sh", "install-config.sh"):
            done = run("bash", "-n", SOURCE / "deploy" / script)
            self.assertEqual((done.returncode, done.stderr), (0, ""))


if __name__ == "__main__":
    unittest.main()
