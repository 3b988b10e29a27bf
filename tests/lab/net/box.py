# SPDX-License-Identifier: Apache-2.0
"""A bridge between two interfaces that does to some connections what middleboxes do.

    box.py --control SOCKET CLIENT_SIDE SERVER_SIDE

Every frame that comes in on one interface leaves by the other. Rules are added and removed while it runs; the first
rule that matches a TCP segment decides about it. The program is also a module: Box starts it and talks to it.

A rule is a JSON object, every field but `do` optional:
  address, port   the server's
  network         the client's, as a prefix
  name            bytes that a client's segment must hold (a server name); from that segment on, the rule has the
                  connection. Without a name it has every matching connection from its first packet.
  direction       to_server | to_client | both (default): where the actions after the colon below are done
  do: reset       RST to both ends, once, when the rule gets the connection. ttl (37), count (1), payload (text in the
                  RST), to (client | server | both), forward (false: the segment that caused it goes no further)
      drop        nothing of the connection passes any more
      drop_large  IP packets of more than `bytes` (1000) do not pass: an MTU black hole without ICMP
      drop_syn_ack, delay (milliseconds, 50), lose (percent, 10; seed, 1), duplicate, reorder
`reset` without a name strikes at the client's first payload. Answers on the control socket are JSON objects as well:
{"add": RULE} gives {"id": N}, {"remove": N} and {"statistics": true} give numbers.
"""
import argparse
import collections
import heapq
import ipaddress
import json
import os
import random
import select
import socket
import subprocess
import sys
import time

if __package__ in (None, ""):
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from net import frames  # noqa: E402  (the path above is needed when run as a program)

TO_SERVER, TO_CLIENT = DIRECTIONS = ("to_server", "to_client")
ACTIONS = ("reset", "drop", "drop_large", "drop_syn_ack", "delay", "lose", "duplicate", "reorder")
FIELDS = {"do", "address", "port", "network", "name", "direction", "ttl", "count", "payload", "to", "forward", "bytes",
          "milliseconds", "percent", "seed"}

_SOL_PACKET, _PACKET_ADD_MEMBERSHIP, _PACKET_MR_PROMISC, _PACKET_IGNORE_OUTGOING = 263, 1, 1, 23
_CONNECTIONS_MAX = 100_000
_REORDER_SECONDS = 0.02  # a frame that waits for a successor waits no longer


class Rule:
    """One rule and what it remembers of the connections it has."""

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
        self.ttl, self.count = int(fields.get("ttl", 37)), int(fields.get("count", 1))
        self.payload = fields.get("payload", "").encode()
        self.to, self.forward = fields.get("to", "both"), bool(fields.get("forward", False))
        self.bytes = int(fields.get("bytes", 1000))
        self.seconds = float(fields.get("milliseconds", 50)) / 1000
        self.percent = float(fields.get("percent", 10))
        self.random = random.Random(int(fields.get("seed", 1)))
        self.held = {TO_SERVER: None, TO_CLIENT: None}
        self.caught = collections.OrderedDict()
        self.hits = 0

    def matches(self, segment, direction):
        server, port, client = ((segment.destination, segment.destination_port, segment.source)
                                if direction == TO_SERVER else
                                (segment.source, segment.source_port, segment.destination))
        return ((self.address is None or self.address == server) and (self.port is None or self.port == port)
                and (self.network is None or ipaddress.ip_address(client) in self.network))

    def strikes(self, segment, direction):
        """True when this segment is the one that gives the connection to the rule."""
        if direction != TO_SERVER:
            return False
        if self.name:
            return self.name in segment.payload
        return bool(segment.payload) if self.do == "reset" else True


class Bridge:
    """Forwards, under the rules. Single-threaded; `send` takes (direction, frame)."""

    def __init__(self, send, clock=time.monotonic):
        self.rules = {}
        self.frames = 0
        self._send = send
        self._clock = clock
        self._later = []
        self._next_id = 1
        self._order = 0

    def add(self, fields):
        rule_id, self._next_id = self._next_id, self._next_id + 1
        self.rules[rule_id] = Rule(fields)
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
        segment = frames.parse(frame) if self.rules else None
        if segment is not None:
            for rule in self.rules.values():
                if rule.matches(segment, direction) and self._has(rule, segment, direction, frame):
                    return
        self._send(direction, frame)

    def _has(self, rule, segment, direction, frame):
        """True when the rule has taken care of the frame."""
        client, server = ((segment.source + segment.source_port.to_bytes(2, "big"),
                           segment.destination + segment.destination_port.to_bytes(2, "big")))
        key = client + server if direction == TO_SERVER else server + client
        if direction == TO_SERVER and segment.flags & (frames.SYN | frames.ACK) == frames.SYN:
            rule.caught.pop(key, None)  # a new connection, maybe with an old port
        new = key not in rule.caught
        if new and not rule.strikes(segment, direction):
            return False
        if new:
            rule.hits += 1
            rule.caught[key] = True
            if len(rule.caught) > _CONNECTIONS_MAX:
                rule.caught.popitem(last=False)
        if rule.do == "reset":
            return new and self._reset(rule, segment, direction, frame)
        if rule.direction not in (direction, "both"):
            return False
        return getattr(self, "_" + rule.do)(rule, segment, direction, frame)

    # --- the actions: True when nothing is left to be done with the frame ---

    def _reset(self, rule, segment, direction, frame):
        if rule.forward:
            self._send(direction, frame)
        for index in range(rule.count):
            offset = index * 1460
            if rule.to in ("client", "both"):
                self._send(TO_CLIENT, frames.reset_to_sender(segment, rule.ttl, rule.payload, offset))
            if rule.to in ("server", "both"):
                self._send(TO_SERVER, frames.reset_to_receiver(segment, rule.ttl, rule.forward, rule.payload, offset))
        return True

    def _drop(self, rule, segment, direction, frame):
        return True

    def _drop_large(self, rule, segment, direction, frame):
        return segment.ip_bytes > rule.bytes

    def _drop_syn_ack(self, rule, segment, direction, frame):
        return direction == TO_CLIENT and bool(segment.flags & frames.SYN)

    def _delay(self, rule, segment, direction, frame):
        self._after(rule.seconds, self._send, direction, frame)
        return True

    def _lose(self, rule, segment, direction, frame):
        return rule.random.uniform(0, 100) < rule.percent

    def _duplicate(self, rule, segment, direction, frame):
        self._send(direction, frame)
        return False

    def _reorder(self, rule, segment, direction, frame):
        if rule.held[direction] is not None:
            self._send(direction, frame)
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
            self._send(direction, frame)

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


