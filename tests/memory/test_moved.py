"""A sealed message that was moved within the store, or to another conversation, is never read."""

from dataclasses import replace

import pytest
from redis.asyncio import Redis

from memory.records import Place
from tests.memory.actor import HASTY
from tests.memory.conftest import World, open_store, straight_to, turn_in
from tests.memory.stored import raw

pytestmark = pytest.mark.anyio


async def test_a_sealed_message_that_was_moved_is_never_read(
    world: World, redis_url: str, place: Place
) -> None:
    elsewhere = replace(place, thread="elsewhere")
    async with open_store(redis_url) as store:
        memory = world.memory(store)
        await memory.open()
        for here in (place, elsewhere):
            for name in ("a", "b"):
                await memory.receive(here, world.say(f"{name} secret", id=f"{here.thread}{name}"))
        async with straight_to(redis_url, place) as redis:
            (mine,) = map(_record, await redis.keys(f"*:{place.thread}/msg"))
            (other,) = map(_record, await redis.keys("*:elsewhere/msg"))
            one, two = f"{place.thread}a", f"{place.thread}b"
            kept = {name: raw(await redis.hget(f"{mine}msg", name)) for name in (one, two)}
            foreign = raw(await redis.hget(f"{other}msg", "elsewherea"))
            moves = (
                {one: kept[two], two: kept[one]},
                {one: _head(kept[one]) + _blob(kept[two])},
                {one: foreign},
                {one: _head(kept[one]) + _blob(foreign)},
            )
            for move in moves:
                await _put(redis, f"{mine}msg", kept | move)
                await _refuses(redis_url, world, place)
            # Even with the key that sealed it:
            await _put(redis, f"{mine}msg", kept)
            for part in ("rec", "msg", "win", "owed"):
                await redis.copy(mine + part, other + part, replace=True)
            await _refuses(redis_url, world, elsewhere)


async def _refuses(url: str, world: World, place: Place) -> None:
    async with open_store(url, **HASTY) as store:
        memory = world.memory(store)
        await memory.open()
        turn = await turn_in(memory, place)
        assert turn.unreadable.startswith("changed, moved")
        assert "secret" not in turn.unreadable
        assert not turn.recollection.window
        assert not turn.recollection.question


def _record(key: bytes | str) -> str:
    return raw(key).decode().removesuffix("msg")


async def _put(redis: Redis, key: str, values: dict[str, bytes]) -> None:
    for name, value in values.items():
        await redis.hset(key, name, value)


def _head(value: bytes) -> bytes:
    return value[: value.index(b":") + 1]


def _blob(value: bytes) -> bytes:
    return value[value.index(b":") + 1 :]
