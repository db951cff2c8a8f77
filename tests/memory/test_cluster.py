"""What happens to a conversation when servers of its Redis Cluster die, fall silent or move it."""

import asyncio
import re
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import replace

import pytest
from redis.crc import key_slot

from memory import layout
from memory.answers import Answer
from memory.engine import Memory
from memory.records import Place
from memory.redis import RedisStore
from memory.store import StoreDown
from tests.conftest import SERVERS
from tests.memory.conftest import World, turn_in
from tests.servers.cluster import PRIMARIES, Cluster, Node, clustered, joined, until

pytestmark = [pytest.mark.anyio, pytest.mark.cluster]


BINARIES = [
    *(pytest.param(each, id=str(each), marks=pytest.mark.long) for each in SERVERS[:-1]),
    *(pytest.param(each, id=str(each)) for each in SERVERS[-1:]),
]


@pytest.fixture(params=BINARIES)
async def cluster(request: pytest.FixtureRequest) -> AsyncIterator[Cluster]:
    async with clustered(request.param) as cluster:
        yield cluster


@pytest.fixture
def world(cluster: Cluster) -> World:
    return World(cluster.url)


@pytest.fixture
async def store(cluster: Cluster) -> AsyncIterator[RedisStore]:
    """One that was told of one server only, and finds the others."""
    store = RedisStore(cluster.url.partition(",")[0], timeout=0.5, pauses=(0.0, 0.1))
    yield store
    await store.close()


@pytest.fixture
async def memory(world: World, store: RedisStore) -> Memory:
    memory = world.memory(store)
    await memory.open()
    return memory


async def eventually(ask: Callable[[], Awaitable[Answer]]) -> Answer:
    """The answer, once the store is there again."""
    async with asyncio.timeout(20):
        while True:
            with suppress(StoreDown):
                return await ask()
            await asyncio.sleep(0.02)


def holder(cluster: Cluster, place: Place) -> Node:
    return cluster.holder(layout.prefix(place))


async def copied(cluster: Cluster, primary: Node) -> None:
    """Until the primary's replica has what it has."""
    replica = cluster.nodes[cluster.nodes.index(primary) + PRIMARIES]

    async def caught_up() -> bool:
        return await _offset(replica) >= await _offset(primary)

    async with asyncio.timeout(5):
        await until(caught_up)


async def _offset(node: Node) -> int:
    said = await node.ask("INFO", "replication")
    match = re.search(r"master_repl_offset\D+(\d+)", said)
    assert match
    return int(match[1])


@pytest.mark.parametrize(
    "how",
    [signal.SIGKILL, pytest.param(signal.SIGSTOP, marks=pytest.mark.long)],
    ids=["dies", "falls silent"],
)
async def test_a_turn_goes_on_after_the_server_of_its_conversation(
    how: signal.Signals, cluster: Cluster, memory: Memory, world: World, place: Place
) -> None:
    await memory.receive(place, world.say("my number is 7", id="m1"))
    turn = await turn_in(memory, place)
    await memory.receive(place, world.say("and yours?", id="m2"))
    primary = holder(cluster, place)
    await copied(cluster, primary)
    await cluster.tense()
    primary.process.send_signal(how)
    await eventually(lambda: turn.note(["p1"]))
    assert (await turn.conclude(["p1"], [], "seven")).verdict == "done"
    assert not await memory.receive(place, world.say("my number is 7", id="m1"))
    assert (await turn_in(memory, place)).anchor == "m2"
    assert [each.id for each in (await memory.describe(place)).window] == ["m1", "p1", "m2"]


@pytest.mark.long
async def test_the_sweep_alone_notices_a_failover(
    cluster: Cluster, memory: Memory, store: RedisStore, world: World, place: Place
) -> None:
    places = [replace(place, channel=f"C{number}") for number in range(30)]
    for each in places:
        await memory.receive(each, world.say("hello"))
    primary = holder(cluster, place)
    await copied(cluster, primary)
    await cluster.tense()
    primary.process.kill()
    found = await eventually(lambda: store.overdue(100))
    assert {each.key for each in found} == {each.key for each in places}


@pytest.mark.long
async def test_a_conversation_that_moves_to_another_server_waits_and_is_never_split(
    cluster: Cluster, memory: Memory, world: World, place: Place
) -> None:
    old = holder(cluster, place)
    new = next(each for each in cluster.nodes[:PRIMARIES] if each is not old)
    await move(cluster, (memory, world, place), old, new)


@pytest.mark.long
async def test_a_conversation_that_moves_to_a_new_server_waits_and_is_never_split(
    cluster: Cluster, memory: Memory, world: World, place: Place
) -> None:
    async with joined(cluster) as new:
        await move(cluster, (memory, world, place), holder(cluster, place), new)


async def move(cluster: Cluster, told: tuple[Memory, World, Place], old: Node, new: Node) -> None:
    memory, world, place = told
    await memory.receive(place, world.say("hello", id="m1"))
    turn = await turn_in(memory, place)
    slot = int(await old.ask("CLUSTER", "KEYSLOT", layout.prefix(place)))
    names = [await each.ask("CLUSTER", "MYID") for each in (old, new)]
    await new.raw("CLUSTER", "SETSLOT", slot, "IMPORTING", names[0])
    await old.raw("CLUSTER", "SETSLOT", slot, "MIGRATING", names[1])
    moving = [key for key in await old.keys() if key_slot(key) == slot]
    assert len(moving) > 4
    for number, key in enumerate(moving):
        if number in (0, 4):
            with pytest.raises(StoreDown):
                await turn.note(["p1"])
        await old.raw("MIGRATE", "127.0.0.1", new.port, key, 0, 5000)
    with pytest.raises(StoreDown):
        await turn.note(["p1"])
    for node in (new, *cluster.nodes[:PRIMARIES]):
        await node.raw("CLUSTER", "SETSLOT", slot, "NODE", names[1])
    assert (await turn.conclude(["p1"], [], "hi")).verdict == "done"
    assert [each.id for each in (await memory.describe(place)).window] == ["m1", "p1"]
    assert not [key for key in await old.keys() if key_slot(key) == slot]


@pytest.mark.long
async def test_every_server_rewrites_its_disk_replicas_too(
    cluster: Cluster, memory: Memory, world: World, place: Place
) -> None:
    await memory.receive(place, world.say("hello"))
    await memory.forget(place, world.at, channel=False)
    for node in cluster.nodes:
        assert "bgrewriteaof" in await node.ask("INFO", "commandstats")
