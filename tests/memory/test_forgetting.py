"""What people have forgotten is gone, up to when they asked, and nothing brings it back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from memory.engine import Memory
from memory.records import Forgotten, Place
from memory.redis import RedisStore
from memory.store import StoreDown
from tests.memory.conftest import World, straight_to, turn_in

pytestmark = pytest.mark.anyio


async def test_forget_keeps_what_was_said_after_it_under_a_new_key(
    memory: Memory, world: World, place: Place
) -> None:
    await memory.receive(place, world.say("old secret", id="old"))
    until = world.at
    await memory.receive(place, world.say("new question", id="new"))
    receipt = await memory.forget(place, until, channel=False)
    assert (receipt.messages, receipt.segments) == (1, 0)
    again = await memory.forget(place, until, channel=False)
    assert again.messages == 1
    assert not await memory.receive(place, world.say("old secret", id="old", sent=until))
    turn = await turn_in(memory, place)
    assert [entry.text for entry in turn.recollection.question] == ["new question"]
    assert (await turn.conclude(["p"], [], "fine")).verdict == "done"


async def test_nobody_is_taken_for_alone_where_a_call_outlived_a_forget(
    memory: Memory, world: World, place: Place
) -> None:
    await memory.receive(place, world.say("old secret"))
    until = world.at
    await memory.receive(place, world.say("and mine?"))
    await memory.forget(place, until, channel=False)
    for text in ("what I meant", "was this"):
        bo = world.say(text, author="U2", name="Bo", called=False)
        assert not await memory.receive(place, bo)


async def test_an_answer_begun_before_forget_is_not_remembered(
    memory: Memory, world: World, place: Place
) -> None:
    await memory.receive(place, world.say("secret"))
    turn = await turn_in(memory, place)
    await turn.note(["p1"], "you said secret")
    await memory.forget(place, world.at, channel=False)
    assert (await turn.conclude(["p1"], [], "you said secret")).verdict == "withdrawn"
    await turn.reload()
    assert turn.withdrawn
    assert turn.text == ""
    assert (await turn.withdraw(["p1"])).verdict == "done"
    held = await memory.describe(place)
    assert (held.messages, held.window, held.segments) == (0, (), ())


async def test_forgetting_a_channel_takes_all_its_threads(
    memory: Memory, world: World, place: Place
) -> None:
    other = Place(platform="slack", space="T1", channel="C1", thread="", audience="public")
    await memory.receive(place, world.say("one"))
    await memory.receive(other, world.say("two"))
    assert (await memory.forget(other, world.at, channel=True)).messages == 2
    assert not await memory.receive(
        Place(platform="slack", space="T1", channel="C1", thread="3", audience="public"),
        world.say("late", sent=world.at - 1),
    )


async def test_a_reply_is_forgotten_with_what_it_answers(
    memory: Memory, world: World, place: Place
) -> None:
    for number in (1, 2):
        await memory.receive(place, world.say(f"my number is {number}", id=f"m{number}"))
        turn = await turn_in(memory, place)
        assert (await turn.conclude([f"p{number}"], [], f"so: {number}")).verdict == "done"
    await memory.retract(place, ["m1"])
    assert [each.id for each in (await memory.describe(place)).window] == ["m2", "p2"]
    receipt = await memory.forget(place, world.at, channel=False)
    assert receipt.messages == 2
    assert (await memory.describe(place)).messages == 0


OLD, NEW = 250, 150  # messages before and after: several steps' worth of each


class Frail(RedisStore):
    """Dies when it is to forget more than so many times."""

    steps = 1

    async def forget(self, *given: Any, **named: Any) -> Forgotten:
        self.steps -= 1
        if self.steps < 0:
            raise StoreDown("dead")
        return await super().forget(*given, **named)


@asynccontextmanager
async def opened(world: World, store: RedisStore) -> AsyncIterator[Memory]:
    memory = world.memory(store)
    await memory.open()
    yield memory
    await store.close()


async def begun(world: World, memory: Memory, place: Place, steps: int) -> int:
    """Much is said; somebody has it forgotten, but dies. Up to when."""
    for number in range(OLD):
        await memory.receive(place, world.say(f"old {number}"))
    until = world.at
    for number in range(NEW):
        await memory.receive(place, world.say(f"new {number}"))
    frail = Frail(world.url)
    frail.steps = steps
    async with opened(world, frail) as other:
        with pytest.raises(StoreDown):
            await other.forget(place, until, channel=False)
    return until


@pytest.mark.parametrize("steps", [1, 2, 4])
async def test_nothing_older_is_read_or_enters_once_somebody_began_to_forget(
    memory: Memory, world: World, place: Place, steps: int
) -> None:
    until = await begun(world, memory, place, steps)
    for number in range(2):
        turn = await turn_in(memory, place)
        told = (*turn.recollection.window, *turn.recollection.question)
        assert told
        assert not [entry for entry in told if entry.sent <= until]
        assert not [each for each in await turn.recall(10_000, []) if each.sent <= until]
        assert (await turn.conclude([f"p{number}"], [], "yes")).verdict == "done"
    late = world.say("old and late", sent=until)
    assert not await memory.receive(place, late)
    held = await memory.describe(place)
    assert (held.messages, held.segments) == (NEW + 2, ())
    assert not [entry for entry in held.window if entry.sent <= until]
    assert not [each for each in (await memory.upkeep.of(place)).entries if each.sent <= until]


@pytest.mark.parametrize("steps", [1, 2, 4])
@pytest.mark.parametrize("asked_again", [True, False], ids=["asked again", "by the sweep"])
async def test_what_a_crash_interrupts_is_forgotten_to_the_end(
    memory: Memory, world: World, place: Place, steps: int, *, asked_again: bool
) -> None:
    until = await begun(world, memory, place, steps)
    key = await field(world, place, "key")
    await memory.receive(place, world.say("said meanwhile"))
    if not asked_again:
        await memory.departing.finish()
    assert (await memory.forget(place, until, channel=False)).messages == OLD
    assert await field(world, place, "key") not in (key, None)
    assert await field(world, place, "next") is None
    told = [entry.text for entry in (await memory.upkeep.of(place)).entries]
    assert told == [*(f"new {number}" for number in range(NEW)), "said meanwhile"]
    async with straight_to(world.url, place) as redis:
        assert not await redis.keys("*/anew")
        assert not await redis.keys("*/late")
    turn = await turn_in(memory, place)
    assert turn.recollection.question[0].text == "new 0"
    assert (await turn.conclude(["p"], [], "yes")).verdict == "done"


async def test_an_answer_under_way_while_others_forget_is_made_anew_and_stands(
    memory: Memory, world: World, place: Place
) -> None:
    await memory.receive(place, world.say("old"))
    turn = await turn_in(memory, place)
    assert (await turn.conclude(["p"], [], "yes")).verdict == "done"
    for number in range(OLD):
        await memory.receive(place, world.say(f"old {number}", called=False, author="U2"))
    until = world.at
    await memory.receive(place, world.say("new", called=True))
    turn = await turn_in(memory, place)
    await memory.forget(place, until, channel=False)
    assert (await turn.conclude(["q"], [], "about the old")).verdict == "stale"
    await turn.reload()
    assert [each.text for each in turn.recollection.question] == ["new"]
    assert (await turn.conclude(["q"], [], "about the new")).verdict == "done"
    assert [each.text for each in (await memory.describe(place)).window] == ["new", "about the new"]


async def test_of_two_who_forget_at_once_both_are_told_all_that_went(
    memory: Memory, world: World, place: Place
) -> None:
    for number in range(OLD):
        await memory.receive(place, world.say(f"old {number}"))
    async with opened(world, world.store()) as other:
        both = (each.forget(place, world.at, channel=False) for each in (memory, other))
        assert [went.messages for went in await asyncio.gather(*both)] == [OLD, OLD]


async def field(world: World, place: Place, name: str) -> object:
    async with straight_to(world.url, place) as redis:
        (record,) = await redis.keys(f"*:{place.key}/rec")
        return await redis.hget(record, name)
