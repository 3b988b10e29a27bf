# SPDX-License-Identifier: Apache-2.0
"""What the box does with frames: forward them, under rules that stand in a row between the client and the server.

A frame to the server meets the rules in the order in which they were added, a frame to the client in the opposite
order; so `reset` before `delay` is a device near the client with a long line behind it. What a rule makes or lets pass
meets the rules behind it. The rules themselves are described in box.py.
"""
import collections
import heapq
import ipaddress
import random
import time

from net import forgery, frames

TO_SERVER, TO_CLIENT = DIRECTIONS = ("to_server", "to_client")
ACTIONS = ("reset", "page", "icmp", "drop", "drop_large", "drop_syn_ack", "delay", "lose", "duplicate", "reorder")
# Where an action strikes that does so once: which segment of a connection gives it to the rule.
MOMENTS = ("syn", "syn_ack", "ack", "data", "more_data", "reply", "more_reply")
FIELDS = forgery.FIELDS | {"do", "address", "port", "network", "name", "direction", "at", "to", "forward", "then",
                           "side", "status", "error", "sender", "mtu", "bytes", "milliseconds", "percent"}

_CONNECTIONS_MAX = 100_000
_REORDER_SECONDS = 0.02  # a frame that waits for a successor waits no longer
_SENDERS = {4: "192.0.2.250", 6: "2001:db8:ffff:fa::1"}


class Connection:
    """What a rule remembers of one connection. A side is known by the packets that go away from it."""

    __slots__ = ("isn", "caught", "sides", "newest", "pieces")

    def __init__(self, isn=None):
        self.isn = isn   # of the client; None: begun before the rule was there
        self.caught = False
        self.sides = {TO_SERVER: forgery.Side(), TO_CLIENT: forgery.Side()}
        self.newest = {TO_SERVER: None, TO_CLIENT: None}
        self.pieces = {TO_SERVER: 0, TO_CLIENT: 0}

    def learn(self, segment, direction):
        self.sides[direction].learn(segment)
        if segment.payload and segment.seq != self.newest[direction]:
            self.newest[direction] = segment.seq
            self.pieces[direction] += 1


class Rule:
    """One rule and the connections it has met."""

    def __init__(self, fields):
        unknown = set(fields) - FIELDS
        if unknown or fields.get("do") not in ACTIONS:
            raise ValueError("unknown: %s" % ", ".join(sorted(unknown) or ["do=%s" % fields.get("do")]))
        self.do = fields["do"]
        self.address = frames.packed(fields["address"]) if fields.get("address") else None
        self.port = int(fields["port"]) if fields.get("port") else None
        self.network = ipaddress.ip_network(fields["network"]) if fields.get("network") else None
        self.name = fields.get("name", "").encode()
        self.direction = fields.get("direction", "both")
        self.at = fields.get("at", "data")
        if self.at not in MOMENTS:
            raise ValueError("no moment is named " + self.at)
        self.forger = forgery.Forger(fields)
        self.to, self.forward = fields.get("to", "both"), bool(fields.get("forward", False))
        self.then = fields.get("then", "pass")
        self.before_the_mirror = fields.get("side") == "router"
        self.page = forgery.STATUS_PAGES[str(fields.get("status", "403"))]
        self.error, self.sender = fields.get("error", "prohibited"), fields.get("sender")
        if self.error not in frames.ICMP_ERRORS:
            raise ValueError("no ICMP error is named " + self.error)
        self.mtu = int(fields.get("mtu", 0))
        self.bytes = int(fields.get("bytes", 1000))
        self.seconds = float(fields.get("milliseconds", 50)) / 1000
        self.percent = float(fields.get("percent", 10))
        self.random = random.Random(int(fields.get("seed", 1)))
        self.held = {TO_SERVER: None, TO_CLIENT: None}
        self.connections = collections.OrderedDict()
        self.hits = 0

    @property
    def is_forger(self):
        return self.do in ("reset", "page")

    def matches(self, segment, direction):
        server, port, client = ((segment.destination, segment.destination_port, segment.source)
                                if direction == TO_SERVER else
                                (segment.source, segment.source_port, segment.destination))
        return ((self.address is None or self.address == server) and (self.port is None or self.port == port)
                and (self.network is None or ipaddress.ip_address(client) in self.network))

    def connection(self, segment, direction):
        ends = (segment.source + segment.source_port.to_bytes(2, "big"),
                segment.destination + segment.destination_port.to_bytes(2, "big"))
        key = ends if direction == TO_SERVER else ends[::-1]
        found = self.connections.get(key)
        is_syn = direction == TO_SERVER and segment.flags & (frames.SYN | frames.ACK) == frames.SYN
        if found is None or (is_syn and segment.seq != found.isn):  # a new one, maybe with an old port
            found = self.connections[key] = Connection(segment.seq if is_syn else None)
            if len(self.connections) > _CONNECTIONS_MAX:
                self.connections.popitem(last=False)
        return found

    def strikes(self, connection, segment, direction):
        """True when this segment is the one that gives the connection to the rule."""
        if not self.is_forger:
            return direction == TO_SERVER and self.name in segment.payload
        wanted = TO_CLIENT if self.at in ("syn_ack", "reply", "more_reply") else TO_SERVER
        if direction != wanted or (self.name and self.at == "data" and self.name not in segment.payload):
            return False
        syn = segment.flags & (frames.SYN | frames.RST)
        if self.at in ("syn", "syn_ack"):
            return syn == frames.SYN
        if self.at == "ack":
            return not syn and not segment.payload
        least = 2 if self.at.startswith("more") else 1
        return bool(segment.payload) and connection.pieces[direction] >= least


