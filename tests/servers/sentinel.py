"""A real primary with its replica, and three Sentinels that watch them, on the loopback."""

import asyncio
import re
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from redis.asyncio import Redis

from tests.servers.cluster import free_ports, until
from tests.servers.redis import Binary, process

WATCH = """\
port {port}
dir {folder}
bind 127.0.0.1
sentinel monitor threads 127.0.0.1 {primary} 2
sentinel down-after-milliseconds threads 500
sentinel failover-timeout threads 5000
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """`url` names the Sentinels and the service, whose first primary is `primary`."""

    url: str
    primary: asyncio.subprocess.Process


@asynccontextmanager
async def watched(binary: Binary) -> AsyncIterator[Watched]:
    """All of them know each other; they are killed at the end."""
    first, second, *watchers = free_ports(5)
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tk-sentinel-")))
        options = ("--bind", "127.0.0.1", "--save", "", "--dir", str(folder))
        quick = ("--repl-diskless-sync-delay", "0", "--repl-ping-replica-period", "1")
        primary = await stack.enter_async_context(
            process(binary, "--port", str(first), *options, *quick)
        )
        follow = ("--replicaof", f"127.0.0.1 {first}")
        await stack.enter_async_context(
            process(binary, "--port", str(second), *options, *quick, *follow)
        )
        for port in watchers:
            file = folder / f"{port}.conf"
            file.write_text(WATCH.format(port=port, folder=folder, primary=first))
            await stack.enter_async_context(process(binary, str(file), "--sentinel"))
        async with asyncio.timeout(20):
            for port in watchers:
                await until(partial(_sees_all, port))
        hosts = ",".join(f"127.0.0.1:{port}" for port in watchers)
        yield Watched(url=f"redis+sentinel://{hosts}/threads/0", primary=primary)


async def _sees_all(port: int) -> bool:
    async with Redis(port=port) as client:
        said = str(await client.execute_command("INFO", "sentinel"))  # type: ignore[no-untyped-call]
    return bool(re.search(r"slaves\D+1\D+sentinels\D+3\b", said))
