"""Ada wrote to the bot on Discord, and the bot may answer."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from adapters.discord.chat import DiscordChat
from adapters.discord.platform import DiscordPlatform
from adapters.discord.posts import DiscordPosts
from adapters.message import Message
from adapters.ports import Posted
from tests.adapters.inbox import Collected
from tests.servers.discord import FakeDiscord

POST = "POST /channels/{channel_id}/messages"
EDIT = "PATCH /channels/{channel_id}/messages/{message_id}"


@dataclass
class Turn:
    anchor: str
    id: str = "q7k2m9x4w1z8c5v3b6n0"
    began_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    secured: int = 0
    fence: int = 1
    typed: str = ""

    async def secure(self) -> None:
        self.secured += 1


@dataclass
class Talk:
    """Ada wrote to the bot, and the bot may answer."""

    message: Message
    chat: DiscordChat
    posts: DiscordPosts
    turn: Turn
    channel: str


@pytest.fixture
async def talk(discord: FakeDiscord, inbox: Collected, platform: DiscordPlatform) -> Talk:
    ada = discord.person("Ada")
    discord.dm(ada, "hello")
    await discord.until(lambda: inbox.messages)
    message = inbox.messages[0]
    chat = platform.chat(message.conversation)
    return Talk(message, chat, chat._posts, Turn(message.id), discord.direct(ada))


async def pieces(*texts: str) -> AsyncGenerator[str, None]:
    for text in texts:
        yield text


async def reply(talk: Talk, text: AsyncGenerator[str, None]) -> Posted:
    return [posted async for posted in talk.chat.reply(talk.turn, text, Posted())][-1]
