"""An inbox that may be shut, before a Slack platform that may answer in a thread."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from adapters.message import (
    Audience,
    Command,
    Conversation,
    Deletion,
    Departure,
    Echo,
    Edit,
    Message,
    Rescoped,
    Stop,
)
from adapters.ports import Inbox, Posted
from adapters.slack.platform import SlackPlatform
from tests.adapters.slack_bot import bot
from tests.servers.slack import Slack

GONE = "1766458026.240809"


@dataclass(kw_only=True)
class Turn:
    id: str = "t1"
    anchor: str = ""
    fence: int = 1
    typed: str = ""
    began_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    async def secure(self) -> None: ...


class Box(Inbox):
    """Keeps what it is given; while `shut` it refuses, while not `ready` it keeps them waiting."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.edits: list[Edit] = []
        self.deletions: list[Deletion] = []
        self.shut = False
        self.ready = asyncio.Event()
        self.ready.set()
        self.refusal = asyncio.Semaphore(0)

    async def receive(self, message: Message) -> None:
        await self.ready.wait()
        if self.shut:
            self.refusal.release()
            raise ConnectionError("the store is away")
        self.messages.append(message)

    async def amend(self, edit: Edit) -> None:
        self.edits.append(edit)

    async def retract(self, deletion: Deletion) -> None:
        self.deletions.append(deletion)

    async def command(self, command: Command) -> None: ...
    async def stop(self, stop: Stop) -> None: ...
    async def leave(self, departure: Departure) -> None: ...
    async def rescope(self, rescoped: Rescoped) -> None: ...
    async def echo(self, echo: Echo) -> None: ...
    async def missed(self, platform: str, ago: float) -> None: ...
    async def held(self, platform: str) -> Sequence[Conversation]:
        return ()


@pytest.fixture
async def platform(slack: Slack) -> SlackPlatform:
    return bot(slack)


@pytest.fixture
async def inbox(slack: Slack, platform: SlackPlatform) -> AsyncIterator[Box]:
    box = Box()
    running = asyncio.create_task(platform.run(box))
    await slack.until(lambda: slack.sockets.open or running.done())
    yield box
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
