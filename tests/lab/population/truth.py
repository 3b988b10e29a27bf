# SPDX-License-Identifier: Apache-2.0
"""What a sensor should say about an attempt, and whether it did.

Truth comes from the plan and the client's own report, never from packets: the software of the client and what its
server accepts give the version, its report gives the rest. A list of several model.Expected means that any of them is
right, because the client cannot tell them apart.
"""
import collections
import dataclasses

from clients import python as stack
from judge import causes as judged
from judge import compare
from model import Expected, established, rejection_by_client, server_alert
from population import plan

# The alert that OpenSSL 3.0 sends for its verification errors (ssl/statem/statem_lib.c, ssl_x509err2alert).
VERIFY_ALERTS = {9: 42, 10: 45, 18: 48, 19: 48, 20: 48, 21: 48}


def version(software):
    """What a client negotiates with a server that accepts it: the servers have no upper limit."""
    return plan.NEWEST[software]


def expected(software, report, blocked=False):
    """All that a sensor may rightly say of the attempt with this report of the loader. `blocked`: the plan has somebody in
    the path reset it, which is more than a client knows."""
    said, negotiated = report["said"], version(software)
    if report["phase"] == "application":
        # A server that went away after the handshake has not failed it.
        return [established(negotiated)]
    if said == "rejected_peer":
        one = rejection_by_client(stack.PROFILE, negotiated)
        number = VERIFY_ALERTS.get(report["verify"]) if one.kind == "alert" else None
        return [dataclasses.replace(one, alert=number)]
    if said == "got_alert":
        return [server_alert(alert=report["alert"])]
    if said == "got_reset":
        return [Expected("reset", "path" if blocked else "server", "client_hello")]
    if said == "got_close":
        # The reset that answers the rest of the hello may come so late that the client never sees it.
        return [Expected(kind, "server", "client_hello") for kind in ("closed", "reset")]
    if said == "refused":
        return [Expected("refused", "server", "tcp")]
    if said == "timed_out":
        return [Expected("unanswered", "server", "tcp")] if report["phase"] == "tcp" else [
            Expected("silence", "server", None)]
    return []


def has_failed(report):
    """Whether the handshake failed. What the server did after it is another matter."""
    return report["said"] != "connected" and report["phase"] != "application"


def line(attempt, report, address, port, cause):
    """Everything about one attempt, ready for JSON. `cause`: of the pattern."""
    failed = has_failed(report)
    inside = failed and attempt.planted
    return {"client": attempt.client.address, "client_port": report["source_port"],
            "client_network": attempt.client.network, "software": attempt.client.software,
            "server": address, "server_port": port, "server_name": attempt.name,
            "began": report["began"], "ended": report["ended"],
            "said": report["said"], "phase": report["phase"], "alert": report["alert"], "text": report["text"],
            "reached": attempt.planted, "planted": inside, "noise": attempt.noise,
            "cause": cause if inside else "untrusted_ca" if failed and attempt.noise else None,
            "expected": [dataclasses.asdict(one) for one in expected(attempt.client.software, report,
                                                                        inside and cause == "sni_blocked")]}


def counts(lines):
    """How visible the pattern is: `reached` attempts are those that it made fail, or may have."""
    reached = [one for one in lines if one["reached"]]
    failed = [one for one in lines if has_failed(one)]
    return {"attempts": len(lines), "failed": len(failed), "inside": len(reached),
            "failed_inside": sum(one["planted"] for one in failed),
            "failed_outside": sum(not one["planted"] for one in failed),
            "closed_after_handshake": sum(one["said"] != "connected" for one in lines) - len(failed)}


def judge(lines, seen):
    """Sentences about the attempts that one observer tells differently; `seen` are its judge.seen.Seen."""
    events = collections.defaultdict(list)
    for one in seen:
        events[one.source, one.source_port, one.destination, one.destination_port].append(one)
    attempts = collections.defaultdict(list)
    for one in lines:
        address = compare.events.address
        attempts[address(one["client"]), one["client_port"], address(one["server"]), one["server_port"]].append(one)
    for key, mine in attempts.items():
        # A client may come to have the same port twice.
        found = sorted(events.pop(key, ()), key=lambda one: one.start)
        mine = sorted(mine, key=lambda one: one["began"])
        for attempt, one in zip(mine, found):
            differs = _differs([Expected(**fields) for fields in attempt["expected"]], one)
            if differs:
                yield "%s, and the event says %s" % (_name(attempt), differs)
        yield from ("%s, and there is no event" % _name(attempt) for attempt in mine[len(found):])
        yield from ("%s, and there is a second event: %s" % (_name(mine[-1]), one.name) for one in found[len(mine):])
    servers = {key[2:] for key in attempts}
    for key, found in events.items():
        if key[2:] in servers:
            yield "%s:%d to %s:%d was no attempt, and there is an event: %s" % (*key, found[0].name)


def causes(lines, seen):
    """Counter of judge.causes.GRADES over the failed attempts whose cause is known, and of "certain and wrong"."""
    events = {(one.source, one.source_port, one.destination, one.destination_port): one for one in seen}
    counts = collections.Counter()
    for one in lines:
        if one["cause"] is None:
            continue
        address = compare.events.address
        found = events.get((address(one["client"]), one["client_port"], address(one["server"]), one["server_port"]))
        # Who trusts nobody rejects what others accept, for a reason that only he knows.
        right = {one["cause"], "client_rejected_certificate"} if one["noise"] else {one["cause"]}
        counts[judged.grade(right, found)] += 1
        counts["certain and wrong"] += judged.is_certain_and_wrong(right, found)
    return counts


def _differs(alternatives, seen):
    """None, or in which fields the event differs from the alternative that it is closest to."""
    pairs = [compare.compare(one, seen) for one in alternatives]
    if not pairs:
        return "%s, which nothing can be compared with" % seen.name
    best = min(pairs, key=lambda pair: len(pair.differs))
    if not best.differs:
        return None
    return "%s by %s (%s)" % (seen.name, seen.by, ", ".join(
        "%s %s, not %s" % (field, getattr(seen, field), getattr(best.expected, field)) for field in best.differs))


def _name(attempt):
    return "%s:%d to %s:%d as %s at %.2f s (%s) reported %s" % (
        attempt["client"], attempt["client_port"], attempt["server"], attempt["server_port"], attempt["server_name"],
        attempt["began"], attempt["software"], attempt["said"])
