"""One Discord conversation to answer in."""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing, suppress
from dataclasses import replace
from datetime import datetime

import discord
import structlog

from adapters.discord import buttons, events, files
from adapters.discord.allowance import Allowance
from adapters.discord.answers import EXPORT, attached, shown
from adapters.discord.history import history
from adapters.discord.posts import DiscordPosts, answered
from adapters.discord.stretch import Stretch
from adapters.draft import Pace, write
from adapters.markup import neutralise, split
from adapters.message import Answer, Audience, Author, Conversation, Message
from adapters.ports import Busy, Hold, Image, Page, Posted, Refused, Unclear

_log = structlog.get_logger()

# https://discord.com/developers/docs/resources/channel#trigger-typing-indicator
_TYPING = 9.0  # seconds; it is shown for 10
_LOOKED = 8  # posts looked at for images, the last ones
_LINK = re.compile(
    r"https://(?:ptb\.|canary\.)?discord(?:app)?\.com/channels"
    r"/(?P<space>@me|\d{1,20})/(?P<channel>\d{1,20})/\d{1,20}/?"
)


class DiscordChat:
    """`connected` gives the client or raises Busy; `timeout`: seconds, for each call."""

    def __init__(
        self,
        connected: Callable[[], discord.Client],
        where: Conversation,
        *,
        pace: Pace,
        timeout: float,
        allowance: Allowance,
        message_content: bool = False,
    ) -> None:
        self._connected, self._where = connected, where
        self._message_content = message_content
        self._pace, self._timeout = pace, timeout
        self._posts = DiscordPosts(connected, where, timeout, allowance)

    async def reply(
        self, turn: Hold, text: AsyncGenerator[str, None], onto: Posted
    ) -> AsyncGenerator[Posted, None]:
        """Seen to be typing until something is posted."""
        typing = None if onto.ids else asyncio.create_task(self._type())
        try:
            async with aclosing(write(self._posts, turn, text, onto, self._pace)) as reply:
                async for posted in reply:
                    if typing:
                        typing.cancel()
                    yield posted
        finally:
            if typing:
                typing.cancel()
                await asyncio.gather(typing, return_exceptions=True)

    async def _type(self) -> None:
        """Not allowed to, or too often: then without."""
        await asyncio.sleep(self._pace.first)
        with suppress(Busy, Refused, Unclear, discord.NotFound):
            while True:
                async with answered(self._timeout):
                    await self._posts.channel.typing()
                await asyncio.sleep(_TYPING)

    async def find(self, turn: str, since: datetime) -> Posted:
        found = await self._posts.carrying(turn, since)
        shown = "\n".join(post.content for post in found)
        return Posted(ids=tuple(str(post.id) for post in found), text=shown)

    async def remove(self, ids: Sequence[str]) -> None:
        for each in ids:
            await self._posts.delete(each)

    async def whisper(self, person: Author, answer: Answer) -> None:
        """In a guild as a direct message; a person who takes none gets nothing."""
        here = f"{self._where.space}/{self._where.thread or self._where.channel}"
        place = "" if self._where.audience is Audience.DIRECT else here
        if not (parts := split(shown(answer, place), self._posts.limit)):
            return
        files = [(EXPORT, answer.document)] if answer.document else []
        try:
            channel = await self._aside(person)
            for part in parts[:-1]:
                async with answered(self._timeout):
                    await channel.send(part, suppress_embeds=True)
            async with answered(self._timeout):
                await channel.send(
                    parts[-1],
                    suppress_embeds=True,
                    view=buttons.view(answer.actions, place),
                    files=attached(files),
                )
        except (Busy, Refused, Unclear) as error:  # sent again, it might be there twice
            _log.warning("discord whisper not delivered", reason=str(error))

    async def _aside(self, person: Author) -> discord.abc.Messageable:
        if self._where.audience is Audience.DIRECT:
            return self._posts.channel
        async with answered(self._timeout):
            return await self._connected().create_dm(discord.Object(int(person.id)))

    async def announce(self, text: str) -> None:
        async with answered(self._timeout):
            await self._posts.channel.send(neutralise(text), suppress_embeds=True)

    def history(self, after: str, limit: int) -> AsyncIterator[Message]:
        return history(self._connected(), self._where, after, limit, self._timeout)

    def stretch(self, first: str, last: str) -> AsyncIterator[Page]:
        return self._shown.stretch(first, last)

    async def deleted(self, ids: Sequence[str]) -> Sequence[str]:
        return await self._shown.deleted(ids)

    @property
    def _shown(self) -> Stretch:
        """Direct messages are never withheld."""
        direct = self._where.audience is Audience.DIRECT
        return Stretch(
            client=self._connected(),
            where=self._where,
            within=self._timeout,
            withheld=not (direct or self._message_content),
        )

    async def present(self, message: Message, edited_at: datetime | None) -> Message | None:
        if edited_at and message.edited_at and message.edited_at >= edited_at:
            return message
        post = await self._post(message.id)
        late = post and edited_at and (post.edited_at is None or post.edited_at < edited_at)
        if post is None or late:
            return None
        texts = await files.read(post, self._timeout / 2) if message.called else {}
        with suppress(Busy):
            me = self._connected().user
            return events.message(post, me.id if me else 0, self._where, texts=texts)
        return None

    async def images(self, ids: Sequence[str]) -> Sequence[Image]:
        posts = await asyncio.gather(*(self._post(each) for each in reversed(ids[-_LOOKED:])))
        return await files.images(filter(None, posts), self._timeout / 2)

    async def _post(self, number: str) -> discord.Message | None:
        """As it is now. The post that a thread was made on stands in the thread's channel."""
        where = self._where
        place = where.channel if number == where.thread else where.thread or where.channel
        with suppress(Busy, Refused, Unclear, discord.NotFound):
            async with answered(self._timeout / 2):
                guild = int(where.space) if where.space.isdecimal() else None
                channel = self._connected().get_partial_messageable(int(place), guild_id=guild)
                return await channel.fetch_message(int(number))
        return None

    def link(self, message_id: str) -> str:
        """Direct messages are links of `@me`."""
        channel = self._where.thread or self._where.channel
        return f"https://discord.com/channels/{self._where.space}/{channel}/{message_id}"

    def linked(self, link: str) -> Conversation | None:
        """A thread of this channel is known only while it is open."""
        found = _LINK.fullmatch(link.strip().strip("<>"))
        if found is None or found["space"] != self._where.space:
            return None
        for known in (self._where, replace(self._where, thread="")):
            if found["channel"] == (known.thread or known.channel):
                return known
        with suppress(Busy):
            thread = self._connected().get_channel(int(found["channel"]))
            if isinstance(thread, discord.Thread) and str(thread.parent_id) == self._where.channel:
                return replace(self._where, thread=found["channel"])
        return None
