# SPDX-License-Identifier: Apache-2.0
"""What can be planted. Each pattern changes a healthy plan, and may change the world while the plan runs.

A pattern is planted in two steps. plant() marks what follows from the plan alone. Where the moment decides (an expiry,
an outage, a burst), settle() marks the attempts afterwards by when they really were under way, so that a slow machine
makes the pattern smaller but never the truth wrong; at the edges of such a time either outcome is right, and the
client's report says which it was. Times are seconds after the start of the plan.
"""
import dataclasses
import ssl
import subprocess
import time

from model import TLS10, TLS12, ServerSpec, TlsSettings

ANY_VERSION = TlsSettings(min_version=TLS10)
LEAD_SECONDS = 4.0   # servers and loaders start meanwhile


def edge(number, tls=ANY_VERSION, *options, **changed):
    return ServerSpec("nginx", tls, options=(("instance", str(number)), *options), **changed)


def edge_servers(**changed):
    """Four servers that accept everybody; `changed` replaces some of them."""
    return {"edge%d" % number: edge(number) for number in range(1, 5)} | changed


def mark(attempt, *says):
    """The pattern makes this attempt fail, before anything else that is wrong with it could."""
    attempt.planted, attempt.noise, attempt.says = True, False, says


def mark_certificate(attempt, *says):
    """The pattern is about a certificate, at which a client that trusts nobody does not even look."""
    if not attempt.noise:
        mark(attempt, *says)


class Nothing:
    """Nothing is planted: every incident that is reported is a false alarm."""

    name = "nothing"
    cause = None
    least_failures = 0   # a plan in which fewer attempts failed by the pattern did not happen

    def servers(self, lab, size):
        """{key: ServerSpec}; called right before they are started."""
        return edge_servers()

    def plant(self, attempts, clients, size):
        """Marks attempts by the plan alone."""

    def start(self, earliest, size):
        """The time.monotonic() at which the plan starts, `earliest` or later."""
        return earliest

    def rules(self, run):
        """Rules of the box that hold for the whole run."""
        return ()

    def events(self, run):
        """(second, action) pairs that happen beside the plan."""
        return ()

    def settle(self, pairs):
        """Marks attempts by when they happened; pairs of (attempt, the loader's report)."""

    def truth(self, run):
        """What pattern finding should say."""
        return {"pattern": self.name, "cause": self.cause}


class BlockedName(Nothing):
    """One client network cannot reach one name: something in the path resets it."""

    name = "blocked_name"
    cause = "sni_blocked"
    least_failures = 10
    network = "b"
    blocked = "files.example.com"

    def servers(self, lab, size):
        return {key: dataclasses.replace(spec, place="inner") for key, spec in edge_servers().items()}

    def plant(self, attempts, clients, size):
        for attempt in attempts:
            if attempt.client.network == self.network and attempt.name == self.blocked:
                mark(attempt, "got_reset")

    def rules(self, run):
        return ({"do": "reset", "network": run.prefix(self.network), "name": self.blocked, "ttl": 37},)

    def truth(self, run):
        return super().truth(run) | {"client_network": run.prefix(self.network), "server_name": self.blocked}


class OldStack(Nothing):
    """One server was hardened; clients that offer TLS 1.1 or older fail there, and only there."""

    name = "old_stack"
    cause = "version_mismatch"
    least_failures = 5
    hardened = "edge2"

    def servers(self, lab, size):
        return edge_servers(edge2=edge(2, TlsSettings(min_version=TLS12)))

    def plant(self, attempts, clients, size):
        for attempt in attempts:
            if attempt.client.software == "old" and attempt.server == self.hardened:
                mark(attempt, "got_alert")

    def truth(self, run):
        return super().truth(run) | {"server": run.endpoint(self.hardened), "offered": "TLSv1.1 or older"}


class WrongClock(Nothing):
    """One client lives ten years in the past and believes no certificate."""

    name = "wrong_clock"
    cause = "clock_skew"
    least_failures = 3
    offset_days = -3650
    victim = None

    def plant(self, attempts, clients, size):
        counts = dict.fromkeys((client.address for client in clients), 0)
        for attempt in attempts:
            counts[attempt.client.address] += 1
        # The busiest one, because pattern finding needs to see it more than once.
        self.victim = max((client for client in clients if client.software == "modern"),
                          key=lambda client: counts[client.address])
        lost = dataclasses.replace(self.victim, clock_offset_days=self.offset_days)
        for attempt in attempts:
            if attempt.client.address == self.victim.address:
                attempt.client = lost
                mark_certificate(attempt, "rejected_peer")

    def truth(self, run):
        return super().truth(run) | {"client": self.victim.address, "clock_offset_days": self.offset_days}


