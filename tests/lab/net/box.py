# SPDX-License-Identifier: Apache-2.0
"""A bridge between two interfaces that does to some connections what middleboxes do.

    box.py --control SOCKET [--early NETNS INTERFACE] CLIENT_SIDE SERVER_SIDE

Every frame that comes in on one interface leaves by the other. Rules are added and removed while it runs. The program
is also a module: Box starts it and talks to it. --early names the other end of the client's side, in the namespace
with that path: what is sent there comes here by the wire, and a mirror on that wire sees it.

A rule is a JSON object, every field but `do` optional:
  address, port   the server's
  network         the client's, as a prefix
  name            bytes that a client's segment must hold (a server name); from that segment on, the rule has the
                  connection. Without a name it has every matching connection from its first packet.
  direction       to_server | to_client | both (default): where the actions that do not strike once are done
  do: reset       forges, once for each connection, when the segment named by `at` comes:
                  at: syn, syn_ack, ack, data (default: the client's first payload, or the one with the name),
                    more_data (its next one), reply (the server's first payload), more_reply
                  to: client | server | both. forward: the segment goes on to its receiver; else it ends here.
                  then: drop also drops all that follows, drop_client what follows of the client; pass (default)
                  side: router sends those to the server before the mirror, which else does not show them
                  as: rst | rst_ack (default) | fin, or several with / between them. count: how many in all (one each)
                  step: from one sequence number to the next (1460). ack_step (0). last_ack=zero. payload: text in them
                  ttl: a number (37) or right: as in the real packets of that end. ipid: right | zero (default) | random
                  window: a number (0) or right
      page        as reset, but a whole HTTP answer (status: 302 | 403) for the client, and a FIN
      icmp        an ICMP error to the sender of every segment that is `at` syn or data, which goes no further.
                  error: prohibited (default) | host_unreachable | ..., or packet_too_big: of packets of more than
                  `bytes`, with `mtu` (as bytes). sender: the address of the router that says so
      drop        nothing of the connection passes any more
      drop_large  IP packets of more than `bytes` (1000) do not pass: an MTU black hole without ICMP
      drop_syn_ack, delay (milliseconds, 50), lose (percent, 10; seed, 1), duplicate, reorder
Rules stand in a row between client and server, see bridge.py. Answers on the control socket are JSON objects as well:
{"add": RULE} gives {"id": N}, {"remove": N} and {"statistics": true} give numbers.
"""
import argparse
import ctypes
import json
import os
import select
import socket
import subprocess
import sys
import time

if __package__ in (None, ""):
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from net.bridge import TO_CLIENT, TO_SERVER, Bridge  # noqa: E402  (the path above is needed when run as a program)

_SOL_PACKET, _PACKET_ADD_MEMBERSHIP, _PACKET_MR_PROMISC, _PACKET_IGNORE_OUTGOING = 263, 1, 1, 23
_CLONE_NEWNET = 0x40000000


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


def open_elsewhere(path, name):
    """An interface of another network namespace; the socket stays there, this program does not."""
    with open("/proc/self/ns/net", encoding="ascii") as here, open(path, encoding="ascii") as there:
        _enter(there)
        try:
            link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
            link.bind((name, 0))  # only to send
            return link
        finally:
            _enter(here)


def _enter(namespace):
    if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), _CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


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
    parser.add_argument("--early", nargs=2, metavar=("NETNS", "INTERFACE"))
    parser.add_argument("client_side")
    parser.add_argument("server_side")
    options = parser.parse_args()
    links = {TO_SERVER: open_interface(options.client_side), TO_CLIENT: open_interface(options.server_side)}
    leaves_by = {TO_SERVER: links[TO_CLIENT], TO_CLIENT: links[TO_SERVER]}

    def send_by(link, frame):
        try:
            link.send(frame)
        except OSError:
            pass  # a full queue or an interface that goes down loses a frame, as any bridge does

    early = open_elsewhere(*options.early) if options.early else None
    bridge = Bridge(lambda direction, frame: send_by(leaves_by[direction], frame),
                    send_early=early and (lambda frame: send_by(early, frame)))
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

    def __init__(self, popen, control, namespace="box", interfaces=("box0", "box1"),
                 early=("/run/netns/router", "to_inner")):
        self._control = str(control)
        self._process = popen(namespace, [sys.executable, os.path.abspath(__file__), "--control", self._control,
                                          "--early", *early, *interfaces])
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
