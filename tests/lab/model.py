# SPDX-License-Identifier: Apache-2.0
"""The words of the laboratory: what a scenario asks for, what the programs said, and what a sensor should see.

A *scenario* is one way to fail or to succeed. A *case* is a scenario with two programs: one client stack, one
server stack. What a sensor should see of a case follows from three things only, never from packets:
  - the configuration of both programs (TlsSettings, ClientSpec, ServerSpec),
  - how each program is known to tell its peer about a rejection (Profile, kept beside its adapter with its source),
  - what both programs themselves reported (Report), which must fit what the scenario wanted to provoke.

All values are immutable. A stack that cannot do what a spec asks for raises Unsupported; the case is then skipped
by name, which is not a failure.
"""
import dataclasses
import enum

SSL3, TLS10, TLS11, TLS12, TLS13 = VERSIONS = ("SSLv3", "TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3")

# What became of the certificate question, for the confusion matrix.
CLIENT_REJECTED, SERVER_REJECTED, ESTABLISHED = CLASSES = ("client_rejected", "server_rejected", "established")


# Expected.alert: the number that the receiver of the alert reported; any, where it told none.
REPORTED = -1


class Unsupported(Exception):
    """A stack cannot do this; the text says what."""


class LabError(Exception):
    """The laboratory itself is broken (a program that does not start, a port that stays closed)."""


class Said(enum.Enum):
    """What a program reported about one connection, whatever its words."""

    connected = "connected"              # the handshake was done and application data came or went
    rejected_peer = "rejected_peer"      # it did not accept the certificate of its peer
    got_alert = "got_alert"              # its peer sent a fatal alert
    got_reset = "got_reset"              # the connection was reset
    got_close = "got_close"              # its peer closed in the middle
    timed_out = "timed_out"
    refused = "refused"                  # the TCP connection was refused
    unreachable = "unreachable"          # an ICMP error said so
    not_tls = "not_tls"                  # what came was no TLS
    no_upgrade = "no_upgrade"            # STARTTLS was declined
    own_failure = "own_failure"          # it gave up over something its peer offered or lacked (no cipher, version)
    nothing = "nothing"                  # it has no words for this connection


@dataclasses.dataclass(frozen=True)
class Report:
    said: Said
    alert: int | None = None       # the number of the alert it received, where it tells
    text: str = ""                 # the line that it said it with
    exit_code: int | None = None   # of a client


@dataclasses.dataclass(frozen=True)
class TlsSettings:
    """What one side is willing to do. None leaves the program's default.

    suites: aes128 | aes256 | chacha20 (ECDHE or TLS 1.3), dhe (DHE-RSA), rsa_kx (static RSA), ccm8.
    groups: x25519, secp256r1, secp384r1, secp521r1, x448, ffdhe2048, in order of preference.
    signature_algorithms: rsa | ecdsa | sha1.
    """

    min_version: str | None = None
    max_version: str | None = None
    suites: str | None = None
    groups: tuple[str, ...] | None = None
    signature_algorithms: str | None = None
    alpn: tuple[str, ...] = ()

    @staticmethod
    def only(version, **others):
        return TlsSettings(min_version=version, max_version=version, **others)


@dataclasses.dataclass(frozen=True)
class ServerSpec:
    """One running server. Equal specs share one process, whose connections then come one after the other.

    identity: the server's certificate, by its name in pki.py.
    client_certificates: None, "request" (optional) or "require"; verified against the lab's client authority.
    staple: None, "good" or "revoked" (OCSP).
    starttls: None, or the protocol that asks for TLS: smtp, imap, pop3, ftp, ldap, xmpp, postgres, mysql, rdp; or the
        proxy that is asked for the way to it: http_connect, socks.
    role: "tls" for a TLS server; every other word is a behaviour that the adapter documents (e.g. nginx "preread").
    place: "server", or "inner" behind the box that can misbehave.
    options: further (key, value) pairs that the adapter documents.
    """

    stack: str
    tls: TlsSettings = TlsSettings()
    identity: str = "good"
    client_certificates: str | None = None
    staple: str | None = None
    starttls: str | None = None
    role: str = "tls"
    place: str = "server"
    options: tuple[tuple[str, str], ...] = ()

    def option(self, key, default=None):
        return dict(self.options).get(key, default)


@dataclasses.dataclass(frozen=True)
class ClientSpec:
    """One client that makes one attempt (two with `resume`).

    server_name: the SNI; None sends none.
    trust: "root" (the lab's root), "root+cache" (also has the intermediate cached), "nothing", "all" (no check).
    expect_name: the name that the certificate is checked against, where that is not server_name.
    identity: the client's certificate, by its name in pki.py.
    clock_offset_days: the client's clock is wrong by so much (faketime).
    resume: None, "session_id", "ticket", "psk" or "early_data".
    role: "tls"; every other word is a behaviour that the adapter documents.
    """

    stack: str
    tls: TlsSettings = TlsSettings()
    server_name: str | None = "www.example.com"
    expect_name: str | None = None
    trust: str = "root"
    identity: str | None = None
    clock_offset_days: int = 0
    resume: str | None = None
    starttls: str | None = None
    role: str = "tls"
    network: str = "a"
    family: int = 4
    options: tuple[tuple[str, str], ...] = ()

    def option(self, key, default=None):
        return dict(self.options).get(key, default)


