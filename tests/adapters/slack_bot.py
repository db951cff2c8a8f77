"""The Slack platform, connected to the fake for as long as a test needs it, in either mode."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web

from adapters.draft import Pace
from adapters.ports import HttpRequest, Inbox, Webhook
from adapters.slack.http import PATH
from adapters.slack.platform import Access, SlackPlatform
from tests.adapters.inbox import Collected
from tests.servers.slack import Slack

MODES = ("socket", "http")


def bot(slack: Slack, mode: str = "socket", **options: Any) -> SlackPlatform:
    secrets = {"socket": {"app_token": slack.app_token}, "http": {"signing_secret": "fake-secret"}}
    access = {"bot_token": slack.bot_token, "api_url": slack.api_url, **secrets[mode]}
    access |= {name: options.pop(name) for name in [*options] if name in Access.__slots__}
    usual: dict[str, Any] = {
        "pace": Pace(first=0.01, every=0.0, late=0.0, listed=0.0),
        "now": lambda: datetime.now(UTC),
    }
    return SlackPlatform(Access(**access), **usual | options)


@asynccontextmanager
async def connected(
    slack: Slack, inbox: Inbox, mode: str = "socket", **options: Any
) -> AsyncIterator[SlackPlatform]:
    """`inbox` must tell the fake of every change, as Collected does."""
    platform = bot(slack, mode, **options)
    async with running(slack, platform, inbox):
        yield platform


@asynccontextmanager
async def running(slack: Slack, platform: SlackPlatform, inbox: Inbox) -> AsyncIterator[None]:
    async with served(platform.webhooks) as address:
        task = asyncio.create_task(platform.run(inbox))
        try:
            await slack.until(lambda: not platform.trouble or task.done(), within=30.0)
            if platform.webhooks:
                slack.listen(f"{address}{PATH}")
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


@asynccontextmanager
async def served(webhooks: Mapping[str, Webhook]) -> AsyncIterator[str]:
    """What bot/web.py does with them."""
    app = web.Application(client_max_size=1 << 24)
    for path, webhook in webhooks.items():
        app.router.add_post(path, _page(webhook))
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def _page(webhook: Webhook) -> Any:
    async def answer(request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        given = await webhook(HttpRequest(headers=headers, body=await request.read()))
        return web.Response(status=given.status, text=given.body, content_type=given.content_type)

    return answer


async def settled(slack: Slack) -> None:
    """Until everything sent so far was acknowledged."""
    await slack.until(lambda: all(delivery.acked for delivery in slack.deliveries))


@pytest.fixture
async def slack() -> AsyncIterator[Slack]:
    async with Slack(retries=()) as slack:
        yield slack


@pytest.fixture
def inbox(slack: Slack) -> Collected:
    return Collected(slack._changed)


@pytest.fixture(params=MODES)
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)
