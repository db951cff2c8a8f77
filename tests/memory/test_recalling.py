"""Recall follows what is said, edited, deleted and forgotten, in every process, in one channel."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from memory import recalling
from memory.engine import Memory
from memory.records import Place
from memory.siblings import NAME
from memory.window import Marks
from tests.memory.conftest import World, turn_in

pytestmark = pytest.mark.anyio

LONG = 400  # messages: more than one reading of the log


@asynccontextmanager
async def process(world: World) -> AsyncIterator[Memory]:
    store = world.store()
    memory = world.memory(store, Marks(high=300, low=100))
    await memory.open()
    yield memory
    await store.close()


@pytest.fixture
async def memory(world: World) -> AsyncIterator[Memory]:
    async with process(world) as memory:
        yield memory


@pytest.fixture
async def other(world: World) -> AsyncIterator[Memory]:
    """On the same store."""
    async with process(world) as memory:
        yield memory


async def chatter(memory: Memory, world: World, place: Place, number: int) -> None:
    """The first message joins and is answered, the rest is overheard."""
    await memory.receive(place, world.say("hello", author="U0"))
    await (await turn_in(memory, place)).conclude(["p0"], [], "hi")
    for at in range(number):
        said = world.say(f"chatter about topic {at}", author="U9", called=False)
        await memory.receive(place, said)


async def recalled(memory: Memory, world: World, place: Place, question: str) -> list[str]:
    await memory.receive(place, world.say(question))
    turn = await turn_in(memory, place)
    shown = [entry.id for entry in turn.recollection.question]
    texts = [entry.text for entry in await turn.recall(100, shown)]
    await turn.conclude([f"r{world.at}"], [], "ok")
    return texts


async def test_what_was_folded_long_ago_is_found_again(
    memory: Memory, world: World, place: Place
) -> None:
    await chatter(memory, world, place, 3)
    await memory.receive(place, world.say("the safe opens with 7391", called=False, author="U9"))
    await chatter_on(memory, world, place)
    assert "the safe opens with 7391" in await recalled(
        memory, world, place, "what opens the safe?"
    )


async def chatter_on(memory: Memory, world: World, place: Place) -> None:
    for at in range(LONG):
        said = world.say(f"noise number {at}", author="U9", called=False)
        await memory.receive(place, said)
    await memory.settle(place)


async def test_an_edit_and_a_deletion_reach_it_also_in_another_process(
    memory: Memory, other: Memory, world: World, place: Place
) -> None:
    await chatter(memory, world, place, 3)
    for name, text in (("a", "the safe opens with 7391"), ("b", "the safe is behind the plant")):
        said = world.say(text, id=name, author="U9", called=False)
        await memory.receive(place, said)
    before = await recalled(other, world, place, "where is the safe?")
    assert {"the safe opens with 7391", "the safe is behind the plant"} <= set(before)
    await memory.amend(place, "a", "the safe opens with 1234", world.at + 1)
    await memory.retract(place, ["b"])
    for each in (memory, other):
        after = await recalled(each, world, place, "where is the safe?")
        assert "the safe opens with 1234" in after
        assert not {"the safe opens with 7391", "the safe is behind the plant"} & set(after)


async def test_what_is_forgotten_is_not_recalled_by_any_process(
    memory: Memory, other: Memory, world: World, place: Place
) -> None:
    await chatter(memory, world, place, 3)
    await memory.receive(place, world.say("the safe opens with 7391", author="U9", called=False))
    assert await recalled(other, world, place, "what opens the safe?")
    await memory.forget(place, world.at, channel=False)
    for each in (memory, other):
        assert "the safe opens with 7391" not in await recalled(each, world, place, "safe?")


async def test_sibling_threads_are_searched_and_other_channels_are_not(
    memory: Memory, world: World, place: Place
) -> None:
    sibling, stranger = replace(place, thread="99.1"), replace(place, channel="C2")
    await memory.receive(sibling, world.say("the safe opens with 7391"))
    await memory.receive(stranger, world.say("the safe of the others opens with 5555"))
    assert await recalled(memory, world, place, "what opens the safe?") == [
        "the safe opens with 7391"
    ]


async def test_without_recall_nothing_is_read_for_it(world: World, place: Place) -> None:
    store = world.store()
    memory = world.memory(store, recall=False)
    await memory.open()
    await memory.receive(place, world.say("the safe opens with 7391"))
    turn = await turn_in(memory, place)
    assert await turn.recall(100, ()) == ()
    await store.close()


async def test_an_index_dropped_during_a_turn_is_made_whole_again(
    memory: Memory, world: World, place: Place
) -> None:
    await chatter(memory, world, place, 3)
    await memory.receive(place, world.say("the safe opens with 7391", author="U9", called=False))
    assert await recalled(memory, world, place, "what opens the safe?")
    await memory.receive(place, world.say("what opens the safe?"))
    turn = await turn_in(memory, place)
    await memory.forget(replace(place, thread="other"), world.at, channel=False)
    found = await turn.recall(110, ())
    assert "the safe opens with 7391" in [entry.text for entry in found]


async def test_what_is_deleted_in_a_sibling_thread_during_a_turn_is_not_recalled(
    memory: Memory, world: World, place: Place
) -> None:
    sibling = replace(place, thread="99.1")
    await memory.receive(sibling, world.say("the safe opens with 7391", id="m"))
    await memory.receive(place, world.say("what opens the safe?"))
    turn = await turn_in(memory, place)
    await memory.retract(sibling, ["m"])
    assert await turn.recall(110, [turn.anchor]) == ()


async def test_an_index_that_cannot_catch_up_in_time_is_not_asked(
    memory: Memory, other: Memory, world: World, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    await chatter(memory, world, place, 3)
    safe = world.say("the safe opens with 7391", author="U9", called=False)
    await memory.receive(place, safe)
    assert "the safe opens with 7391" in await recalled(memory, world, place, "what opens it?")
    await chatter(other, world, replace(place, thread="99.1"), 40)
    await other.retract(place, [safe.id])
    monkeypatch.setattr(recalling, "PATIENCE", 0.0)
    assert await recalled(memory, world, place, "what opens the safe?") == []
    monkeypatch.undo()
    found = await recalled(memory, world, place, "what opens the safe?")
    assert found
    assert "the safe opens with 7391" not in found


async def test_a_log_that_fills_its_last_page_is_read_to_its_end_once(
    world: World, place: Place
) -> None:
    store = world.store()
    memory = world.memory(store)
    await memory.open()
    await memory.receive(place, world.say("fact 0"))
    for number in range(1, 200):
        said = world.say(f"fact {number}", author="U9", called=False)
        await memory.receive(place, said)
    turn = await turn_in(memory, place)
    before = store.round_trips
    await turn.recall(100, ())
    assert store.round_trips - before <= 2
    await store.close()


@pytest.mark.parametrize(("most", "again"), [(10, True), (100, False)])
async def test_the_index_used_longest_ago_goes_when_all_together_hold_too_much(
    world: World, place: Place, monkeypatch: pytest.MonkeyPatch, most: int, again: bool
) -> None:
    monkeypatch.setattr("memory.recalling.HELD", most)
    store = world.store()
    memory, other = world.memory(store), replace(place, channel="C2")
    await memory.open()
    await chatter(memory, world, place, 20)
    for each in (place, other, other):
        await recalled(memory, world, each, "what topic?")
    await memory.receive(place, world.say("which topic?"))
    turn = await turn_in(memory, place)
    before = store.round_trips
    assert await turn.recall(100, ())
    assert (store.round_trips > before) == again
    await store.close()


@pytest.mark.parametrize(("days", "found"), [(1, 0), (3, 1)])
async def test_what_expired_in_the_store_is_not_quoted_from_an_index_either(
    world: World, place: Place, days: int, found: int
) -> None:
    store = world.store()
    memory = world.memory(store, kept=days * 86_400)
    await memory.open()
    world.at = int(time.time() - 2 * 86_400) * 1_000_000
    await memory.receive(place, world.say("the walrus lives in the harbour", called=True))
    world.at += 2 * 86_400 * 1_000_000
    sibling = replace(place, thread="18.02")
    texts = await recalled(memory, world, sibling, "where does the walrus live?")
    assert len(texts) == found
    await store.close()


async def test_a_new_thread_of_a_direct_message_knows_the_summaries_of_earlier_ones(
    memory: Memory, world: World
) -> None:
    direct = Place(platform="slack", space="T", channel="D", audience="direct")
    for number in range(2):
        thread = replace(direct, thread=str(number))
        world.summary = f"- the boat of thread {number} is blue"
        await chatter(memory, world, thread, 20)
        await memory.settle(thread)
    new = replace(direct, thread="new")
    await memory.receive(new, world.say("and now?"))
    turn = await turn_in(memory, new)
    told = [each.text for each in await turn.recall(1_000, ()) if each.name == NAME]
    assert told == [f"- the boat of thread {number} is blue" for number in range(2)]
    assert not [each for each in await turn.recall(20, ()) if each.name == NAME]


async def test_a_new_thread_of_a_channel_is_told_no_summaries_of_others(
    memory: Memory, world: World, place: Place
) -> None:
    await chatter(memory, world, place, 20)
    await memory.settle(place)
    new = replace(place, thread="new")
    await memory.receive(new, world.say("and now?"))
    turn = await turn_in(memory, new)
    assert not [each for each in await turn.recall(1_000, ()) if each.name == NAME]
