"""A real primary with replicas on the loopback, which only who is told of them replaces."""

import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from redis.asyncio import Redis

from tests.servers.cluster import Node, free_ports
from tests.servers.redis import Binary, process


@dataclass(frozen=True, slots=True, kw_only=True)
class Servers:
    primary: Node
    replicas: Sequence[Node]

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.primary.port}"


@asynccontextmanager
async def replicated(binary: Binary, replicas: int = 1) -> AsyncIterator[Servers]:
    """All of them have the same; they are killed at the end."""
    ports = free_ports(1 + replicas)
    async with AsyncExitStack() as stack:
        nodes = list[Node]()
        for port in ports:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="tk-pair-"))
            options = ("--bind", "127.0.0.1", "--port", str(port), "--save", "", "--dir", folder)
            quick = ("--repl-diskless-sync-delay", "0", "--repl-ping-replica-period", "1")
            follow = ("--replicaof", f"127.0.0.1 {ports[0]}") if nodes else ()
            running = process(binary, *options, *quick, *follow)
            server = await stack.enter_async_context(running)
            nodes.append(Node(port=port, bus=0, process=server))
        async with Redis(port=ports[0], single_connection_client=True) as client:
            await client.set("ready", "yes")
            assert await client.wait(replicas, 20_000) == replicas
        yield Servers(primary=nodes[0], replicas=nodes[1:])
