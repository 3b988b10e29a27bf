# SPDX-License-Identifier: Apache-2.0
"""A virtual cable in a network namespace of our own, and what to send through it.

enter_namespaces() starts the calling test anew in private network and mount namespaces, which go with their last
process: whatever a test leaves there, the machine never sees. It ends the test as skipped, with the reason, where that
is not allowed.
"""
import contextlib
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time

SKIPPED = 77  # what meson takes for "skipped"
INSIDE = "SHAKEDOWN_LIVE_TEST_INSIDE"
GAP_MAX = 0.003  # seconds that are kept of a pause between two packets of a capture
SILENCE = 8  # seconds of a pause that is meant to be silence
MTU = 3200  # near the most at which such a cable carries AF_XDP
OFFLOADS = ("gso", "tso", "gro", "tx", "rx")


def skip(reason):
    print("skipped: " + reason)
    sys.exit(SKIPPED)


def enter_namespaces():
    if os.environ.get(INSIDE):
        return
    for tool in ("unshare", "ip", "ethtool"):
        if shutil.which(tool) is None:
            skip("there is no `%s`" % tool)
    if os.geteuid() != 0:
        skip("live capture needs root")
    trial = subprocess.run(["unshare", "--net", "--mount", "true"], capture_output=True, text=True, check=False)
    if trial.returncode != 0:
        skip("no namespaces: " + trial.stderr.strip())
    environment = dict(os.environ, **{INSIDE: "1"})
    os.execvpe("unshare", ["unshare", "--net", "--mount", sys.executable, *sys.argv], environment)


def wait_until(condition, what, patience=30, pause=0.01):
    """What `condition` found, as soon as it finds something."""
    deadline = time.monotonic() + patience
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(what + " did not happen")
        time.sleep(pause)
    return found


def run(*words):
    return subprocess.run(words, check=True, capture_output=True, text=True, timeout=30).stdout


class Cable:
    """Two interfaces: what is sent into `near` comes out of `far`, byte for byte."""

    def __init__(self, near="sd-near", far="sd-far"):
        self.near, self.far = near, far
        run("ip", "link", "add", near, "type", "veth", "peer", "name", far)
        for name in (near, far):
            # Without this the kernel would put segments together on the way.
            for feature in OFFLOADS:
                subprocess.run(["ethtool", "-K", name, feature, "off"], capture_output=True, check=False)
            # No packets of the kernel's own.
            run("sysctl", "-qw", "net.ipv6.conf.%s.disable_ipv6=1" % name)
            run("ip", "link", "set", name, "mtu", str(MTU), "up")
        deadline = time.monotonic() + 10
        while self.state()["operstate"] != "UP" and time.monotonic() < deadline:
            time.sleep(0.01)
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        self.socket.bind((near, 0))

    def remove(self):
        self.socket.close()
        subprocess.run(["ip", "link", "del", self.near], capture_output=True, check=False)

    def state(self):
        return json.loads(run("ip", "-j", "-d", "link", "show", self.far))[0]

    def has_xdp_program(self):
        return "prog" in self.state().get("xdp", {})

    def is_promiscuous(self):
        return self.state()["promiscuity"] != 0

    def send(self, frames, silence=0):
        """`frames`: pairs of time and bytes, sent with their pauses shortened: to `silence` seconds where nothing was
        said for long, else to GAP_MAX."""
        before = None
        for moment, frame in frames:
            if before is not None and moment > before:
                pause = moment - before
                time.sleep(silence if pause > SILENCE else min(pause, GAP_MAX))
            before = moment
            self.socket.send(frame)


@contextlib.contextmanager
def stopped(process):
    """As if the scheduler had taken its processors away."""
    process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        process.send_signal(signal.SIGCONT)


def udp_frame(size):
    """An IPv4 packet of `size` bytes, with its Ethernet header, that no handshake is in."""
    length = size - 14
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, length, 0, 0, 64, 17, 0, bytes([192, 0, 2, 1]),
                         bytes([192, 0, 2, 2]))
    return bytes(12) + b"\x08\x00" + header + struct.pack("!HHHH", 9, 9, length - 20, 0) + bytes(length - 28)


def checksum(header):
    """The Internet checksum of bytes in which its own field is zero."""
    total = sum(struct.unpack("!%dH" % (len(header) // 2), header))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def in_pieces(frame, payload_max):
    """An IPv4 packet on Ethernet as two pieces when it carries more than `payload_max` bytes, else as it is."""
    if frame[12:14] != b"\x08\x00":
        return [frame]
    size = (frame[14] & 15) * 4
    length = struct.unpack_from("!H", frame, 16)[0]
    header, payload = frame[14:14 + size], frame[14 + size:14 + length]
    if len(payload) <= payload_max or struct.unpack_from("!H", header, 6)[0] & 0x3fff:
        return [frame]
    cut = len(payload) // 16 * 8
    pieces = []
    for begin, part in ((0, payload[:cut]), (cut, payload[cut:])):
        flags = (0x2000 if begin == 0 else 0) | begin // 8
        new = bytearray(header)
        struct.pack_into("!H", new, 2, size + len(part))
        struct.pack_into("!HBBH", new, 6, flags, header[8], header[9], 0)
        struct.pack_into("!H", new, 10, checksum(bytes(new)))
        pieces.append(frame[:14] + bytes(new) + part)
    return pieces


def read_pcap(path):
    """Pairs of time in seconds and bytes; little-endian pcap in microseconds, which the bundled captures are."""
    data = path.read_bytes()
    if struct.unpack_from("<I", data)[0] != 0xa1b2c3d4:
        raise ValueError("%s is not a little-endian pcap in microseconds" % path)
    frames, offset = [], 24
    while offset < len(data):
        seconds, micros, size, _ = struct.unpack_from("<IIII", data, offset)
        offset += 16
        frames.append((seconds + micros / 1e6, data[offset:offset + size]))
        offset += size
    return frames
