"""A real throw-away Redis Cluster on the loopback: three primaries, each with a replica."""

import asyncio
import re
import secrets
import socket
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial

from redis.asyncio import Redis
from redis.crc import key_slot
from redis.exceptions import ResponseError

from tests.servers.redis import Binary, process

PRIMARIES = 3
SLOTS = 16_384
OPTIONS = (
    *("--bind", "127.0.0.1", "--save", "", "--cluster-enabled", "yes"),
    *("--repl-diskless-sync-delay", "0", "--repl-ping-replica-period", "1"),
    *("--cluster-node-timeout", "1000"),  # how fast they meet
)
CALM, TENSE = 30_000, 500  # milliseconds of silence after which a node counts as failed


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    port: int
    bus: int
    process: asyncio.subprocess.Process

    async def ask(self, *words: object) -> str:
        return (await self.raw(*words)).decode()

    async def keys(self) -> Sequence[bytes]:
        async with Redis(port=self.port) as client:
            return [
                each if isinstance(each, bytes) else each.encode() for each in await client.keys()
            ]

    async def raw(self, *words: object) -> bytes:
        async with Redis(port=self.port) as client:
            answer = await client.execute_command(*words)  # type: ignore[no-untyped-call]
        return answer if isinstance(answer, bytes) else str(answer).encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """The primaries come first; the replica of the first is the first of the rest."""

    binary: Binary
    nodes: Sequence[Node]

    @property
    def url(self) -> str:
        return f"redis+cluster://{','.join(f'127.0.0.1:{each.port}' for each in self.nodes)}"

    async def tense(self) -> None:
        """From now on the silence of a primary is noticed at once."""
        for node in self.nodes:
            await node.raw("CONFIG", "SET", "cluster-node-timeout", TENSE)

    def holder(self, key: str) -> Node:
        """The primary that holds this key at first."""
        return self.nodes[_number(key)]


def holder(url: str, key: str) -> str:
    """The address of the one server that holds this key."""
    scheme, _, hosts = url.partition("+cluster://")
    return f"{scheme}://{hosts.split(',')[_number(key)]}" if hosts else url


def _number(key: str) -> int:
    slot = key_slot(key.encode())
    return next(number for number in range(PRIMARIES) if slot <= _range(number)[1])


@asynccontextmanager
async def clustered(binary: Binary) -> AsyncIterator[Cluster]:
    """Six servers that have met, which takes about two seconds; killed at the end."""
    ports = free_ports(4 * PRIMARIES)
    async with AsyncExitStack() as stack:
        async with asyncio.timeout(60):
            nodes = [
                await _started(stack, binary, port, bus)
                for port, bus in zip(ports[::2], ports[1::2], strict=True)
            ]
            await _meet(nodes)
            for node in nodes:
                await until(partial(_knows_all, node))
                await node.raw("CONFIG", "SET", "cluster-node-timeout", CALM)
        yield Cluster(binary=binary, nodes=nodes)


def free_ports(count: int) -> Sequence[int]:
    """None that an outgoing connection could take before the server does (from 32,768 on)."""
    ports = list[int]()
    with ExitStack() as stack:
        while len(ports) < count:
            with suppress(OSError):
                each = stack.enter_context(socket.socket())
                each.bind(("127.0.0.1", 10_000 + secrets.randbelow(20_000)))
                ports.append(int(each.getsockname()[1]))
    return ports


@asynccontextmanager
async def joined(cluster: Cluster) -> AsyncIterator[Node]:
    """One more primary, which holds nothing."""
    async with AsyncExitStack() as stack:
        async with asyncio.timeout(60):
            node = await _started(stack, cluster.binary, *free_ports(2))
            await node.raw("CLUSTER", "SET-CONFIG-EPOCH", len(cluster.nodes) + 1)
            for other in cluster.nodes:
                await node.raw("CLUSTER", "MEET", "127.0.0.1", other.port, other.bus)
            name = await node.ask("CLUSTER", "MYID")
            for other in cluster.nodes:
                await until(partial(_knows, other, name))
            await until(partial(_knows_all, node))
        yield node


async def until(done: Callable[[], Awaitable[bool]]) -> None:
    while not await done():  # noqa: ASYNC110  servers call nobody back
        await asyncio.sleep(0.01)


async def _started(stack: AsyncExitStack, binary: Binary, port: int, bus: int) -> Node:
    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="tk-cluster-"))
    where = ("--port", str(port), "--cluster-port", str(bus), "--dir", folder)
    running = await stack.enter_async_context(process(binary, *where, *OPTIONS))
    return Node(port=port, bus=bus, process=running)


async def _meet(nodes: Sequence[Node]) -> None:
    for number, node in enumerate(nodes):
        await node.raw("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
        if number < PRIMARIES:
            await node.raw("CLUSTER", "ADDSLOTSRANGE", *_range(number))
        for other in nodes[:number]:
            await node.raw("CLUSTER", "MEET", "127.0.0.1", other.port, other.bus)
    for primary, replica in zip(nodes, nodes[PRIMARIES:], strict=False):
        name = await primary.ask("CLUSTER", "MYID")
        await until(partial(_follows, replica, name))


async def _follows(replica: Node, primary: str) -> bool:
    try:
        await replica.raw("CLUSTER", "REPLICATE", primary)
    except ResponseError:  # it does not know that one yet
        return False
    return True


async def _knows(node: Node, name: str) -> bool:
    return name in await node.ask("CLUSTER", "NODES")


async def _knows_all(node: Node) -> bool:
    """It serves, and names every primary and its replica to clients."""
    if "cluster_state:ok" not in await node.ask("CLUSTER", "INFO"):
        return False
    slots = await node.raw("CLUSTER", "SLOTS")
    return len(re.findall(rb"127\.0\.0\.1", slots)) == 2 * PRIMARIES


def _range(number: int) -> tuple[int, int]:
    return SLOTS * number // PRIMARIES, SLOTS * (number + 1) // PRIMARIES - 1
