"""What the gateway tells, read whole: where it stands, and what belongs to it."""

from contextlib import suppress

import discord

from adapters.discord import events
from adapters.discord.options import Options
from adapters.discord.posts import answered
from adapters.message import Audience, Conversation
from adapters.ports import Inbox, Refused

Deleted = discord.RawMessageDeleteEvent | discord.RawBulkMessageDeleteEvent
Channel = discord.abc.GuildChannel


class Reader:
    """For one client, which asks Discord where the events do not say."""

    def __init__(self, client: discord.Client, inbox: Inbox, options: Options) -> None:
        self._client, self._inbox, self._options = client, inbox, options

    async def receive(self, post: discord.Message) -> None:
        where = await self.where(post.channel)
        if message := events.message(post, self._me, where):
            await self._inbox.receive(message)

    async def amend(self, post: discord.Message) -> None:
        where = await self.where(post.channel)
        withheld = where.audience is not Audience.DIRECT and not self._options.message_content
        if edit := events.edit(post, self._me, where, withheld=withheld):
            await self._inbox.amend(edit)

    async def retract(self, event: Deleted, *ids: int) -> None:
        where = await self.where(self.place(event.channel_id, event.guild_id))
        await self._inbox.retract(events.deletion(where, *ids))

    @property
    def _me(self) -> int:
        return self._client.user.id if self._client.user else 0

    def place(self, channel_id: int, guild_id: int | None) -> events.Place:
        known = self._client.get_channel(channel_id)
        return known or self._client.get_partial_messageable(channel_id, guild_id=guild_id)

    async def where(self, place: events.Place) -> Conversation:
        """Archived threads are not in discord.py's cache, and only Discord knows their channel."""
        if isinstance(place, discord.PartialMessageable) and place.guild_id is not None:
            with suppress(Refused, discord.InvalidData):
                async with answered(self._options.timeout):
                    place = await self._client.fetch_channel(place.id)
        return events.conversation(place)
