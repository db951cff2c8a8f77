"""What happens to a conversation when Sentinels replace the primary."""

import asyncio
import signal
from collections.abc import AsyncIterator

import pytest

from memory.records import Place
from memory.redis import RedisStore
from tests.conftest import SERVERS
from tests.memory.conftest import World, turn_in
from tests.memory.test_cluster import eventually
from tests.servers.cluster import free_ports
from tests.servers.sentinel import Watched, watched

pytestmark = [pytest.mark.anyio, pytest.mark.long]


@pytest.fixture(params=SERVERS, ids=str)
async def servers(request: pytest.FixtureRequest) -> AsyncIterator[Watched]:
    async with watched(request.param) as servers:
        yield servers


@pytest.fixture
async def store(servers: Watched) -> AsyncIterator[RedisStore]:
    store = RedisStore(servers.url, timeout=0.5, pauses=(0.0, 0.1))
    yield store
    await store.close()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP], ids=["dies", "falls silent"])
async def test_a_turn_goes_on_after_the_primary(
    how: signal.Signals, servers: Watched, store: RedisStore, place: Place
) -> None:
    world = World(servers.url)
    memory = world.memory(store)
    await memory.open()
    await memory.receive(place, world.say("my number is 7", id="m1"))
    turn = await turn_in(memory, place)
    assert await store._redis.wait(1, 1000) == 1
    servers.primary.send_signal(how)
    await eventually(lambda: turn.note(["p1"]))
    assert (await turn.conclude(["p1"], [], "seven")).verdict == "done"
    assert [each.id for each in (await memory.describe(place)).window] == ["m1", "p1"]


@pytest.mark.parametrize("servers", SERVERS[:1], ids=str, indirect=True)
async def test_several_who_ask_at_once_lose_no_sentinel(servers: Watched) -> None:
    (nobody,) = free_ports(1)
    store = RedisStore(servers.url.replace("//", f"//127.0.0.1:{nobody},"))
    await asyncio.gather(*(store.ping() for _ in range(20)))
    assert store._connection._sentinel is not None
    assert len(set(map(id, store._connection._sentinel.sentinels))) == 4
    await store.close()
