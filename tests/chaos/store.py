"""A real server that loses nothing it acknowledged, to be killed, filled up and made read-only."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from redis.asyncio import Redis

from tests.chaos.gate import Gate, gate
from tests.chaos.traps import Traps
from tests.servers.redis import Binary, process

DURABLE = ("--port", "0", "--save", "", "--appendonly", "yes", "--appendfsync", "always")
PARTS = {"msg", "win", "owed", "seg", "cover", "sum", "above", "replies", "fresh"}
NOWHERE = ("127.0.0.1", "1")  # a primary that is not there: this server is a replica, read-only


@dataclass(slots=True, kw_only=True)
class Server:
    """`kills`: how often it died, and was started again with all it had acknowledged."""

    binary: Binary
    folder: Path
    kills: int = 0
    _dying: asyncio.Event = field(default_factory=asyncio.Event)
    _alive: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def socket(self) -> Path:
        return self.folder / "s"

    @property
    def sockets(self) -> Sequence[Path]:
        return [self.socket]

    def settings(self, ports: Sequence[int]) -> Mapping[str, str]:
        """For a bot that reaches it through this port."""
        return {"REDIS_URL": f"redis://127.0.0.1:{ports[0]}"}

    def die(self) -> None:
        self.kills += 1
        self._alive.clear()
        self._dying.set()

    async def kill(self) -> None:
        """Until it is back."""
        self.die()
        await self._alive.wait()

    async def fill(self, *, full: bool) -> None:
        async with Redis(unix_socket_path=str(self.socket)) as client:
            await client.config_set("maxmemory", "1" if full else "0")

    async def freeze(self, *, readonly: bool) -> None:
        async with Redis(unix_socket_path=str(self.socket)) as client:
            await client.replicaof(*(NOWHERE if readonly else ("NO", "ONE")))

    async def orphans(self) -> Sequence[str]:
        """Parts of conversations that have no record any more."""
        return await orphans(self.socket)

    async def live(self) -> None:
        """Again and again, until cancelled."""
        options = ("--unixsocket", str(self.socket), "--dir", str(self.folder))
        while True:
            self._dying.clear()
            with suppress(FileNotFoundError):
                self.socket.unlink()
            async with process(self.binary, *DURABLE, *options):
                self._alive.set()
                await self._dying.wait()

    async def ready(self) -> None:
        await self._alive.wait()


async def orphans(socket: Path) -> Sequence[str]:
    async with Redis(unix_socket_path=str(socket)) as client:
        keys = {key.decode() async for key in client.scan_iter("tk:*", 1_000)}
    parts = ((key, *key.rpartition("/")) for key in sorted(keys))
    return [key for key, whose, _, kind in parts if kind in PARTS and f"{whose}/rec" not in keys]


@asynccontextmanager
async def server(binary: Binary, folder: Path, traps: Traps) -> AsyncIterator[tuple[Server, Gate]]:
    """And the way to it."""
    folder.mkdir()  # noqa: ASYNC240
    server = Server(binary=binary, folder=folder)
    living = asyncio.create_task(server.live())
    try:
        await server.ready()
        async with gate(server.sockets, traps) as way:
            yield server, way
    finally:
        living.cancel()
        with suppress(asyncio.CancelledError):
            await living
