"""The store dies, or its machine loses power: what of that which it acknowledged is left?"""

import asyncio
import os
import random
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

from memory import embedded
from memory.records import Place
from memory.redis import RedisStore
from tests.durability.talk import Talk, lost
from tests.memory.conftest import World
from tests.servers.power import ledger, traced
from tests.servers.redis import Binary, process

CONVERSATIONS = 8
HERE = ("--daemonize", "no", "--logfile", "", "--save", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """`unsynced` bytes were written; `seconds` before the end the oldest lost was acknowledged."""

    acknowledged: int
    lost: int
    unsynced: int
    seconds: float


class Machine:
    """The private server's options, but for `fsync`, in a folder that outlives it."""

    def __init__(self, binary: Binary, folder: Path, fsync: str, chance: random.Random) -> None:
        self._binary, self._folder, self._fsync = binary, folder, fsync
        self._chance = chance
        self._world = World(f"unix://{folder / 'server.sock'}")
        self._acknowledged: dict[Place, dict[str, float]] = {}

    async def cut(self, messages: int, seconds: float = 0.0, *, power: bool) -> Cut:
        """Once so many messages were acknowledged in so much time; with no `power` cut, kill -9."""
        now = asyncio.get_running_loop().time
        end, said, told = now() + seconds, 0, list[int]()
        async with self._started(traced(self._binary, self._folder)) as server:

            def heard() -> None:
                nonlocal said
                said += 1
                if said >= messages and now() >= end and not told:
                    told.append(server.pid)
                    server.terminate()

            await self._talk(heard)
            await server.wait()
        died, unsynced = now(), self._lose() if power else 0
        async with self._started(self._binary):
            gone = await lost(self._world, self._acknowledged)
        for done in self._acknowledged.values():
            for each in gone.keys() & done.keys():
                del done[each]
        seconds = died - min(gone.values(), default=died)
        return Cut(acknowledged=said, lost=len(gone), unsynced=unsynced, seconds=round(seconds, 3))

    def _started(self, binary: Binary) -> AbstractAsyncContextManager[asyncio.subprocess.Process]:
        options = (*embedded._OPTIONS.split(), *HERE, "--appendfsync", self._fsync)
        return process(binary, *options, "--dir", str(self._folder))

    async def _talk(self, heard: Callable[[], None]) -> None:
        """Until the server is gone."""
        store = RedisStore(self._world.url, timeout=10.0, pauses=())
        try:
            memory = self._world.memory(store)
            await memory.open()
            talk = Talk(memory=memory, world=self._world, acknowledged=self._acknowledged)
            await talk.everywhere(CONVERSATIONS, heard)
        finally:
            await store.close()

    def _lose(self) -> int:
        """Bytes that were written and not synced: all of them go, or what follows any of them."""
        unsynced = 0
        for path, (synced, written) in ledger(self._folder).items():
            unsynced += written - synced
            os.truncate(path, self._chance.choice((synced, self._chance.randint(synced, written))))
        return unsynced
