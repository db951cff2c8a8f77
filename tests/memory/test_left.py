"""What is left of a space that the bot was removed from: one mark, which bars what comes late."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from memory import departing
from memory.archive import Archive
from memory.engine import Memory
from memory.redis import RedisStore
from memory.slots import Account, Spent
from tests.memory.conftest import World, turn_in
from tests.memory.databases import Database
from tests.memory.test_departing import CHANNEL, FOREIGN, OTHER, SPACE, memory, spread, store, town
from tests.memory.test_persons import HOME, Town, asked, known

__all__ = ["memory", "store", "town"]

pytestmark = pytest.mark.anyio


async def named(store: RedisStore, *words: str) -> list[bytes]:
    """All keys of the store, with their values, in which one of these words stands."""
    found = [text async for text in stored(store._redis)]
    return [text for text in found if any(word.encode() in text for word in words)]


async def stored(client: Any) -> AsyncIterator[bytes]:
    """Each key with all that it holds."""
    async for key in client.scan_iter("*"):
        yield b" ".join([key, *await everything(client, key)])


async def everything(client: Any, key: bytes) -> list[bytes]:
    match await client.type(key):
        case b"hash":
            return [part for pair in (await client.hgetall(key)).items() for part in pair]
        case b"set":
            return [*await client.smembers(key)]
        case b"zset":
            return [*await client.zrange(key, 0, -1)]
        case b"list":
            return [*await client.lrange(key, 0, -1)]
        case _:
            return [await client.get(key) or b""]


async def test_nothing_that_is_left_of_a_space_names_anyone(
    memory: Memory, store: RedisStore, town: Town
) -> None:
    await spread(memory, town)
    await everywhere(memory, store, town)
    before = await named(store, "slack:T1:", "slack:T1/")
    kinds = {text.split(b" ")[0].partition(b"/")[2].partition(b"/")[0] for text in before}
    listed = {b"due", b"journal", b"expiring", b"quiet", b"behind", b"leaving"}
    assert {b"rec", b"seen", b"done", b"where", b"waters", b"water", *listed} <= kinds
    await memory.departing.leave(SPACE, town.at)
    await memory.departing.finish()
    (line,) = await store.planned()  # it is done again as long as somebody may be at work
    assert await named(store, "slack:T1:", "slack:T1/") == [b"tk:planned " + line.encode()]
    assert await named(store, "U1", "17.01", "C2") != []  # those of the other space
    assert [key async for key in store._redis.scan_iter("tk:left:*")] == [b"tk:left:slack:T1"]
    assert 0 < await store._redis.ttl("tk:left:slack:T1") <= 90 * 86_400


async def everywhere(memory: Memory, store: RedisStore, town: Town) -> None:
    """Whatever leaves a trace: turns, deletions, commands, costs, gaps, people who are leaving."""
    here = replace(CHANNEL, thread="17.01")
    await memory.receive(here, town.say("a question", id="q1"))
    await memory.retract(here, ["q1", "never seen"])
    await memory.claim(here, "command", "twin")
    await memory.receive(here, town.say("another", id="q2", twin="q2's twin"))
    turn = await turn_in(memory, here)
    await turn.note(["p1"])
    await memory.forget(OTHER, town.at, channel=True)
    await memory.receive(OTHER, town.say("since then"))
    ada = here.person("U1")
    await store.spend(Account(platform="slack", space="T1"), ["person:U1"], "turn", Spent(turns=1))
    await memory.receive(here, town.say("mine", author="U7"))
    await memory.erasing.forget(here.person("U7"), town.at)
    await store.disown(ada, town.at - 1)
    await store.cite(here, "learner", [("q2", 0, ada.key)])
    await store.mark(here, "loss", town.at, 0)


async def test_what_comes_late_from_a_space_that_was_left_leaves_nothing(
    memory: Memory, store: RedisStore, town: Town
) -> None:
    late = town.say("called before it left", id="late")
    await memory.receive(OTHER, town.say("hello", id="m1"))
    await memory.departing.leave(SPACE, town.at)
    await memory.departing.finish()
    assert not await memory.receive(OTHER, late)
    assert not await memory.departing.left.lets_in(OTHER, None)  # a deletion
    async with another(town) as other:
        assert not await other.receive(OTHER, late)
    assert await named(store, "slack:T1:C") == []


async def test_what_was_under_way_while_the_bot_left_is_taken_away_in_the_end(
    memory: Memory, store: RedisStore, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    await memory.receive(OTHER, town.say("hello", id="m1"))
    await memory.departing.leave(SPACE, town.at)
    await memory.departing.finish()
    await store.wrote(OTHER.person("U1"), OTHER, town.at - 1)  # by one who had let it in before
    await store.retract(OTHER, {"m1": b"print of m1"})
    monkeypatch.setattr(departing, "AT_WORK", 0.0)
    await memory.departing.finish()
    assert await named(store, "slack:T1:") == []
    assert await store.planned() == []


async def test_a_space_that_the_bot_comes_back_to_works_as_before(
    memory: Memory, store: RedisStore, town: Town
) -> None:
    await spread(memory, town)
    await memory.departing.leave(SPACE, town.at)
    await memory.departing.finish()
    async with another(town) as other:
        await town.tell(other, OTHER, HOME)  # where the bot was called again
        assert await known(other, OTHER) == ["Lisbon"]
        await memory.departing.finish()
        assert await store.planned() == []
        assert await asked(other, town, OTHER) == ["Lisbon"]
        await other.retract(OTHER, ["never seen"])
        assert await other.departing.left.lets_in(OTHER, None)
        went = await other.erasing.forget(OTHER.person("U1"), town.at)
        assert went.facts == 1


@asynccontextmanager
async def another(town: Town) -> AsyncIterator[Memory]:
    """Another process."""
    store = town.store()
    memory = town.small(store)
    await memory.open()
    yield memory
    await store.close()


async def test_the_archive_of_a_space_goes_with_it(database: Database, any_redis_url: str) -> None:
    town = World(any_redis_url)
    store = town.store()
    memory = town.memory(store, archive=Archive(database.url, now=time.time, kept=86_400))
    await memory.open()
    for place in (OTHER, FOREIGN):
        await memory.receive(place, town.say("kept for long", id=f"gone {place.space}"))
        await memory.receive(place, town.say("kept for long too"))
        await memory.upkeep.preserve(place, whole=False)
        await memory.retract(place, [f"gone {place.space}"])
        await memory.forget(replace(place, thread="9"), town.at, channel=False)
    await memory.departing.leave(SPACE, 2 * town.at)
    await memory.departing.finish()
    assert memory._archiving
    for table in ("tk_messages", "tk_summaries", "tk_marks"):
        rows = [str(row) for row in database.execute(f"SELECT * FROM {table}")]  # noqa: S608
        assert not [row for row in rows if "slack:T1:" in row or "person:" in row]
    assert await store.owing() == []
    assert (await memory._archiving.read(OTHER)).entries == ()
    assert len((await memory._archiving.read(FOREIGN)).entries) == 1
    await store.close()
