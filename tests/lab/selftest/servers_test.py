# SPDX-License-Identifier: Apache-2.0
"""Every installed server stack answers a good client, refuses what it should, and says rightly what happened.

The client is always openssl s_client, whose own output is the witness. Exits with 77, which meson takes for "skipped",
where namespaces cannot be made.
"""
import os
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import clients  # noqa: E402  (modules of the laboratory)
import pki  # noqa: E402
import servers  # noqa: E402
from lab import Lab  # noqa: E402
from model import (SSL3, TLS10, TLS12, TLS13, ClientSpec, LabError, Said, ServerSpec,  # noqa: E402
                   TlsSettings, Unsupported)
from net import sandbox  # noqa: E402

STACKS = ("openssl", "gnutls", "nss", "nginx", "haproxy", "stunnel", "java", "go", "node", "python")
OPTION = {TLS12: "-tls1_2", TLS13: "-tls1_3"}
VERIFYING = ("-verify_return_error", "-verify_hostname", "www.example.com")

lab = None


def setUpModule():
    global lab
    lab = Lab().start(box=False)


def tearDownModule():
    lab.stop()


def s_client(running, version=TLS13, *more, family=4, name="www.example.com", trust="root"):
    """CompletedProcess of one attempt with one request."""
    address = lab.network.server_address("server", family)
    target = ("[%s]:%d" if family == 6 else "%s:%d") % (address, running.port)
    argv = ["openssl", "s_client", "-quiet", "-connect", target, OPTION[version],
            "-CAfile", lab.pki.certificate(trust), *VERIFYING, *more]
    argv += ["-servername", name] if name else ["-noservername"]
    return lab.network.run(lab.network.client_namespace("a"), argv, timeout=20, input="GET / HTTP/1.0\r\n\r\n")


def client_identity(name):
    # The client itself would refuse to use a weak key.
    return ("-cipher", "DEFAULT:@SECLEVEL=0", "-cert", lab.pki.certificate(name), "-key", lab.pki.key(name))


class ServersCase(unittest.TestCase):
    def running(self, *arguments, **named):
        try:
            return lab.server(ServerSpec(*arguments, **named))
        except Unsupported as reason:
            self.skipTest(str(reason))

    def attempt(self, running, *arguments, **named):
        mark = running.mark()
        client = s_client(running, *arguments, **named)
        return client, running.report(mark)

    def assert_connected(self, running, *arguments, **named):
        client, report = self.attempt(running, *arguments, **named)
        self.assertIn("HTTP/1.", client.stdout, client.stderr)
        self.assertEqual(Said.connected, report.said, report)


def for_every_stack(test):
    def run(self):
        for stack in STACKS:
            if servers.ADAPTERS[stack].available():
                continue
            with self.subTest(stack):
                test(self, stack)
    run.__name__, run.__doc__ = test.__name__, test.__doc__
    return run


class EveryStack(ServersCase):
    @for_every_stack
    def test_answers_over_both_families_and_versions(self, stack):
        running = self.running(stack)
        self.assert_connected(running, TLS13)
        self.assert_connected(running, TLS13, family=6)
        self.assert_connected(running, TLS12)

    @for_every_stack
    def test_hears_that_its_certificate_is_not_accepted(self, stack):
        client, report = self.attempt(self.running(stack), TLS12, trust="client_root")
        self.assertNotEqual(0, client.returncode)
        self.assertEqual((Said.got_alert, 48), (report.said, report.alert), report)

    @for_every_stack
    def test_refuses_a_version_that_it_was_not_given(self, stack):
        client, report = self.attempt(self.running(stack, TlsSettings.only(TLS13)), TLS12)
        self.assertIn("SSL alert number", client.stderr)
        self.assertEqual(Said.own_failure, report.said, report)

    @for_every_stack
    def test_requires_a_client_certificate_in_its_way(self, stack):
        adapter = servers.ADAPTERS[stack]
        for version in (TLS12, TLS13):
            running = self.running(stack, TlsSettings.only(version), client_certificates="require")
            self.assert_connected(running, version, *client_identity("client_good"))
            for identity, profile in ((None, getattr(adapter, "PROFILE_MISSING", adapter.PROFILE)),
                                      ("client_unknown", adapter.PROFILE), ("client_expired", adapter.PROFILE)):
                more = client_identity(identity) if identity else ()
                client, report = self.attempt(running, version, *more)
                self.assertEqual(Said.rejected_peer, report.said, (version, identity, report))
                # A request that was sent behind the Finished of TLS 1.3 and is not read turns the end into a reset.
                ways = {"alert": "SSL alert number", "encrypted_alert": "SSL alert number",
                        "closed": "unexpected eof|errno=104", "late_response": "HTTP/1.1 400"}
                self.assertRegex(client.stderr + client.stdout, ways[profile.way(version)], (version, identity))

    @for_every_stack
    def test_serves_every_identity(self, stack):
        for identity in pki.SERVERS:
            client, report = self.attempt(self.running(stack, identity=identity), TLS12, trust="client_root")
            self.assertRegex(client.stderr, "certificate verify failed|too small|too weak|bad signature|EE", identity)
            self.assertEqual(Said.got_alert, report.said, (identity, report))

    @for_every_stack
    def test_ends_whole(self, stack):
        running = servers.start(ServerSpec(stack), lab)
        running.stop()
        with self.assertRaises(LabError):
            lab.network.listening("server", running.port, timeout=0.1)


