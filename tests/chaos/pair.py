"""A primary and its replica under Sentinels: who leads dies, is replaced, and follows when back."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from tests.chaos.gate import Gate, gate
from tests.chaos.store import DURABLE, orphans
from tests.chaos.traps import Traps
from tests.servers.redis import Binary, process
from tests.servers.sentinel import address, sentinels

REPLICATION = (
    *("--repl-diskless-sync-delay", "0", "--repl-ping-replica-period", "1"),
    *("--repl-timeout", "3"),  # a way that is half open is noticed
    *("--replica-announce-ip", "127.0.0.1"),
)
SILENCE = 1500  # milliseconds: a way that hangs for a second is no failover
AGAIN = 500  # half the milliseconds between two failovers
OFTEN = 0.1  # seconds between two looks
REPLACED = 15.0  # seconds in which Sentinels name another, or the dead one comes back as it was


@dataclass(slots=True, kw_only=True)
class Pair:
    """Everybody, also Sentinels and the two themselves, reaches them through the gate's ports.

    `kills`: how often one died. With `store.replicas: 1` nothing that was acknowledged is lost, as
    long as one dies at a time: so nothing happens to one before the other is whole again.
    """

    binary: Binary
    folder: Path
    ports: Sequence[int] = ()
    sentinels: Sequence[int] = ()
    kills: int = 0
    _dying: Sequence[asyncio.Event] = field(
        default_factory=lambda: (asyncio.Event(), asyncio.Event())
    )
    _leader: int = 0
    _whole: bool = False  # when somebody looked last

    @property
    def sockets(self) -> Sequence[Path]:
        return [self.folder / "0", self.folder / "1"]

    def settings(self, ports: Sequence[int]) -> Mapping[str, str]:
        """For a bot."""
        return {"REDIS_URL": address(self.sentinels), "THREADKEEPER_STORE__REPLICAS": "1"}

    def die(self) -> None:
        """Who leads, and every third time who follows."""
        if not self._whole:
            return
        self._whole = False
        self.kills += 1
        self._dying[self._leader if self.kills % 3 else 1 - self._leader].set()

    async def kill(self) -> None:
        """Until there is a primary with a replica again."""
        self.die()
        await self.ready()

    async def fill(self, *, full: bool) -> None:
        for socket in self.sockets:
            with suppress(RedisError, OSError):  # it may be dead
                async with Redis(unix_socket_path=str(socket)) as client:
                    await client.config_set("maxmemory", "1" if full else "0")

    async def freeze(self, *, readonly: bool) -> None:
        """A planned failover: for a while who led is still written to, then it is read-only."""
        if readonly and self._whole:
            self._whole = False
            async with Redis(port=self.sentinels[0]) as client:
                with suppress(ResponseError):  # one is under way, or nobody could lead
                    await client.execute_command("SENTINEL", "FAILOVER", "threads")  # type: ignore[no-untyped-call]

    async def orphans(self) -> Sequence[str]:
        await self.ready()
        return await orphans(self.sockets[self._leader])

    async def ready(self) -> None:
        """Who leads is followed by the other, as Sentinels see it too."""
        while not self._whole:  # noqa: ASYNC110  servers call nobody back
            await asyncio.sleep(OFTEN)

    async def watch(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(OFTEN)
            self._whole = await self._followed()

    async def live(self, number: int) -> None:
        """Again and again, until cancelled."""
        socket, dying = self.sockets[number], self._dying[number]
        where = ("--unixsocket", str(socket), "--dir", str(self.folder / f"files{number}"))
        announced = ("--replica-announce-port", str(self.ports[number]))
        while True:
            dying.clear()
            with suppress(FileNotFoundError):
                socket.unlink()
            leader = ("--replicaof", f"127.0.0.1 {self.ports[self._leader]}")
            follow = () if number == self._leader else leader
            options = (*DURABLE, *REPLICATION, *where, *announced, *follow)
            async with process(self.binary, *options):
                await dying.wait()
            with suppress(TimeoutError):
                async with asyncio.timeout(REPLACED):
                    await self._replaced(number)

    async def _replaced(self, number: int) -> None:
        while await self._look() == number:  # noqa: ASYNC110
            await asyncio.sleep(OFTEN)

    async def _look(self) -> int:
        """Who leads, by the first Sentinel; before there are any, the first server."""
        if self.sentinels:
            async with Redis(port=self.sentinels[0]) as client:
                named = await client.execute_command(  # type: ignore[no-untyped-call]
                    "SENTINEL", "GET-MASTER-ADDR-BY-NAME", "threads"
                )
            self._leader = self.ports.index(int(named[1]))
        return self._leader

    async def _followed(self) -> bool:
        if any(each.is_set() for each in self._dying):
            return False
        socket = self.sockets[await self._look()]
        try:
            async with Redis(unix_socket_path=str(socket)) as client:
                said: dict[str, Any] = await client.info("replication")
        except (RedisError, OSError):
            return False
        replica = said.get("slave0", {})
        return (
            bool(said["role"] == "master" and replica.get("state") == "online")
            and replica["lag"] <= 1
            and not any(each.is_set() for each in self._dying)
        )


@asynccontextmanager
async def pair(binary: Binary, folder: Path, traps: Traps) -> AsyncIterator[tuple[Pair, Gate]]:
    """Both, and the way to them."""
    folder.mkdir()  # noqa: ASYNC240
    made = Pair(binary=binary, folder=folder)
    async with AsyncExitStack() as stack:
        way = await stack.enter_async_context(gate(made.sockets, traps))
        made.ports = way.ports
        for number in range(2):
            (folder / f"files{number}").mkdir()
            living = asyncio.create_task(made.live(number))
            stack.push_async_callback(_end, living)
        watching = asyncio.create_task(made.watch())
        stack.push_async_callback(_end, watching)
        await made.ready()
        watchers = sentinels(binary, made.ports[0], 1, silence=SILENCE, again=AGAIN)
        made.sentinels = await stack.enter_async_context(watchers)
        yield made, way


async def _end(living: asyncio.Task[None]) -> None:
    living.cancel()
    with suppress(asyncio.CancelledError):
        await living
