"""Bots that start at once: each is forked from a process that has imported all it needs."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from tests.chaos import cradle
from tests.e2e.process import ROOT, Home


@dataclass(frozen=True, slots=True)
class Child:
    """A running bot; `pid` is known by a descriptor too, so that no other process is meant."""

    pid: int
    descriptor: int

    def kill(self) -> None:
        """As if the power went: no handler runs."""
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.descriptor, signal.SIGKILL)

    async def wait(self) -> None:
        ended, loop = asyncio.Event(), asyncio.get_running_loop()
        loop.add_reader(self.descriptor, ended.set)
        try:
            await ended.wait()
        finally:
            loop.remove_reader(self.descriptor)


@dataclass(frozen=True, slots=True, kw_only=True)
class Nursery:
    home: Home
    process: asyncio.subprocess.Process
    turn: asyncio.Lock

    @asynccontextmanager
    async def bot(self) -> AsyncIterator[Child]:
        """`python -m bot run`, killed at the end of the block if it still runs."""
        given = {
            "log": str(self.home.folder / "stderr"),
            "arguments": ["run", "--config", str(self.home.config)],
            "environ": self.home._all({}),
        }
        assert self.process.stdin
        assert self.process.stdout
        async with self.turn:
            self.process.stdin.write(json.dumps(given).encode() + b"\n")
            pid = int(await self.process.stdout.readline())
            child = Child(pid, os.pidfd_open(pid))  # not reaped before the next birth
        try:
            yield child
        finally:
            child.kill()
            await child.wait()
            os.close(child.descriptor)


@asynccontextmanager
async def nursery(home: Home) -> AsyncIterator[Nursery]:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", cradle.__name__),
        cwd=ROOT,
        stdin=pipe,
        stdout=pipe,
        start_new_session=True,
    )
    try:
        yield Nursery(home=home, process=process, turn=asyncio.Lock())
    finally:
        process.kill()
        await process.wait()
