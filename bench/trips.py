"""Counts what passes between a client and its server: round trips, as the wire sees them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

CHUNK = 1 << 16


@dataclass(slots=True)
class Wire:
    """`url` speaks for the server; a round trip begins with what a client says after an answer."""

    url: str
    trips: int = 0


@asynccontextmanager
async def counted(server: Path, socket: Path) -> AsyncIterator[Wire]:
    """A counting stand-in at `socket` for the server at another one."""
    wire = Wire(url=f"unix://{socket}")

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers, asks = await asyncio.open_unix_connection(server)
        answered = True

        async def ask() -> None:
            nonlocal answered
            while data := await reader.read(CHUNK):
                wire.trips += answered
                answered = False
                asks.write(data)
            asks.close()

        async def answer() -> None:
            nonlocal answered
            while data := await answers.read(CHUNK):
                answered = True
                writer.write(data)
            writer.close()

        await asyncio.gather(ask(), answer())

    async with await asyncio.start_unix_server(serve, socket):
        yield wire
