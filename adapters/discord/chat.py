"""One Discord conversation to answer in."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from datetime import datetime

import discord
import structlog

from adapters.discord.history import history
from adapters.discord.posts import DiscordPosts, answered
from adapters.draft import Pace, write
from adapters.markup import split
from adapters.message import Answer, Audience, Author, Conversation, Message
from adapters.ports import Hold, Posted, Refused

_log = structlog.get_logger()


class DiscordChat:
    """`connected` gives the client or raises Busy; `timeout`: seconds, for each call."""

    def __init__(
        self,
        connected: Callable[[], discord.Client],
        where: Conversation,
        *,
        pace: Pace,
        timeout: float,
    ) -> None:
        self._connected, self._where = connected, where
        self._pace, self._timeout = pace, timeout
        self._posts = DiscordPosts(connected, where, timeout)

    def reply(
        self, turn: Hold, text: AsyncGenerator[str, None], onto: Posted
    ) -> AsyncGenerator[Posted, None]:
        return write(self._posts, turn, text, onto, self._pace)

    async def find(self, turn: str, since: datetime) -> Posted:
        found = await self._posts.carrying(turn, since)
        shown = "\n".join(post.content for post in found)
        return Posted(ids=tuple(str(post.id) for post in found), text=shown)

    async def remove(self, ids: Sequence[str]) -> None:
        for each in ids:
            await self._posts.delete(each)

    async def whisper(self, person: Author, answer: Answer) -> None:
        """In a guild as a direct message; a person who takes none gets nothing."""
        ways = (f"{act.label}: say `/{act.name} {act.argument}`" for act in answer.actions)
        try:
            channel = await self._aside(person)
            for part in split("\n".join((answer.text, *ways)), self._posts.limit):
                async with answered(self._timeout):
                    await channel.send(part, suppress_embeds=True)
        except Refused as error:
            _log.warning("discord whisper not delivered", reason=str(error))

    async def _aside(self, person: Author) -> discord.abc.Messageable:
        if self._where.audience is Audience.DIRECT:
            return self._posts.channel
        async with answered(self._timeout):
            return await self._connected().create_dm(discord.Object(int(person.id)))

    async def announce(self, text: str) -> None:
        async with answered(self._timeout):
            await self._posts.channel.send(text, suppress_embeds=True)

    def history(self, after: str, limit: int) -> AsyncIterator[Message]:
        return history(self._connected(), self._where, after, limit, self._timeout)

    def link(self, message_id: str) -> str:
        channel = self._where.thread or self._where.channel
        return f"https://discord.com/channels/{self._where.space}/{channel}/{message_id}"

    def linked(self, link: str) -> Conversation | None:
        return None
