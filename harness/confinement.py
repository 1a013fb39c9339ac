"""Becomes a service's process, confined as systemd confines it: ``confinement.py LISTENER LIMITS COMMAND...``

Imports nothing of ours, since it is started for each process of a service.
"""

import ctypes
import errno
import json
import os
import socket
import sys

FIRST_SOCKET = 3  # https://www.freedesktop.org/software/systemd/man/latest/sd_listen_fds.html

# From seccomp.h and linux/prctl.h.
ALLOW, REFUSE = 0x7FFF0000, 0x00050000 | errno.EPERM
EQUAL = 4
SET_NO_NEW_PRIVILEGES, SET_NO_WRITE_AND_EXECUTE = 38, 65


class Comparison(ctypes.Structure):
    _fields_ = [
        ("argument", ctypes.c_uint),
        ("operator", ctypes.c_int),
        ("first", ctypes.c_uint64),
        ("second", ctypes.c_uint64),
    ]


def confine(allowed: list[str], families: list[str]) -> None:
    """Leave this process so many system calls and address families, and no memory to write and execute."""
    libc = ctypes.CDLL(None, use_errno=True)
    for option in (SET_NO_NEW_PRIVILEGES, SET_NO_WRITE_AND_EXECUTE):
        if libc.prctl(option, 1, 0, 0, 0):
            raise OSError(ctypes.get_errno(), f"prctl {option}")
    seccomp = ctypes.CDLL("libseccomp.so.2")
    seccomp.seccomp_init.restype = ctypes.c_void_p
    rules = ctypes.c_void_p(seccomp.seccomp_init(REFUSE))
    for name in allowed:
        number = seccomp.seccomp_syscall_resolve_name(name.encode())
        if number < 0:  # another architecture's
            continue
        if name == "socket":
            for family in families:
                is_family = Comparison(0, EQUAL, getattr(socket, family), 0)
                seccomp.seccomp_rule_add_array(rules, ALLOW, number, 1, ctypes.byref(is_family))
        else:
            seccomp.seccomp_rule_add_array(rules, ALLOW, number, 0, None)
    if seccomp.seccomp_load(rules):
        raise OSError("seccomp_load")


def become(listener: int, limits: dict[str, list[str]], command: list[str]) -> None:
    """Turn this process into a service's; a listener that is not 0 is passed on as systemd passes sockets."""
    if listener:
        os.dup2(listener, FIRST_SOCKET)
        os.environ |= {"LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid())}
    confine(**limits)
    os.execvp(command[0], command)  # noqa: S606


if __name__ == "__main__":
    become(int(sys.argv[1]), json.loads(sys.argv[2]), sys.argv[3:])
