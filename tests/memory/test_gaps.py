"""Gaps in what was heard are read by one at a time, and counted until one has read all of it."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from memory import mending
from memory.engine import Memory
from memory.records import Fold, Place
from memory.turn import Turn
from tests.memory.conftest import World

pytestmark = pytest.mark.anyio
AGE = 10**12  # microseconds


@pytest.fixture
async def memory(world: World) -> AsyncIterator[Memory]:
    store = world.store()
    memory = world.memory(store)
    await memory.open()
    yield memory
    await store.close()


async def test_readings_that_came_to_their_end_do_not_count_against_a_gap_marked_again(
    memory: Memory, world: World, place: Place
) -> None:
    await memory.receive(place, world.say("hello"))
    assert await memory.gaps.mark(place.platform, world.at, age=AGE, limit=10) == 1
    for _ in range(3):
        begun = await memory.gaps.begin(place)
        assert begun
        token, gap = begun
        assert gap.readings == 1
        assert await memory.gaps.mark(place.platform, world.at, age=AGE, limit=10) == 1
        await memory.gaps.end(place, token, gap)


async def test_what_is_held_is_told_without_texts_the_newest_of_it(
    memory: Memory, world: World, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mending, "PAGE", 7)
    said = [world.say(f"note {number}") for number in range(300)]
    for each in said:
        await memory.receive(place, each)
    await memory.amend(place, said[-1].id, "edited", said[-1].sent + 9)
    heads = await memory.gaps.heads(place, 20)
    assert [(each.id, each.sent) for each in heads] == [(each.id, each.sent) for each in said[-20:]]
    assert {each.version for each in heads[:-1]} == {0}
    assert heads[-1].version == said[-1].sent + 9
    assert {each.blob for each in heads} == {b""}
    assert len(await memory.gaps.heads(place, 1_000)) == 300


async def test_what_is_folded_and_what_was_replied_is_held_too(
    memory: Memory, world: World, place: Place
) -> None:
    await memory.receive(place, world.say("hello"))
    turn = await memory.begin(place)
    assert isinstance(turn, Turn)
    await turn.note(["p1"], "hi")
    await turn.conclude(["p1"], [], "hi")
    store = memory._store
    snapshot, _, _ = await store.read(place, 10)
    covered = {each.id: each.version for each in snapshot.messages}
    fold = Fold(name="s1", covered=covered, blob=b"sealed")
    assert await store.fold(place, fold, snapshot.wrapped)
    assert {each.state for each in await memory.gaps.heads(place, 10)} == {"c", "m"}


async def test_a_turn_waits_for_a_gap_only_once_and_not_for_long(
    memory: Memory, world: World, place: Place
) -> None:
    """Marked again and again, as by processes that are killed, it would wait for ever."""
    store = memory._store
    await memory.receive(place, world.say("hello"))
    assert await store.mark(place, "one", world.at, 0, 0.2) == 1
    assert await memory.begin(place) is None
    await asyncio.sleep(0.15)
    assert await store.mark(place, "two", world.at, 0, 60.0) == 1
    await asyncio.sleep(0.1)
    assert isinstance(await memory.begin(place), Turn)


async def test_one_time_is_stored_for_a_space(memory: Memory, place: Place) -> None:
    spaces = [Place(platform="slack", space=f"T{number}", channel="") for number in range(3)]
    assert await memory.gaps.heard(spaces[0]) == 0
    await memory.gaps.hear(spaces[:2], 7)
    await memory.gaps.hear(spaces[:1], 9)
    assert [await memory.gaps.heard(each) for each in spaces] == [9, 7, 0]
