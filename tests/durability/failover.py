"""The primary goes while people talk: how long is nothing acknowledged, and what is lost?"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from itertools import pairwise

from memory import layout
from memory.redis import RedisStore
from tests.durability.talk import Talk, lost, places
from tests.memory.conftest import World
from tests.servers.cluster import clustered
from tests.servers.redis import Binary
from tests.servers.sentinel import watched

CONVERSATIONS = 8
BEFORE = 200  # messages until it goes
LONGEST = 60.0  # seconds that all may take
BEHIND = 0.2  # seconds before a crash, its replicas hear the last of it
Happening = tuple[str, Callable[[], Awaitable[None]]]  # the store's address, and what happens
Kind = Callable[[Binary], AbstractAsyncContextManager[Happening]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Failover:
    """`gap`: the most seconds in which a conversation had nothing acknowledged."""

    acknowledged: int
    lost: int
    gap: float


@asynccontextmanager
async def crash(binary: Binary) -> AsyncIterator[Happening]:
    """Sentinels; kill -9 of a primary whose replicas are a little behind."""
    async with watched(binary, 2, linked=True) as servers:
        link = servers.servers.link
        assert link

        async def happen() -> None:
            link.hang()
            await asyncio.sleep(BEHIND)
            servers.primary.kill()

        yield servers.url, happen


@asynccontextmanager
async def planned(binary: Binary) -> AsyncIterator[Happening]:
    """Sentinels are told to replace the primary."""
    async with watched(binary, 2) as servers:
        yield servers.url, servers.replace


@asynccontextmanager
async def paused(binary: Binary) -> AsyncIterator[Happening]:
    """The same, once the primary was told to take nothing more."""
    async with watched(binary, 2) as servers:

        async def happen() -> None:
            await servers.servers.primary.ask("CLIENT", "PAUSE", 10_000, "WRITE")
            await servers.replace()

        yield servers.url, happen


@asynccontextmanager
async def cluster(binary: Binary) -> AsyncIterator[Happening]:
    """One of a cluster's primaries killed: that of the first conversation."""
    async with clustered(binary) as servers:
        await servers.tense()

        async def happen() -> None:
            servers.holder(layout.prefix(places(1)[0])).process.kill()

        yield servers.url, happen


async def failover(
    url: str, happen: Callable[[], Awaitable[None]], replicas: int, seconds: float
) -> Failover:
    """Talks until so long after it happened, and until every conversation goes on."""
    now, began = asyncio.get_running_loop().time, float("inf")
    world = World(url)
    store = RedisStore(url, replicas=replicas)
    memory = world.memory(store)
    await memory.open()
    talk, enough, said = Talk(world=world, memory=memory, stubborn=True), asyncio.Event(), 0

    def heard() -> None:
        nonlocal said
        said += 1
        if said == BEFORE:
            enough.set()
        goes_on = all(max(done.values(), default=0) > began for done in talk.acknowledged.values())
        talk.over = now() > began + seconds and goes_on

    async with asyncio.timeout(LONGEST), asyncio.TaskGroup() as tasks:
        tasks.create_task(talk.everywhere(CONVERSATIONS, heard))
        await enough.wait()
        began = now()
        await happen()
    await store.close()
    gaps = [
        later - earlier
        for done in talk.acknowledged.values()
        for earlier, later in pairwise(done.values())
        if later > began
    ]
    gone = await lost(world, talk.acknowledged)
    return Failover(acknowledged=said, lost=len(gone), gap=round(max(gaps), 2))
