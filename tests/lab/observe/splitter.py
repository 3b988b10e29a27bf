# SPDX-License-Identifier: Apache-2.0
"""Cuts a capture in two at a moment: what was known before, and what then happened.

Classic pcap files, of either byte order and either precision, as tcpdump writes them. Packets keep their times and
their order; one that is captured exactly at the moment belongs to the second part.
"""
import pathlib
import struct

from model import LabError

_FRACTIONS = {0xA1B2C3D4: 1e6, 0xA1B23C4D: 1e9}   # of a second, by the magic number
_HEADER, _RECORD = 24, 16


def records(data):
    """(the time in seconds, record) of each whole packet of a file's bytes; LabError when it is no pcap file."""
    order, fraction = _format_of(data)
    offset = _HEADER
    while offset + _RECORD <= len(data):
        seconds, parts, captured = struct.unpack_from(order + "III", data, offset)
        record = data[offset:offset + _RECORD + captured]
        if len(record) < _RECORD + captured:
            return  # the writer was stopped in the middle of a packet
        yield seconds + parts / fraction, record
        offset += len(record)


def link_type(data):
    order, _ = _format_of(data)
    return struct.unpack_from(order + "I", data, 20)[0] & 0xFFFF


def split(path, moment, before_path, behind_path):
    """Returns how many packets each part has. `moment`: time.time()."""
    data = pathlib.Path(path).read_bytes()
    before, behind = [], []
    for when, record in records(data):
        (before if when < moment else behind).append(record)
    for name, part in ((before_path, before), (behind_path, behind)):
        pathlib.Path(name).write_bytes(data[:_HEADER] + b"".join(part))
    return len(before), len(behind)


def _format_of(data):
    for order in "<>":
        fraction = _FRACTIONS.get(struct.unpack_from(order + "I", data)[0]) if len(data) >= _HEADER else None
        if fraction:
            return order, fraction
    raise LabError("this is no classic pcap file")
