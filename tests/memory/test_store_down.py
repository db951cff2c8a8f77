"""A store that is slow, hangs or is not there: nobody waits long, and no answer goes astray."""

import asyncio
from pathlib import Path

import pytest

from memory.store import StoreDown
from tests.memory.actor import PLACE, Actor
from tests.memory.conftest import open_store
from tests.servers.cluster import until
from tests.servers.proxy import Proxy

pytestmark = pytest.mark.anyio


async def test_a_store_that_hangs_is_down_within_its_timeouts(redis_url: str, proxy: Proxy) -> None:
    async with open_store(proxy.url, timeout=0.3) as store:
        await store.ping()
        asked = store.round_trips
        proxy.hang()
        with pytest.raises(StoreDown, match="the store does not answer"):
            async with asyncio.timeout(3):
                await Actor(store).say("m1", 1)
        with pytest.raises(StoreDown):
            async with asyncio.timeout(3):
                await store.overdue(10)
        assert store.round_trips == asked + 3 + 3


async def test_a_store_that_never_answered_is_down_too(proxy: Proxy) -> None:
    proxy.hang()
    async with open_store(proxy.url, timeout=0.02) as store:
        with pytest.raises(StoreDown):
            async with asyncio.timeout(1):
                await store.ping()


async def test_a_store_that_is_not_there_is_down(tmp_path: Path) -> None:
    async with open_store(f"unix://{tmp_path}/none") as store:
        with pytest.raises(StoreDown):
            await store.ping()


async def test_waiting_for_a_store_can_be_cancelled_and_no_answer_goes_astray(
    proxy: Proxy,
) -> None:
    async with open_store(proxy.url, timeout=30.0) as store, asyncio.timeout(5):
        for number in range(10):
            await store.ping()
            proxy.hang()
            asking = asyncio.create_task(Actor(store).say(f"m{number}", number))
            await proxy.reached.wait()
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking
            proxy.resume()
            assert await store.pepper(b"secret") == b"secret"


async def test_a_slow_answer_is_waited_for(proxy: Proxy) -> None:
    proxy.delay = 0.01
    async with open_store(proxy.url) as store:
        assert await store.claim(PLACE, b"print", b"", "token", done=False) == "first"


async def test_a_crowd_of_calls_waits_its_turn(proxy: Proxy) -> None:
    async with open_store(proxy.url) as store:
        await Actor(store).say("m0", 1)  # the server knows the script then
        before = store.round_trips
        answers = await asyncio.gather(*(Actor(store).say(f"m{n}", n) for n in range(1, 301)))
        assert all(answers)
        assert store.round_trips == before + 300


async def test_a_closed_store_leaves_no_connection_open_even_after_an_error(proxy: Proxy) -> None:
    async with open_store(proxy.url) as store:
        await Actor(store).say("m1", 1)
        proxy.lose(b"EVALSHA", b"EVALSHA", b"EVALSHA")
        with pytest.raises(StoreDown):
            await Actor(store).say("m2", 2)

    async def all_closed() -> bool:
        return proxy.connections == 0

    async with asyncio.timeout(1):
        await until(all_closed)
