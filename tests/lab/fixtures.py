# SPDX-License-Identifier: Apache-2.0
"""Cuts the capture of a run into small captures with their truth, for tests/captures/lab.

write() takes the cases that were agreed upon by every observer and whose Case.fixture is set. A fixture is the packets
of the case's own destination address, as they were captured, with their times, and ICMP errors about them; those of
its companions, which come before and after it, are left out, and long tails are cut off. The last packet is the one
that ended the whole capture (runner.heartbeat), so that a replay can tell a silence from the end of the file. Each fixture is replayed before it is kept, and must give the outcomes that the whole
capture gave. Where nobody answers, that is a finding only beside somebody who does: such a fixture gets the packets
and lines of a second, successful case.

    <case>.pcap      <case>.expect      lines of `client server outcome by stage`, as in tests/captures/showcase.expect,
                                        and `in TUNNEL`, `vlan ID [ID]`, `over PROTOCOL` (which asked for TLS),
                                        `client SERVICE` and `server SERVICE` (what was no TLS) where it was so
    INDEX.md         what each one is

split() writes all cases of a run, with their companions, uncut and unasked, for who wants to look at them.

Captures are classic pcap files, Ethernet, of either byte order and either precision.
"""
import collections
import ipaddress
import json
import pathlib
import struct

from judge import matrix
from model import LabError
from observe import splitter

FILE_BYTES_MAX = 20_000
FILES_MAX = 110   # of cases about the ends, of those about the mirror, and of those about what is no TLS
ALL_BYTES_MAX = 2_500_000

_ETHERNET = 1
_MIRROR_OPTIONS = ("tunnel", "inner_mtu", "mirror", "fragments")
_IPV4, _IPV6, _MPLS, _VLANS = 0x0800, 0x86DD, 0x8847, (0x8100, 0x88A8)
_ICMP, _ICMPV6, _UDP = 1, 58, 17


class Capture:
    """All packets of a file, and which of them are about which address."""

    def __init__(self, path):
        data = pathlib.Path(path).read_bytes()
        self.header = data[:24]
        self.records, self._times = [], []
        self._about = collections.defaultdict(list)
        for when, record in splitter.records(data):
            for address in addresses_of(record[16:]):
                self._about[address].append(len(self.records))
            self.records.append(record)
            self._times.append(when)
        if splitter.link_type(data) != _ETHERNET:
            raise LabError("%s does not hold Ethernet frames" % path)

    def about(self, *addresses):
        """The records about any of these, in the order of the capture."""
        found = {index for address in addresses for index in self._about.get(ipaddress.ip_address(address), ())}
        return [self.records[index] for index in sorted(found)]

    def own(self, *cases):
        """The records of cases that were played, without those of their companions."""
        found = set()
        for one in cases:
            last = min((other.began for other in one.company if not other.before), default=float("inf"))
            found.update(index for address in (one.address, *one.around)
                         for index in self._about.get(ipaddress.ip_address(address), ())
                         if one.began <= self._times[index] < last)
        return [self.records[index] for index in sorted(found)]


def addresses_of(frame):
    """The addresses that a frame is about: source, destination, and those that an ICMP error quotes."""
    kind, offset = _ether_type(frame)
    packet = frame[offset:]
    found = set()
    while packet:
        inner = None
        if kind == _IPV4 and len(packet) >= 20:
            found.update(ipaddress.ip_address(packet[at:at + 4]) for at in (12, 16))
            length = (packet[0] & 0xF) * 4
            if packet[9] == _ICMP and len(packet) > length and packet[length] in (3, 4, 5, 11, 12):
                inner = packet[length + 8:]
        elif kind == _IPV6 and len(packet) >= 40:
            found.update(ipaddress.ip_address(packet[at:at + 16]) for at in (8, 24))
            if packet[6] == _ICMPV6 and len(packet) > 40 and packet[40] < 128:
                inner = packet[48:]
        packet = inner
    return found


def _ether_type(frame):
    offset = 12
    while len(frame) >= offset + 2:
        kind = struct.unpack_from(">H", frame, offset)[0]
        offset += 2
        if kind == _MPLS:
            return _behind_labels(frame, offset)
        if kind not in _VLANS:
            return kind, offset
        offset += 2
    return None, len(frame)


