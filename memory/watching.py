"""The private server is watched: started again when it is gone, and why it went is told."""

import asyncio
import fcntl
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import structlog

from memory.vital import Log, ask, unusable

LOOK = 0.1  # seconds between looks whether it lives
ASK = 2.0  # seconds between questions whether it answers
SILENT, HUNG = 5.0, 30.0  # seconds without an answer: that is told; it is killed
PAUSES = (1.0, 2.0, 4.0, 8.0, 15.0)  # seconds from each start in a row to the next
STEADY = 60.0  # seconds after which a start counts as the first in a row again
PROBE = b"SET probe x EX 1"  # with appendfsync always, its answer says that the disk takes writes

DOWN = "the private server is down, and is started again as soon as it can be"

log = structlog.get_logger()


class Watch:
    """How the private server fares: `trouble` is one line, empty while it serves."""

    def __init__(self) -> None:
        self.trouble = ""
        self.restarts = 0

    def why(self) -> str:
        return self.trouble


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A folder and its server. `start` takes the lock that the server is to hold, and returns
    what went wrong; `place` puts its short path back where that is needed.
    """

    home: Path
    socket: Path
    start: Callable[[BinaryIO], Awaitable[str]]
    place: Callable[[], object]


@asynccontextmanager
async def watched(served: Served, watch: Watch) -> AsyncIterator[None]:
    """Its server answers; look after it until the block ends."""
    watcher, tasks = _Watcher(served, watch), asyncio.TaskGroup()
    await tasks.__aenter__()  # entered as a block, it would wrap the errors of ours
    tasks.create_task(watcher.run())
    try:
        yield
    finally:
        watcher.stopping.set()  # a start is never broken off: nobody would stop what it started
        await tasks.__aexit__(None, None, None)
        watcher.close()


class _Watcher:
    """Every process that uses the server has one; whoever gets its lock starts it again.

    The server holds that lock while it lives. A look tries it, which costs a system call.
    """

    def __init__(self, served: Served, watch: Watch) -> None:
        self._served, self._watch = served, watch
        self.stopping = asyncio.Event()
        self._now = asyncio.get_running_loop().time
        self._lock = self._opened()
        self._log = Log(served.home / "server.log")
        self._up = self._tried = True  # it lives; it showed that it takes writes
        self._peer = 0  # its process, as of the last answer
        self._began = self._heard = self._now()
        self._asked = self._due = 0.0
        self._falls, self._ended = 0, ""  # starts in a row; why we ended it

    async def run(self) -> None:
        while not self.stopping.is_set():
            try:
                await self._look()
            except OSError as error:
                self._tell(f"{error.filename or self._served.home}: {error.strerror}")
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK):
                    await self.stopping.wait()

    def close(self) -> None:
        self._lock.close()

    async def _look(self) -> None:
        if not self._lives():
            await self._mend()
            return
        if not self._up:  # we started it, or somebody else did
            self._came()
        if self._tried and not self._in_place():
            self._end(signal.SIGTERM, "its files are not where they were")
        elif self._now() >= self._asked:
            await self._ask()

    def _lives(self) -> bool:
        free = _taken(self._lock)
        if free:
            fcntl.flock(self._lock, fcntl.LOCK_UN)
        return not free

    async def _ask(self) -> None:
        peer, said = await ask(self._served.socket, b"PING")
        if said == b"+PONG" and not self._tried:
            _, taken = await ask(self._served.socket, PROBE)
            said = said if taken == b"+OK" else taken
        now = self._now()
        self._peer = peer or self._peer
        if said == b"+PONG":
            self._serves(now)
        elif said:  # LOADING, BUSY: it lives
            self._heard = now
            words = said.decode(errors="replace").lstrip("-")
            self._tell(f"the private server does not serve yet: {words}")
        elif now - self._heard > HUNG:
            self._end(signal.SIGKILL, f"it gave no answer for {HUNG:.0f} s")
        elif now - self._heard > SILENT:
            self._tell("the private server does not answer; it is killed and started again soon")

    def _serves(self, now: float) -> None:
        self._asked, self._heard = now + ASK, now
        if not self._tried:
            self._tried = True
            self._watch.restarts += 1
            log.warning("private server started again", folder=str(self._served.home))
        self._watch.trouble = ""

    def _in_place(self) -> bool:
        """Whether those who come will find it. A cleaner of /tmp may have taken its short path."""
        with suppress(OSError):
            there, ours = os.stat(self._served.home / "server.lock"), os.fstat(self._lock.fileno())
            if os.path.samestat(there, ours):
                self._served.place()
                return self._served.socket.exists()
        return False

    def _end(self, number: int, reason: str) -> None:
        """What it acknowledged is on disk; a look finds it gone."""
        self._ended = reason
        how = "is ended, and started again" if self._peer else "is to be ended by hand (server.pid)"
        self._tell(f"the private server {how}: {reason}")
        self._due = self._now() + ASK  # somebody may be deleting the folder: let them end
        if self._peer and self._now() >= self._asked:
            self._asked = self._now() + ASK
            with suppress(ProcessLookupError):
                os.kill(self._peer, number)

    async def _mend(self) -> None:
        """Start it, unless it is too soon for that, or useless."""
        if not self._up and self._now() < self._due:
            return
        wrong = await asyncio.to_thread(unusable, self._served.home)
        if self._up:
            self._fell(wrong)
        if self._now() < self._due:
            return
        self._due = self._now() + PAUSES[min(self._falls, len(PAUSES) - 1)]
        self._falls += 1
        if wrong := wrong or await self._start():
            self._tell(f"{DOWN}: {wrong}")

    async def _start(self) -> str:
        self._log.trim()
        with self._opened() as lock:
            wrong = await self._served.start(lock) if _taken(lock) else ""
        old, self._lock = self._lock, self._opened()
        old.close()
        if not wrong:
            self._came()
        return wrong

    def _came(self) -> None:
        self._up, self._tried = True, False
        self._began = self._heard = self._now()
        self._asked = 0.0

    def _fell(self, wrong: str) -> None:
        self._up = False
        if self._now() - self._began > STEADY and not self._ended:
            self._falls, self._due = 0, 0.0
        last = self._log.last()
        # On a full disk its log is cut off too, and one that was killed said nothing.
        reason = wrong or self._ended or _complaint(last) or "it was killed"
        self._ended = ""
        self._tell(f"{DOWN}: {reason}", last=" | ".join(last))

    def _tell(self, trouble: str, **more: object) -> None:
        if trouble != self._watch.trouble:
            log.warning("private server in trouble", reason=trouble, **more)
        self._watch.trouble = trouble

    def _opened(self) -> BinaryIO:
        return (self._served.home / "server.lock").open("ab")


def _taken(lock: BinaryIO) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _complaint(last: Sequence[str]) -> str:
    """What it said before it gave up: such lines are marked."""
    return f"it said: {last[-1][2:]}" if last and last[-1].startswith("#") else ""
