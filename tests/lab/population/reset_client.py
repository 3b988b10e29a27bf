# SPDX-License-Identifier: Apache-2.0
"""Clients of reset_ways.py, many at a time: each plays one role of the raw client, or one of its own.

Standard input: one object per attempt: {"id", "at", "role", "source", "address", "port", "patience"}, ordered by "at",
which is a time.monotonic(). Standard output: {"id", "said", "text"} in the order of completion.

    half_close_then_reset   ClientHello, FIN, and a RST 50 milliseconds later
    close_with_unread       closes when the server's flight is there, and was not read
    killed                  a process that dies by SIGKILL in the same moment
"""
import concurrent.futures
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import threading
import time
import types

PROGRAMS = pathlib.Path(__file__).resolve().parents[1] / "clients/programs"
sys.path.insert(0, str(PROGRAMS))

import raw_client  # noqa: E402  (the path comes first)

LANES = 64
_KILLED = "--killed"


def half_close_then_reset(options):
    link = raw_client.Link(options)
    link.send(raw_client.Engine(options).hello)
    link.socket.shutdown(socket.SHUT_WR)
    time.sleep(0.05)
    link.rst()
    return raw_client.result("own_failure", "closed, then reset")


def _with_unread(options):
    link = raw_client.Link(options)
    link.send(raw_client.Engine(options).hello)
    link._do(lambda size: link.socket.recv(size, socket.MSG_PEEK), 1)
    return link


def close_with_unread(options):
    _with_unread(options).fin()
    return raw_client.result("own_failure", "closed with the server's flight unread")


def killed(options):
    done = subprocess.run([sys.executable, "-I", __file__, _KILLED], input=json.dumps(vars(options)), text=True,
                          capture_output=True, check=False)
    if done.returncode == -signal.SIGKILL:
        return raw_client.result("own_failure", "killed")
    return json.loads(done.stdout)


def die(options):
    _with_unread(options)
    os.kill(os.getpid(), signal.SIGKILL)


ROLES = raw_client.ROLES | {function.__name__: function for function in (
    half_close_then_reset, close_with_unread, killed)}


def options_of(task):
    return types.SimpleNamespace(address=task["address"], port=task["port"], source=task["source"], delay=0.0, count=1,
                                 server_name="www.example.com", version=None, roots=None, padded=False,
                                 patience=task["patience"])


def attempt(task, lock):
    try:
        made = raw_client.attempt(ROLES[task["role"]], options_of(task))
    except Exception as error:  # Else nobody would ever hear of this attempt.
        made = raw_client.result("nothing", "%s: %s" % (type(error).__name__, error))
    with lock:
        sys.stdout.write(json.dumps({"id": task["id"], "said": made["said"], "text": made["text"][:120]}) + "\n")
        sys.stdout.flush()


def main():
    if sys.argv[1:] == [_KILLED]:
        print(json.dumps(raw_client.attempt(die, types.SimpleNamespace(**json.load(sys.stdin)))))
        return
    lock = threading.Lock()
    with concurrent.futures.ThreadPoolExecutor(LANES) as pool:
        for line in sys.stdin:
            task = json.loads(line)
            time.sleep(max(0.0, task["at"] - time.monotonic()))
            pool.submit(attempt, task, lock)


if __name__ == "__main__":
    main()
