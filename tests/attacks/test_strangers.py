"""Strangers at the HTTP port: slow, many, malformed; probes are answered all the while."""

import asyncio
import contextlib
import resource
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

import aiohttp
import pytest
import structlog

from adapters.ports import HttpRequest, HttpResponse
from bot import door
from bot import web as webs
from bot.telemetry import Metrics
from bot.web import Address, Web
from tests.bot.platform import FakePlatform

pytestmark = pytest.mark.anyio

UNFINISHED = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: "
BODY = b"POST /fake/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{"
WHOLE = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"
MALFORMED = [
    b"kumquat\r\n\r\n",
    b"GET / HTTP/9.9\r\nX: kumquat\r\n\r\n",
    b"GET / HTTP/1.1\r\nkumquat\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"kumquat" * 9_000 + b"\r\n\r\n",
    b"GET /" + b"kumquat" * 9_000 + b" HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + b"X: kumquat\r\n" * 500 + b"\r\n",
    b"POST /fake/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: kumquat\r\n\r\n",
    b"POST /fake/events HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nkumquat\r\n",
    b"GET /\xff\xfe HTTP/1.1\r\nHost: \xff\r\nX\xff: kumquat\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01kumquat\r\n\r\n",
    b"POST /fake/events HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\nkumquat",
]


