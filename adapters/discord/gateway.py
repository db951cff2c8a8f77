"""discord.py's client, made to keep nothing and to hand on what the gateway sends."""

import asyncio
import sys
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import aiohttp
import discord
import structlog
from discord.gateway import DiscordWebSocket
from discord.http import Ratelimit, Route
from yarl import URL

from adapters.discord import events
from adapters.discord.delivery import Delivery
from adapters.discord.interactions import Interactions
from adapters.discord.options import Options
from adapters.discord.reader import Reader
from adapters.discord.sessions import Shard
from adapters.ports import Inbox

_log = structlog.get_logger()

API_URL = "https://discord.com/api/v10"
SETTLES = 2.0  # seconds without another server, and all of them are there
PATIENCE = 30.0  # seconds for a rate limit to pass: discord.py takes no less


def redirect(api_url: str) -> None:
    """discord.py keeps its addresses in class attributes, so the whole process moves."""
    Route.BASE = api_url
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # nobody asked for voice


async def _nothing() -> None:
    """An event of nobody's, behind which everything is told that is known to be lost."""


class Gateway(discord.Client):
    """One shard."""

    def __init__(
        self,
        inbox: Inbox,
        deliver: Delivery,
        shard: Shard,
        options: Options,
        trace: aiohttp.TraceConfig,
    ) -> None:
        super().__init__(
            intents=discord.Intents(
                guilds=True,
                guild_messages=True,
                dm_messages=True,
                message_content=options.message_content,
            ),
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            guild_ready_timeout=SETTLES,
            allowed_mentions=discord.AllowedMentions.none(),
            max_ratelimit_timeout=PATIENCE,
            http_trace=trace,
            shard_id=shard.id,
            shard_count=options.shard_count,
        )
        # Where calls share one, discord.py 2.7 has the next wait for 30 s if one was given up just
        # as it ended. Ours wait less: a channel would be silent for good. See Allowance.
        self.http.get_ratelimit = lambda key: Ratelimit(PATIENCE)  # type: ignore[method-assign]
        self._inbox, self._deliver, self._shard = inbox, deliver, shard
        self._settled = False  # the servers that a session begins with are all there
        self.reader = Reader(self, inbox, options)
        self._interactions = Interactions(
            self, inbox, deliver=deliver, reader=self.reader, options=options
        )
        parsers = self._connection.parsers
        parsers |= {name: partial(self._parse, name, parse) for name, parse in parsers.items()}

    async def setup_hook(self) -> None:
        await self._interactions.sync()
        await self._shard.begin(self._limits)

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        if not initial:
            await self._shard.again(self._limits)

    async def _limits(self) -> Mapping[str, int]:
        _, url, limits = await self.http.get_bot_gateway()
        DiscordWebSocket.DEFAULT_GATEWAY = URL(url)
        return {"remaining": limits["remaining"], "reset_after": limits["reset_after"]}

    def _parse(self, name: str, parse: Callable[[Any], None], data: Any) -> None:
        """Raised on, it would end the connection; and the event would be no better after it."""
        if name == "READY":  # long before `on_ready`, and never for a session that is resumed
            self._deliver.interrupted()
            self._settled = False
        try:
            parse(data)
            if name == "READY":
                self._deliver(0, _nothing)  # what was missed is read without waiting for more
        except Exception as error:
            if name == "READY":
                raise
            _log.error("discord event not understood", what=name, error=type(error).__name__)

    def dispatch(self, event: str, /, *args: Any, **kwargs: Any) -> None:
        """discord.py says that it is ready also after it was closed, and fails at it."""
        if not self.is_closed():
            super().dispatch(event, *args, **kwargs)

    async def on_error(self, event: str, /, *args: object, **kwargs: object) -> None:
        """discord.py would log what it got, and that are messages."""
        error = type(sys.exception()).__name__
        _log.error("discord event not handled", what=event, error=error)

    async def on_connect(self) -> None:
        self._shard.connected()

    on_resumed = on_connect

    async def on_disconnect(self) -> None:
        self._shard.trouble = "reconnecting to Discord"

    async def on_ready(self) -> None:
        """Once the servers are there."""
        self._settled = True
        self._deliver(0, self.reader.compare)

    async def on_guild_available(self, guild: discord.Guild) -> None:
        """Also after an outage, during which nobody told what changed."""
        if self._settled:
            self._deliver(guild.id, partial(self.reader.compare, str(guild.id)))

    async def on_message(self, post: discord.Message) -> None:
        self._deliver(post.channel.id, partial(self.reader.receive, post))

    async def on_raw_message_edit(self, event: discord.RawMessageUpdateEvent) -> None:
        self._deliver(event.channel_id, partial(self.reader.amend, event.message))

    async def on_raw_message_delete(self, event: discord.RawMessageDeleteEvent) -> None:
        self._deliver(event.channel_id, partial(self.reader.retract, event, event.message_id))

    async def on_raw_bulk_message_delete(self, event: discord.RawBulkMessageDeleteEvent) -> None:
        self._deliver(event.channel_id, partial(self.reader.retract, event, *event.message_ids))

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """Not called for an outage."""
        self._deliver(guild.id, partial(self._inbox.leave, events.departure(guild.id)))

    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        gone = events.departure(channel.guild.id, channel.id)
        self._deliver(channel.id, partial(self._inbox.leave, gone))

    async def on_raw_thread_delete(self, event: discord.RawThreadDeleteEvent) -> None:
        private = event.thread_type is discord.ChannelType.private_thread
        place = [event.thread_id] if private else [event.parent_id, event.thread_id]
        gone = events.departure(event.guild_id, *place)
        self._deliver(event.thread_id, partial(self._inbox.leave, gone))

    async def on_guild_channel_update(
        self, before: discord.abc.GuildChannel, after: discord.abc.GuildChannel
    ) -> None:
        if events.audience(before) is not events.audience(after):
            self._rescope(after)

    async def on_guild_role_update(self, before: discord.Role, after: discord.Role) -> None:
        """What everyone in a server may see stands in the role of everyone, and in channels."""
        if after.is_default() and before.permissions != after.permissions:
            for channel in after.guild.channels:
                self._rescope(channel)

    def _rescope(self, channel: discord.abc.GuildChannel) -> None:
        if not isinstance(channel, discord.CategoryChannel):
            now = events.rescoped(channel.guild.id, channel.id, channel)
            self._deliver(channel.id, partial(self._inbox.rescope, now))

    async def on_interaction(self, pressed: discord.Interaction) -> None:
        self._interactions.take(pressed)

    async def leave(self, within: float) -> None:
        """Without waiting for a Discord that hangs; `within`: seconds."""
        try:
            async with asyncio.timeout(within):
                await self.close()
        except TimeoutError:
            await self.http.close()
