# SPDX-License-Identifier: Apache-2.0
"""A server whose kernel resets connections, for each reason that servers have. Options and output: raw_server.py.

    accept_and_reset         SO_LINGER 0 and close, at once
    reset_within_flight      the same with half of its flight sent
    half_close_then_reset    FIN after the ClientHello, and a RST 50 milliseconds later
    killed_with_unread       dies by SIGKILL with the ClientHello unread; its parent goes on listening
    killed_in_a_crowd        dies by SIGKILL, listening socket and all, when its `limit`-th connection has spoken;
                             another one takes its place
    overflowing              has one place left in a backlog of `limit`, and looks at it every `delay` seconds only; who
                             comes meanwhile is reset where the kernel aborts on overflow
"""
import os
import signal
import socket
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import raw_server  # noqa: E402  (its folder comes first)


def accept_and_reset(connection, options):
    raw_server.reset(connection)
    return "nothing", "reset at once"


def reset_within_flight(connection, options):
    flight = raw_server.Engine(options).flight(connection)
    connection.sendall(flight[:len(flight) // 2])
    raw_server.reset(connection)
    return "own_failure", "reset in the middle of its flight"


def half_close_then_reset(connection, options):
    raw_server.read_hello(connection)
    connection.shutdown(socket.SHUT_WR)
    time.sleep(0.05)
    raw_server.reset(connection)
    return "own_failure", "closed, then reset"


def killed_with_unread(connection, options):
    if not connection.recv(1, socket.MSG_PEEK):
        raise raw_server.Gone("got_close")
    os.kill(os.getpid(), signal.SIGKILL)


def _crowd(options):
    """A process of its own: its connections end in whatever state they are."""
    listener = _listener(options.port, 128)
    raw_server.report("nothing", "ready")
    spoken = threading.Semaphore(0)

    def attend(connection):
        try:
            if connection.recv(1, socket.MSG_PEEK):
                spoken.release()
                time.sleep(raw_server.PATIENCE)
        except OSError:
            pass

    def die():
        for _ in range(options.limit):
            spoken.acquire()
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=die, daemon=True).start()
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=attend, args=(connection,), daemon=True).start()


def killed_in_a_crowd(options):
    while True:
        child = os.fork()
        if child == 0:
            _crowd(options)
        os.waitpid(child, 0)
        time.sleep(options.delay)  # an init system takes its time as well


def overflowing(options):
    """A kernel counts connections only when they are established: all who begin while there is a place may begin."""
    listener = _listener(options.port, options.limit)
    listener.setblocking(False)
    raw_server.report("nothing", "ready")
    while True:
        mine = [socket.create_connection(("127.0.0.1", options.port)) for _ in range(options.limit)]
        time.sleep(options.delay)
        for _ in range(options.limit + 1):
            try:
                connection, peer = listener.accept()
            except BlockingIOError:
                break
            if peer[0] != "::ffff:127.0.0.1":
                threading.Thread(target=raw_server.attend, args=("tls", connection, options), daemon=True).start()
        for one in mine:
            one.close()


def _listener(port, backlog):
    return socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=backlog)


ROLES = {function.__name__: function for function in (
    accept_and_reset, reset_within_flight, half_close_then_reset, killed_with_unread)}
WHOLE = {"killed_in_a_crowd": killed_in_a_crowd, "overflowing": overflowing}   # with a listener of their own
raw_server.ROLES.update(ROLES)


def main():
    options = raw_server.parse((*ROLES, *WHOLE))
    if options.role in WHOLE:
        WHOLE[options.role](options)
    listener = _listener(options.port, 128)
    raw_server.report("nothing", "ready")
    attend = raw_server.attend_in_child if options.role == "killed_with_unread" else raw_server.attend
    while True:
        connection, _ = listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=attend, args=(options.role, connection, options), daemon=True).start()


if __name__ == "__main__":
    main()
