# SPDX-License-Identifier: Apache-2.0
"""TCP segments in the name of one of two ends, as devices in the path forge them.

    side = Side(); side.learn(segment)        # what the real packets of an end look like
    Forger(fields).frames(segment, to_sender, delivered, side, payload)

A Forger is made of the fields of a rule of the box (see box.py) and makes, for the segment that it strikes at, the
frames for its sender (in the name of the receiver) or for its receiver (in the name of the sender). `side` is the end
in whose name. Nothing here keeps state of its own but the random numbers.
"""
import dataclasses
import random

from net import frames

FIELDS = {"ttl", "ipid", "window", "as", "count", "step", "ack_step", "last_ack", "payload", "seed"}
RIGHT = "right"
_FLAGS = {"rst": frames.RST, "rst_ack": frames.RST | frames.ACK, "fin": frames.FIN | frames.ACK}
_GUESS = 1460            # from one guess to the next: the usual size of a segment
_DEFAULT_TTL = 37        # of nobody in the laboratory
_FIRST_TTL = 64          # of an end that has not said anything yet

STATUS_PAGES = {
    "302": b"HTTP/1.1 302 Found\r\nLocation: http://block.example.net/?id=237\r\nContent-Length: 0\r\n"
           b"Connection: close\r\n\r\n",
    "403": b"HTTP/1.1 403 Forbidden\r\nContent-Type: text/html\r\nContent-Length: 74\r\nConnection: close\r\n\r\n"
           b"<html><title>Access Denied</title>This page was blocked by policy.</html>\n",
}


@dataclasses.dataclass
class Side:
    """What a device knows of one end by its packets."""

    ttl: int = _FIRST_TTL
    ip_id: int = 0
    window: int = 0

    def learn(self, segment):
        self.ttl, self.ip_id, self.window = segment.ttl, segment.ip_id, segment.window


class Forger:
    def __init__(self, fields):
        self._ttl = fields.get("ttl", _DEFAULT_TTL)
        self._ip_id = fields.get("ipid", "zero")
        self._window = fields.get("window", 0)
        kinds = str(fields.get("as", "rst_ack")).split("/")
        unknown = [kind for kind in kinds if kind not in _FLAGS]
        if unknown:
            raise ValueError("nothing is forged as " + unknown[0])
        if self._ip_id not in (RIGHT, "zero", "random"):
            raise ValueError("an IPID is right, zero or random, not %s" % self._ip_id)
        count = int(fields.get("count", len(kinds)))
        self._kinds = [kinds[index % len(kinds)] for index in range(count)]
        self._step, self._ack_step = int(fields.get("step", _GUESS)), int(fields.get("ack_step", 0))
        self._last_ack_zero = fields.get("last_ack") == "zero"
        self._payload = str(fields.get("payload", "")).encode()
        self._random = random.Random(int(fields.get("seed", 1)))

    def frames(self, segment, to_sender, delivered, side):
        """`delivered`: the segment itself went on to its receiver."""
        link, family, source, destination, ports, seq, ack = _in_the_name(segment, to_sender, delivered)
        made = []
        for index, kind in enumerate(self._kinds):
            last = index == len(self._kinds) - 1
            one_ack = 0 if last and self._last_ack_zero else ack + index * self._ack_step
            made.append(frames.forge(link, family, source, destination, ports, seq + index * self._step, one_ack,
                                     _FLAGS[kind], self._ttl_of(side), self._payload, self._window_of(side),
                                     self._ip_id_of(side, index)))
        return made

    def page(self, segment, page, delivered, side):
        """A whole answer to the segment's sender, and the FIN behind it."""
        link, family, source, destination, ports, seq, ack = _in_the_name(segment, True, delivered)
        made = []
        for index, (flags, payload) in enumerate(((frames.PSH | frames.ACK, page), (frames.FIN | frames.ACK, b""))):
            made.append(frames.forge(link, family, source, destination, ports, seq, ack, flags, self._ttl_of(side),
                                     payload, self._window_of(side) or 8192, self._ip_id_of(side, index)))
            seq += len(payload)
        return made

    def _ttl_of(self, side):
        return side.ttl if self._ttl == RIGHT else int(self._ttl)

    def _window_of(self, side):
        return side.window if self._window == RIGHT else int(self._window)

    def _ip_id_of(self, side, index):
        if self._ip_id == RIGHT:
            return (side.ip_id + 1 + index) & 0xFFFF
        return self._random.getrandbits(16) if self._ip_id == "random" else 0


def _in_the_name(segment, to_sender, delivered):
    """Who is said to send what to whom; only a RST with exactly the next expected number is obeyed (RFC 5961 §3.2)."""
    if to_sender:
        return (segment.link[6:] + segment.link[:6], segment.family, segment.destination, segment.source,
                (segment.destination_port, segment.source_port), segment.ack, segment.seq + segment.length)
    return (segment.link, segment.family, segment.source, segment.destination,
            (segment.source_port, segment.destination_port), segment.seq + (segment.length if delivered else 0),
            segment.ack)
