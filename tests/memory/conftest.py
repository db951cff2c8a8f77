"""A memory on a real server, with keys and tokens made up for tests."""

import math
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from redis.asyncio import Redis

from memory import layout
from memory.cold import ColdStore
from memory.dependencies import Terms
from memory.engine import Memory, Settings
from memory.entry import Entry
from memory.folding import Sizes
from memory.records import Place
from memory.redis import RedisStore, Retention
from memory.seal import Keyring, fresh_key
from memory.summary import Task
from memory.turn import Turn
from memory.window import Marks
from tests.memory.databases import database, on_postgres, on_sqlite, postgres_server
from tests.servers.cluster import holder
from tests.servers.proxy import Proxy, before

__all__ = ["database", "on_postgres", "on_sqlite", "postgres_server"]

NOW = 1_800_000_000_000_000  # beyond the server's clock: never too late to be owed


class World:
    """Memory with handles on what surrounds it."""

    def __init__(self, url: str, **settings: object) -> None:
        self.keyring = Keyring([fresh_key()])
        self.url = url
        self.summaries: list[Task] = []
        self.summary = "- kept"
        self.copying = False  # the summary is then its source: what it says can be traced
        self.at = NOW

    def store(self, lease: float = 30.0, grace: float = 13.0, fact_days: int = 180) -> RedisStore:
        return RedisStore(self.url, lease=lease, grace=grace, retention=Retention(facts=fact_days))

    def memory(
        self,
        store: RedisStore,
        marks: Marks | None = None,
        segments: int = 8,
        *,
        segment: int = 500,
        recall: bool = True,
        silence: float = 600.0,
        kept: float = math.inf,
        archive: ColdStore | None = None,
        measure: Callable[[str], Awaitable[int]] | None = None,
    ) -> Memory:
        async def length(text: str) -> int:
            return len(text)

        async def summarise(task: Task) -> str:
            self.summaries.append(task)
            await self.think()
            return self.answer(task)

        return Memory(
            store,
            self.keyring,
            settings=Settings(
                sizes=Sizes(marks=marks or Marks(), segment=segment, segments=segments),
                terms=Terms(lease=30.0, call=5.0),
                follow="one-on-one",
                recall=recall,
                silence=silence,
                kept=kept,
            ),
            measure=measure or length,
            summarise=summarise,
            randbytes=os.urandom,
            archive=archive,
        )

    async def think(self) -> None:
        """What happens while the summariser is at it."""

    def answer(self, task: Task) -> str:
        return task.text if self.copying else self.summary

    def say(self, text: str, *, id: str = "", **fields: object) -> Entry:  # noqa: A002
        self.at += 1_000_000
        known = {"author": "U1", "name": "Ada", "kind": "person", "called": True, "sent": self.at}
        return Entry(id=id or str(self.at), text=text, **(known | fields))  # type: ignore[arg-type]


@pytest.fixture
def world(redis_url: str) -> World:
    return World(redis_url)


@pytest.fixture
async def memory(world: World) -> AsyncIterator[Memory]:
    store = world.store()
    memory = world.memory(store)
    await memory.open()
    yield memory
    await store.close()


@pytest.fixture
async def hasty(world: World) -> AsyncIterator[Memory]:
    """A memory whose leases end at once: whoever asks next takes over."""
    store = world.store(lease=0, grace=-0.001)
    memory = world.memory(store)
    await memory.open()
    yield memory
    await store.close()


@pytest.fixture
def place() -> Place:
    return Place(platform="slack", space="T1", channel="C1", thread="17.01", audience="public")


async def turn_in(memory: Memory, place: Place) -> Turn:
    turn = await memory.begin(place)
    assert isinstance(turn, Turn)
    return turn


def straight(url: str, place: layout.Holder) -> str:
    """The address of the server that holds this channel, or this person."""
    return holder(url, layout.prefix(place))


def straight_to(url: str, place: layout.Holder) -> Redis:
    client: Redis = Redis.from_url(straight(url, place))
    return client


@asynccontextmanager
async def open_store(url: str, **options: float) -> AsyncIterator[RedisStore]:
    store = RedisStore(url, pauses=(0.0, 0.0), **options)  # type: ignore[arg-type]
    try:
        yield store
    finally:
        await store.close()


@pytest.fixture
async def proxy(redis_url: str) -> AsyncIterator[Proxy]:
    async with before(redis_url) as proxy:
        yield proxy
