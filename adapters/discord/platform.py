"""Discord as a platform: stays connected, delivers in order, tells what is wrong."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from functools import partial

import aiohttp
import discord

from adapters.discord import events
from adapters.discord.allowance import Allowance
from adapters.discord.chat import DiscordChat
from adapters.discord.delivery import Delivery
from adapters.discord.gateway import API_URL, Gateway, redirect
from adapters.discord.members import Members
from adapters.discord.missed import Missed
from adapters.discord.options import Options
from adapters.discord.posts import answered
from adapters.discord.sessions import INTENT_REFUSED, LOGIN_REFUSED, Shard, Starts
from adapters.draft import Pace
from adapters.message import Conversation
from adapters.patience import Patience
from adapters.ports import Busy, Call, Inbox, Webhook

_READY = 30.0  # seconds in which its servers are there
_BURST, _EVERY = 50, 0.2  # calls at once; seconds from one to the next: Discord takes 50 a second


class DiscordPlatform:
    """`api_url` without a trailing slash.

    One process can talk with one Discord only: discord.py keeps addresses in class attributes.
    """

    name = events.PLATFORM
    webhooks: Mapping[str, Webhook] = {}
    keeps_history = True

    def __init__(self, *, token: str, api_url: str = API_URL, pace: Pace, options: Options) -> None:
        self._token, self._api_url = token, api_url.rstrip("/")
        self._pace, self._options = pace, options
        self._shards: Sequence[Shard] = ()
        self._delivery: Delivery | None = None
        self._allowance = Allowance()
        self._members = Members(connected=self._client, timeout=options.timeout)
        self._patience = Patience(burst=_BURST, every=_EVERY)

    @property
    def trouble(self) -> str:
        if not self._shards:
            return "not started"
        return next((shard.trouble for shard in self._shards if shard.trouble), "")

    @property
    def lost(self) -> int:
        """Events that could not be delivered, since the start."""
        return self._delivery.lost if self._delivery else 0

    def chat(self, conversation: Conversation) -> DiscordChat:
        client = partial(self._client, conversation.space)
        return DiscordChat(
            client,
            conversation,
            pace=self._pace,
            timeout=self._options.timeout,
            allowance=self._allowance,
            message_content=self._options.message_content,
        )

    async def readable(
        self, person: str, places: Sequence[Conversation]
    ) -> frozenset[Conversation]:
        seen = set[tuple[str, str]]()
        for space in {each.space for each in places}:
            channels = list(dict.fromkeys(each.channel for each in places if each.space == space))
            found = await self._members.readable(person, space, channels)
            seen.update((space, each) for each in found)
        return frozenset(each for each in places if (each.space, each.channel) in seen)

    @property
    def spaces(self) -> Sequence[str]:
        """Servers that are down follow when they are back."""
        clients = [each.client for each in self._shards if each.client and each.client.user]
        known = [(each.is_ready(), guild) for each in clients for guild in each.guilds]
        there = [str(guild.id) for ready, guild in known if not (ready and guild.unavailable)]
        return [*([events.DIRECT] if any(not each.shard_id for each in clients) else []), *there]

    async def calls(
        self, space: str, since: datetime, back: datetime, known: Sequence[Conversation]
    ) -> AsyncIterator[Sequence[Call]]:
        client = self._client(space)
        if not isinstance(client, Gateway):
            raise Busy(1.0)
        async with answered(_READY):
            await client.wait_until_ready()
        missed = Missed(
            client=client,
            reader=client.reader,
            since=since,
            back=back,
            within=self._options.timeout,
            patience=self._patience,
        )
        guild = client.get_guild(int(space)) if space.isdecimal() else None
        if space != events.DIRECT and (guild is None or guild.unavailable):
            raise Busy(1.0)
        async for found in missed.server(guild) if guild else missed.direct(known):
            yield found

    def _client(self, space: str) -> discord.Client:
        """Any may post anywhere; a server's own shard keeps its rate limits in one place."""
        own = (int(space) >> 22) % self._options.shard_count if space.isdecimal() else 0
        clients = {shard.id: shard.client for shard in self._shards}
        for client in (clients.get(own), *clients.values()):
            if client and client.user and not client.is_closed():
                return client
        raise Busy(1.0)

    async def run(self, inbox: Inbox) -> None:
        """Until cancelled; raises Refused when only the operator can mend it."""
        clock = asyncio.get_running_loop().time
        self._shards = [Shard(number, Starts(clock)) for number in self._options.shards]
        async with asyncio.TaskGroup() as tasks:
            self._delivery = Delivery(tasks, partial(inbox.missed, self.name))
            connect = partial(self._connect, inbox, self._delivery)
            staying = [
                tasks.create_task(shard.stay(connect, after=number))
                for number, shard in enumerate(self._shards)
            ]
            ended, going = await asyncio.wait(staying, return_when=asyncio.FIRST_COMPLETED)
            for shard in going:
                shard.cancel()
        raise ended.pop().result()

    async def _connect(self, inbox: Inbox, deliver: Delivery, shard: Shard) -> None:
        redirect(self._api_url)
        shard.client = client = Gateway(
            inbox, deliver, shard, self._options, self._allowance.trace()
        )
        try:
            await client.start(self._token)
        finally:
            shard.client = None
            await client.leave(self._options.timeout)

    async def check(self) -> Sequence[str]:
        redirect(self._api_url)
        client = discord.Client(intents=discord.Intents(guilds=True))
        try:
            async with asyncio.timeout(self._options.timeout):
                await client.login(self._token)
        except discord.LoginFailure:
            return [LOGIN_REFUSED]
        except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
            return [f"Discord does not answer at {self._api_url} ({type(error).__name__})"]
        else:
            granted = client.application_flags
            seen = granted.gateway_message_content or granted.gateway_message_content_limited
            return [] if seen or not self._options.message_content else [INTENT_REFUSED]
        finally:
            await client.close()
