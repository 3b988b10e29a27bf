#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One capture, read by dpdk-testpmd (rxonly, net_pcap) and by our two processes with one worker.

What is compared is the time from the first packet to the last. testpmd is asked for its packet count every few
milliseconds from `start` on, until the count stands. Of our data plane the clocks of its threads are looked at every
millisecond: the worker's runs from the first packet to the last, and the CPU time is that of all threads meanwhile.
Best of --runs runs, because other work on the machine only adds; they alternate, so that a slow minute hurts both.
"""
import argparse
import os
import pathlib
import re
import socket
import struct
import subprocess
import sys
import time

POLL_SECONDS = 0.005
# What a worker's thread uses before it is given its work.
START_SECONDS = 0.002


def count_packets(path):
    """Packets of a classic little-endian pcap; the generator writes no other by default."""
    count = 0
    with open(path, "rb") as capture:
        capture.seek(24)
        while header := capture.read(16):
            capture.seek(struct.unpack("<8xI4x", header)[0], os.SEEK_CUR)
            count += 1
    return count


def thread_seconds(pid):
    """CPU seconds of the worker's thread, and of all threads."""
    worker = total = 0.0
    for task in pathlib.Path("/proc/%d/task" % pid).glob("*"):
        try:
            seconds = int((task / "schedstat").read_text().split()[0]) / 1e9
            total += seconds
            if "worker" in (task / "comm").read_text():
                worker += seconds
        except (FileNotFoundError, ProcessLookupError, IndexError):
            pass  # the thread ended while we looked
    return worker, total


class Testpmd:
    """An interactive testpmd with one net_pcap port."""

    def __init__(self, path):
        self.process = subprocess.Popen(
            ["stdbuf", "-oL", "dpdk-testpmd", "--no-huge", "--no-pci", "--no-shconf", "--no-telemetry", "-m", "1024", "-l", "0,1",
             "--vdev", "net_pcap0,rx_pcap=%s" % path, "--", "-i", "--forward-mode=rxonly",
             "--total-num-mbufs=8192", "--stats-period=0"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1)
        self.until(r"testpmd> ")

    def until(self, pattern):
        """Reads what it says until the pattern is there. Its prompts come doubled at times: no use to count them."""
        said = ""
        while not (found := re.search(pattern, said)):
            letter = self.process.stdout.read(1)
            if not letter:
                sys.exit("compare.py: dpdk-testpmd ended early:\n" + said[-2000:])
            said += letter
        return found

    def tell(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()

    def received(self):
        self.tell("show port stats 0")
        return int(self.until(r"RX-packets: (\d+)\s")[1])

    def seconds_to_read(self, packets):
        begin = time.monotonic()
        self.tell("start")
        while self.received() < packets:
            if time.monotonic() - begin > 300:
                sys.exit("compare.py: dpdk-testpmd did not read all packets")
            time.sleep(POLL_SECONDS)
        elapsed = time.monotonic() - begin
        self.process.communicate("quit\n", timeout=30)
        return elapsed


class OurRun:
    """Both processes on one capture: wall and CPU seconds from the first packet to the last, resident MiB."""

    def __init__(self, build, path):
        ends = socket.socketpair()
        control = self.start(build / "shakedown-control", ends[1], "--quiet", stdout=subprocess.DEVNULL)
        dataplane = self.start(build / "shakedown-dataplane", ends[0], "--workers", "1", "--verbose", "--read",
                               str(path), stdout=subprocess.PIPE)
        for end in ends:
            end.close()
        samples = []
        ended = 0
        while not ended:
            samples.append((time.monotonic(), *thread_seconds(dataplane.pid)))
            time.sleep(0.001)
            ended, status, usage = os.wait4(dataplane.pid, os.WNOHANG)
        self.said = dataplane.stdout.read()
        if status != 0 or control.wait() != 0:
            sys.exit("compare.py: our processes failed:\n" + self.said[-2000:])
        last_worker = max(worker for _, worker, _ in samples)
        first = next(i for i, sample in enumerate(samples) if sample[1] >= START_SECONDS)
        begin = samples[first - 1]
        end = next(sample for sample in samples[first:] if sample[1] >= last_worker - START_SECONDS)
        self.wall = end[0] - begin[0]
        self.cpu = end[2] - begin[2]
        self.resident_mib = usage.ru_maxrss / 1024

    @staticmethod
    def start(program, end, *arguments, stdout):
        return subprocess.Popen([str(program), "--handoff-fd", str(end.fileno()), *arguments], stdout=stdout,
                                stderr=subprocess.STDOUT, text=True, pass_fds=[end.fileno()])

    def budget(self):
        """The total of the table that --verbose prints."""
        found = re.search(r"(?m)^total\s+([\d.]+)$", self.said)
        return "budget %s" % found[1] if found else "no budget was printed"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=lambda path: pathlib.Path(path).resolve())
    parser.add_argument("capture")
    parser.add_argument("--connections", type=int, default=0, help="TLS connections in the capture")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--against", type=lambda path: pathlib.Path(path).resolve(), metavar="BUILD",
                        help="another build of ours, such as one of an older commit, for its CPU time in the same run")
    options = parser.parse_args()

    packets = count_packets(options.capture)
    theirs, ours, older = [], [], []
    for _ in range(options.runs):
        theirs.append(Testpmd(options.capture).seconds_to_read(packets))
        if options.against:
            older.append(OurRun(options.against, options.capture))
        ours.append(OurRun(options.build, options.capture))
    cpu = min(run.cpu for run in ours)
    their_rate = packets / min(theirs)
    our_rate = packets / min(run.wall for run in ours)
    print("packets                           %14d" % packets)
    print("dpdk-testpmd rxonly, packets/s    %14.0f" % their_rate)
    print("shakedown, one worker, packets/s  %14.0f   (%.2f of testpmd)" % (our_rate, our_rate / their_rate))
    print("data-plane CPU, packets/s         %14.0f" % (packets / cpu))
    if older:
        older_cpu = min(run.cpu for run in older)
        print("the other build, packets/s        %14.0f   (this one: %.3f of it)"
              % (packets / older_cpu, older_cpu / cpu))
    if options.connections:
        print("data-plane CPU, connections/s     %14.0f" % (options.connections / cpu))
    print("data-plane resident MiB, at most  %14.1f   (%s)" % (max(run.resident_mib for run in ours),
                                                             ours[-1].budget()))


if __name__ == "__main__":
    main()
