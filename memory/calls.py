"""How the store calls its server: in time, in as few round trips as can be, again if need be."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from memory.answers import Answer
from memory.connection import DOWN, Connection, Pipe
from memory.line import Command
from memory.store import StoreDown

CONNECTIONS = 64  # redis-py fails a call that would need its 101st


class Calls:
    """A part of RedisStore; times in seconds. `why`: what is known of a server that is away."""

    def __init__(
        self,
        url: str,
        *,
        timeout: float,
        pauses: Sequence[float],
        replicas: int,
        why: Callable[[], str],
    ) -> None:
        self._connection = Connection(url, timeout=timeout, replicas=replicas)
        self._redis = self._connection.client
        self._timeout, self._pauses = timeout, pauses
        self._free = asyncio.Semaphore(CONNECTIONS)
        self._why, self.round_trips = why, 0

    async def close(self) -> None:
        await self._connection.close()

    async def _many(self, *commands: Command) -> Answer:
        """In one round trip."""
        if not commands:
            return []
        if self._connection.plain:
            return await self._call(lambda: self._connection.ask(commands), timed=True)
        return await self._call(lambda: self._connection.confirmed(commands))

    async def _piped(self, fill: Callable[[Pipe], None]) -> Answer:
        async def run() -> Answer:
            async with self._redis.pipeline(transaction=False) as pipe:
                fill(pipe)
                return await pipe.execute()

        return await self._call(run)

    async def _call(self, ask: Callable[[], Awaitable[Any]], *, timed: bool = False) -> Answer:
        """Repeats what got no answer, after these pauses: every step may run twice.

        `timed`: what is asked has its own deadline.
        """
        for attempt, pause in enumerate((*self._pauses, None)):
            self.round_trips += 1
            try:
                return await (ask() if timed else self._in_time(ask, again=attempt > 0))
            except DOWN as error:
                if pause is None:
                    reason = type(error).__name__
                    known = self._why() or f"the store does not answer ({reason})"
                    raise StoreDown(known) from error
                await asyncio.sleep(pause)
        raise AssertionError

    async def _in_time(self, ask: Callable[[], Awaitable[Any]], *, again: bool) -> Answer:
        async with self._free, asyncio.timeout(self._timeout):
            await self._connection.ready(again=again)
            return await ask()
