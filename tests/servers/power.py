"""A server whose power is cut: what it wrote but never had synced to the disk is gone.

    python -m tests.servers.power LEDGER PROGRAM OPTION …

runs the program under ptrace(2) and watches, system call by system call, how far each file has
been written and how far synced. Told to end, it kills the program some calls later, in the middle
of whatever that does, and writes the LEDGER. Linux on x86-64 and ARM only.
"""

import ctypes
import json
import os
import platform
import secrets
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.servers.redis import Binary

ROOT = Path(__file__).parents[2]
NUMBERS = {"x86_64": ((1, 20), (74, 75)), "aarch64": ((64, 66), (82, 83))}
TRACEME, SETOPTIONS, SYSCALL, GET_SYSCALL_INFO = 0, 0x4200, 24, 0x420E
OPTIONS = 0x1 | 0x8 | 0x100000  # TRACESYSGOOD, TRACECLONE, EXITKILL
STOPPED, WALL = signal.SIGTRAP | 0x80, 0x40000000
ENTRY, EXIT = 1, 2
NOT_HERE = 77  # exit code: nothing may be traced on this machine
LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.ptrace.argtypes = (ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p)
LIBC.ptrace.restype = ctypes.c_long


class _Call(ctypes.Structure):
    """struct ptrace_syscall_info, see ptrace(2)."""

    _fields_ = (
        ("op", ctypes.c_uint8),
        ("arch", ctypes.c_uint32),
        ("pointers", ctypes.c_uint64 * 2),
        ("values", ctypes.c_int64 * 8),  # entry: its number, then its arguments; exit: the result
    )


@dataclass(slots=True)
class Tracer:
    """Follows a program and its threads."""

    written: dict[str, int] = field(default_factory=dict)
    synced: dict[str, int] = field(default_factory=dict)
    left: int = -1  # calls until the cut, once it was asked for
    _under_way: dict[int, tuple[bool, str, int]] = field(default_factory=dict)

    def ask(self, *_: object) -> None:
        self.left = secrets.randbelow(40)

    def run(self, program: list[str]) -> None:
        child = os.fork()
        if not child:
            if LIBC.ptrace(TRACEME, 0, None, None):
                os._exit(NOT_HERE)
            os.execv(program[0], program)  # noqa: S606
        _, status = os.waitpid(child, 0)
        if not os.WIFSTOPPED(status) or LIBC.ptrace(SETOPTIONS, child, None, OPTIONS):
            sys.exit(NOT_HERE)
        signal.signal(signal.SIGTERM, self.ask)
        thread, deliver = child, 0
        while self.left:
            LIBC.ptrace(SYSCALL, thread, None, deliver)
            thread, status = os.waitpid(-1, WALL)
            deliver = self._look(child, thread, status)
        os.kill(child, signal.SIGKILL)

    def _look(self, child: int, thread: int, status: int) -> int:
        """The signal to pass on."""
        if not os.WIFSTOPPED(status):
            return sys.exit(f"the server ended: {status}") if thread == child else 0
        stop = os.WSTOPSIG(status)
        if stop == STOPPED:
            call = _Call()
            size = ctypes.sizeof(call)
            if LIBC.ptrace(GET_SYSCALL_INFO, thread, size, ctypes.byref(call)) <= 0:
                sys.exit(NOT_HERE)
            self._seen(child, thread, call)
        started = stop in (signal.SIGTRAP, signal.SIGSTOP)  # a thread, or the program itself
        return 0 if stop == STOPPED or started else stop

    def _seen(self, child: int, thread: int, call: _Call) -> None:
        if call.op == ENTRY:
            number, descriptor = call.values[0], call.values[1]
            writes, syncs = NUMBERS[platform.machine()]
            if number in writes + syncs:
                path = os.readlink(f"/proc/{child}/fd/{descriptor}")
                size = self._size(path)
                self._under_way[thread] = (number in syncs, path, size)
        elif thread in self._under_way:
            syncing, path, size = self._under_way.pop(thread)
            if syncing and call.values[0] == 0:
                self.synced[path] = max(size, self.synced[path])
            elif not syncing:
                self.written[path] += max(call.values[0], 0)
        else:
            return
        self.left -= self.left > 0

    def _size(self, path: str) -> int:
        """As far as it is written; what it begins with when first seen, has been synced."""
        if path not in self.written:
            self.written[path] = self.synced[path] = os.stat(path).st_size if path[0] == "/" else 0
        return self.written[path]


def traced(binary: Binary, folder: Path) -> Binary:
    """Runs it under a tracer, which keeps its ledger in that folder."""
    script = folder / "traced"
    words = (sys.executable, "-m", "tests.servers.power", str(folder / "ledger"), str(binary.path))
    script.write_text(f'#!/bin/sh\ncd {shlex.quote(str(ROOT))} && exec {shlex.join(words)} "$@"\n')
    script.chmod(0o700)
    return replace(binary, path=script)


def ledger(folder: Path) -> Mapping[str, tuple[int, int]]:
    """Of each file of this folder and below, how many bytes were synced and written."""
    files = json.loads((folder / "ledger").read_text())
    return {
        path: (synced, written)
        for path, (synced, written) in files.items()
        if path.startswith(f"{folder}/") and os.path.isfile(path)
    }


def possible() -> bool:
    """Whether this machine lets programs be traced."""
    if sys.platform != "linux" or platform.machine() not in NUMBERS:
        return False
    words = (sys.executable, "-m", "tests.servers.power", os.devnull, shutil.which("true") or "")
    return subprocess.run(words, cwd=ROOT, capture_output=True, check=False).returncode != NOT_HERE


if __name__ == "__main__":
    tracer = Tracer()
    tracer.run(sys.argv[2:])
    files = {path: (tracer.synced[path], size) for path, size in tracer.written.items()}
    Path(sys.argv[1]).write_text(json.dumps(files))
