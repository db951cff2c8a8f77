"""A real primary with replicas on the loopback, which only who is told of them replaces."""

import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from redis.asyncio import Redis

from tests.servers.cluster import Node, free_ports
from tests.servers.proxy import Proxy, before
from tests.servers.redis import Binary, process


@dataclass(frozen=True, slots=True, kw_only=True)
class Servers:
    """`link`: what replicas hear of the primary comes through it, if asked for."""

    primary: Node
    replicas: Sequence[Node]
    link: Proxy | None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.primary.port}"


@asynccontextmanager
async def replicated(
    binary: Binary, replicas: int = 1, *, linked: bool = False
) -> AsyncIterator[Servers]:
    """All of them have the same; they are killed at the end."""
    port, *ports = free_ports(1 + replicas)
    async with AsyncExitStack() as stack:
        primary = await _started(stack, binary, port)
        link = await stack.enter_async_context(before(f"redis://127.0.0.1:{port}"))
        source = link.url.rpartition(":")[2] if linked else port
        follow = ("--replicaof", f"127.0.0.1 {source}")
        nodes = [await _started(stack, binary, each, *follow) for each in ports]
        async with Redis(port=port, single_connection_client=True) as client:
            for value in ("alone", "followed"):  # written alone, it was there before they came
                await client.set("ready", value)
                assert await client.wait(replicas, 20_000) == replicas
        yield Servers(primary=primary, replicas=nodes, link=link if linked else None)


async def _started(stack: AsyncExitStack, binary: Binary, port: int, *options: str) -> Node:
    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="tk-pair-"))
    where = ("--bind", "127.0.0.1", "--port", str(port), "--save", "", "--dir", folder)
    quick = ("--repl-diskless-sync-delay", "0", "--repl-ping-replica-period", "1")
    running = await stack.enter_async_context(process(binary, *where, *quick, *options))
    return Node(port=port, bus=0, process=running)