class Bridge:
    """Forwards, under the rules. Single-threaded; send(direction, frame) puts a frame on the wire, and
    send_early(frame) one to the server where the mirror sees it before it comes here again."""

    def __init__(self, send, clock=time.monotonic, send_early=None):
        self.rules = {}
        self.frames = 0
        self._send = send
        self._send_early = send_early
        self._clock = clock
        self._later = []
        self._next_id = 1
        self._order = 0

    def add(self, fields):
        rule = Rule(fields)
        if rule.before_the_mirror and self._send_early is None:
            raise ValueError("this box has no way to send before the mirror")
        rule_id, self._next_id = self._next_id, self._next_id + 1
        self.rules[rule_id] = rule
        return rule_id

    def remove(self, rule_id):
        rule = self.rules.pop(rule_id, None)
        if rule is None:
            return 0
        for direction in DIRECTIONS:
            self._release(rule, direction)
        return rule.hits

    def on_frame(self, direction, frame):
        self.frames += 1
        if self.rules:
            self._pass(direction, frame, self._row(direction))
        else:
            self._send(direction, frame)

    def _row(self, direction):
        row = list(self.rules.values())
        return row if direction == TO_SERVER else row[::-1]

    def _behind(self, rule, direction):
        row = self._row(direction)
        return row[row.index(rule) + 1:] if rule in row else []

    def _pass(self, direction, frame, row):
        """Leads the frame by the rules of the row, and out."""
        segment = frames.parse(frame) if row else None
        if segment is not None:
            for rule in row:
                if rule.matches(segment, direction) and self._takes(rule, segment, direction, frame):
                    return
        self._send(direction, frame)

    def _onward(self, rule, direction, frame):
        self._pass(direction, frame, self._behind(rule, direction))

    def _takes(self, rule, segment, direction, frame):
        """True when the rule has taken care of the frame."""
        connection = rule.connection(segment, direction)
        if rule.is_forger:
            connection.learn(segment, direction)
        if not connection.caught:
            if not rule.strikes(connection, segment, direction):
                return False
            connection.caught = True
            rule.hits += 1
            if rule.is_forger:
                return self._forge(rule, connection, segment, direction, frame)
        if rule.is_forger:
            return rule.then == "drop" or (rule.then == "drop_client" and direction == TO_SERVER)
        if rule.direction not in (direction, "both"):
            return False
        return getattr(self, "_" + rule.do)(rule, segment, direction, frame)

    # --- the actions: True when nothing is left to be done with the frame ---

    def _forge(self, rule, connection, segment, direction, frame):
        if rule.forward:
            self._onward(rule, direction, frame)
        back = TO_CLIENT if direction == TO_SERVER else TO_SERVER
        sides = connection.sides  # packets to the client are in the name of the server, and the other way round
        if rule.do == "page":
            for forged in rule.forger.page(segment, rule.page, rule.forward, sides[TO_CLIENT]):
                self._onward(rule, TO_CLIENT, forged)
            return True
        for toward, word in ((TO_CLIENT, "client"), (TO_SERVER, "server")):
            if rule.to not in (word, "both"):
                continue
            for forged in rule.forger.frames(segment, toward == back, rule.forward, sides[toward]):
                if toward == TO_SERVER and rule.before_the_mirror:
                    self._send_early(forged)
                else:
                    self._onward(rule, toward, forged)
        return True

    def _icmp(self, rule, segment, direction, frame):
        large = rule.error == "packet_too_big"
        if (segment.ip_bytes <= rule.bytes) if large else not _is_at(rule.at, segment):
            return False
        sender = frames.packed(rule.sender or _SENDERS[segment.family])
        back = TO_CLIENT if direction == TO_SERVER else TO_SERVER
        self._send(back, frames.icmp_error(frame, rule.error, sender, rule.mtu or (rule.bytes if large else 0)))
        return True

    def _drop(self, rule, segment, direction, frame):
        return True

    def _drop_large(self, rule, segment, direction, frame):
        return segment.ip_bytes > rule.bytes

    def _drop_syn_ack(self, rule, segment, direction, frame):
        return direction == TO_CLIENT and bool(segment.flags & frames.SYN)

    def _delay(self, rule, segment, direction, frame):
        self._after(rule.seconds, self._onward, rule, direction, frame)
        return True

    def _lose(self, rule, segment, direction, frame):
        return rule.random.uniform(0, 100) < rule.percent

    def _duplicate(self, rule, segment, direction, frame):
        self._onward(rule, direction, frame)
        return False

    def _reorder(self, rule, segment, direction, frame):
        if rule.held[direction] is not None:
            self._onward(rule, direction, frame)
            self._release(rule, direction)
            return True
        if not segment.payload:
            return False
        rule.held[direction] = frame
        self._after(_REORDER_SECONDS, self._release, rule, direction, frame)
        return True

    def _release(self, rule, direction, only=None):
        frame = rule.held[direction]
        if frame is not None and only in (None, frame):
            rule.held[direction] = None
            self._onward(rule, direction, frame)

    # --- time ---

    def _after(self, seconds, function, *arguments):
        self._order += 1
        heapq.heappush(self._later, (self._clock() + seconds, self._order, function, arguments))

    def run_due(self):
        """Does what is due; returns the seconds until the next thing, or None."""
        while self._later:
            wait = self._later[0][0] - self._clock()
            if wait > 0:
                return wait
            _, _, function, arguments = heapq.heappop(self._later)
            function(*arguments)
        return None


def _is_at(moment, segment):
    """For actions that do not count segments: every SYN, or every segment with payload."""
    return bool(segment.flags & frames.SYN) if moment == "syn" else bool(segment.payload)
