"""A real primary with its replicas, and three Sentinels that watch them, on the loopback."""

import asyncio
import re
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from redis.asyncio import Redis

from tests.servers.cluster import free_ports, until
from tests.servers.pair import Servers, replicated
from tests.servers.redis import Binary, process

SILENCE = 500  # milliseconds after which a Sentinel holds a server for dead
AGAIN = 5000
WATCH = """\
port {port}
dir {folder}
bind 127.0.0.1
sentinel monitor threads 127.0.0.1 {primary} 2
sentinel down-after-milliseconds threads {silence}
sentinel failover-timeout threads {again}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """`url` names the Sentinels and the service, whose first primary is that of `servers`."""

    url: str
    sentinels: Sequence[int]  # ports
    servers: Servers

    @property
    def primary(self) -> asyncio.subprocess.Process:
        return self.servers.primary.process

    async def replace(self) -> None:
        """A failover as an operator asks for it."""
        async with Redis(port=self.sentinels[0]) as client:
            await client.execute_command("SENTINEL", "FAILOVER", "threads")  # type: ignore[no-untyped-call]


@asynccontextmanager
async def watched(
    binary: Binary, replicas: int = 1, *, linked: bool = False
) -> AsyncIterator[Watched]:
    """All of them know each other; they are killed at the end. `linked`: see `Servers`."""
    async with AsyncExitStack() as stack:
        servers = await stack.enter_async_context(replicated(binary, replicas, linked=linked))
        ports = await stack.enter_async_context(sentinels(binary, servers.primary.port, replicas))
        yield Watched(url=address(ports), sentinels=ports, servers=servers)


@asynccontextmanager
async def sentinels(
    binary: Binary, primary: int, replicas: int, *, silence: int = SILENCE, again: int = AGAIN
) -> AsyncIterator[Sequence[int]]:
    """The ports of three that know each other, the primary at this port, and its replicas.

    `again`: half the milliseconds between two failovers.
    """
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tk-sentinel-")))
        ports = free_ports(3)
        for port in ports:
            file = folder / f"{port}.conf"
            times = {"silence": silence, "again": again}
            file.write_text(WATCH.format(port=port, folder=folder, primary=primary, **times))
            await stack.enter_async_context(process(binary, str(file), "--sentinel"))
        async with asyncio.timeout(20):
            for port in ports:
                await until(partial(_sees_all, port, replicas))
        yield ports


def address(sentinels: Sequence[int]) -> str:
    """The store whose primary they name."""
    hosts = ",".join(f"127.0.0.1:{port}" for port in sentinels)
    return f"redis+sentinel://{hosts}/threads/0"


async def _sees_all(port: int, replicas: int) -> bool:
    async with Redis(port=port) as client:
        said = str(await client.execute_command("INFO", "sentinel"))  # type: ignore[no-untyped-call]
    return bool(re.search(rf"slaves\D+{replicas}\D+sentinels\D+3\b", said))
