"""What was said in a Discord conversation before, from Discord itself."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

import discord

from adapters.discord import events, files
from adapters.discord.posts import answered
from adapters.message import Conversation, Message
from adapters.ports import Refused

_SPAN = 10  # posts looked at for each message: without the intent, most show nothing


async def history(
    client: discord.Client, where: Conversation, after: str, limit: int, within: float
) -> AsyncIterator[Message]:
    """At most `limit`, oldest first, the bot's own included; without `after`, of the newest posts.

    A thread begins with the post it was made on. `within`: seconds, for each call.
    """
    told = 0
    me = client.user.id if client.user else 0
    if where.thread and not after:
        first = await starter(client, where, within)
        if first and (message := events.message(first, me, where, own=True)):
            yield message
    async with aclosing(_posts(client, where, after, limit, within)) as posts:
        async for post in posts:
            if post.author.id == me and post.components:
                continue  # it is still being written
            message = events.message(post, me, where, own=True)
            if message and message.called:
                texts = await files.read(post, within)
                message = events.message(post, me, where, texts=texts)
            if message:
                yield message
                told += 1
            if told == limit:
                return


async def starter(
    client: discord.Client, where: Conversation, within: float
) -> discord.Message | None:
    """The post in the channel that a thread was made on: it has the thread's id."""
    channel = client.get_partial_messageable(int(where.channel), guild_id=int(where.space))
    try:
        async with answered(within):
            return await channel.fetch_message(int(where.thread))
    except (Refused, discord.NotFound):
        return None


async def _posts(
    client: discord.Client, where: Conversation, after: str, limit: int, within: float
) -> AsyncGenerator[discord.Message, None]:
    guild = int(where.space) if where.space.isdecimal() else None
    channel = client.get_partial_messageable(int(where.thread or where.channel), guild_id=guild)
    if after:
        start = discord.Object(int(after))
        later = channel.history(limit=_SPAN * limit, after=start, oldest_first=True)
        async for post in _each(later, within):
            yield post
    else:
        newest = [post async for post in _each(channel.history(limit=limit), within)]
        for post in reversed(newest):
            yield post


async def _each(
    posts: AsyncIterator[discord.Message], within: float
) -> AsyncGenerator[discord.Message, None]:
    while True:
        async with answered(within):
            post = await anext(posts, None)
        if post is None:
            return
        yield post
