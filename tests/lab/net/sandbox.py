# SPDX-License-Identifier: Apache-2.0
"""Private namespaces around the running program, so that nothing of the laboratory can outlive it.

enter() splits the program in three processes:

    outer    in the namespaces of the caller: hands SIGINT and SIGTERM on, ends with the program's exit status
      init   pid 1 of the private pid namespace: buries orphans, ends when the program ends
        program   the only one that returns from enter(): pid 2, an ordinary process

Init dies with the outer process (PR_SET_PDEATHSIG), and the kernel kills everything in a pid namespace with
its init; the last process takes the mount and network namespaces with it. Hence kill -9 of any of the three
is enough to remove every process, interface, mount and file of the laboratory. Init buries orphans so that
the program does not have to, which would steal the children of its own subprocess calls.

/run and /dev/shm are private and empty but for the folders that daemons expect in /run; everything else is
the caller's file system, so results are written to where the caller asked for.
"""
import ctypes
import os
import select
import signal
import stat
import sys
import threading

from model import LabError

FOLDER = "/run/lab"

_CLONE_NEWNS, _CLONE_NEWPID, _CLONE_NEWNET = 0x00020000, 0x20000000, 0x40000000
_MS_NOSUID, _MS_NODEV, _MS_NOEXEC, _MS_REC, _MS_PRIVATE = 0x2, 0x4, 0x8, 0x4000, 0x40000
_PR_SET_PDEATHSIG = 1
_HANDED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_NEEDED = ("ip", "tc", "ethtool", "ss", "mount", "sysctl")

_libc = ctypes.CDLL(None, use_errno=True)
_inside = False


def _call(function, *arguments):
    if function(*arguments) != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))


def _unshare():
    _call(_libc.unshare, _CLONE_NEWNS | _CLONE_NEWPID | _CLONE_NEWNET)


def _die_with_parent():
    _call(_libc.prctl, _PR_SET_PDEATHSIG, ctypes.c_ulong(signal.SIGKILL), 0, 0, 0)


def _search_path():
    """Debian keeps ip, tc and most daemons out of the path of a user who became root with su."""
    folders = os.environ.get("PATH", "").split(":")
    return ":".join(folders + [folder for folder in ("/usr/sbin", "/sbin") if folder not in folders])


def why_not():
    """None, or a sentence that says why the laboratory cannot run here."""
    if not sys.platform.startswith("linux"):
        return "the laboratory needs Linux namespaces"
    for program in _NEEDED:
        if not any(os.access(os.path.join(folder, program), os.X_OK) for folder in _search_path().split(":")):
            return "the laboratory needs the program `%s`" % program
    child = os.fork()
    if child == 0:
        # Asked of the kernel, because neither being root nor CAP_SYS_ADMIN is enough in every container.
        status = 1
        try:
            _unshare()
            _mount(None, b"/", None, _MS_REC | _MS_PRIVATE)
            status = 0
        except OSError as error:
            status = error.errno or 1
        finally:
            os._exit(status)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status == 0:
        return None
    return "the laboratory needs root and network namespaces (%s)" % os.strerror(abs(status))


def is_inside():
    return _inside


def enter():
    """Return in private namespaces, in a process that may call everything it likes, or raise LabError."""
    global _inside
    if _inside:
        return
    if threading.active_count() != 1:
        raise LabError("the laboratory must enter its namespaces before it starts threads")
    sys.stdout.flush()
    sys.stderr.flush()
    os.environ["PATH"] = _search_path()
    alive, hold = os.pipe()
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {*_HANDED_ON, signal.SIGCHLD})
    try:
        _unshare()
    except OSError as error:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        raise LabError("no private namespaces: %s" % error.strerror) from error
    init = os.fork()
    if init != 0:
        os.close(alive)
        _outer(init)
    _die_with_parent()
    # The outer process may have died before that call. Its pid cannot be compared over the border of a pid
    # namespace, but a pipe whose last writer is gone can be seen.
    os.close(hold)
    if select.select([alive], [], [], 0)[0]:
        os._exit(1)
    os.setsid()  # a terminal's Ctrl-C reaches the outer process only, which hands it on once
    _private_mounts()
    program = os.fork()
    if program != 0:
        _init(program)
    os.close(alive)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, _end)
    signal.signal(signal.SIGHUP, _end)
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    _inside = True


def _end(number, _frame):
    """Unwind the program, so that what it holds is closed and what it found out is written."""
    raise SystemExit(128 + number)


def _outer(init):
    """Hand the first signal on for a clean end; a second one means that the caller lost patience."""
    asked_to_end = False
    while True:
        number = signal.sigwait({*_HANDED_ON, signal.SIGCHLD})
        if number == signal.SIGCHLD:
            pid, status = os.waitpid(init, os.WNOHANG)
            if pid == init:
                os._exit(_exit_status(status))
        else:
            os.kill(init, signal.SIGKILL if asked_to_end else number)
            asked_to_end = True


def _init(program):
    while True:
        number = signal.sigwait({*_HANDED_ON, signal.SIGCHLD})
        if number != signal.SIGCHLD:
            os.kill(program, number)
            continue
        pid = -1
        while pid != 0:  # several deaths may have been one signal
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == program:
                os._exit(_exit_status(status))


def _exit_status(wait_status):
    code = os.waitstatus_to_exitcode(wait_status)
    return code if code >= 0 else 128 - code


def _mount(source, target, kind, flags, data=None):
    _call(_libc.mount, source, target, kind, ctypes.c_ulong(flags), data)


def _private_mounts():
    kept = _folders_of_run()
    _mount(None, b"/", None, _MS_REC | _MS_PRIVATE)
    _mount(b"proc", b"/proc", b"proc", _MS_NOSUID | _MS_NODEV | _MS_NOEXEC)
    _mount(b"tmpfs", b"/run", b"tmpfs", _MS_NOSUID | _MS_NODEV, b"mode=0755")
    if os.path.isdir("/dev/shm"):
        _mount(b"tmpfs", b"/dev/shm", b"tmpfs", _MS_NOSUID | _MS_NODEV, b"mode=1777")
    for name, (mode, user, group) in kept.items():
        path = os.path.join("/run", name)
        os.mkdir(path)
        os.chown(path, user, group)
        os.chmod(path, mode)
    os.mkdir(FOLDER, 0o755)


def _folders_of_run():
    """What packages made at boot for their daemons, which write their sockets and locks there."""
    kept = {"lock": (0o1777, 0, 0), "sshd": (0o755, 0, 0)}
    with os.scandir("/run") as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False) and entry.name not in ("lab", "netns"):
                status = entry.stat(follow_symlinks=False)
                kept[entry.name] = (stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid)
    return kept
