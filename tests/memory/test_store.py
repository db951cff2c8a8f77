"""What the store keeps under which keys and for how long, and what a turn reads of it."""

import asyncio
import re
from dataclasses import replace
from pathlib import Path

import pytest

from memory import redis as module
from memory.engine import Memory
from memory.records import Fold, Place, Reply, Snapshot
from memory.redis import RedisStore
from tests.memory.actor import ADA, CHANNEL, KEY, NEW, PLACE, Actor, arrival, sealed
from tests.memory.conftest import NOW, World, open_store, straight_to, turn_in
from tests.memory.scenes import debris
from tests.memory.stored import TIMED, dump, raw

pytestmark = pytest.mark.anyio


async def test_all_keys_of_a_channel_carry_one_hash_tag(redis_url: str) -> None:
    other = replace(PLACE, thread="{other}")
    async with open_store(redis_url) as store:
        actor = Actor(store)
        await debris(actor)
        await actor.fold()
        await store.receive(other, arrival("m7", 7), sealed("m7"))
        await store.pend(CHANNEL, "m8", b"print of m8", NOW)
        await actor.forget(1)
    tags = {bytes(re.findall(rb"\{(.*?)\}", key)[0]) for key in await dump(redis_url)}
    assert len(tags) == 1
    assert re.fullmatch(rb"p\d{3}", tags.pop())


async def test_what_waits_for_an_answer_that_never_comes_expires_too(
    memory: Memory, world: World, place: Place, redis_url: str
) -> None:
    await memory.receive(place, world.say("first, answered", id="m1"))
    assert (await (await turn_in(memory, place)).conclude(["p1"], [], "yes")).verdict == "done"
    await memory.receive(place, world.say("owed by its second delivery", id="m2", called=False))
    await memory.receive(place, replace(world.say("the same", id="m2"), called=True))
    async with straight_to(redis_url, place) as redis:
        lasting = [raw(key) for key in await redis.keys("*") if await redis.ttl(key) == -1]
        assert await redis.keys("*/owed")
    assert not [key for key in lasting if not key.endswith((*TIMED, b"pepper"))]


async def test_a_record_of_a_person_changes_only_for_who_read_it(redis_url: str) -> None:
    async with open_store(redis_url) as store:
        actor = Actor(store)
        assert await actor.know(0, "facts")
        assert not await actor.know(0, "others'")
        assert not await store.know(ADA, 1, sealed("facts", NEW))
        slot = (await store.persons([ADA]))[ADA.key]
        assert (slot.wrapped, slot.revision, slot.blob) == (KEY, 1, b"sealed: facts")
        assert await actor.know(1, "")
        assert (await store.persons([ADA]))[ADA.key].wrapped == b""
        assert await store.know(ADA, 2, sealed("facts", NEW))
    (key,) = await dump(redis_url, ADA)
    assert re.fullmatch(rb"tk:\{p\d{3}\}:person:slack:T1:%7Bada%7D%20", key)


async def test_only_commands_of_redis_7_0_are_used(redis_url: str) -> None:
    scripts = Path(module.__file__).with_name("scripts").glob("*.lua")
    called = {
        name.lower()
        for script in scripts
        for name in re.findall(r"redis\.call\('(\w+)'", script.read_text())
    }
    called |= {
        "hmget",
        "expire",
        "zrem",
        "zrangebyscore",
        "evalsha",
        "eval",
        "time",
        "bgrewriteaof",
        "ping",
        "set",
        "get",
        "zrevrange",
        "scan",
    }
    async with straight_to(redis_url, PLACE) as redis:
        documented = await redis.execute_command("COMMAND DOCS", *called)  # type: ignore[no-untyped-call]
    since = {bytes(name).decode(): _since(about) for name, about in _pairs(documented)}
    assert since.keys() == called
    assert {name for name, version in since.items() if version > (7, 0, 0)} == set()


