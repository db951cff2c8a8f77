"""What a Discord conversation shows from one post to another, to find what changed."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace

import discord

from adapters.discord import events, files
from adapters.discord.posts import answered
from adapters.message import Conversation, Edit
from adapters.ports import Page

_PAGE = 100  # posts: https://docs.discord.com/developers/resources/message#get-channel-messages
_PAGES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """`within`: seconds, for each call; `withheld`: Discord may hide what a post says."""

    client: discord.Client
    where: Conversation
    within: float
    withheld: bool

    async def stretch(self, first: str, last: str) -> AsyncIterator[Page]:
        """Each page begins with the last post of the one before, the first in front of `first`."""
        if self.where.thread:
            yield await self._starter()
        channel, end = self._channel(self.where.thread or self.where.channel), ""
        posts = await self._read(channel.history(limit=_PAGE, around=discord.Object(int(first))))
        for _ in range(_PAGES):
            posts.sort(key=lambda each: each.id)
            if not posts or str(posts[-1].id) == end:
                return
            yield await self._page(posts)
            end = str(posts[-1].id)
            if int(end) >= int(last):
                return
            later = discord.Object(int(end) - 1)
            posts = await self._read(channel.history(limit=_PAGE, after=later, oldest_first=True))

    async def deleted(self, ids: Sequence[str]) -> Sequence[str]:
        found = [(each, await self._post(each)) for each in ids]
        return [each for each, post in found if post is None]

    async def _starter(self) -> Page:
        """The post in the channel that a thread was made on: it has the thread's id."""
        post = await self._post(self.where.thread)
        return await self._page([post]) if post else Page(ids=(), deleted=(self.where.thread,))

    async def _post(self, number: str) -> discord.Message | None:
        """None: there is none any more. What is older than a thread stands in its channel."""
        above = self.where.thread and int(number) <= int(self.where.thread)
        channel = self.where.channel if above else self.where.thread or self.where.channel
        try:
            async with answered(self.within):
                return await self._channel(channel).fetch_message(int(number))
        except discord.NotFound:
            return None

    async def _read(self, posts: AsyncIterator[discord.Message]) -> list[discord.Message]:
        """One page: one call."""
        async with answered(self.within):
            return [post async for post in posts]

    async def _page(self, posts: Sequence[discord.Message]) -> Page:
        edits = [edit for post in posts if (edit := await self._edit(post))]
        return Page(ids=tuple(str(post.id) for post in posts), edits=tuple(edits))

    async def _edit(self, post: discord.Message) -> Edit | None:
        me = self.client.user.id if self.client.user else 0
        edit = events.edit(post, me, self.where, withheld=self.withheld)
        if edit and edit.edited_at:
            texts = await files.read(post, self.within)
            return replace(edit, attachments=events.attached(post, texts))
        return None

    def _channel(self, number: str) -> discord.PartialMessageable:
        guild = int(self.where.space) if self.where.space.isdecimal() else None
        return self.client.get_partial_messageable(int(number), guild_id=guild)