class Roles(ServersCase):
    def test_unknown_names_are_refused_by_alert(self):
        for stack, role in (("nginx", "reject_unknown_name"), ("haproxy", "strict_sni"),
                            ("openssl", "servername_fatal")):
            if servers.ADAPTERS[stack].available():
                continue
            with self.subTest(stack):
                running = self.running(stack, role=role)
                self.assert_connected(running)
                client, report = self.attempt(running, name="nowhere.example.org")
                self.assertIn("SSL alert number 112", client.stderr)
                self.assertEqual(Said.own_failure, report.said)

    def test_forward_proxies_close_without_a_known_name(self):
        for stack, role in (("nginx", "preread"), ("haproxy", "sni_route")):
            if servers.ADAPTERS[stack].available():
                continue
            with self.subTest(stack):
                running = self.running(stack, role=role)
                self.assert_connected(running)
                for name in ("nowhere.example.org", None):
                    client, report = self.attempt(running, name=name)
                    self.assertIn("unexpected eof", client.stderr)
                    self.assertEqual(Said.own_failure, report.said)

    def test_a_forward_proxy_uses_the_upstream_that_it_is_given(self):
        upstream = self.running("openssl")
        address = lab.network.server_address("server", 4)
        running = self.running("nginx", role="preread", options=(("upstream", "%s:%d" % (address, upstream.port)),))
        mark = upstream.mark()
        self.assert_connected(running)
        self.assertEqual(Said.connected, upstream.report(mark).said)

    def test_nss_still_speaks_sslv3(self):
        running = self.running("nss", TlsSettings.only(SSL3))
        request = pathlib.Path(lab.folder, "request")
        request.write_text("GET / HTTP/1.0\r\n\r\n")
        argv = ["tstclnt", "-h", lab.network.server_address("server", 4), "-p", running.port, "-V", "ssl3:ssl3", "-o",
                "-d", "sql:" + lab.pki.nss_database("nothing"), "-A", request]
        mark = running.mark()
        client = lab.network.run("client_a", argv)
        self.assertIn("HTTP/1.", client.stdout, client.stderr)
        self.assertIn("SSL version 3.0", running.report(mark).text)

    def test_what_a_stack_cannot_do_is_said(self):
        for spec in (ServerSpec("openssl", TlsSettings.only(SSL3)), ServerSpec("haproxy", role="preread"),
                     ServerSpec("go", TlsSettings(suites="dhe")), ServerSpec("stunnel", starttls="smtp"),
                     ServerSpec("nginx", options=(("colour", "blue"),)), ServerSpec("none")):
            with self.assertRaises(Unsupported):
                servers.start(spec, lab)


class Features(ServersCase):
    def test_special_features(self):
        for stack in ("openssl", "gnutls", "nginx", "haproxy", "go"):
            if servers.ADAPTERS[stack].available():
                continue
            running = self.running(stack, identity="revoked", staple="revoked")
            argv = ["openssl", "s_client", "-status", "-connect", "%s:%d" % (
                lab.network.server_address("server", 4), running.port), "-servername", "www.example.com"]
            self.assertIn("Cert Status: revoked", lab.network.run("client_a", argv).stdout, stack)
        running = self.running("openssl", TlsSettings.only(TLS10))
        self.assert_connected_old(running)
        running = self.running("openssl", TlsSettings.only(TLS13), options=(("early_data", "yes"),))
        self.assert_connected(running)
        self.assert_connected(running)

    def test_limits_for_overload_are_taken(self):
        self.assert_connected(self.running("nginx", options=(("backlog", "2"), ("worker_connections", "16"))))
        self.assert_connected(self.running("haproxy", options=(("backlog", "2"), ("maxconn", "4"))))

    def assert_connected_old(self, running):
        argv = ["openssl", "s_client", "-quiet", "-tls1", "-cipher", "DEFAULT:@SECLEVEL=0", "-connect",
                "%s:%d" % (lab.network.server_address("server", 4), running.port)]
        mark = running.mark()
        client = lab.network.run("client_a", argv, input="GET / HTTP/1.0\r\n\r\n")
        self.assertIn("HTTP/1.0 200", client.stdout)
        self.assertEqual(Said.connected, running.report(mark).said)