class ExpiringCertificate(Nothing):
    """The certificate of one server expires in the middle; from then on everybody rejects it."""

    name = "expiring_certificate"
    cause = "certificate_expired"
    least_failures = 10
    server = "edge3"
    expiry = 0.0         # in time.monotonic()
    certain_until = certain_from = 0.0

    def servers(self, lab, size):
        identity = lab.pki.short_lived(size.seconds / 2 + LEAD_SECONDS)
        self.expiry = _end_of(lab.pki.certificate(identity)) - time.time() + time.monotonic()
        return edge_servers(edge3=edge(3, identity=identity))

    def start(self, earliest, size):
        start = max(earliest, self.expiry - size.seconds / 2)
        # Dates have whole seconds, and an attempt takes time between its beginning and the look at the clock.
        self.certain_until = round(self.expiry - 0.1 - start, 3)
        self.certain_from = round(self.expiry + 1.1 - start, 3)
        return start

    def settle(self, pairs):
        for attempt, report in pairs:
            if attempt.server != self.server or report["ended"] < self.certain_until:
                continue
            if report["began"] > self.certain_from:
                mark_certificate(attempt, "rejected_peer")
            else:
                mark_certificate(attempt, "connected", "rejected_peer")

    def truth(self, run):
        return super().truth(run) | {"server": run.endpoint(self.server),
                                     "since": round((self.certain_until + self.certain_from) / 2, 3)}


def _end_of(certificate):
    """The last moment of a PEM file's certificate, in time.time()."""
    done = subprocess.run(["openssl", "x509", "-in", certificate, "-noout", "-enddate"], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, check=True)
    return ssl.cert_time_to_seconds(done.stdout.strip().removeprefix("notAfter="))


class LoadBursts(Nothing):
    """One server takes few connections at once. Bursts of slow clients go beyond that, and some are turned away."""

    name = "load_bursts"
    cause = "server_overload"
    least_failures = 15
    server = "edge4"
    places = 10
    hold = 0.6           # seconds that a client of a burst keeps its place
    members = 32
    moments = ()
    windows = ()

    def servers(self, lab, size):
        # nginx needs two connections for itself. Whoever is one too many is turned away after his hello.
        limits = (("worker_connections", str(self.places + 2)), ("deferred", "yes"))
        return edge_servers(edge4=edge(4, ANY_VERSION, *limits))

    def plant(self, attempts, clients, size):
        count = max(3, int(size.seconds / 10) - 1)   # in a long plan one every ten seconds
        self.moments = tuple(size.seconds * (number + 1) / (count + 1) for number in range(count))
        chosen = [attempt for attempt in attempts if attempt.server == self.server and not attempt.noise]
        for number, moment in enumerate(self.moments):
            for attempt in chosen[number::count][:self.members]:
                attempt.at, attempt.hold = moment, self.hold
        attempts.sort(key=lambda attempt: attempt.at)

    def settle(self, pairs):
        mine = [(attempt, report) for attempt, report in pairs if attempt.server == self.server]
        bursts = [[report for attempt, report in mine if attempt.hold and attempt.at == moment]
                  for moment in self.moments]
        # Places are free again a moment after the last client has its answer.
        self.windows = tuple((min(one["began"] for one in burst), max(one["ended"] for one in burst) + 0.1)
                             for burst in bursts if burst)
        for attempt, report in mine:
            if any(report["began"] <= end and report["ended"] >= begin for begin, end in self.windows):
                attempt.planted = True
                attempt.says += ("got_close", "got_reset")

    def truth(self, run):
        return super().truth(run) | {"server": run.endpoint(self.server),
                                     "bursts": [[round(moment, 3) for moment in window] for window in self.windows]}


class MissingIntermediate(Nothing):
    """One server forgot its intermediate: clients that have it cached do not mind, the others reject."""

    name = "missing_intermediate"
    cause = "chain_incomplete"
    least_failures = 10
    server = "edge1"

    def servers(self, lab, size):
        return edge_servers(edge1=edge(1, identity="missing_intermediate"))

    def plant(self, attempts, clients, size):
        for attempt in attempts:
            if attempt.server == self.server and not attempt.client.has_intermediate:
                mark_certificate(attempt, "rejected_peer")

    def truth(self, run):
        return super().truth(run) | {"server": run.endpoint(self.server)}


class Outage(Nothing):
    """One server is down for a while; its host refuses the connections."""

    name = "outage"
    cause = "port_closed"
    least_failures = 10
    server = "edge2"
    share = (0.4, 0.7)   # of the plan
    down = up = None     # (before, after) it was stopped and started

    def events(self, run):
        def stop():
            before = run.now()
            run.stop_server(self.server)
            self.down = before, run.now()

        def start():
            before = run.now()
            run.start_server(self.server)
            self.up = before, run.now()

        return tuple((run.size.seconds * part, action) for part, action in zip(self.share, (stop, start)))

    def settle(self, pairs):
        for attempt, report in pairs:
            if attempt.server != self.server or report["ended"] < self.down[0] or report["began"] > self.up[1]:
                continue
            if report["began"] > self.down[1] and report["ended"] < self.up[0]:
                mark(attempt, "refused")
            else:
                attempt.planted = True
                attempt.says += ("refused", "got_reset", "got_close")

    def truth(self, run):
        return super().truth(run) | {"server": run.endpoint(self.server), "since": self.down[0], "until": self.up[1]}


PATTERNS = {pattern.name: pattern for pattern in (Nothing, BlockedName, OldStack, WrongClock, ExpiringCertificate,
                                                  LoadBursts, MissingIntermediate, Outage)}
