# SPDX-License-Identifier: Apache-2.0
"""One event of the sensor in the words of model.Expected."""
import dataclasses
import datetime

from model import LabError
from observe import events

LATE_REJECTION = "rejected_by_client"   # the warning that has a cause of its own
FAILURES = frozenset(("reset", "closed", "alert", "encrypted_alert", "silence", "non_tls_reply", "refused",
                      "unanswered"))


@dataclasses.dataclass(frozen=True)
class Seen:
    """What the sensor said about one connection."""

    source: str
    source_port: int
    destination: str
    destination_port: int
    start: str
    name: str                      # of the outcome
    kind: str
    by: str
    stage: str
    alert: int | None = None       # the code of the alert that ended it, where it could be read
    rejection: bool = False        # warned of a client that closed without having sent anything
    starttls: str | None = None    # "unknown": there was an upgrade, of a protocol that is not named
    version: str | None = None     # negotiated
    cause: str | None = None       # of the failure, or of a late rejection; None: not diagnosed
    cause_confidence: str | None = None
    cause_rule: str | None = None
    alternatives: tuple[str, ...] = ()   # causes that it names besides
    success_has_cause: bool = False      # a cause beside an established outcome
    warnings: tuple[str, ...] = ()       # by id
    signature: str | None = None   # of connection tampering
    evidence: tuple[str, ...] = ()  # about the path
    confidence: str | None = None  # that the path ended it; None: nothing speaks for that
    tunnel: str = ""
    vlan: tuple[str, ...] = ()
    service: tuple[str, str] = ("", "")  # what client and server spoke before, or in place of TLS

    @property
    def destination_key(self):
        return self.destination, self.destination_port

    @property
    def start_seconds(self):
        return datetime.datetime.fromisoformat(self.start).timestamp()

    @property
    def is_failure(self):
        return self.kind in FAILURES


def seen(event):
    """Raises LabError when the event is not one of a handshake: then the sensor is broken, not the scenario."""
    try:
        source, source_port, destination, destination_port = events.key(event)
        return Seen(
            source=source, source_port=source_port, destination=destination, destination_port=destination_port,
            start=event["event"].get("start", event["@timestamp"]), name=events.name(event), kind=events.kind(event),
            by=events.by(event), stage=events.stage(event) or "none", alert=_ending_alert(event),
            rejection=events.rejection(event), starttls=events.starttls(event), version=events.version(event),
            **_causes(event), signature=events.signature(event),
            evidence=events.evidence(event), confidence=events.confidence(event),
            tunnel=events.tunnel(event), vlan=events.vlan(event), service=events.service(event))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise LabError("an event is not as events are (%s %s): %.200s" % (
            type(error).__name__, error, event)) from error


def _causes(event):
    cause, warnings = events.cause(event), events.warnings(event)
    told = cause
    if events.kind(event) == "established":
        told = next((one.get("cause") for one in warnings if one["id"] == LATE_REJECTION), None)
    found = {"success_has_cause": cause is not None and events.kind(event) == "established",
             "warnings": tuple(one["id"] for one in warnings)}
    if told is not None:
        found |= {"cause": told["id"], "cause_confidence": told["confidence"], "cause_rule": told.get("rule"),
                  "alternatives": tuple(one["id"] for one in told.get("alternatives", ()))}
    return found


def _ending_alert(event):
    """The first fatal alert of the side that ended the handshake: its receiver reads no further (RFC 8446 §6.2). A
    warning before it was survived; without a fatal one, the last warning is the ending."""
    if events.kind(event) != "alert":
        return None
    readable = [alert for alert in event["shakedown"].get("alerts", ())
                if "code" in alert and alert.get("from") == events.by(event)]
    fatal = [alert for alert in readable if alert["level"] == "fatal"]
    ending = fatal[:1] or readable[-1:]
    return ending[0]["code"] if ending else None