def _pairs(answer: object) -> list[tuple[bytes, object]]:
    """A map as RESP3 or RESP2 gives it."""
    if isinstance(answer, dict):
        return list(answer.items())
    assert isinstance(answer, list)
    return list(zip(answer[::2], answer[1::2], strict=True))


def _since(about: object) -> tuple[int, ...]:
    said = dict(_pairs(about))[b"since"]
    assert isinstance(said, bytes)
    return tuple(map(int, said.split(b".")))


async def test_a_turn_of_one_post_takes_five_round_trips(
    world: World, redis_url: str, place: Place
) -> None:
    async with open_store(redis_url) as store:
        memory = world.memory(store)
        await memory.open()
        await memory.receive(place, world.say("not for us", called=False))
        for number in range(3):
            before_it = store.round_trips
            await memory.receive(place, world.say("hello"))
            turn = await turn_in(memory, place)
            await turn.note([f"p{number}"])
            await turn.note(text="hi")
            assert (await turn.conclude([f"p{number}"], [], "hi")).verdict == "done"
            assert store.round_trips - before_it <= 5


async def test_reading_the_record_again_renews_the_lease(redis_url: str) -> None:
    async with open_store(redis_url) as store, straight_to(redis_url, PLACE) as redis:
        lease = await Actor(store).asked()
        (record,) = await redis.keys("*/rec")
        until = await redis.hget(record, "until")
        assert until is not None
        soon = int(until) - 29_000
        await redis.hset(record, "until", soon)
        assert await Actor(store).begin() == replace(
            lease, posted=("p1", "p2"), text=b"sealed text", snapshot=(await _snapshot(store))
        )
        renewed = await redis.hget(record, "until")
        assert renewed is not None
        assert int(renewed) >= int(until)


async def test_a_turn_reads_the_newest_segments_and_upkeep_all(redis_url: str) -> None:
    async with open_store(redis_url) as store:
        actor = Actor(store)
        for number in range(20):
            await actor.say(f"m{number}", number, called=number == 0)
            if number == 0:
                lease = await actor.begin()
                reply = Reply(final=(), removed=(), sent=NOW, sealed=sealed("none"))
                await store.conclude(PLACE, lease, reply)
            fold = Fold(name=f"s{number}", covered={f"m{number}": 0}, blob=b"sealed summary")
            assert await store.fold(PLACE, fold, KEY)
        await actor.say("m20", 20)
        lease = await actor.begin("two", "turn2")
        assert {each.name for each in lease.snapshot.folds} == {f"s{n}" for n in range(4, 20)}
        assert {each.covered for each in lease.snapshot.folds} == {1}
        assert len((await store.read(PLACE, 500))[0].folds) == 20


async def test_many_short_messages_fold_before_they_fall_out_of_sight(
    memory: Memory, world: World, place: Place
) -> None:
    for number in range(420):
        who = {"author": f"U{number % 2}", "name": "A"}  # to whom nobody owes an answer
        await memory.receive(place, world.say("ok", called=number == 0, **who))
        if number == 0:
            turn = await turn_in(memory, place)
            await turn.conclude([], [], "")
    await memory.receive(place, world.say("so?"))
    turn = await turn_in(memory, place)
    assert memory.crowded(turn.recollection)


async def _snapshot(store: RedisStore) -> Snapshot:
    return (await Actor(store).begin()).snapshot


async def test_an_edit_or_deletion_of_what_expired_ends(
    world: World, redis_url: str, place: Place
) -> None:
    async with open_store(redis_url) as store, straight_to(redis_url, place) as redis:
        memory = world.memory(store)
        await memory.open()
        for name in ("a", "b", "c"):
            await memory.receive(place, world.say("hello", id=name))
        (gone,) = await redis.keys("*/msg")
        await redis.delete(gone)
        async with asyncio.timeout(5):
            await memory.amend(place, "a", "edited", world.at + 1)
            await memory.retract(place, ["b"])
        (where,) = await redis.keys(f"*:{place.channel_key}/where")
        assert await redis.hkeys(raw(where).decode()) == [b"c"]
