"""Runs a program within the limits that systemd's SystemCallFilter= and RestrictAddressFamilies= set.

Arguments: a JSON object {"calls": [names], "families": [numbers]}, then the program with its arguments.
Every other system call fails with EPERM, as SystemCallErrorNumber=EPERM has it.
"""
import ctypes
import errno
import json
import os
import sys

ALLOW = 0x7FFF0000
FAIL = 0x00050000 | errno.EPERM
EQUAL = 4


class Comparison(ctypes.Structure):
    _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


seccomp = ctypes.CDLL("libseccomp.so.2")
seccomp.seccomp_init.restype = ctypes.c_void_p
context = ctypes.c_void_p(seccomp.seccomp_init(ctypes.c_uint32(FAIL)))
limits = json.loads(sys.argv[1])
known = 0
for name in limits["calls"]:
    number = seccomp.seccomp_syscall_resolve_name(name.encode())
    if number < 0:
        continue  # of another architecture
    known += 1
    if name != "socket":
        assert seccomp.seccomp_rule_add(context, ctypes.c_uint32(ALLOW), number, 0) == 0, name
        continue
    for family in limits["families"]:
        comparison = (Comparison * 1)(Comparison(0, EQUAL, family, 0))
        assert seccomp.seccomp_rule_add_array(context, ctypes.c_uint32(ALLOW), number, 1, comparison) == 0, family
assert known > 100, known
assert seccomp.seccomp_load(context) == 0
os.execvp(sys.argv[2], sys.argv[2:])