def _behind_labels(frame, offset):
    """IP, as the laboratory has nothing else there; the lowest bit of a label's third byte marks the last one."""
    while len(frame) >= offset + 4:
        offset += 4
        if frame[offset - 2] & 1:
            version = frame[offset] >> 4 if len(frame) > offset else 0
            return {4: _IPV4, 6: _IPV6}.get(version), offset
    return None, len(frame)


def cut(records, closing, bytes_max=FILE_BYTES_MAX):
    """As many records from the beginning as fit, and the closing one behind them."""
    room = bytes_max - 24 - len(closing)
    kept = []
    for record in records:
        room -= len(record)
        if room < 0:
            break
        kept.append(record)
    return kept + [closing]


def closing_record(capture, addresses):
    """The last datagram of the heartbeat."""
    found = capture.about(*addresses)
    if not found:
        raise LabError("the capture does not hold the heartbeat that ends it")
    return found[-1]


def endpoint(address, port):
    return ("[%s]:%d" if ":" in address else "%s:%d") % (address, port)


def expect_lines(seen):
    """In the order of time, as outcome lines."""
    ordered = sorted(seen, key=lambda one: (one.start, one.source, one.source_port))
    return ["%s %s %s %s %s" % (endpoint(one.source, one.source_port), endpoint(one.destination, one.destination_port),
                                one.name, one.by, one.stage) + _around(one) for one in ordered]


def _around(seen):
    words = (["in", seen.tunnel] if seen.tunnel else []) + (["vlan", *seen.vlan] if seen.vlan else [])
    words += ["over", seen.starttls] if seen.starttls else []
    for side, service in zip(("client", "server"), seen.service, strict=True):
        words += [side, service] if service else []
    return "".join(" " + word for word in words)


def file_name(case):
    return case.name.replace("/", "_")


def write(folder, result, capture_path, heartbeat_addresses, replay, versions):
    """Replaces the content of `folder`; returns sentences about fixtures that could not be written.

    replay(path, ports) -> list of Seen; versions: {(side, stack): "program 1.2"}.
    """
    capture = Capture(capture_path)
    closing = closing_record(capture, heartbeat_addresses)
    folder.mkdir(parents=True, exist_ok=True)
    _remove_old(folder, result)
    rows = [row for row in _old_rows(folder) if (folder / (row.split()[1] + ".pcap")).exists()]
    complaints, size = [], sum(path.stat().st_size for path in folder.glob("*.pcap"))
    for one in _chosen(result):
        name = file_name(one.case)
        path = folder / (name + ".pcap")
        for company in ([], _companion(result, capture, one)):
            lines = _try(path, result, capture, closing, [one, *company], replay)
            if lines:
                break
        if not lines:
            complaints.append("%s: its packets alone do not tell what the whole capture tells" % name)
            path.unlink()
            continue
        (folder / (name + ".expect")).write_text("\n".join(lines) + "\n")
        size += path.stat().st_size
        rows.append(_index_row(name, one, _seen_of(result, one), versions))
    if size > ALL_BYTES_MAX:
        complaints.append("the fixtures have %d bytes, and at most %d are wanted" % (size, ALL_BYTES_MAX))
    (folder / "INDEX.md").write_text(_index(rows))
    return complaints


def _remove_old(folder, result):
    """What this run could have made anew. A kernel or a machine that lacks something keeps what others have made; only
    a run of everything knows which cases are no more."""
    played = {file_name(one.case) for one in result.played}
    known = played | {file_name(one.case) for one in result.skipped}
    for old in folder.iterdir():
        if old.suffix in (".pcap", ".expect") and (old.stem in played or (result.complete and old.stem not in known)):
            old.unlink()


def _old_rows(folder):
    index = folder / "INDEX.md"
    lines = index.read_text().splitlines() if index.exists() else []
    return [line for line in lines if line.startswith("| ") and not line.startswith("| file |")]


