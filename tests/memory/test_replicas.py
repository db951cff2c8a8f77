"""With `store.replicas`, nothing counts as done that may be lost with its primary."""

import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from memory.engine import Memory
from memory.records import Place
from memory.redis import RedisStore
from memory.store import StoreDown
from tests.conftest import SERVERS
from tests.memory.conftest import World, turn_in
from tests.memory.test_cluster import holder, move
from tests.servers.cluster import PRIMARIES, Cluster, clustered
from tests.servers.pair import Servers, replicated

pytestmark = pytest.mark.anyio


@pytest.fixture(
    params=[
        pytest.param(each, id=str(each), marks=[pytest.mark.long] * bool(number))
        for number, each in enumerate(SERVERS)
    ]
)
async def servers(request: pytest.FixtureRequest) -> AsyncIterator[Servers]:
    async with replicated(request.param) as servers:
        yield servers


@pytest.fixture
async def cluster() -> AsyncIterator[Cluster]:
    async with clustered(SERVERS[0]) as cluster:
        yield cluster


@asynccontextmanager
async def remembering(world: World, replicas: int, *pauses: float) -> AsyncIterator[Memory]:
    """A process of its own, which waits 0.75 seconds for replicas."""
    store = RedisStore(world.url, timeout=1.5, pauses=pauses, replicas=replicas)
    try:
        memory = world.memory(store)
        await memory.open()
        yield memory
    finally:
        await store.close()


async def test_what_no_replica_has_is_not_acknowledged(servers: Servers, place: Place) -> None:
    world, (replica,) = World(servers.url), servers.replicas
    message = world.say("remember me", id="m1")
    async with remembering(world, 1) as memory, remembering(world, 1) as another:
        await memory.receive(replace(place, thread=""), world.say("hello"))  # loads the script
        replica.process.send_signal(signal.SIGSTOP)
        with pytest.raises(StoreDown, match="TooFewReplicas"):
            await memory.receive(place, message)
        with pytest.raises(StoreDown, match="TooFewReplicas"):  # the primary has it: nothing to do
            await another.receive(place, message)
        replica.process.send_signal(signal.SIGCONT)
        await another.receive(place, message)
    servers.primary.process.kill()
    await replica.ask("REPLICAOF", "NO", "ONE")
    world.url = f"redis://127.0.0.1:{replica.port}"
    async with remembering(world, 0) as memory:
        assert (await turn_in(memory, place)).anchor == "m1"


async def test_a_server_that_itself_wants_replicas_is_down_without_them(
    servers: Servers, place: Place
) -> None:
    world = World(servers.url)
    async with remembering(world, 0) as memory:
        await memory.receive(place, world.say("hello"))
        await servers.primary.ask("CONFIG", "SET", "min-replicas-to-write", "2")
        with pytest.raises(StoreDown, match="TooFewReplicas"):
            await memory.receive(place, world.say("remember me"))
        await servers.primary.ask("CONFIG", "SET", "min-replicas-to-write", "0")
        assert await memory.receive(place, world.say("remember me"))


async def test_unasked_for_no_replica_is_waited_for(servers: Servers, place: Place) -> None:
    world = World(servers.url)
    servers.replicas[0].process.send_signal(signal.SIGSTOP)
    async with remembering(world, 0) as memory:
        assert await memory.receive(place, world.say("hello"))


@pytest.mark.long
@pytest.mark.cluster
async def test_in_a_cluster_the_replica_of_its_own_primary_must_have_it(
    cluster: Cluster, place: Place
) -> None:
    world, message = World(cluster.url), World(cluster.url).say("remember me", id="m1")
    number = cluster.nodes.index(holder(cluster, place))
    own, *others = (cluster.nodes[PRIMARIES + (number + each) % PRIMARIES] for each in range(3))
    async with remembering(world, 1) as memory:
        await memory.receive(replace(place, thread=""), world.say("hello"))
        own.process.send_signal(signal.SIGSTOP)
        with pytest.raises(StoreDown, match="TooFewReplicas"):
            await memory.receive(place, message)
        own.process.send_signal(signal.SIGCONT)
        for each in others:
            each.process.send_signal(signal.SIGSTOP)
        assert await memory.receive(place, message)


@pytest.mark.long
@pytest.mark.cluster
async def test_in_a_cluster_no_step_is_taken_for_another_servers(
    cluster: Cluster, place: Place
) -> None:
    world, old = World(cluster.url), holder(cluster, place)
    new = next(each for each in cluster.nodes[:PRIMARIES] if each is not old)
    async with remembering(world, 1, 0.0, 0.1) as mover, remembering(world, 1, 0.0) as memory:
        await move(cluster, (mover, world, place), old, new)
        replica = cluster.nodes[PRIMARIES + cluster.nodes.index(new)]
        replica.process.send_signal(signal.SIGSTOP)
        with pytest.raises(StoreDown):  # it asks the old one first
            await memory.receive(place, world.say("hello"))