# (stack, protocol, whether it has a word for a client that asked in vain)
UPGRADING = (("exim", "smtp", True), ("dovecot", "imap", True), ("dovecot", "pop3", True), ("vsftpd", "ftp", True),
             ("slapd", "ldap", True), ("prosody", "xmpp", True), ("postgres", "postgres", False),
             ("mariadb", "mysql", False), ("tinyproxy", "http_connect", True))


class Upgrades(ServersCase):
    """s_client knows all of these protocols but RDP and SOCKS, which scenarios show with programs of their own."""

    def ask(self, running, protocol, client="openssl"):
        address = lab.network.server_address("server", 4)
        mark = running.mark()
        spec = ClientSpec(client, starttls=protocol)
        return clients.run(spec, lab, address, running.port), running.report(mark)

    def each(self, role=None):
        for stack, protocol, has_words in UPGRADING:
            if servers.ADAPTERS[stack].available():
                continue
            with self.subTest(stack + " " + protocol):
                spec_role = role if role != "no_tls" or stack != "postgres" else "no_ssl"
                yield stack, protocol, has_words, lab.server(ServerSpec(stack, starttls=protocol, role=spec_role))

    def test_who_asks_for_tls_gets_it(self):
        for stack, protocol, _, running in self.each("tls"):
            client, server = self.ask(running, protocol)
            self.assertEqual(Said.connected, client.said, client)
            if stack != "tinyproxy":
                self.assertEqual(Said.connected, server.said, server)

    def test_without_tls_they_decline(self):
        for stack, protocol, has_words, running in self.each("no_tls"):
            # s_client waits for ever until XMPP's features have what it wants.
            asker = {"xmpp": "gnutls", "smtp": "gnutls", "ftp": "curl", "http_connect": "curl"}.get(protocol, "openssl")
            client, server = self.ask(running, protocol, asker)
            self.assertNotEqual(Said.connected, client.said, client)
            if has_words:
                self.assertEqual(Said.no_upgrade, server.said, server)

    def test_another_protocol_or_setting_is_not_theirs(self):
        for stack, protocol, _, _ in self.each("tls"):
            for other in (ServerSpec(stack, starttls="sieve"), ServerSpec(stack, starttls=protocol, role="none"),
                          ServerSpec(stack, starttls=protocol, client_certificates="require")):
                with self.assertRaises(Unsupported):
                    servers.start(other, lab)


class Certificates(unittest.TestCase):
    def verify(self, identity, *more):
        done = subprocess.run(["openssl", "verify", "-no-CApath", "-CAfile", lab.pki.root, "-untrusted",
                               lab.pki.chain(identity), "-purpose", "sslserver", "-verify_hostname", "www.example.com",
                               *more, lab.pki.certificate(identity)], capture_output=True, text=True, check=False)
        return done.stdout + done.stderr

    def test_each_identity_has_its_own_fault_and_no_other(self):
        faults = {"expired": "certificate has expired", "not_yet_valid": "not yet valid",
                  "wrong_name": "hostname mismatch", "self_signed": "self-signed certificate",
                  "unknown_ca": "unable to get", "missing_intermediate": "unable to get local issuer",
                  "wrong_usage": "unsuitable certificate purpose", "intercepting": "unable to get local issuer"}
        for identity in pki.SERVERS:
            with self.subTest(identity):
                said = self.verify(identity)
                self.assertIn(faults.get(identity, ": OK"), said)
                self.assertLessEqual(said.count(" at 0 depth") + said.count(" at 1 depth"), 2)

    def test_weak_ones_are_weak(self):
        self.assertIn("too weak", self.verify("weak_key", "-auth_level", "2"))
        self.assertIn("too weak", self.verify("weak_signature", "-auth_level", "2"))

    def test_short_lived_ends_when_it_should(self):
        identity = lab.pki.short_lived(3600)
        self.assertIn(": OK", self.verify(identity))
        argv = ["openssl", "x509", "-noout", "-in", lab.pki.certificate(identity), "-checkend"]
        self.assertEqual(0, subprocess.run(argv + ["3590"], capture_output=True, check=False).returncode)
        self.assertEqual(1, subprocess.run(argv + ["3601"], capture_output=True, check=False).returncode)

    def test_staples_say_what_was_asked(self):
        for status in ("good", "revoked"):
            done = subprocess.run(["openssl", "ocsp", "-no_nonce", "-respin", lab.pki.staple("good", status), "-issuer",
                                   lab.pki.intermediate, "-cert", lab.pki.certificate("good"), "-CAfile", lab.pki.root],
                                  capture_output=True, text=True, check=True)
            self.assertIn("good.crt: %s\n" % status, done.stdout)

    def test_an_unknown_identity_is_an_error_of_the_laboratory(self):
        with self.assertRaises(LabError):
            lab.pki.key("nobody")


if __name__ == "__main__":
    reason = sandbox.why_not()
    if reason:
        print(reason)
        sys.exit(77)
    sandbox.enter()
    os.chdir("/")
    unittest.main()
