"""Signs of life of the private server: what it answers, what it wrote last, where it can write."""

import asyncio
import errno
import re
import socket
import struct
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

PATIENCE = 1.0  # seconds for one answer
ROOM = 64 * 1024  # bytes that are free where a server is worth starting
TAIL, LINE, LINES = 16 * 1024, 200, 3  # bytes of a log read; characters, and how many are quoted
LARGEST = 8 * 1024 * 1024  # bytes of a log, then another one is begun
FULL = (errno.ENOSPC, errno.EDQUOT)
_CREDENTIALS = "3i"  # process, user, group: unix(7)
_MACOS = (0, 2)  # SOL_LOCAL, LOCAL_PEERPID: sys/un.h there
# As Redis and Valkey write: 71:M 30 Nov 2026 03:55:45.616 * Configuration loaded
_SAID = re.compile(r"\d+:\w [^*#.-]*\d\d:\d\d:\d\d\.\d+ ([*#.-]) (.*)")


async def ask(path: Path, command: bytes) -> tuple[int, bytes]:
    """The process that listens there (0: not known), and the first line of its answer, if any."""
    process, answer = 0, b""
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(PATIENCE):
            reader, writer = await asyncio.open_unix_connection(path)
            try:
                process = _process(writer.get_extra_info("socket"))
                writer.write(command + b"\r\n")
                answer = (await reader.readline()).strip()
            finally:
                writer.transport.abort()
    return process, answer


def _process(connection: socket.socket) -> int:
    """As the kernel knows it: `server.pid` may hold another container's number."""
    if sys.platform == "darwin":
        return connection.getsockopt(*_MACOS)
    if not hasattr(socket, "SO_PEERCRED"):
        return 0
    size = struct.calcsize(_CREDENTIALS)
    told = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
    return int(struct.unpack(_CREDENTIALS, told)[0])


def unusable(home: Path) -> str:
    """Why a server cannot go on in this folder; empty if it can."""
    if not any(home.glob("appendonlydir/*.manifest")):  # an empty memory is none that was kept
        return f"the data in {home} is gone: put it back, or stop the bot to begin anew"
    try:
        with tempfile.TemporaryFile(dir=home, buffering=0) as file:
            file.write(bytes(ROOM))
    except OSError as error:
        if error.errno in FULL:
            return f"the disk is full: make room for {home}"
        return f"cannot write in {home}: {error.strerror}"
    return ""


class Log:
    """The server's log, from the end it had."""

    def __init__(self, path: Path) -> None:
        self._path, self._end = path, 0
        self.last()

    def last(self) -> tuple[str, ...]:
        """The last of the lines that are new; none holds what people wrote, which is sealed."""
        with suppress(OSError), self._path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(size - TAIL, self._end if self._end <= size else 0))
            text, self._end = file.read().decode(errors="replace"), size
            said = [found for line in text.splitlines() if (found := _SAID.match(line))]
            return tuple(f"{each[1]} {each[2][:LINE]}" for each in said[-LINES:])
        return ()

    def trim(self) -> None:
        with suppress(OSError):
            if self._path.stat().st_size > LARGEST:
                self._path.replace(self._path.with_suffix(".log.old"))
