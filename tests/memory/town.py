"""A town whose talk folds into an archive, or expires."""

import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
from redis.asyncio import Redis

from memory.archive import Archive
from memory.archiving import Contents
from memory.engine import Memory
from memory.records import Place
from memory.window import Marks
from tests.memory.conftest import World, turn_in

WIDE, NARROW = Marks(), Marks(high=100, low=50)
COUNT = 20
ALL = ("*",)
MESSAGES = ("msg", "win", "owed", "replies")


@pytest.fixture
def town(any_redis_url: str) -> World:
    world = World(any_redis_url)
    world.copying = True
    return world


@asynccontextmanager
async def running(
    town: World, url: str, marks: Marks = NARROW, kind: type[Archive] = Archive
) -> AsyncIterator[Memory]:
    async with AsyncExitStack() as stack:
        store = town.store()
        stack.push_async_callback(store.close)
        archive = kind(url, now=time.time, kept=86_400) if url else None
        memory = town.memory(store, marks, archive=archive)
        await memory.open()
        yield memory


async def talk(town: World, memory: Memory, place: Place) -> None:
    """One question with its answer, then others talk."""
    await memory.receive(place, town.say("fact-00", id="m0"))
    turn = await turn_in(memory, place)
    await turn.conclude(["p0"], [], "noted fact-00")
    for number in range(1, COUNT):
        text = f"fact-{number:02}"
        said = town.say(text, id=f"m{number}", called=False, author="U2", name="Bob")
        await memory.receive(place, said)


async def archived(url: str, place: Place, town: World) -> Contents:
    """What the archive alone holds."""
    async with running(town, url) as memory:
        assert memory._archiving
        return await memory._archiving.read(place)


async def prompt(memory: Memory, town: World, place: Place) -> str:
    """All that the reply to a new question may build on."""
    await memory.receive(place, town.say("what do you know?"))
    found = (await turn_in(memory, place)).recollection
    return "\n".join(each.text for each in (*found.segments, *found.window))  # type: ignore[attr-defined]


async def expire(town: World, *kinds: str) -> None:
    """As if nobody had said anything for long."""
    async with Redis.from_url(town.url) as redis:
        for kind in kinds:
            if keys := await redis.keys(f"tk:{{p*/{kind}"):
                await redis.delete(*keys)


async def nearly_expired(town: World) -> None:
    async with Redis.from_url(town.url) as redis:
        for key in await redis.keys("tk:{p*/msg"):
            await redis.expire(key, 1000)
        for key in await redis.keys("tk:{p*/expiring"):
            names: list[Any] = await redis.zrange(key, 0, -1)
            await redis.zadd(key, dict.fromkeys(names, 0))
