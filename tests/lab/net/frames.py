# SPDX-License-Identifier: Apache-2.0
"""Ethernet frames with TCP in them: read one, forge others about it.

Contract: parse(frame) gives a Segment, or None for what is not plain TCP over IPv4 or IPv6 (fragments and IPv6
extension headers included, which the laboratory does not make). forge() returns a whole frame with correct IPv4 and
TCP checksums, icmp_error() one that quotes what it is about as routers do.
"""
import dataclasses
import ipaddress
import socket
import struct

FIN, SYN, RST, PSH, ACK = 0x01, 0x02, 0x04, 0x08, 0x10

_IPV4, _IPV6, _ICMP, _TCP, _ICMPV6 = 0x0800, 0x86DD, 1, 6, 58
_DONT_FRAGMENT = 0x4000
_ICMP_TTL = 63       # of a router one hop away that begins with 64

# {error: ((ICMP type, code), (ICMPv6 type, code))}; RFC 792, RFC 1812 §5.2.7.1, RFC 4443 §3
ICMP_ERRORS = {
    "network_unreachable": ((3, 0), (1, 0)),
    "host_unreachable": ((3, 1), (1, 3)),
    "port_unreachable": ((3, 3), (1, 4)),
    "prohibited": ((3, 13), (1, 1)),
    "packet_too_big": ((3, 4), (2, 0)),
    "time_exceeded": ((11, 0), (3, 0)),
}
_QUOTED_MAX = {4: 28, 6: 1232}  # RFC 792: the header and eight bytes; RFC 4443 §2.4 (c): what fits into 1280


@dataclasses.dataclass(frozen=True)
class Segment:
    link: bytes          # the two hardware addresses, destination first
    family: int          # 4 or 6
    source: bytes        # packed addresses
    destination: bytes
    source_port: int
    destination_port: int
    seq: int
    ack: int
    flags: int
    payload: bytes
    ip_bytes: int        # of the whole IP packet
    ttl: int = 64        # or hop limit
    ip_id: int = 0       # always zero in IPv6
    window: int = 0      # not scaled

    @property
    def length(self):
        """What the segment takes of the sequence space."""
        return len(self.payload) + bool(self.flags & SYN) + bool(self.flags & FIN)


def parse(frame):
    kind = int.from_bytes(frame[12:14], "big")
    if kind == _IPV4 and len(frame) >= 34:
        header = (frame[14] & 0x0F) * 4
        fragment = int.from_bytes(frame[20:22], "big") & 0x3FFF
        if frame[23] != _TCP or fragment:
            return None
        ip_bytes, ip_id, ttl = int.from_bytes(frame[16:18], "big"), int.from_bytes(frame[18:20], "big"), frame[22]
        family, source, destination = 4, frame[26:30], frame[30:34]
    elif kind == _IPV6 and len(frame) >= 54:
        header = 40
        if frame[20] != _TCP:
            return None
        ip_bytes, ip_id, ttl = 40 + int.from_bytes(frame[18:20], "big"), 0, frame[21]
        family, source, destination = 6, frame[22:38], frame[38:54]
    else:
        return None
    tcp = frame[14 + header:14 + ip_bytes]  # Ethernet pads short frames
    if len(tcp) < 20:
        return None
    source_port, destination_port, seq, ack, offset, flags, window = struct.unpack("!HHIIBBH", tcp[:16])
    return Segment(frame[:12], family, source, destination, source_port, destination_port, seq, ack, flags,
                   tcp[(offset >> 4) * 4:], ip_bytes, ttl, ip_id, window)


def checksum(data):
    """RFC 1071."""
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def forge(link, family, source, destination, ports, seq, ack, flags, ttl, payload=b"", window=0, ip_id=0):
    tcp = struct.pack("!HHIIBBHHH", *ports, seq & 0xFFFFFFFF, ack & 0xFFFFFFFF, 5 << 4, flags, window, 0, 0) + payload
    tcp = _with_checksum(tcp, 16, _pseudo(family, source, destination, len(tcp), _TCP))
    return _packet(link, family, source, destination, _TCP, ttl, tcp, ip_id)


def icmp_error(frame, error, sender, mtu=0):
    """What the router `sender` (packed) tells the source of the frame about it."""
    segment = parse(frame)
    kind, code = ICMP_ERRORS[error][segment.family == 6]
    # RFC 1191 §4 puts the MTU into the last two of the four bytes, RFC 4443 §3.2 into all of them.
    message = struct.pack("!BBHI", kind, code, 0, mtu) + frame[14:14 + _QUOTED_MAX[segment.family]]
    link = segment.link[6:] + segment.link[:6]
    if segment.family == 6:
        pseudo = _pseudo(6, sender, segment.source, len(message), _ICMPV6)
        return _packet(link, 6, sender, segment.source, _ICMPV6, _ICMP_TTL, _with_checksum(message, 2, pseudo))
    return _packet(link, 4, sender, segment.source, _ICMP, _ICMP_TTL, _with_checksum(message, 2))


def _packet(link, family, source, destination, protocol, ttl, content, ip_id=0):
    if family == 6:
        return (link + struct.pack("!HIHBB", _IPV6, 6 << 28, len(content), protocol, ttl) + source + destination
                + content)
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(content), ip_id, _DONT_FRAGMENT, ttl, protocol, 0)
    ip = _with_checksum(ip + source + destination, 10)
    return link + struct.pack("!H", _IPV4) + ip + content


def _pseudo(family, source, destination, length, protocol):
    """RFC 9293 §3.1, RFC 8200 §8.1"""
    numbers = ("!II", length, protocol) if family == 6 else ("!HH", protocol, length)
    return source + destination + struct.pack(*numbers)


def _with_checksum(data, offset, pseudo=b""):
    return data[:offset] + struct.pack("!H", checksum(pseudo + data)) + data[offset + 2:]


def packed(address):
    address = ipaddress.ip_address(address)
    return socket.inet_pton(socket.AF_INET6 if address.version == 6 else socket.AF_INET, str(address))
