"""Which conversations somebody may read today, as Discord tells."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass

import discord
import structlog
from discord.abc import GuildChannel

from adapters.discord.events import DIRECT
from adapters.discord.posts import answered
from adapters.ports import Busy, Refused, Unclear

_ALONE = 20  # direct messages and private threads, asked about one by one
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Members:
    """`connected` gives a space's client or raises Busy; `timeout`: seconds, for each call.

    Who somebody is in a server is asked; its channels and roles discord.py knows from the gateway,
    which tells every change of theirs.
    """

    connected: Callable[[str], discord.Client]
    timeout: float

    async def readable(self, person: str, space: str, channels: Sequence[str]) -> frozenset[str]:
        """Those that they see with what was said there before; each channel once."""
        try:
            client = self.connected(space)
            if space == DIRECT:
                found = self._direct(client, int(person), channels)
            else:
                found = self._within(client, int(space), int(person), channels)
            return frozenset([each async for each in found])
        except (Busy, Refused, Unclear, discord.DiscordException) as error:
            _log.warning("discord does not tell what somebody may read", reason=str(error))
            return frozenset()

    async def _direct(
        self, client: discord.Client, person: int, channels: Sequence[str]
    ) -> AsyncIterator[str]:
        for each in channels[:_ALONE]:
            channel = await self._channel(client, int(each))
            partner = channel.recipient if isinstance(channel, discord.DMChannel) else None
            if partner and partner.id == person:
                yield each

    async def _within(
        self, client: discord.Client, space: int, person: int, channels: Sequence[str]
    ) -> AsyncIterator[str]:
        guild = client.get_guild(space)
        if guild is None or guild.unavailable:
            return
        async with answered(self.timeout):
            member = await guild.fetch_member(person)
        others = list[str]()
        for each in channels:
            channel = guild.get_channel(int(each))
            if channel is None:
                others.append(each)
            elif _reads(channel, member):
                yield each
        for each in others[:_ALONE]:
            thread = await self._channel(client, int(each))
            if isinstance(thread, discord.Thread) and await self._takes_part(thread, member):
                yield each

    async def _takes_part(self, thread: discord.Thread, member: discord.Member) -> bool:
        """In a private thread, or managing all threads of its channel."""
        if not (thread.parent and _reads(thread.parent, member)):
            return False
        if thread.parent.permissions_for(member).manage_threads:
            return True
        try:
            async with answered(self.timeout):
                await thread.fetch_member(member.id)
        except (Refused, discord.NotFound):
            return False
        return True

    async def _channel(self, client: discord.Client, number: int) -> object:
        """None: it is gone, or not for the bot to see."""
        if known := client.get_channel(number):
            return known
        try:
            async with answered(self.timeout):
                return await client.fetch_channel(number)
        except (Refused, discord.NotFound, discord.InvalidData):
            return None


def _reads(channel: GuildChannel, member: discord.Member) -> bool:
    may = channel.permissions_for(member)
    return may.view_channel and may.read_message_history
