"""The ways to the store: they delay, lose answers, fall silent, leave connections half open."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from memory import layout
from tests.chaos.traps import Traps

CHUNK = 1 << 16
SCRIPTS = Path(layout.__file__).with_name("scripts")
Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(slots=True, kw_only=True)
class Gate:
    """Each of its `ports` stands for one server; one that is down is a closed connection."""

    traps: Traps
    ports: Sequence[int] = ()
    delay: float = 0.0  # seconds before an answer passes
    lose: int = 0  # answers to lose, with their connections
    lost: int = 0
    _names: Mapping[bytes, str] = field(default_factory=dict)
    _open: asyncio.Event = field(default_factory=asyncio.Event)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _left: list[asyncio.StreamWriter] = field(default_factory=list)  # half open

    def hang(self) -> None:
        """Connections stay open, and nothing comes back."""
        self._open.clear()

    def resume(self) -> None:
        self._open.set()

    def half_open(self) -> None:
        """What is connected hears nothing any more, not even the end; new connections work."""
        for task in self._tasks:
            task.cancel()

    async def close(self) -> None:
        tasks = list(self._tasks)
        self.half_open()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)  # for those who waited for them
        for each in self._left:
            each.close()

    async def serve(
        self, socket: Path, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            server = await asyncio.open_unix_connection(str(socket))
        except OSError:
            writer.close()
            return
        relay = asyncio.create_task(self._relay((reader, writer), server))
        self._tasks.add(relay)
        try:
            await relay
        except asyncio.CancelledError:
            self._left.append(writer)
            return
        finally:
            self._tasks.discard(relay)
            server[1].close()
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    async def _relay(self, client: Ends, server: Ends) -> None:
        """Until either side ends, an answer is lost or a trap springs."""
        asked: list[str] = []
        both = [
            asyncio.create_task(self._ask(client, server[1], asked)),
            asyncio.create_task(self._answer(server[0], client[1], asked)),
        ]
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in both:
                each.cancel()
            await asyncio.gather(*both, return_exceptions=True)

    async def _ask(self, client: Ends, writer: asyncio.StreamWriter, asked: list[str]) -> None:
        while data := await client[0].read(CHUNK):
            asked[:] = [name for digest, name in self._names.items() if digest in data]
            if any(self.traps.met(f"before {name}", client[1]) for name in asked):
                return
            writer.write(data)
            await writer.drain()

    async def _answer(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, asked: list[str]
    ) -> None:
        while data := await reader.read(CHUNK):
            if any(self.traps.met(f"after {name}", writer) for name in asked):
                return
            if asked and self.lose:
                self.lose -= 1
                self.lost += 1
                return
            asked.clear()
            await asyncio.sleep(self.delay)
            await self._open.wait()
            writer.write(data)
            await writer.drain()


@asynccontextmanager
async def gate(sockets: Sequence[Path], traps: Traps) -> AsyncIterator[Gate]:
    """A port before each of these sockets, whether or not a server is behind it yet."""
    names = {
        script.digest.encode(): name
        for name, script in layout.scripts(SCRIPTS, remove_replies=False)
    }
    gate = Gate(traps=traps, _names=names)
    gate.resume()
    async with AsyncExitStack() as stack:
        ways = [
            await asyncio.start_server(partial(gate.serve, socket), "127.0.0.1", 0)
            for socket in sockets
        ]
        for way in ways:
            await stack.enter_async_context(way)
        gate.ports = [way.sockets[0].getsockname()[1] for way in ways]
        stack.push_async_callback(gate.close)
        yield gate