@dataclasses.dataclass(frozen=True)
class Profile:
    """How a program tells its peer that it does not accept its certificate, per protocol version.

    alert            a fatal alert whose record type can be read
    encrypted_alert  TLS 1.3: an alert inside the encryption, then a closing
    closed           nothing but a FIN before its Finished
    reset            nothing but a RST before its Finished
    late             it finishes the handshake, and closes without having sent a request
    late_response    (servers) it finishes the handshake and says so in the application protocol
    """

    tls12: str = "alert"  # also for older versions
    tls13: str = "encrypted_alert"

    def way(self, version):
        return self.tls13 if version == TLS13 else self.tls12


@dataclasses.dataclass(frozen=True)
class Expected:
    """What a sensor should say about one connection; None means that any value will do."""

    kind: str
    by: str | None = "none"
    stage: str | None = None
    alert: int | None = None          # the code of the alert that ended it, or REPORTED
    rejection: bool | None = False    # established, but the client closed without having sent anything
    starttls: str | None = None
    version: str | None = None        # negotiated
    signature: str | None = None      # of connection tampering, by the name that it has in events
    evidence: tuple[str, ...] = ()    # about the path: all of these must be among what is seen
    tunnel: str | None = None         # the innermost one, as events name it: "vxlan:42"; "": none
    vlan: tuple[str, ...] = ()        # ids, the outer one first
    # What client and server spoke where it was no TLS, as events name it; "": nothing, None: not compared.
    service: tuple[str | None, str | None] = (None, None)

    @property
    def name(self):
        bare = ("established", "non_tls_reply", "refused", "unanswered", "no_hello", "unseen")
        return self.kind if self.kind in bare else "%s_after_%s" % (self.kind, self.stage)


@dataclasses.dataclass(frozen=True)
class Truth:
    """What to expect when the client reports `said` (and the server `server_said`, where that is given): for questions
    on which stacks rightly differ (is RSA 1024 too weak?), and for races whose end only the programs know."""

    said: Said
    expected: tuple[Expected, ...]
    verdict: str | None = None
    cause: str | None = None
    server_said: Said | None = None


# Companion.server: nobody listens there any more.
NOBODY = ServerSpec("nobody")


@dataclasses.dataclass(frozen=True)
class Companion:
    """Another client of the case's server, at the same address and port, which makes it known to who watches.

    It comes from an address of its own in client.network, unless it is the case's own client (same_client), and over
    the case's family. server: another process that answers it behind the same address and port (net/twins.py), as if
    the case's server had been another one for a while, or were to others; NOBODY: the port is closed. elsewhere: it
    goes to a second address of the same server, one for all companions of the case.
    """

    client: ClientSpec
    server: ServerSpec | None = None
    says: frozenset[Said] = frozenset((Said.connected,))
    same_client: bool = False
    elsewhere: bool = False


@dataclasses.dataclass(frozen=True)
class Case:
    scenario: str                        # snake_case; names the capture
    client: ClientSpec
    server: ServerSpec | None            # None: nobody listens there
    expected: tuple[Expected, ...]       # one per connection, in their order
    client_says: frozenset[Said]         # what fits; else the scenario did not happen
    server_says: frozenset[Said] | None = None  # None: not asked
    cause: str | None = None             # design: the primary cause; None for a success
    verdict: str | None = None           # one of CLASSES, where the certificate question was asked
    variant: str = ""                    # tells cases of one scenario and one pair of stacks apart
    repeat: int = 1                      # so many clients, one after the other
    fixture: bool = False                # its capture is kept in tests/captures
    by_report: tuple[Truth, ...] = ()    # takes the place of expected, verdict and cause when the client said so
    before: tuple[Companion, ...] = ()   # come before all cases (runner.py), in this order
    after: tuple[Companion, ...] = ()    # come right after the case
    # Causes that are as right as `cause`, because nothing that a sensor could know tells them apart.
    also: frozenset[str] = frozenset()

    @property
    def name(self):
        parts = [self.scenario, self.client.stack, self.server.stack if self.server else "none", self.variant]
        if self.client.family == 6:
            parts.append("ipv6")
        return ".".join(part for part in parts if part)

    def truth(self, client_report, server_report=None):
        """(expected, verdict, cause) once it is known what the programs said."""
        server_said = server_report.said if server_report else None
        for truth in self.by_report:
            if truth.said == client_report.said and truth.server_said in (None, server_said):
                return truth.expected, truth.verdict, truth.cause
        return self.expected, self.verdict, self.cause


def variant_of(version):
    """The variant of a case that is about one protocol version: tlsv13."""
    return version.lower().replace(".", "")


def says(*words):
    return frozenset(Said[word] for word in words)


def established(version=None, rejection=False, starttls=None):
    return Expected("established", "none", "established", rejection=rejection, version=version, starttls=starttls)


def server_alert(stage="client_hello", alert=None, **others):
    return Expected("alert", "server", stage, alert=alert, **others)


def rejection_by_client(profile, version, **others):
    """What is seen when a client does not accept the server's certificate.

    Up to TLS 1.2 the server's flight ends with ServerHelloDone, which every stack has received when it judges; in
    TLS 1.3 all after ServerHello is hidden.
    """
    way = profile.way(version)
    stage = "server_hello" if version == TLS13 else "server_hello_done"
    if way == "late":
        return Expected("established", "none", "established", rejection=True, version=version, **others)
    return Expected(way, "client", stage, version=version, **others)


def rejection_by_server(profile, version, **others):
    """What is seen when a server does not accept the client's certificate, or the lack of one.

    A client sends its whole flight up to Finished before it waits, so that is how far the handshake came.
    """
    way = profile.way(version)
    if way == "late_response":
        return Expected("established", "none", "established", version=version, rejection=None, **others)
    return Expected(way, "server", "client_finished", version=version, **others)
