"""The line to a server: answers in order, however they arrive, and an end to silence."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory.line import Line, Refused, connected

pytestmark = pytest.mark.anyio
ANSWERS = b"*3\r\n$4\r\nowed\r\n:-1\r\n*1\r\n$2\r\n\r\n\r\n+OK\r\n$-1\r\n*-1\r\n*0\r\n-ERR no\r\n"
SAID = [[b"owed", -1, [b"\r\n"]], b"OK", None, None, [], "Refused('ERR no')"]


@asynccontextmanager
async def _told(folder: Path, *answers: bytes) -> AsyncIterator[tuple[Line, list[bytes]]]:
    """A line, and what was said to a server that says these things in turn, then nothing."""
    heard, left, over = list[bytes](), list(answers), asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while said := await reader.read(10_000):
            heard.append(said)
            writer.write(left.pop(0) if left else b"")
        writer.close()
        await writer.wait_closed()
        over.set()

    path = str(folder / "s")
    async with await asyncio.start_unix_server(serve, path):
        try:
            line = await connected({"path": path, "password": "p", "db": 3}, patience=0.2)
            yield line, heard
            line.close()
        finally:
            await over.wait()


class _Deaf(asyncio.Transport):
    def write(self, data: object) -> None:
        pass


@given(cuts=st.sets(st.integers(1, len(ANSWERS) - 1)))
async def test_answers_are_the_same_however_they_are_cut(cuts: set[int]) -> None:
    line = Line(patience=1.0)
    line.connection_made(_Deaf())
    first, rest = line.ask([("A",)]), line.ask([("B",)] * 5)
    bounds = [0, *sorted(cuts), len(ANSWERS)]
    for start, end in itertools.pairwise(bounds):
        line.data_received(ANSWERS[start:end])
    found = [*await first, *await rest]
    assert [repr(each) if isinstance(each, Refused) else each for each in found] == SAID
    line.connection_lost(None)


async def test_who_gives_up_waiting_leaves_the_others_their_answers(tmp_path: Path) -> None:
    async with _told(tmp_path, b"+OK\r\n+OK\r\n", b"", b":1\r\n:2\r\n") as (line, heard):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await line.ask([("GET", "é", 7, b"\xff")])
        assert await line.ask([("PING",)]) == [2]
    assert heard == [
        b"*3\r\n$4\r\nAUTH\r\n$7\r\ndefault\r\n$1\r\np\r\n*2\r\n$6\r\nSELECT\r\n$1\r\n3\r\n",
        b"*4\r\n$3\r\nGET\r\n$2\r\n\xc3\xa9\r\n$1\r\n7\r\n$1\r\n\xff\r\n",
        b"*1\r\n$4\r\nPING\r\n",
    ]


async def test_a_server_that_falls_silent_is_hung_up_on(tmp_path: Path) -> None:
    async with _told(tmp_path, b"+OK\r\n+OK\r\n", b":1\r\n") as (line, _):
        assert await line.ask([("PING",)]) == [1]
        with pytest.raises(ConnectionResetError):
            await line.ask([("PING",)])
        assert line.closed


async def test_a_login_that_is_refused_says_why(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="WRONGPASS"):
        async with _told(tmp_path, b"-WRONGPASS no\r\n+OK\r\n"):
            pass
