"""The HTTP port: it tells the truth, takes what platforms post, and no more than that."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import suppress

import aiohttp
import pytest

from adapters.ports import HttpRequest, HttpResponse
from bot.telemetry import Metrics
from bot.web import LARGEST, Address, PortTaken, Web
from memory.store import StoreDown
from tests.bot.platform import FakePlatform

pytestmark = pytest.mark.anyio


class Store:
    down = False

    async def ping(self) -> None:
        if self.down:
            raise StoreDown("the store does not answer (TimeoutError)")


class Site:
    """A served port, and what the platform's webhook got."""

    def __init__(self) -> None:
        self.store, self.platform, self.got = Store(), FakePlatform(), list[HttpRequest]()
        self.platform.webhooks = {"/fake/events": self._take}
        self.metrics = Metrics()
        self.fails = False

    async def _take(self, request: HttpRequest) -> HttpResponse:
        self.got.append(request)
        if self.fails:
            raise ValueError("what somebody wrote")
        return HttpResponse(body="taken")

    def web(self, host: str, port: int, *, fixed: bool = True) -> Web:
        at = Address(host=host, port=port, fixed=fixed)
        platforms = {"fake": self.platform}
        return Web(at, platforms, self.store.ping, self.metrics)


@pytest.fixture
async def site() -> Site:
    return Site()


@pytest.fixture
async def http(site: Site) -> AsyncIterator[aiohttp.ClientSession]:
    port = free()
    web = site.web("127.0.0.1", port)
    web.open()
    serving = asyncio.create_task(web.serve())
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
        yield session
    serving.cancel()
    with suppress(asyncio.CancelledError):
        await serving


def free() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


async def told(http: aiohttp.ClientSession, path: str, **headers: str) -> tuple[int, str]:
    async with http.get(path, headers=headers) as answer:
        return answer.status, await answer.text()


async def test_all_is_well(http: aiohttp.ClientSession) -> None:
    assert await told(http, "/healthz") == (200, "ok\n")
    assert await told(http, "/readyz") == (200, "ok\n")


async def test_a_store_that_is_down_makes_it_neither_healthy_nor_ready(
    http: aiohttp.ClientSession, site: Site
) -> None:
    site.store.down = True
    assert await told(http, "/healthz") == (503, "the store does not answer (TimeoutError)\n")
    assert (await told(http, "/readyz"))[0] == 503


async def test_a_deaf_platform_makes_it_unready_and_is_named(
    http: aiohttp.ClientSession, site: Site
) -> None:
    site.platform.trouble = "no socket for 40 s"
    assert await told(http, "/healthz") == (200, "ok\n")
    assert await told(http, "/readyz") == (503, "fake: no socket for 40 s\n")


async def test_the_counters_are_shown(http: aiohttp.ClientSession, site: Site) -> None:
    site.metrics.turns.labels("done").inc()
    status, text = await told(http, "/metrics")
    assert status == 200
    assert 'threadkeeper_turns_total{end="done"} 1.0' in text


@pytest.mark.parametrize("name", ["localhost", "LOCALHOST:1", "127.0.0.1:80", "[::1]:80", "[::1]"])
async def test_a_local_name_is_answered(http: aiohttp.ClientSession, name: str) -> None:
    assert (await told(http, "/metrics", Host=name))[0] == 200


@pytest.mark.parametrize("name", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", ""])
async def test_a_page_that_took_our_address_reads_nothing(
    http: aiohttp.ClientSession, name: str
) -> None:
    assert (await told(http, "/metrics", Host=name))[0] == 403


async def test_behind_a_public_name_webhooks_are_taken(
    http: aiohttp.ClientSession, site: Site
) -> None:
    headers = {"Host": "bot.example", "X-Slack-Signature": "v0=1"}
    async with http.post("/fake/events", data=b"{}", headers=headers) as answer:
        assert (answer.status, await answer.text()) == (200, "taken")
    assert site.got[0].body == b"{}"
    assert site.got[0].headers["x-slack-signature"] == "v0=1"


async def test_only_posts_reach_a_webhook(http: aiohttp.ClientSession, site: Site) -> None:
    assert (await told(http, "/fake/events"))[0] == 405
    assert (await told(http, "/other"))[0] == 404
    assert site.got == []


async def test_a_body_may_be_as_long_as_the_limit(http: aiohttp.ClientSession, site: Site) -> None:
    async with http.post("/fake/events", data=b"x" * LARGEST) as answer:
        assert answer.status == 200
    assert len(site.got[0].body) == LARGEST


async def test_a_longer_body_is_refused_by_its_announced_length_before_it_comes(
    http: aiohttp.ClientSession, site: Site
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", http._base_url.port)  # type: ignore[union-attr]
    writer.write(b"POST /fake/events HTTP/1.1\r\nHost: x\r\nContent-Length: 1048577\r\n\r\n")
    async with asyncio.timeout(5):
        assert b" 413 " in await reader.readline()
    writer.close()
    await writer.wait_closed()
    assert site.got == []


async def test_a_longer_body_that_did_not_say_so_is_refused_too(
    http: aiohttp.ClientSession, site: Site
) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(17):
            yield b"x" * (LARGEST // 16)

    async with http.post("/fake/events", data=endless()) as answer:
        assert answer.status == 413
    assert site.got == []


async def test_a_webhook_that_fails_is_asked_again_and_quotes_nobody(
    http: aiohttp.ClientSession, site: Site, capfd: pytest.CaptureFixture[str]
) -> None:
    site.fails = True
    async with http.post("/fake/events", data=b"{}") as answer:
        assert answer.status == 500
        assert "wrote" not in await answer.text()
    printed = capfd.readouterr()
    assert "ValueError" in printed.out + printed.err
    assert "somebody wrote" not in printed.out + printed.err


async def test_the_default_port_gives_way_to_the_next(site: Site) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = int(taken.getsockname()[1])
        web = site.web("127.0.0.1", port, fixed=False)
        line = web.open()
        assert line.endswith(f" ({port} is taken)")
        assert web.socket
        web.socket.close()


async def test_a_port_that_was_asked_for_must_be_free(site: Site) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = int(taken.getsockname()[1])
        with pytest.raises(PortTaken, match=f"PORT: {port} is taken: stop what listens there"):
            site.web("127.0.0.1", port).open()


async def test_an_address_of_another_machine_is_told_in_one_line(site: Site) -> None:
    with pytest.raises(PortTaken, match=r"host: cannot listen on 192\.0\.2\.1, port 1: "):
        site.web("192.0.2.1", 1).open()
