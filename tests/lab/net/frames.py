# SPDX-License-Identifier: Apache-2.0
"""Ethernet frames with TCP in them: read one, forge another that answers it.

Contract: parse(frame) gives a Segment, or None for what is not plain TCP over IPv4 or IPv6 (fragments and IPv6
extension headers included, which the laboratory does not make). forge() returns a whole frame with correct IPv4 and
TCP checksums.
"""
import dataclasses
import ipaddress
import socket
import struct

FIN, SYN, RST, PSH, ACK = 0x01, 0x02, 0x04, 0x08, 0x10

_IPV4, _IPV6, _TCP = 0x0800, 0x86DD, 6


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
        ip_bytes = int.from_bytes(frame[16:18], "big")
        family, source, destination = 4, frame[26:30], frame[30:34]
    elif kind == _IPV6 and len(frame) >= 54:
        header = 40
        if frame[20] != _TCP:
            return None
        ip_bytes = 40 + int.from_bytes(frame[18:20], "big")
        family, source, destination = 6, frame[22:38], frame[38:54]
    else:
        return None
    tcp = frame[14 + header:14 + ip_bytes]  # Ethernet pads short frames
    if len(tcp) < 20:
        return None
    source_port, destination_port, seq, ack, offset, flags = struct.unpack("!HHIIBB", tcp[:14])
    return Segment(frame[:12], family, source, destination, source_port, destination_port, seq, ack, flags,
                   tcp[(offset >> 4) * 4:], ip_bytes)


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
    pseudo = source + destination + struct.pack("!II" if family == 6 else "!HH",
                                                *((len(tcp), _TCP) if family == 6 else (_TCP, len(tcp))))
    tcp = tcp[:16] + struct.pack("!H", checksum(pseudo + tcp)) + tcp[18:]
    if family == 6:
        return link + struct.pack("!HIHBB", _IPV6, 6 << 28, len(tcp), _TCP, ttl) + source + destination + tcp
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(tcp), ip_id, 0, ttl, _TCP, 0) + source + destination
    ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
    return link + struct.pack("!H", _IPV4) + ip + tcp


def reset_to_sender(segment, ttl, payload=b"", offset=0):
    """A RST for whoever sent the segment, in the name of its peer."""
    return forge(segment.link[6:] + segment.link[:6], segment.family, segment.destination, segment.source,
                 (segment.destination_port, segment.source_port), segment.ack + offset,
                 segment.seq + segment.length, RST | ACK, ttl, payload)


def reset_to_receiver(segment, ttl, delivered, payload=b"", offset=0):
    """A RST for the receiver of the segment, in the name of its sender; `delivered`: the segment itself went on."""
    seq = segment.seq + (segment.length if delivered else 0) + offset
    return forge(segment.link, segment.family, segment.source, segment.destination,
                 (segment.source_port, segment.destination_port), seq, segment.ack, RST | ACK, ttl, payload)


def packed(address):
    address = ipaddress.ip_address(address)
    return socket.inet_pton(socket.AF_INET6 if address.version == 6 else socket.AF_INET, str(address))
