#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How much of real bulk traffic the XDP filter keeps from user space, and what the sensor costs with and without it.

    python3 tests/live/bulk.py BUILD [--seconds N] [--object MEGABYTES] [--rounds N]

Traffic crosses a virtual cable and is mirrored to `shakedown run`, which takes turns with and without the filter:
nothing, then curl (a new connection for each large object), then wrk (few connections, kept open). Prints a table:
packets that were mirrored, how many of them came to user space, the share that the filter dropped, packets missed for
lack of room, handshakes made (as nginx logged their connections) and seen (as the sensor's events tell), processor time
of the data plane (all of its threads, in percent of one processor), and of the XDP program itself, which the kernel
spends on whatever processor the packets come in. Needs root, nginx, openssl, curl, wrk and bpftool; everything is in
private namespaces, but for kernel.bpf_stats_enabled, which is switched on for the run and put back. The numbers are
those of this machine: sender, receiver and sensor share its processors.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import time

import bulk_lab
import link

_COLUMNS = "%-5s %-7s %7s %10s %11s %9s %7s %12s %9s %15s"
_HEADER = ("load", "filter", "Gbit/s", "mirrored", "user space", "filtered", "missed", "handshakes", "sensor",
           "program ns/pkt")
_BPF_STATISTICS = pathlib.Path("/proc/sys/kernel/bpf_stats_enabled")


def curl(options, number):
    deadline = time.monotonic() + options.seconds
    first = bulk_lab.FIRST_CLIENT_PORT + 2000 * number
    while time.monotonic() < deadline:
        first += len(bulk_lab.download("large", 8, parallel=4, first_port=first))


def wrk(options, _number):
    link_words = ["wrk", "-t1", "-c8", "-d%ds" % options.seconds, "--timeout", "30s",
                  "https://%s:%d/large" % (bulk_lab.SERVER, bulk_lab.PORT)]
    subprocess.run(link_words, check=True, capture_output=True)


def nothing(options, _number):
    time.sleep(options.seconds)


def program_time():
    """(nanoseconds, packets) of the XDP program so far."""
    done = subprocess.run(["bpftool", "-j", "prog", "show", "id", str(bulk_lab.Network.xdp_program())],
                          capture_output=True, text=True, check=False)
    program = json.loads(done.stdout) if done.returncode == 0 else {}
    return program.get("run_time_ns", 0), program.get("run_cnt", 0)


class Meter:
    """What has been counted, to be asked before and after."""

    def __init__(self, sensor):
        self.mirrored, _ = bulk_lab.Network.mirrored()
        self.bits = 8 * bulk_lab.Network.mirrored_bytes()
        self.came = sensor.packets()
        self.used = sensor.processor_seconds()
        self.program_nanos, self.program_packets = program_time()
        reasons = sensor.reasons()
        self.filtered = sum(count for name, count in reasons.items() if name.startswith("dropped_"))


def measure(options, server, folder, load, filtered, number):
    server.client_ports()
    sensor = bulk_lab.Sensor(pathlib.Path(options.build, "shakedown").resolve(), folder, "run%d" % number, filtered)
    try:
        before = Meter(sensor)
        began = time.monotonic()
        load(options, number)
        seconds = time.monotonic() - began
        time.sleep(2)  # until the last packets are counted
        whole = time.monotonic() - began
        after = Meter(sensor)
        missed = sensor.stop()["port_missed"]
        seen = set(sensor.established())
    finally:
        sensor.close()
    made = server.client_ports()
    change = {name: value - getattr(before, name) for name, value in vars(after).items()}
    print(_COLUMNS % (load.__name__, "on" if filtered else "off", "%.2f" % (change["bits"] / seconds / 1e9),
                      change["mirrored"], change["came"],
                      "%.2f %%" % (100 * change["filtered"] / max(change["mirrored"], 1)), missed,
                      "%d of %d" % (len(made & seen), len(made)), "%.1f %%" % (100 * change["used"] / whole),
                      "%.0f" % (change["program_nanos"] / change["program_packets"])
                      if change["program_packets"] else "-"), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("build")
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--object", type=int, default=64, metavar="MEGABYTES")
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    link.enter_namespaces()
    statistics = _BPF_STATISTICS.read_text(encoding="ascii")
    with tempfile.TemporaryDirectory(prefix="bulk-") as folder:
        bulk_lab.Network()
        server = bulk_lab.WebServer(pathlib.Path(folder), {"large": options.object << 20})
        print(_COLUMNS % _HEADER)
        try:
            _BPF_STATISTICS.write_text("1\n", encoding="ascii")
            number = 0
            for load in (nothing, curl, wrk):
                for _ in range(options.rounds):
                    for filtered in (False, True):
                        number += 1
                        measure(options, server, pathlib.Path(folder), load, filtered, number)
        finally:
            _BPF_STATISTICS.write_text(statistics, encoding="ascii")
            server.stop()


if __name__ == "__main__":
    sys.exit(main())
