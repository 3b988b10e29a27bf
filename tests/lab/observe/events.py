# SPDX-License-Identifier: Apache-2.0
"""Handshake events as Shakedown writes them: one JSON object per line."""
import ipaddress
import json

from model import LabError

DATASET = "shakedown.handshake"


def load(path):
    """All handshake events of a file, in its order; LabError when a line is no JSON or was cut."""
    found = []
    with open(path, encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                event = json.loads(line)
            except ValueError as error:
                raise LabError("%s, line %d is no event: %s" % (path, number, error)) from error
            if event.get("event", {}).get("dataset") == DATASET:
                found.append(event)
    return found


def address(text):
    """One spelling of an address, whatever program wrote it."""
    return str(ipaddress.ip_address(text))


def key(event):
    """(client ip, client port, server ip, server port)"""
    source, destination = event["source"], event["destination"]
    return address(source["ip"]), source["port"], address(destination["ip"]), destination["port"]


def destination(event):
    return key(event)[2:]


def by_destination(found):
    """{(server ip, server port): [event, ...]}, each list in order of the connections' starts."""
    groups = {}
    for event in found:
        groups.setdefault(destination(event), []).append(event)
    for group in groups.values():
        group.sort(key=lambda event: event["event"].get("start", event["@timestamp"]))
    return groups


def outcome(event):
    """The object with name, kind, by, stage."""
    return event["shakedown"]["outcome"]


def name(event):
    return outcome(event)["name"]


def kind(event):
    return outcome(event)["kind"]


def by(event):
    return outcome(event).get("by", "none")


def stage(event):
    return outcome(event).get("stage")


def alert_codes(event):
    """Codes of the alerts that could be read, in order; encrypted ones have none."""
    return [alert["code"] for alert in event["shakedown"].get("alerts", ()) if "code" in alert]


def rejection(event):
    """Whether an established connection was ended by its client before it sent anything."""
    return bool(event["shakedown"].get("rejection"))


def starttls(event):
    return event["shakedown"].get("starttls")


def signature(event):
    """The name of the tampering signature that fits the packets, or None."""
    return event["shakedown"].get("tampering_signature")


def evidence(event):
    """Names of what speaks for the path as the one who ended it."""
    return tuple(event["shakedown"].get("path", {}).get("evidence", ()))


def confidence(event):
    return event["shakedown"].get("path", {}).get("confidence")


def tunnel(event):
    """The innermost tunnel that it came through, "vxlan:42"; empty: none."""
    return event["shakedown"].get("tunnel", "")


def service(event):
    """What client and server spoke where it was no TLS; empty: nothing, or nobody asked."""
    found = event["shakedown"].get("service", {})
    return found.get("client", ""), found.get("server", "")


def cause(event):
    """The object with id, confidence, rule, alternatives; None: it was not diagnosed."""
    return event["shakedown"].get("cause")


def warnings(event):
    """Objects with id, text and, of a late rejection, cause."""
    return event["shakedown"].get("warnings", [])


def vlan(event):
    """VLAN ids, the outer one first."""
    network = event.get("network", {})
    found = (network.get("vlan", {}).get("id"), network.get("inner", {}).get("vlan", {}).get("id"))
    return tuple(one for one in found if one is not None)


def version(event):
    """"TLSv1.3", "SSLv3"; None before a ServerHello."""
    tls = event.get("tls", {})
    if "version" not in tls:
        return None
    if tls.get("version_protocol") == "ssl":
        return "SSLv" + tls["version"].split(".", maxsplit=1)[0]
    return "TLSv" + tls["version"]
