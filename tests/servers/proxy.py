"""A proxy before Redis servers that loses, delays or withholds what they answer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from urllib.parse import urlsplit

CHUNK = 1 << 16
Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(slots=True)
class Proxy:
    """`url` speaks for one server (`unix://`, `redis://`) or a cluster (`redis+cluster://`)."""

    url: str = ""
    names: dict[bytes, bytes] = field(default_factory=dict)  # in answers: a node's port -> ours
    delay: float = 0.0  # seconds before an answer passes
    lost: int = 0  # answers that were lost so far
    reached: asyncio.Event = field(default_factory=asyncio.Event)  # a request came while hung
    _losing: list[bytes] = field(default_factory=list)
    _open: asyncio.Event = field(default_factory=asyncio.Event)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def connections(self) -> int:
        return len(self._tasks)

    def lose(self, *commands: bytes) -> None:
        """The server runs these, one after the other; their answers and connections are lost."""
        self._losing = list(commands)

    def hang(self) -> None:
        self._open.clear()
        self.reached.clear()

    def resume(self) -> None:
        self._open.set()

    async def serve(
        self, address: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        ends = [writer]
        try:
            server = await _connect(address)
            ends.append(server[1])
            await self._relay((reader, writer), server)
        except (asyncio.CancelledError, ConnectionRefusedError):
            pass  # the end of the test, or of the server; a stream server would report it
        finally:
            self._tasks.discard(task)
            for each in ends:
                each.close()
                with suppress(OSError):
                    await each.wait_closed()

    async def close(self) -> None:
        tasks = set(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _relay(self, client: Ends, server: Ends) -> None:
        """Until either side ends, or an answer is to be lost."""
        losing = asyncio.Event()
        both = [
            asyncio.create_task(self._ask(client[0], server[1], losing)),
            asyncio.create_task(self._answer(server[0], client[1], losing)),
        ]
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in both:
                each.cancel()
            await asyncio.gather(*both, return_exceptions=True)

    async def _ask(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, losing: asyncio.Event
    ) -> None:
        while data := await reader.read(CHUNK):
            if not self._open.is_set():
                self.reached.set()
            if self._losing and self._losing[0] in data:
                self._losing.pop(0)
                losing.set()
            writer.write(data)
            await writer.drain()

    async def _answer(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, losing: asyncio.Event
    ) -> None:
        while data := await reader.read(CHUNK):
            await asyncio.sleep(self.delay)
            await self._open.wait()
            if losing.is_set():
                self.lost += 1
                return
            for port, ours in self.names.items():
                data = data.replace(port, ours)  # where CLUSTER SLOTS or MOVED leads
            writer.write(data)
            await writer.drain()


async def _connect(address: str) -> Ends:
    where = urlsplit(address)
    if where.scheme == "unix":
        return await asyncio.open_unix_connection(where.path)
    return await asyncio.open_connection(where.hostname, where.port or 6379)


@asynccontextmanager
async def before(server: str) -> AsyncIterator[Proxy]:
    """A proxy before this server, or each of a cluster's, on free ports of the loopback."""
    proxy = Proxy()
    proxy.resume()
    scheme, _, hosts = server.partition("+cluster://")
    nodes = [f"{scheme}://{host}" for host in hosts.split(",")] if hosts else [server]
    async with AsyncExitStack() as stack:
        ours = [await _listen(stack, proxy, node) for node in nodes]
        proxy.url = f"redis{'+cluster' * bool(hosts)}://{','.join(ours)}"
        if hosts:
            proxy.names = {_port(node): _port(host) for node, host in zip(nodes, ours, strict=True)}
        stack.push_async_callback(proxy.close)
        yield proxy


async def _listen(stack: AsyncExitStack, proxy: Proxy, node: str) -> str:
    server = await asyncio.start_server(partial(proxy.serve, node), "127.0.0.1", 0)
    host, port = (await stack.enter_async_context(server)).sockets[0].getsockname()[:2]
    return f"{host}:{port}"


def _port(address: str) -> bytes:
    return f":{address.rpartition(':')[2]}\r\n".encode()
