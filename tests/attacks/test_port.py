"""The HTTP port before strangers: what it tells is nobody's, and pages from elsewhere get nothing.

Names of hosts, bodies and webhooks are in `tests/bot/test_web.py`; what the figures say after a
long run in `test_aftermath.py`.
"""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import suppress

import aiohttp
import pytest

from bot.telemetry import Metrics
from bot.web import Address, Web
from memory.redis import RedisStore

pytestmark = pytest.mark.anyio

PAGES = ("/healthz", "/readyz", "/metrics")
OTHERS = ("/", "/memory", "/export", "/messages", "/../config.yaml", "/.env", "/metrics/x")
EVIL = {"Host": "evil.example", "Origin": "http://evil.example"}


@pytest.fixture
async def port() -> AsyncIterator[aiohttp.ClientSession]:
    """Of a bot whose store is down, at an address that holds a password."""
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("", 0)) as two:
        number, gone = one.getsockname()[1], two.getsockname()[1]
    store = RedisStore(f"redis://kumquat-user:kumquat-word@127.0.0.1:{gone}/0")
    web = Web(Address(host="127.0.0.1", port=number, fixed=True), {}, store.ping, Metrics())
    web.open()
    serving = asyncio.create_task(web.serve())
    async with aiohttp.ClientSession(f"http://127.0.0.1:{number}") as session:
        yield session
    serving.cancel()
    with suppress(asyncio.CancelledError):
        await serving
    await store.close()


@pytest.mark.parametrize("page", PAGES)
async def test_a_store_that_is_down_is_told_without_where_it_is(
    port: aiohttp.ClientSession, page: str
) -> None:
    async with port.get(page) as answer:
        told = await answer.text()
        assert answer.status == (200 if page == "/metrics" else 503)
    assert told
    assert not any(secret in told for secret in ("kumquat", "redis:", "127.0.0.1"))


@pytest.mark.parametrize("path", OTHERS)
async def test_there_is_nothing_else_to_be_read(port: aiohttp.ClientSession, path: str) -> None:
    async with port.get(path) as answer:
        assert answer.status == 404


@pytest.mark.parametrize("page", PAGES)
async def test_nothing_can_be_changed(port: aiohttp.ClientSession, page: str) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"):
        async with port.request(method, page) as answer:
            assert answer.status == 405, method


@pytest.mark.parametrize("page", PAGES)
async def test_no_page_from_elsewhere_may_read_an_answer(
    port: aiohttp.ClientSession, page: str
) -> None:
    """A browser asks for pages at their own origin only, unless we allow more; or is told a lie."""
    async with port.get(page, headers={"Origin": EVIL["Origin"]}) as answer:
        assert not [name for name in answer.headers if name.lower().startswith("access-control")]
    for method in ("GET", "HEAD"):
        async with port.request(method, page, headers=EVIL) as answer:
            assert answer.status == 403, method
            assert "threadkeeper" not in await answer.text()
