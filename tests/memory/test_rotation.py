"""Changing MEMORY_KEY: record by record as they are used, or all at once, beside running bots."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from memory import rotation as module
from memory.engine import Memory
from memory.layout import prefix
from memory.records import Place
from memory.redis import RedisStore
from memory.rotation import Rotation
from memory.seal import DataKey, Keyring, UnknownKey, fresh_key, key_id
from memory.store import StoreDown
from memory.summary import Task
from memory.window import Marks
from tests.memory.conftest import NOW, World, straight_to, turn_in
from tests.memory.test_persons import HOME, Town
from tests.servers.proxy import before

pytestmark = pytest.mark.anyio

OLD, NEW = fresh_key(), fresh_key()
BOTH, NEW_ONLY = Keyring([NEW, OLD]), Keyring([NEW])
SMALL = Marks(high=50, low=10)


@pytest.fixture
def world(redis_url: str) -> Town:
    """A town whose memory was written under the old key."""
    town = Town(redis_url)
    town.keyring = Keyring([OLD])
    return town


@pytest.fixture
async def store(world: World) -> AsyncIterator[RedisStore]:
    store = world.store()
    yield store
    await store.close()


@pytest.fixture
async def told(world: World, store: RedisStore, place: Place) -> None:
    """A conversation of two messages and a reply, under the old key."""
    memory = await opened(world, store, world.keyring)
    await memory.receive(place, world.say("hello", id="m1"))
    turn = await turn_in(memory, place)
    await turn.note(["p1"], "hi")
    await turn.conclude(["p1"], [], "hi")
    await memory.receive(place, world.say("are you there?", id="m2"))


async def opened(
    world: World, store: RedisStore, ring: Keyring, marks: Marks | None = None
) -> Memory:
    """A process with these keys."""
    world.keyring = ring
    memory = world.memory(store, marks)
    await memory.open()
    return memory


async def wrapped(url: str, place: Place) -> bytes:
    async with straight_to(url, place) as redis:
        key = await redis.hget(f"{prefix(place)}{place.key}/rec", "key")
    assert isinstance(key, bytes)
    return key


async def rotated(store: RedisStore, ring: Keyring = BOTH) -> Rotation:
    rotation = store.rotation(ring)
    async for _ in rotation.run():
        pass
    return rotation


@pytest.mark.usefixtures("told")
async def test_the_next_message_leaves_a_record_under_the_first_key_at_no_cost(
    world: World, store: RedisStore, place: Place
) -> None:
    memory = await opened(world, store, BOTH)
    turn = await turn_in(memory, place)
    assert key_id(await wrapped(world.url, place)) == BOTH.ids[1]
    await memory.departing.left.lets_in(place, 1)  # asked once in a process
    asked = store.round_trips
    await memory.receive(place, world.say("one more"))
    assert store.round_trips == asked + 1
    assert key_id(await wrapped(world.url, place)) == BOTH.ids[0]
    assert (await turn.conclude(["p2"], [], "yes")).verdict == "done"
    held = await (await opened(world, store, BOTH)).describe(place)
    texts = [entry.text for entry in held.window]
    assert texts == ["hello", "hi", "are you there?", "yes", "one more"]


@pytest.mark.usefixtures("told")
async def test_a_reply_or_an_edit_leaves_a_record_under_the_first_key_too(
    world: World, store: RedisStore, place: Place
) -> None:
    memory = await opened(world, store, BOTH)
    turn = await turn_in(memory, place)
    assert (await turn.conclude(["p2"], [], "yes")).verdict == "done"
    assert key_id(await wrapped(world.url, place)) == BOTH.ids[0]
    back = await opened(world, store, Keyring([OLD, NEW]))
    await back.amend(place, "m1", "hello again", NOW + 1)
    assert key_id(await wrapped(world.url, place)) == BOTH.ids[1]
    assert (await back.describe(place)).window[0].text == "hello again"


@pytest.mark.usefixtures("told")
async def test_a_turn_under_way_ends_as_if_no_key_had_changed(
    world: World, store: RedisStore, place: Place
) -> None:
    memory = await opened(world, store, BOTH)
    turn = await turn_in(memory, place)
    assert (await rotated(store)).rewrapped > 0
    await turn.note(["p2"], "yes")
    await memory.receive(place, world.say("one more"))
    assert (await turn.conclude(["p2"], [], "yes")).verdict == "done"
    assert key_id(await wrapped(world.url, place)) == NEW_ONLY.ids[0]


class Turning(Town):
    """All keys are wrapped anew while the model summarises."""

    store_: RedisStore

    def memory(self, store: RedisStore, *given: object, **named: object) -> Memory:
        self.store_ = store
        memory = super().memory(store, *given, **named)  # type: ignore[arg-type]
        ask = memory._folding._summarise

        async def summarise(task: Task) -> str:
            await rotated(store)
            return await ask(task)

        memory._folding._summarise = summarise
        return memory


async def test_a_fold_under_way_is_not_lost(redis_url: str, place: Place) -> None:
    world = Turning(redis_url)
    store = world.store()
    memory = await opened(world, store, Keyring([OLD]), SMALL)
    for text in ("so much was said that it has to be folded", "and then more"):
        await memory.receive(place, world.say(text))
        turn = await turn_in(memory, place)
        assert (await turn.conclude([f"p{world.at}"], [], "ok")).verdict == "done"
    memory = await opened(world, store, BOTH, SMALL)
    assert await memory.settle(place) > 0
    assert len(world.summaries) == 1
    assert key_id(await wrapped(world.url, place)) == NEW_ONLY.ids[0]
    await store.close()


async def fill(world: Town, store: RedisStore, place: Place) -> None:
    """Conversations and a person, all under the old key."""
    memory = await opened(world, store, Keyring([OLD]), SMALL)
    await world.tell(memory, place, HOME)
    for number in range(4):
        there = Place(platform="slack", space="T1", channel=f"D{number}", audience="direct")
        await memory.receive(there, world.say(f"hello {number}"))


async def check(world: Town, store: RedisStore, place: Place) -> None:
    """Everything opens with the new key alone."""
    memory = await opened(world, store, NEW_ONLY, SMALL)
    assert (await memory.describe(place)).segments
    assert [fact.value for fact in await memory.persons.facts(place.person("U1"))] == ["Lisbon"]
    for number in range(4):
        there = Place(platform="slack", space="T1", channel=f"D{number}", audience="direct")
        question = (await turn_in(memory, there)).recollection.question
        assert [entry.text for entry in question] == [f"hello {number}"]


async def test_after_all_was_wrapped_anew_the_old_key_can_go(
    world: Town, store: RedisStore, place: Place
) -> None:
    await fill(world, store, place)
    with pytest.raises(UnknownKey):
        await opened(world, store, NEW_ONLY)
    done = await rotated(store)
    assert done.rewrapped == 1 + 1 + 4 + 1  # the pepper, conversations, Ada
    assert dict(done.needed) == {NEW_ONLY.ids[0]: 7}
    await check(world, store, place)


async def test_running_again_finds_nothing_to_do(
    world: Town, store: RedisStore, place: Place
) -> None:
    await fill(world, store, place)
    await rotated(store)
    again = await rotated(store)
    assert (again.rewrapped, dict(again.needed)) == (0, {NEW_ONLY.ids[0]: 7})


async def test_what_was_interrupted_is_brought_to_an_end_by_the_next_run(
    world: Town, store: RedisStore, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(world, store, place)
    monkeypatch.setattr(module, "BATCH", 2)
    first = store.rotation(BOTH)
    steps = aiter(first.run())
    await anext(steps)
    await anext(steps)
    assert 0 < first.rewrapped < 7
    again = await rotated(store)
    assert first.rewrapped + again.rewrapped == 7
    await check(world, store, place)


async def test_a_lost_reply_changes_nothing(world: Town, store: RedisStore, place: Place) -> None:
    await fill(world, store, place)
    async with before(world.url) as proxy:
        far = RedisStore(proxy.url, pauses=(0.0, 0.0))
        proxy.lose(b"HGET", b"EVAL")
        done = await rotated(far)
        assert proxy.lost == 2
        await far.close()
    assert (done.rewrapped, dict(done.needed)) == (7, {NEW_ONLY.ids[0]: 7})
    await check(world, store, place)


async def test_two_at_once_come_to_the_same(world: Town, store: RedisStore, place: Place) -> None:
    await fill(world, store, place)
    both = await asyncio.gather(rotated(store), rotated(store))
    assert [dict(each.needed) for each in both] == [{NEW_ONLY.ids[0]: 7}] * 2
    await check(world, store, place)


async def test_a_store_that_falls_silent_ends_it_with_advice(world: Town, place: Place) -> None:
    async with before(world.url) as proxy:
        far = RedisStore(proxy.url, timeout=0.05, pauses=())
        rotation = far.rotation(BOTH)
        proxy.hang()
        with pytest.raises(StoreDown):
            await anext(aiter(rotation.run()))
        proxy.resume()
        await far.close()


@pytest.mark.usefixtures("told")
async def test_a_key_that_forgetting_made_meanwhile_stays(
    world: World, store: RedisStore, place: Place
) -> None:
    memory = await opened(world, store, BOTH)
    rotation = store.rotation(BOTH)
    read = rotation._read

    async def forgotten(names: list[bytes]) -> object:
        found = await read(names)
        await memory.forget(place, world.at - 1, channel=False)
        return found

    rotation._read = forgotten  # type: ignore[method-assign, assignment]
    async for _ in rotation.run():
        pass
    assert (await memory.describe(place)).messages == 1
    assert (await turn_in(memory, place)).recollection.question[0].text == "are you there?"


@pytest.mark.usefixtures("told")
async def test_what_does_not_open_is_left_as_it_is_and_its_key_is_named(
    world: World, store: RedisStore, place: Place
) -> None:
    lost = Keyring([fresh_key()])
    there = Place(platform="slack", space="T1", channel="C9", audience="direct")
    raw = DataKey.fresh().raw
    alien, moved = lost.wrap(raw, there.key), Keyring([OLD]).wrap(raw, "another:place")
    async with straight_to(world.url, there) as redis:
        await redis.hset(f"{prefix(there)}{there.key}/rec", "key", alien)
        other = f"{prefix(there)}{there.channel_key}:2/rec"
        await redis.hset(other, "key", moved)
        done = await rotated(store)
        assert done.rewrapped == 2
        assert done.needed == {NEW_ONLY.ids[0]: 2, lost.ids[0]: 1, BOTH.ids[1]: 1}
        assert await redis.hget(other, "key") == moved
