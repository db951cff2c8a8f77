"""A Slack platform that is running and may answer in a thread, and the inbox behind it."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from adapters.message import Audience, Conversation
from adapters.ports import Posted
from adapters.slack.platform import SlackPlatform
from tests.adapters import posts
from tests.adapters.inbox import Collected
from tests.adapters.slack_bot import bot
from tests.servers.slack import Slack

GONE = "1766458026.240809"


@dataclass(slots=True, kw_only=True)
class Turn(posts.Turn):
    """Of now, as its posts are."""

    anchor: str = ""
    began_at: datetime = field(default_factory=lambda: datetime.now(UTC))


@pytest.fixture
async def platform(slack: Slack) -> SlackPlatform:
    return bot(slack)


@pytest.fixture
async def inbox(slack: Slack, platform: SlackPlatform) -> AsyncIterator[Collected]:
    collected = Collected(slack._changed)
    running = asyncio.create_task(platform.run(collected))
    await slack.until(lambda: slack.sockets.open or running.done())
    yield collected
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


def thread(ts: str, channel: str = "C1") -> Conversation:
    return Conversation(
        platform="slack",
        space="T00FAKE00AA",
        channel=channel,
        thread=ts,
        audience=Audience.PUBLIC,
    )


async def pieces(*texts: str) -> AsyncGenerator[str, None]:
    for text in texts:
        yield text


async def last(posted: AsyncIterator[Posted]) -> Posted:
    return [each async for each in posted][-1]
