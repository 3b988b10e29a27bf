# SPDX-License-Identifier: Apache-2.0
"""Every installed client stack succeeds, judges and complains as its adapter claims, over real connections.

The server is always openssl s_server, whose -msg output is the witness of what a client sent. Exits with 77,
which meson takes for "skipped", where namespaces cannot be made.
"""
import functools
import os
import pathlib
import re
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import clients  # noqa: E402  (modules of the laboratory)
from lab import Lab  # noqa: E402
from model import TLS12, TLS13, ClientSpec, LabError, Said, TlsSettings, Unsupported  # noqa: E402
from net import sandbox  # noqa: E402

STACKS = ("openssl", "curl", "gnutls", "nss", "wget", "python", "node", "java", "go", "chromium")
VERSION_OPTION = {TLS12: "-tls1_2", TLS13: "-tls1_3"}
FINISHED_OF_TLS13 = 0x35

lab = None


def setUpModule():
    global lab
    lab = Lab().start(box=False)


def tearDownModule():
    lab.stop()


class Witness:
    """An s_server that answers every request and tells all records."""

    def __init__(self, identity="good", *options):
        self.port = lab.network.server_port()
        self._log = pathlib.Path(lab.folder, "witness_%d" % self.port)
        with open(self._log, "wb") as log:
            self._process = lab.network.popen(
                "server", ["openssl", "s_server", "-accept", str(self.port), "-www", "-msg", "-cipher",
                           "DEFAULT:@SECLEVEL=0", "-cert", lab.pki.certificate(identity),
                           "-cert_chain", lab.pki.chain(identity), "-key", lab.pki.key(identity), *options],
                stdout=log, stderr=subprocess.STDOUT)

    def __enter__(self):
        lab.network.listening("server", self.port)
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.wait()

    def records_of_client(self):
        """(type, length) of every record that came, as s_server saw their headers."""
        time.sleep(0.2)
        found, incoming = [], False
        for line in self._log.read_text(errors="replace").splitlines():
            incoming = line.startswith("<<<") if line[:3] in ("<<<", ">>>") else incoming
            header = re.fullmatch(r" {4}(1[4-7]) 03 0\d (\w\w) (\w\w)\s*", line)
            if header and incoming:
                found.append((int(header[1], 16), int(header[2] + header[3], 16)))
        return found

    def hellos(self):
        return self._log.read_text(errors="replace").count(", ClientHello")


def attempt(spec, port):
    address = lab.network.server_address("server", spec.family)
    return clients.run(spec, lab, address, port, 30)


def for_each_stack(test):
    """Runs a test once for every stack, as sub-tests; one that is not installed is skipped by name."""
    @functools.wraps(test)
    def run_all(self):
        for stack in STACKS:
            with self.subTest(stack=stack):
                why_not = clients.ADAPTERS[stack].available()
                if why_not:
                    self.skipTest(why_not)
                test(self, stack)
    return run_all


