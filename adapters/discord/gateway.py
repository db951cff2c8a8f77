"""discord.py's client, made to keep nothing and to hand on what the gateway sends."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial

import discord
from discord.gateway import DiscordWebSocket
from discord.http import Route
from yarl import URL

from adapters.discord import events
from adapters.discord.interactions import Interactions
from adapters.discord.posts import answered
from adapters.message import Audience, Conversation, Departure, Offer
from adapters.ports import Inbox, Refused

API_URL = "https://discord.com/api/v10"

Deleted = discord.RawMessageDeleteEvent | discord.RawBulkMessageDeleteEvent
Deliver = Callable[[int, Callable[[], Awaitable[None]]], None]


def redirect(api_url: str) -> None:
    """discord.py keeps its addresses in class attributes, so the whole process moves."""
    Route.BASE = api_url
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # nobody asked for voice


class Gateway(discord.Client):
    """`deliver` takes a key, whose deliveries keep their order, and what to await.

    `content`: ask for the Message Content intent. `timeout`: seconds, for each call.
    """

    def __init__(
        self,
        inbox: Inbox,
        deliver: Deliver,
        *,
        content: bool,
        timeout: float,
        offers: Sequence[Offer] = (),
    ) -> None:
        super().__init__(
            intents=discord.Intents(
                guilds=True, guild_messages=True, dm_messages=True, message_content=content
            ),
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            allowed_mentions=discord.AllowedMentions.none(),
            max_ratelimit_timeout=30,
        )
        self._inbox, self._deliver = inbox, deliver
        self._content, self._timeout = content, timeout
        self._interactions = Interactions(
            self, inbox, offers=offers, deliver=deliver, where=self._pressed, timeout=timeout
        )

    async def setup_hook(self) -> None:
        if Route.BASE != API_URL:
            _, url, _ = await self.http.get_bot_gateway()
            DiscordWebSocket.DEFAULT_GATEWAY = URL(url)
        await self._interactions.sync()

    async def on_message(self, post: discord.Message) -> None:
        self._deliver(post.channel.id, partial(self._receive, post))

    async def on_raw_message_edit(self, event: discord.RawMessageUpdateEvent) -> None:
        self._deliver(event.channel_id, partial(self._amend, event.message))

    async def on_raw_message_delete(self, event: discord.RawMessageDeleteEvent) -> None:
        self._deliver(event.channel_id, partial(self._retract, event, event.message_id))

    async def on_raw_bulk_message_delete(self, event: discord.RawBulkMessageDeleteEvent) -> None:
        self._deliver(event.channel_id, partial(self._retract, event, *event.message_ids))

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        gone = Departure(platform=events.PLATFORM, space=str(guild.id))
        self._deliver(guild.id, partial(self._inbox.leave, gone))

    async def on_interaction(self, pressed: discord.Interaction) -> None:
        self._interactions.take(pressed)

    async def _receive(self, post: discord.Message) -> None:
        where = await self._where(post.channel)
        if message := events.message(post, self._me, where):
            await self._inbox.receive(message)

    async def _amend(self, post: discord.Message) -> None:
        where = await self._where(post.channel)
        withheld = where.audience is not Audience.DIRECT and not self._content
        if edit := events.edit(post, self._me, where, withheld=withheld):
            await self._inbox.amend(edit)

    async def _retract(self, event: Deleted, *ids: int) -> None:
        where = await self._where(self._place(event.channel_id, event.guild_id))
        await self._inbox.retract(events.deletion(where, *ids))

    @property
    def _me(self) -> int:
        return self.user.id if self.user else 0

    def _place(self, channel_id: int, guild_id: int | None) -> events.Place:
        known = self.get_channel(channel_id)
        return known or self.get_partial_messageable(channel_id, guild_id=guild_id)

    async def _pressed(self, pressed: discord.Interaction) -> Conversation:
        place = pressed.channel or self._place(pressed.channel_id or 0, pressed.guild_id)
        return await self._where(place)

    async def _where(self, place: events.Place) -> Conversation:
        """Archived threads are not in discord.py's cache, and only Discord knows their channel."""
        if isinstance(place, discord.PartialMessageable) and place.guild_id is not None:
            with suppress(Refused, discord.InvalidData):
                async with answered(self._timeout):
                    place = await self.fetch_channel(place.id)
        return events.conversation(place)