@pytest.fixture
def brisk(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is waited for ten seconds, and 75 between requests, is waited for a third of one."""
    monkeypatch.setattr(door, "PATIENCE", 0.3)
    monkeypatch.setattr(webs, "PATIENCE", 0.3)
    monkeypatch.setattr(webs, "IDLE", 0.3)


@pytest.fixture
async def port() -> AsyncIterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        number = int(free.getsockname()[1])
    platform = FakePlatform()
    platform.webhooks = {"/fake/events": _taken}
    at = Address(host="127.0.0.1", port=number, fixed=True)
    web = Web(at, {"fake": platform}, _well, Metrics())
    web.open()
    serving = asyncio.create_task(web.serve())
    await well(number)
    yield number
    serving.cancel()
    with suppress(asyncio.CancelledError):
        await serving


async def _taken(request: HttpRequest) -> HttpResponse:
    return HttpResponse(body="taken")


async def _well() -> None:
    pass


async def well(port: int) -> None:
    """A probe, on a connection of its own."""
    async with asyncio.timeout(5), aiohttp.ClientSession() as session:
        for page in ("healthz", "readyz", "metrics"):
            async with session.get(f"http://127.0.0.1:{port}/{page}") as answer:
                assert answer.status == 200


@asynccontextmanager
async def stranger(port: int, *said: bytes) -> AsyncIterator[asyncio.StreamReader]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.writelines(said)
    try:
        yield reader
    finally:
        writer.close()


async def ended(reader: asyncio.StreamReader, within: float = 5.0) -> bytes:
    """What came until the connection was closed."""
    async with asyncio.timeout(within):
        with suppress(ConnectionError):
            return await reader.read()
    return b""


@pytest.mark.usefixtures("brisk")
@pytest.mark.parametrize("said", [b"", b"G", UNFINISHED, WHOLE + UNFINISHED], ids=repr)
async def test_the_head_of_a_request_has_its_time(port: int, said: bytes) -> None:
    async with stranger(port, said) as reader:
        await ended(reader)


@pytest.mark.usefixtures("brisk")
async def test_a_head_that_trickles_in_gets_no_more_time(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(UNFINISHED)
    closed = asyncio.create_task(ended(reader))
    while not closed.done():
        with suppress(ConnectionError):
            writer.write(b"x")
        await asyncio.wait({closed}, timeout=0.02)
    await closed
    writer.close()


@pytest.mark.usefixtures("brisk")
async def test_a_body_has_its_time_too(port: int) -> None:
    async with stranger(port, BODY) as reader:
        assert b" 408 " in await ended(reader)


@pytest.mark.usefixtures("brisk")
async def test_who_asks_and_does_not_read_is_not_waited_for(port: int) -> None:
    """More answers than all buffers on the way hold."""
    with socket.create_connection(("127.0.0.1", port)) as deaf:
        deaf.setblocking(False)
        asked = 0
        async with asyncio.timeout(20):
            with suppress(ConnectionError):
                while True:
                    with suppress(BlockingIOError):
                        asked += deaf.send(WHOLE * 100)
                    await asyncio.sleep(0.005)
        assert asked > len(WHOLE) * 1_000
    await well(port)


async def test_an_idle_connection_is_kept_between_two_requests(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As long as the proxies before us keep it: they would send on one that is about to close."""
    monkeypatch.setattr(door, "PATIENCE", 0.1)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(2):
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        async with asyncio.timeout(5):
            assert b" 200 " in await reader.readuntil(b"ok\n")
        closed = asyncio.create_task(reader.read(1))
        assert not (await asyncio.wait({closed}, timeout=0.4))[0]
        closed.cancel()
        await asyncio.wait({closed})
    writer.close()


@pytest.mark.parametrize("said", [b"", UNFINISHED, BODY], ids=["silent", "head", "body"])
async def test_more_connections_than_there_is_room_for_keep_no_probe_out(
    port: int, said: bytes
) -> None:
    async with contextlib.AsyncExitStack() as crowd:
        with structlog.testing.capture_logs() as logs:
            readers = [
                await crowd.enter_async_context(stranger(port, said)) for _ in range(door.MOST + 60)
            ]
            await well(port)
            for first in readers[:60]:
                await ended(first)
        open_ = [reader for reader in readers if not reader.at_eof()]
    assert len(open_) <= door.MOST
    assert [line["event"] for line in logs] == ["too many connections: the idle ones make room"]


async def test_what_is_malformed_is_one_line_without_its_bytes(
    port: int, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with structlog.testing.capture_logs() as logs:
        for said in MALFORMED * 20:
            async with stranger(port, said) as reader:
                async with asyncio.timeout(5):
                    with suppress(ConnectionError):
                        await reader.readline()
        await well(port)
    printed = capfd.readouterr()
    assert [line["event"] for line in logs] == ["malformed request"]
    assert "kumquat" not in f"{logs}{printed.out}{printed.err}{caplog.text}"
    assert caplog.text == ""


async def test_http_1_0_and_a_half_closed_connection_are_answered_or_closed(port: int) -> None:
    async with stranger(port, b"GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n") as reader:
        assert (await ended(reader)).endswith(b"ok\n")
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(UNFINISHED)
    writer.write_eof()
    await ended(reader)
    writer.close()


async def test_a_pipeline_of_requests_is_answered_in_order(port: int) -> None:
    asked = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n" * 99
    last = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    async with stranger(port, asked, last) as reader:
        assert (await ended(reader)).count(b" 200 OK") == 100


@pytest.mark.parametrize("packed", [b"kumquat", b"\x1f\x8bkumquat"], ids=["plain", "torn"])
async def test_a_body_that_does_not_unpack_is_a_bad_request(port: int, packed: bytes) -> None:
    head = b"POST /fake/events HTTP/1.1\r\nHost: localhost\r\nContent-Encoding: gzip\r\n"
    with structlog.testing.capture_logs() as logs:
        async with stranger(
            port, head, b"Content-Length: %d\r\n\r\n" % len(packed), packed
        ) as read:
            async with asyncio.timeout(5):
                assert b" 400 " in await read.readline()
    assert {line["event"] for line in logs} <= {"malformed request"}


async def test_chunks_without_end_are_refused_at_the_limit(port: int) -> None:
    head = b"POST /fake/events HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    async with stranger(port, head, *[chunk] * 17) as reader:
        async with asyncio.timeout(5):
            assert b" 413 " in await reader.readline()


@contextmanager
def few_files() -> Iterator[None]:
    """No file can be opened any more."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    with socket.socket() as last:
        resource.setrlimit(resource.RLIMIT_NOFILE, (last.fileno(), before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


async def test_a_process_without_files_says_so_once_and_goes_on_later(
    port: int, caplog: pytest.LogCaptureFixture
) -> None:
    callers = [socket.socket() for _ in range(40)]
    with structlog.testing.capture_logs() as logs:
        with few_files():
            for caller in callers:
                caller.setblocking(False)
                with suppress(BlockingIOError):
                    caller.connect(("127.0.0.1", port))
            async with asyncio.timeout(5):
                while not logs:  # noqa: ASYNC110  another than ours writes there
                    await asyncio.sleep(0)
        await well(port)
    for caller in callers:
        caller.close()
    assert [line["event"] for line in logs] == [
        "no connection can be taken: raise the limit of open files"
    ]
    assert caplog.text == ""