class ClientsTest(unittest.TestCase):
    def expect(self, report, said, alert=None):
        self.assertEqual((said, alert), (report.said, report.alert), report)

    @for_each_stack
    def test_succeeds_over_ipv4_and_ipv6(self, stack):
        for version in (TLS12, TLS13):
            with Witness("good", VERSION_OPTION[version]) as witness:
                self.expect(attempt(ClientSpec(stack), witness.port), Said.connected)
                self.expect(attempt(ClientSpec(stack, family=6), witness.port), Said.connected)
                self.assertEqual(2, witness.hellos())

    @for_each_stack
    def test_rejects_an_untrusted_certificate_in_the_way_of_its_profile(self, stack):
        for version in (TLS12, TLS13):
            with self.subTest(version=version), Witness("unknown_ca", VERSION_OPTION[version]) as witness:
                self.expect(attempt(ClientSpec(stack), witness.port), Said.rejected_peer)
                self.check_way(clients.profile(stack).way(version), version, witness.records_of_client())

    @for_each_stack
    def test_rejects_a_wrong_name_in_the_way_of_its_profile(self, stack):
        for version in (TLS12, TLS13):
            with self.subTest(version=version), Witness("wrong_name", VERSION_OPTION[version]) as witness:
                self.expect(attempt(ClientSpec(stack), witness.port), Said.rejected_peer)
                way = clients.profile(stack, "name").way(version)
                self.check_way(way, version, witness.records_of_client())

    def check_way(self, way, version, records):
        after_hello = [record for record in records[1:] if record[0] != 20]
        finished = any(kind == 22 for kind, _ in after_hello) if version == TLS12 else any(
            kind == 23 and length >= FINISHED_OF_TLS13 and length != 0x23 for kind, length in after_hello)
        if way == "late":
            self.assertTrue(finished, records)
        elif way == "closed":
            self.assertEqual([], after_hello, records)
        elif way == "alert":
            self.assertEqual([(21, 2)], after_hello, records)
        else:
            self.assertIn(after_hello, ([(23, 0x13)], [(23, 0x23)]), records)

    @for_each_stack
    def test_trusts_again_with_a_cached_intermediate_or_without_checks(self, stack):
        with Witness("missing_intermediate") as witness:
            self.expect(attempt(ClientSpec(stack), witness.port), Said.rejected_peer)
            self.expect(attempt(ClientSpec(stack, trust="root+cache"), witness.port), Said.connected)
            self.expect(attempt(ClientSpec(stack, trust="all"), witness.port), Said.connected)
            nameless = ClientSpec(stack, trust="all", server_name=None)
            self.expect(attempt(nameless, witness.port), Said.connected)

    @for_each_stack
    def test_reads_the_number_of_an_alert(self, stack):
        with Witness("good", "-tls1_3") as witness:
            spec = ClientSpec(stack, tls=TlsSettings.only(TLS12))
            self.expect(attempt(spec, witness.port), Said.got_alert, 70)

    @for_each_stack
    def test_says_that_its_certificate_is_missing_or_unknown(self, stack):
        require = ("-Verify", "1", "-verify_return_error", "-CAfile", lab.pki.client_root)
        with Witness("good", "-tls1_3", *require) as witness:
            self.expect(attempt(ClientSpec(stack), witness.port), Said.got_alert, 116)
            for identity, said, alert in (("client_good", Said.connected, None),
                                          ("client_unknown", Said.got_alert, 48)):
                self.expect_if_supported(ClientSpec(stack, identity=identity), witness, said, alert)

    @for_each_stack
    def test_resumes(self, stack):
        for version, ways in ((TLS12, ("session_id", "ticket")), (TLS13, ("psk",))):
            for way in ways:
                options = ["-no_ticket"] if way == "session_id" else []
                with self.subTest(way=way), Witness("good", VERSION_OPTION[version], *options) as witness:
                    self.expect_if_supported(ClientSpec(stack, resume=way), witness, Said.connected)

    @for_each_stack
    def test_obeys_a_wrong_clock(self, stack):
        with Witness("expired") as witness:
            spec = ClientSpec(stack, clock_offset_days=-450)
            self.expect_if_supported(spec, witness, Said.connected)

    def expect_if_supported(self, spec, witness, said, alert=None):
        try:
            report = attempt(spec, witness.port)
        except Unsupported:
            return
        self.expect(report, said, alert)

    @for_each_stack
    def test_says_that_nobody_listens(self, stack):
        port = lab.network.server_port()
        self.expect(attempt(ClientSpec(stack), port), Said.refused)

    @for_each_stack
    def test_refuses_what_no_stack_can_do(self, stack):
        with self.assertRaises(Unsupported):
            attempt(ClientSpec(stack, starttls="telnet"), 1)
        with self.assertRaises(Unsupported):
            attempt(ClientSpec(stack, role="juggler"), 1)

    def test_a_first_connection_that_fails_breaks_a_resumption(self):
        with Witness("unknown_ca") as witness, self.assertRaises(LabError):
            attempt(ClientSpec("openssl", resume="ticket"), witness.port)


if __name__ == "__main__":
    reason = sandbox.why_not()
    if reason:
        print("skipped: " + reason)
        sys.exit(77)
    sandbox.enter()
    os.chdir("/")
    unittest.main()
