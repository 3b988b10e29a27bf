# SPDX-License-Identifier: Apache-2.0
"""Small programs that the tests run in namespaces: ping, a server, clients, and a laboratory to be killed.

    net_programs.py ping ADDRESS...                prints the addresses that answered
    net_programs.py serve PORT                     tells each connection its address, and sends a payload
    net_programs.py fetch ADDRESS PORT [SOURCE]    prints what the server saw, and how many bytes came
    net_programs.py greet ADDRESS PORT COUNT       COUNT connections, each of which sends a ClientHello
    net_programs.py victim                         a network with programs in it, until somebody ends it
"""
import pathlib
import socket
import struct
import subprocess
import sys
import time

# TLS 1.2 with one cipher suite and no extension: the shortest that is complete.
_HELLO_BODY = bytes.fromhex("0303" + "5a" * 32 + "00" + "0002002f" + "0100")
CLIENT_HELLO = b"\x16\x03\x01" + struct.pack("!HBxH", len(_HELLO_BODY) + 4, 1, len(_HELLO_BODY)) + _HELLO_BODY
PAYLOAD = bytes(20_000)  # many segments of full size


def family_of(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def checksum(data):
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    total = (total & 0xffff) + (total >> 16)
    return ~(total + (total >> 16)) & 0xffff


def ping(address):
    family = family_of(address)
    if family == socket.AF_INET:
        request = struct.pack("!BBHHH", 8, 0, 0, 77, 1)
        request = request[:2] + struct.pack("!H", checksum(request)) + request[4:]
        protocol, header, reply = socket.IPPROTO_ICMP, 20, 0
    else:
        request = struct.pack("!BBHHH", 128, 0, 0, 77, 1)  # the kernel fills in the checksum of ICMPv6
        protocol, header, reply = socket.IPPROTO_ICMPV6, 0, 129
    with socket.socket(family, socket.SOCK_RAW, protocol) as raw:
        raw.settimeout(2)
        raw.sendto(request, (address, 0))
        while True:
            answer, sender = raw.recvfrom(1500)
            if sender[0] == address and answer[header] == reply:
                return


def serve(port):
    with socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True) as listener:
        while True:
            connection, peer = listener.accept()
            with connection:
                connection.recv(100)
                connection.sendall(peer[0].removeprefix("::ffff:").encode().ljust(64) + PAYLOAD)


def fetch(address, port, source=None):
    with socket.socket(family_of(address)) as connection:
        connection.settimeout(5)
        if source:
            connection.bind((source, 0))
        connection.connect((address, port))
        connection.sendall(b"hello")
        received = b""
        while piece := connection.recv(65536):
            received += piece
    return received[:64].decode().strip(), len(received) - 64


def greet(address, port, count):
    """Twenty at a time, as a browser would."""
    for start in range(0, count, 20):
        connections = [socket.create_connection((address, port), 5) for _ in range(min(20, count - start))]
        for connection in connections:
            connection.sendall(CLIENT_HELLO)
        for connection in connections:
            with connection:
                while connection.recv(65536):
                    pass


def victim():
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
    from net import sandbox
    sandbox.enter()
    from net.topology import Network
    network = Network()
    network.start(box=False)
    network.popen("server", [sys.executable, __file__, "serve", "20001"])
    network.listening("server", 20001)
    # An orphan in a session of its own, as daemons make them.
    subprocess.run(["setsid", "-f", "sleep", "600"], stdin=subprocess.DEVNULL, check=True)
    pathlib.Path("/run/lab/file").write_text("lab")
    pathlib.Path("/dev/shm/shakedown-lab-victim").write_text("lab")
    print("ready", flush=True)
    try:
        time.sleep(600)
    finally:
        network.stop()
        print("ended well", flush=True)


def main():
    word, *arguments = sys.argv[1:]
    if word == "ping":
        for address in arguments:
            ping(address)
            print(address)
    elif word == "serve":
        serve(int(arguments[0]))
    elif word == "fetch":
        print(*fetch(arguments[0], int(arguments[1]), *arguments[2:]))
    elif word == "greet":
        greet(arguments[0], int(arguments[1]), int(arguments[2]))
    elif word == "victim":
        victim()
    return 0


if __name__ == "__main__":
    sys.exit(main())
