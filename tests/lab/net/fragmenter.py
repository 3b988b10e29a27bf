# SPDX-License-Identifier: Apache-2.0
"""A host whose packets leave in fragments, which no kernel does to its own TCP packets, and none to IPv6 on the way.

    fragmenter.py DEVICE UPLINK HARDWARE_ADDRESS BYTES ORDER

Reads IP packets from a TUN device that it makes, cuts those of more than BYTES into fragments of at most BYTES (RFC 791
§3.2, RFC 8200 §4.5) and sends all through the uplink to that hardware address. ORDER: forward | reversed. The packets
are those of real programs; their receivers' kernels put them together.

It is a module too: a case asks for it, at both of its ends, by an option of its client:
    ("fragments", "600")           or "600:reversed"
    with active(lab, case, address):     # around the case
        ...
"""
import contextlib
import fcntl
import itertools
import os
import socket
import struct
import subprocess
import sys
import time

if __package__ in (None, ""):
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from model import LabError  # noqa: E402  (the path above is needed when run as a program)
from net import frames, plan  # noqa: E402

_TUNSETIFF = 0x400454CA
_IFF_TUN, _IFF_NO_PI = 0x0001, 0x1000
_DONT_FRAGMENT, _MORE = 0x4000, 0x2000
_FRAGMENT_HEADER = 44
_READY = "ready\n"
_LAST_PACKETS_SECONDS = 0.2
_devices = itertools.count(1)


def cut(packet, size, number):
    """The packet as a list of packets of at most `size` bytes."""
    if len(packet) <= size:
        return [packet]
    return (_cut_ipv4 if packet[0] >> 4 == 4 else _cut_ipv6)(packet, size, number)


def _pieces(payload, room):
    """(offset, bytes, whether more come); all but the last one in units of 8 bytes."""
    room -= room % 8
    for offset in range(0, len(payload), room):
        yield offset, payload[offset:offset + room], offset + room < len(payload)


def _cut_ipv4(packet, size, number):
    length = (packet[0] & 0xF) * 4
    found = []
    for offset, piece, more in _pieces(packet[length:], size - length):
        header = bytearray(packet[:length])
        struct.pack_into("!HHH", header, 2, length + len(piece), number & 0xFFFF, offset // 8 | (_MORE if more else 0))
        header[10:12] = b"\0\0"
        header[10:12] = frames.checksum(bytes(header)).to_bytes(2, "big")
        found.append(bytes(header) + piece)
    return found


def _cut_ipv6(packet, size, number):
    found = []
    for offset, piece, more in _pieces(packet[40:], size - 48):
        header = struct.pack("!4sHBB", packet[:4], 8 + len(piece), _FRAGMENT_HEADER, packet[7]) + packet[8:40]
        found.append(header + struct.pack("!BBHI", packet[6], 0, offset | more, number) + piece)
    return found


def main():
    device, uplink, hardware, size, order = sys.argv[1:]
    tun = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(tun, _TUNSETIFF, struct.pack("16sH22x", device.encode(), _IFF_TUN | _IFF_NO_PI))
    link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    link.bind((uplink, 0))
    receiver = bytes.fromhex(hardware.replace(":", ""))
    sender = link.getsockname()[4]
    sys.stdout.write(_READY)
    sys.stdout.flush()
    for number in itertools.count(1):
        packet = os.read(tun, 65536)
        kind = b"\x08\x00" if packet[0] >> 4 == 4 else b"\x86\xdd"
        found = cut(packet, int(size), number)
        for one in reversed(found) if order == "reversed" else found:
            link.send(receiver + sender + kind + one)


@contextlib.contextmanager
def active(lab, case, address):
    wish = case.client.option("fragments")
    if wish is None:
        yield
        return
    size, _, order = wish.partition(":")
    network, place = case.client.network, case.server.place
    host = lab.network.client_namespace(network)
    source = lab.network.client_address(network, case.client.family)
    name = "f%d" % next(_devices)
    running = []
    try:
        for namespace in (host, place):
            running.append(_start(lab.network, namespace, name, size, order or "forward"))
        lab.network.route_from(network, address, source)   # which makes it an address of the host
        for namespace, there, words in ((host, address, " src " + source), (place, source, "")):
            _run(lab.network, namespace, "ip link set %s mtu 1500 up" % name)
            _run(lab.network, namespace, "ip route replace %s dev %s%s" % (there, name, words))
        yield
        time.sleep(_LAST_PACKETS_SECONDS)
    finally:
        for process in running:  # the device ends with it
            process.kill()
            process.wait()
            process.stdout.close()


def _start(network, namespace, name, size, order):
    process = network.popen(namespace, [sys.executable, os.path.abspath(__file__), name, plan.UPLINK,
                                        plan.hardware_address("router", "to_" + namespace), size, order],
                            stdout=subprocess.PIPE, text=True)
    if process.stdout.readline() != _READY:
        process.kill()
        process.wait()
        process.stdout.close()
        raise LabError("no TUN device in %s" % namespace)
    return process


def _run(network, namespace, words):
    done = network.run(namespace, words.split())
    if done.returncode != 0:
        raise LabError("%s in %s: %s" % (words, namespace, done.stderr.strip()))


if __name__ == "__main__":
    main()
