"""Everything of one person goes, wherever they wrote; what others said stays, and works on."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from memory.engine import Memory
from memory.entry import Entry
from memory.records import Place
from memory.redis import RedisStore
from memory.store import StoreDown
from memory.turn import Turn
from memory.window import Marks
from tests.memory.conftest import World, straight_to, turn_in

pytestmark = pytest.mark.anyio

DIRECT = Place(platform="slack", space="T1", channel="D1", audience="direct")
SMALL = Marks(high=300, low=100)
SAYING = "the vault of my house opens at nine"


def bo(world: World, text: str, *, called: bool = True) -> Entry:
    return world.say(text, author="U2", name="Bo", called=called)


async def answer(memory: Memory, place: Place, text: str) -> str:
    turn = await turn_in(memory, place)
    post = f"p{turn.id}"
    await turn.note([post], text)
    assert (await turn.conclude([post], [], text)).verdict == "done"
    return post


async def texts(memory: Memory, place: Place) -> list[str]:
    held = await memory.describe(place)
    assert not held.unreadable
    return [entry.text for entry in held.window] + [each.text for each in held.segments]


async def test_my_messages_and_the_replies_to_them_go_everywhere_and_others_stay(
    memory: Memory, world: World, place: Place
) -> None:
    for where in (place, DIRECT):
        await memory.receive(where, world.say("mine"))
        await answer(memory, where, "to me")
    await memory.receive(place, bo(world, "his"))
    await answer(memory, place, "to him")
    went = await memory.erasing.forget(place.person("U1"), world.at)
    assert (went.messages, went.segments, went.facts) == (4, 0, 0)
    assert await texts(memory, place) == ["his", "to him"]
    assert await texts(memory, DIRECT) == []


async def test_what_i_say_afterwards_is_remembered(
    memory: Memory, world: World, place: Place
) -> None:
    await memory.receive(place, world.say("before"))
    await memory.erasing.forget(place.person("U1"), world.at)
    assert await memory.receive(place, world.say("after"))
    await answer(memory, place, "yes")
    assert await texts(memory, place) == ["after", "yes"]


async def test_a_message_of_mine_that_comes_late_is_not_taken_in(
    memory: Memory, world: World, place: Place
) -> None:
    await memory.receive(place, world.say("first"))
    late, elsewhere = world.say("late"), world.say("late elsewhere")
    await memory.erasing.forget(place.person("U1"), world.at)
    assert not await memory.receive(place, late)
    assert not await memory.receive(DIRECT, elsewhere), "nobody knew that I wrote there"
    assert await texts(memory, place) == []
    assert await texts(memory, DIRECT) == []


@asynccontextmanager
async def opened(
    world: World, store: RedisStore, marks: Marks | None = None
) -> AsyncIterator[Memory]:
    memory = world.memory(store, marks=marks, segment=2_000)
    try:
        await memory.open()
        yield memory
    finally:
        await store.close()


async def test_a_message_that_another_process_takes_in_late_is_not_kept_either(
    world: World, place: Place
) -> None:
    async with opened(world, world.store()) as one, opened(world, world.store()) as other:
        await other.receive(place, bo(world, "hello"))
        await answer(other, place, "hi")
        late = world.say("overheard", called=False)
        await one.erasing.forget(place.person("U1"), world.at)
        assert not await other.receive(place, late)
        assert await texts(other, place) == ["hello", "hi"]


async def test_a_reply_to_somebody_else_that_quotes_me_goes_too(
    memory: Memory, world: World, place: Place
) -> None:
    await memory.receive(place, world.say(f"Listen: {SAYING}, said nobody"))
    await memory.receive(place, world.say("Rosebud is the word", called=False))
    await answer(memory, place, "ok")
    for said in (f"Ada said that **{SAYING}**!", "She said: rosebud is the word.", "The vault."):
        await memory.receive(place, bo(world, "what did she say?"))
        await answer(memory, place, said)
    await memory.erasing.forget(place.person("U1"), world.at)
    assert await texts(memory, place) == ["what did she say?"] * 3 + ["The vault."]


async def test_summaries_are_made_anew_without_me(world: World, place: Place) -> None:
    world.copying = True
    async with opened(world, world.store(), SMALL) as memory:
        for number in range(12):
            who = world.say if number % 2 else lambda text: bo(world, text)
            await memory.receive(place, who(f"number {number} " + "x" * 40))
            await answer(memory, place, f"reply {number}")
            await memory.settle(place)
        before = await memory.describe(place)
        assert any("number 1 " in each.text for each in before.segments)
        went = await memory.erasing.forget(place.person("U1"), world.at)
        assert went.segments > 0
        while await memory.settle(place):
            pass
        left = "\n".join(await texts(memory, place))
        assert not [number for number in range(1, 12, 2) if f"number {number} " in left]
        assert [number for number in range(0, 12, 2) if f"number {number} " in left] == [
            *range(0, 12, 2)
        ]


async def test_a_summary_of_what_has_expired_goes_if_i_speak_in_it(
    world: World, place: Place
) -> None:
    world.copying = True
    async with opened(world, world.store(), SMALL) as memory:
        for number in range(8):
            await memory.receive(place, world.say(f"number {number} " + "x" * 60))
            await answer(memory, place, f"reply {number}")
        await memory.settle(place)
        async with straight_to(world.url, place) as redis:
            await redis.delete(*await redis.keys("*/msg"), *await redis.keys("*/win"))
        assert (await memory.describe(place)).segments
        await memory.erasing.forget(place.person("U1"), world.at)
        assert (await memory.describe(place)).segments == ()


async def test_a_running_turn_that_answers_me_is_withdrawn_and_another_answers_anew(
    memory: Memory, world: World, place: Place
) -> None:
    direct = await turned(memory, world.say("mine"), DIRECT)
    await memory.receive(place, bo(world, "hello"))
    await answer(memory, place, "hi")
    await memory.receive(place, world.say("overheard", called=False))
    other = await turned(memory, bo(world, "his"), place)
    await memory.erasing.forget(place.person("U1"), world.at)
    assert (await direct.conclude(["p1"], [], "to me")).verdict == "withdrawn"
    assert (await other.conclude(["p2"], [], "to him")).verdict == "stale"
    await other.reload()
    assert [entry.text for entry in other.recollection.question] == ["his"]


async def turned(memory: Memory, entry: Entry, place: Place) -> Turn:
    await memory.receive(place, entry)
    return await turn_in(memory, place)


async def test_where_nobody_else_called_it_the_bot_is_no_longer_joined(
    memory: Memory, world: World, place: Place
) -> None:
    await memory.receive(place, world.say("hello"))
    await answer(memory, place, "hi")
    await memory.receive(place, bo(world, "by the way", called=False))
    await memory.erasing.forget(place.person("U1"), world.at)
    await memory.receive(place, bo(world, "and this is not for it", called=False))
    assert await texts(memory, place) == ["by the way"]


async def test_another_persons_calls_keep_the_bot_joined(
    memory: Memory, world: World, place: Place
) -> None:
    for entry in (world.say("hello"), bo(world, "hello too")):
        await memory.receive(place, entry)
        await answer(memory, place, "hi")
    await memory.erasing.forget(place.person("U1"), world.at)
    await memory.receive(place, bo(world, "overheard", called=False))
    assert await texts(memory, place) == ["hello too", "hi", "overheard"]


async def test_the_key_of_a_conversation_goes_with_its_last_message(
    memory: Memory, world: World
) -> None:
    await memory.receive(DIRECT, world.say("mine"))
    await answer(memory, DIRECT, "to me")
    assert await field(world, DIRECT, "key")
    await memory.erasing.forget(DIRECT.person("U1"), world.at)
    assert await field(world, DIRECT, "key") is None
    assert await memory.holdings.threads(DIRECT, 10) == []


async def field(world: World, place: Place, name: str) -> object:
    async with straight_to(world.url, place) as redis:
        (record,) = await redis.keys(f"*:{place.key}/rec")
        return await redis.hget(record, name)


async def test_forgetting_twice_finds_nothing_more(
    memory: Memory, world: World, place: Place
) -> None:
    await memory.receive(place, world.say("mine"))
    await answer(memory, place, "to me")
    assert (await memory.erasing.forget(place.person("U1"), world.at)).messages == 2
    assert (await memory.erasing.forget(place.person("U1"), world.at)).messages == 0


async def test_what_a_crash_interrupts_the_sweep_goes_on_with(world: World, place: Place) -> None:
    store = Failing(world.url)
    async with opened(world, store) as memory:
        await memory.receive(place, world.say("mine"))
        await memory.receive(DIRECT, world.say("mine too"))
        store.fails = True
        with pytest.raises(StoreDown):
            await memory.erasing.forget(place.person("U1"), world.at)
        store.fails = False
        await memory.erasing.finish(10)
        assert await texts(memory, place) == await texts(memory, DIRECT) == []
        assert await store.leaving(10) == []


class Failing(RedisStore):
    """Fails behind the first conversation."""

    fails = False
    _steps = 0

    async def expunge(self, *what: object) -> None:
        self._steps += 1
        if self.fails and self._steps > 2:
            raise StoreDown("made up")
        await super().expunge(*what)  # type: ignore[arg-type]

    async def _ready(self, kind: str, limit: int, before: int = 0) -> Sequence[bytes]:
        return await super()._ready(kind, limit, min(before, 0))


async def test_only_my_own_space_is_left(memory: Memory, world: World, place: Place) -> None:
    other = replace(place, space="T2")
    for where in (place, other):
        await memory.receive(where, world.say("mine"))
        await answer(memory, where, "to me")
    await memory.erasing.forget(place.person("U1"), world.at)
    assert await texts(memory, other) == ["mine", "to me"]


async def test_where_somebody_wrote_is_known_only_where_something_is_remembered(
    memory: Memory, world: World, place: Place
) -> None:
    await memory.receive(place, world.say("not for the bot", called=False))
    assert await memory.erasing.whereabouts(place.person("U1")) == []
    await memory.receive(place, bo(world, "hello"))
    await memory.receive(place, world.say("overheard", called=False))
    (found,) = await memory.erasing.whereabouts(place.person("U1"))
    assert found.key == place.key


async def test_mine_is_what_i_wrote_and_the_replies_to_it(
    memory: Memory, world: World, place: Place
) -> None:
    await memory.receive(place, world.say("mine"))
    await answer(memory, place, "to me")
    await memory.receive(place, bo(world, "his"))
    await answer(memory, place, "to him")
    (found,) = await memory.erasing.mine(place.person("U1"), world.at)
    assert [entry.text for entry in found.entries] == ["mine", "to me"]
