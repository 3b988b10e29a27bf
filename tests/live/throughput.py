# SPDX-License-Identifier: Apache-2.0
"""How many packets a second the sensor takes from an interface, beside dpdk-testpmd on the same one in the same run.

    python3 tests/live/throughput.py BUILD CAPTURE [--seconds N] [--rounds N]

dpdk-testpmd plays the capture endlessly into one end of a virtual cable, as fast as it can; at the other end
testpmd (rxonly) and `shakedown run` take turns, through each driver. What is told is what each of them received a
second, the ratio, what the sensor says that it lost, and its processor time per packet. Needs root; everything is in
a network namespace of its own. The numbers are those of this machine: sender and receiver share its processors, so
that only the ratios mean anything.
"""
import argparse
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

import link

TESTPMD = "dpdk-testpmd"
SETTLE = 3  # seconds for programs to start


class Sender:
    """testpmd as a forwarder from a capture that never ends to the near end of the cable. It keeps the whole capture
    in packet buffers, so that a small one is best: 16 MiB."""

    def __init__(self, capture, interface):
        words = [TESTPMD, "--no-huge", "-m", "512", "--no-pci", "--no-shconf", "--lcores", "(0-1)@(0,1)",
                 "--file-prefix", "sender",
                 "--vdev", "net_pcap0,rx_pcap=%s,infinite_rx=1,tx_iface=lo" % capture,
                 "--vdev", "net_af_packet0,iface=%s,qdisc_bypass=1" % interface,
                 "--", "--forward-mode=io", "--total-num-mbufs=65536", "--no-lsc-interrupt", "--auto-start"]
        self._process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                         stderr=subprocess.DEVNULL)

    def stop(self):
        self._process.kill()
        self._process.wait()


def processor_seconds(pid):
    """Of a process, user and system together."""
    fields = pathlib.Path("/proc/%d/stat" % pid).read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def testpmd_receives(driver, interface, seconds):
    """Packets a second that testpmd takes and throws away."""
    vdev = {"af_packet": "net_af_packet0,iface=%s,framecnt=8192,framesz=2048,blocksz=65536",
            "af_xdp": "net_af_xdp0,iface=%s,busy_budget=0"}[driver] % interface
    words = [TESTPMD, "--no-huge", "-m", "256", "--no-pci", "--no-shconf", "--lcores", "(0-1)@(0,1)",
             "--file-prefix", "receiver", "--vdev", vdev, "--", "--forward-mode=rxonly",
             "--total-num-mbufs=32768", "--no-lsc-interrupt", "--auto-start", "--stats-period=1"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          text=True) as process:
        time.sleep(SETTLE + seconds)
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=30)
    counts = [int(number) for number in re.findall(r"RX-packets:\s+(\d+)", said)]
    # One line a second; the last `seconds` of them, without the totals that are printed at the end.
    counts = sorted(set(counts))
    if len(counts) < 3:
        raise SystemExit("testpmd received nothing through %s:\n%s" % (driver, said[-2000:]))
    steady = counts[-(seconds + 1):]
    return (steady[-1] - steady[0]) / (len(steady) - 1)


def child_named(parent, name):
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1]) == parent \
                    and (folder / "comm").read_text().startswith(name):
                return int(folder.name)
        except OSError:
            continue
    raise SystemExit("there is no %s" % name)


def counters(program, socket_path):
    """All counters of the running sensor, summed over its workers."""
    said = subprocess.run([program, "counters", "--json", "--socket", socket_path], check=True, capture_output=True,
                          text=True, timeout=10).stdout
    return {counter["name"]: counter["total"] for counter in json.loads(said)["counters"]}


def sensor_receives(program, port, seconds, folder):
    """(packets a second, share that was lost, nanoseconds of the data plane's processor time per packet)"""
    socket_path = os.path.join(folder, "control.sock")
    words = [program, "run", "--port", port, "--quiet", "--shed", "off", "--control-socket", socket_path]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        time.sleep(SETTLE)
        dataplane = child_named(process.pid, "shakedown-datap")
        before, used, began = counters(program, socket_path), processor_seconds(dataplane), time.monotonic()
        time.sleep(seconds)
        after, used = counters(program, socket_path), processor_seconds(dataplane) - used
        duration = time.monotonic() - began
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
        if process.returncode != 0:
            raise SystemExit("the sensor ended with status %d: %s" % (process.returncode, errors))
    grown = {name: after[name] - before[name] for name in ("packets_received", "port_missed", "port_no_mbuf")}
    received, lost = grown["packets_received"], grown["port_missed"] + grown["port_no_mbuf"]
    return received / duration, lost / max(received + lost, 1), used * 1e9 / max(received, 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("build")
    parser.add_argument("capture")
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    link.enter_namespaces()
    program = str(pathlib.Path(options.build, "shakedown").resolve())
    cable = link.Cable()
    link.run("ip", "link", "set", "lo", "up")
    print("%-22s %14s %14s %7s %7s %10s" % ("driver", "testpmd/s", "shakedown/s", "ratio", "lost", "ns/packet"))
    with tempfile.TemporaryDirectory() as folder:
        for driver, port in (("af_packet", "af_packet:%s"), ("af_xdp", "af_xdp:%s,filter=off"),
                             ("af_xdp", "af_xdp:%s,filter=on")):
            for _ in range(options.rounds):
                sender = Sender(options.capture, cable.near)
                try:
                    theirs = testpmd_receives(driver, cable.far, options.seconds)
                    ours, lost, cost = sensor_receives(program, port % cable.far, options.seconds, folder)
                finally:
                    sender.stop()
                name = driver + (" with filter" if port.endswith("on") else "")
                print("%-22s %14.0f %14.0f %7.2f %6.1f%% %10.0f" % (
                    name, theirs, ours, ours / theirs, 100 * lost, cost), flush=True)


if __name__ == "__main__":
    sys.exit(main())