def open_interface(name):
    link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    link.setsockopt(_SOL_PACKET, _PACKET_IGNORE_OUTGOING, 1)
    membership = socket.if_nametoindex(name).to_bytes(4, sys.byteorder) + \
        _PACKET_MR_PROMISC.to_bytes(2, sys.byteorder) + bytes(10)
    link.setsockopt(_SOL_PACKET, _PACKET_ADD_MEMBERSHIP, membership)
    link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
    link.bind((name, 0x0003))  # ETH_P_ALL
    link.setblocking(False)
    return link


def answer(bridge, line):
    try:
        command = json.loads(line)
        if "add" in command:
            return {"id": bridge.add(command["add"])}
        if "remove" in command:
            return {"hits": bridge.remove(command["remove"])}
        return {"frames": bridge.frames, "rules": {key: rule.hits for key, rule in bridge.rules.items()}}
    except (ValueError, KeyError, TypeError, OSError) as error:
        return {"error": str(error)}


def serve_control(listener, bridge):
    peer, _ = listener.accept()
    with peer:
        peer.settimeout(1)
        try:
            line = peer.makefile("rb").readline(65536)
            peer.sendall(json.dumps(answer(bridge, line)).encode() + b"\n")
        except OSError:
            pass  # who asked has gone


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--control", required=True, metavar="SOCKET")
    parser.add_argument("client_side")
    parser.add_argument("server_side")
    options = parser.parse_args()
    links = {TO_SERVER: open_interface(options.client_side), TO_CLIENT: open_interface(options.server_side)}
    leaves_by = {TO_SERVER: links[TO_CLIENT], TO_CLIENT: links[TO_SERVER]}

    def send(direction, frame):
        try:
            leaves_by[direction].send(frame)
        except OSError:
            pass  # a full queue or an interface that goes down loses a frame, as any bridge does

    bridge = Bridge(send)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(options.control)
        listener.listen(16)
        poll = select.epoll()
        came_by = {link.fileno(): direction for direction, link in links.items()}
        for number in (*came_by, listener.fileno()):
            poll.register(number, select.EPOLLIN)
        while True:
            for number, _ in poll.poll(bridge.run_due()):
                if number == listener.fileno():
                    serve_control(listener, bridge)
                    continue
                direction = came_by[number]
                for _ in range(64):  # then the other side's turn
                    try:
                        bridge.on_frame(direction, links[direction].recv(65536))
                    except BlockingIOError:
                        break
                    except OSError:
                        break  # the interface is down for a moment


class Box:
    """The program in its namespace. `popen` is Network.popen."""

    def __init__(self, popen, control, namespace="box", interfaces=("box0", "box1")):
        self._control = str(control)
        self._process = popen(namespace, [sys.executable, os.path.abspath(__file__), "--control", self._control,
                                          *interfaces])
        deadline = time.monotonic() + 10
        while True:
            try:
                self.statistics()
                return
            except OSError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError("the box does not start") from None
                time.sleep(0.02)

    def add(self, **fields):
        """Returns the number of the rule."""
        return self._ask({"add": fields})["id"]

    def remove(self, rule_id):
        """Returns how many connections the rule got."""
        return self._ask({"remove": rule_id})["hits"]

    def statistics(self):
        return self._ask({"statistics": True})

    def stop(self):
        self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _ask(self, command):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as peer:
            peer.settimeout(5)
            peer.connect(self._control)
            peer.sendall(json.dumps(command).encode() + b"\n")
            reply = json.loads(peer.makefile("rb").readline())
        if "error" in reply:
            raise ValueError("the box does not understand %s: %s" % (command, reply["error"]))
        return reply


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        pass