def split(folder, result, capture_path, heartbeat_addresses):
    """Every case that happened, by itself: <case>.pcap, and its truth as <case>.json."""
    capture = Capture(capture_path)
    closing = closing_record(capture, heartbeat_addresses)
    folder.mkdir(parents=True, exist_ok=True)
    for one in result.happened:
        path = folder / (file_name(one.case) + ".pcap")
        whole = capture.about(*(address for address, _ in one.endpoints), *one.around)
        path.write_bytes(capture.header + b"".join(whole + [closing]))
        path.with_suffix(".json").write_text(json.dumps(matrix.case_json(result, one), indent=1) + "\n")


def _try(path, result, capture, closing, cases, replay):
    """Writes the packets of these cases; their lines, or None when a replay does not give them."""
    records = cut(capture.own(*cases), closing)
    path.write_bytes(capture.header + b"".join(records))
    lines = expect_lines([seen for one in cases for seen in _seen_of(result, one)])
    found = expect_lines(replay(path, sorted({one.port for one in cases})))
    return lines if collections.Counter(found) == collections.Counter(lines) else None


def _companion(result, capture, one):
    """The successful case with the fewest packets, of the same family of addresses; none if there is none."""
    able = [other for other in result.happened if other is not one and other.expected
            and other.case.client.family == one.case.client.family
            and all(seen is not None and seen.kind == "established" for seen in _seen_of(result, other))]
    able.sort(key=lambda other: len(capture.own(other)))
    return able[:1]


def _chosen(result):
    """Fixtures that every observer saw as they should be seen: of each scenario the first, then the second ..."""
    good = None
    for observer in result.observers:
        agreed = {verdict.played.case.name for verdict in observer.verdicts if verdict.agrees}
        good = agreed if good is None else good & agreed
    candidates = [one for one in result.happened if one.case.fixture and one.case.name in (good or ())]
    met = collections.Counter()
    ranked = collections.defaultdict(list)
    for one in candidates:
        rows = ranked[_about(one.case)]
        rows.append((met[one.case.scenario], len(rows), one))
        met[one.case.scenario] += 1
    return [one for rows in ranked.values() for _, _, one in sorted(rows, key=lambda row: row[:2])[:FILES_MAX]]


def _about(case):
    if any(case.client.option(key) for key in _MIRROR_OPTIONS):
        return "mirror"
    return "not TLS" if any(one.starttls or one.service != (None, None) for one in case.expected) else "ends"


def _seen_of(result, one):
    observer = next((observer for observer in result.observers if observer.name == "replay"), result.observers[0])
    verdict = next(verdict for verdict in observer.verdicts if verdict.played is one)
    return [pair.seen for pair in verdict.pairs]


def _index_row(name, one, whole, versions):
    def program(side, spec):
        return versions.get((side, spec.stack, spec.role)) or versions.get((side, spec.stack), spec.stack)

    case = one.case
    client = program("client", case.client)
    server = program("server", case.server) if case.server else "nobody"
    outcomes = ", ".join(dict.fromkeys("%s by %s" % (seen.name, seen.by) if seen.by != "none" else seen.name
                                       for seen in whole))
    return "| %s | %s | %s | %s | %s |" % (name, client, server, outcomes, one.cause or "-")


_INDEX = """# Captures of the laboratory

Real programs failing on purpose, each alone: packets as the mirror port of the laboratory (tests/lab) showed
them, with their times, cut by the address that only this case uses. Addresses and names are from the
benchmarking and documentation ranges; the certificates were made for the run. `<name>.expect` holds the truth,
one connection per line: `client server outcome by stage`; if there were any, the tunnel and VLANs around it, what
TLS was asked for over, and what client and server spoke that was no TLS. The name is scenario, client, server and
variant. The last packet of each file is the datagram that ended the whole capture: it carries the clock on, so
that a silence can be told from the end of the file. Where nobody answers, a second, successful connection shows
that answers are mirrored at all.

Read them with `--silence-timeout 4` and their server ports as `--watch-port`, as `tests/replay/fixtures_test.py`
does.

Origin: generated, Apache-2.0, by `tests/lab/run --write-fixtures`, which makes all of them anew.

| file | client | server | outcome | cause |
|---|---|---|---|---|
%s
"""


def _index(rows):
    return _INDEX % "\n".join(sorted(rows))
