"""What called in a Discord server, or in direct messages, while nobody listened."""

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Protocol

import discord
import structlog

from adapters.discord import events
from adapters.discord.posts import answered
from adapters.message import Conversation, Kind, Message
from adapters.patience import Patience
from adapters.ports import Call, Refused

_CHANNELS = 500  # looked through
_POSTS, _PAGE = 500, 100  # of one channel, the newest
# 10,000 refused requests in ten minutes shut out the whole address:
# https://docs.discord.com/developers/topics/rate-limits#invalid-request-limit-aka-cloudflare-bans
_REFUSALS = 50

_log = structlog.get_logger()

Channel = discord.abc.GuildChannel | discord.Thread
Voice = discord.VoiceChannel | discord.StageChannel
Place = discord.TextChannel | Voice | discord.Thread | discord.PartialMessageable


class Understands(Protocol):
    """A post as if it came just now: with what it replies to, in the thread that it opens."""

    async def where(self, place: events.Place) -> Conversation: ...
    async def understood(
        self, post: discord.Message, where: Conversation
    ) -> tuple[Message | None, Message | None]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """`within`: seconds, for each call."""

    client: discord.Client
    reader: Understands
    since: datetime
    back: datetime
    within: float
    patience: Patience

    async def server(self, guild: discord.Guild) -> AsyncIterator[Sequence[Call]]:
        """The channels and open threads in which something was said since, the newest first."""
        start = discord.utils.time_snowflake(self.since)
        places: Iterable[Channel] = (*guild.channels, *guild.threads)
        late = [
            (_last(each), each)
            for each in places
            if _last(each) > start and isinstance(each, discord.abc.Messageable)
        ]
        late.sort(key=lambda each: each[0], reverse=True)
        if len(late) > _CHANNELS:
            _log.warning("calls are looked for in some", channels=_CHANNELS, of=len(late))
        async for found in self._each([each for _, each in late[:_CHANNELS]]):
            yield found

    async def direct(self, known: Sequence[Conversation]) -> AsyncIterator[Sequence[Call]]:
        """Discord lists no direct messages: those that memory knows are looked through."""
        channels = dict.fromkeys(each.channel for each in known)
        places = [self.client.get_partial_messageable(int(each)) for each in channels]
        async for found in self._each(places[:_CHANNELS]):
            yield found

    async def _each(self, places: Sequence[Place]) -> AsyncIterator[Sequence[Call]]:
        refusals = 0
        for place in places:
            try:
                yield await self._called(place)
            except Refused as refused:
                refusals += 1
                _log.info("channel not looked through", reason=str(refused))
                if refusals == _REFUSALS:
                    raise
                yield ()

    async def _called(self, place: Place) -> Sequence[Call]:
        """Oldest first, each with our own first post behind it."""
        where, reply, found = await self.reader.where(place), "", list[Call]()
        me = self.client.user.id if self.client.user else 0
        for post in await self._posts(place):
            said = events.message(post, me, where, own=True)
            if said and said.author.kind is Kind.ME:
                reply = said.id if said.sent_at < self.back and not post.components else reply
            elif said and said.called and reply:
                found.append(Call(message=said, reply=reply))
            elif said and said.called:
                whole, earlier = await self.reader.understood(post, where)
                if whole:
                    found.append(Call(message=whole, earlier=earlier))
        return found[::-1]

    async def _posts(self, place: Place) -> Sequence[discord.Message]:
        """Newest first, back to that time."""
        found = list[discord.Message]()
        while len(found) < _POSTS:
            page = await self.patience.ask("history", partial(self._page, place, found[-1:]))
            found += [each for each in page if each.created_at > self.since]
            if len(page) < _PAGE or page[-1].created_at <= self.since:
                break
        return found

    async def _page(
        self, place: Place, last: Sequence[discord.Message]
    ) -> Sequence[discord.Message]:
        """One call."""
        before = discord.Object(last[0].id) if last else None
        async with answered(self.within):
            return [post async for post in place.history(limit=_PAGE, before=before)]


def _last(place: Channel) -> int:
    """The id of its newest post; 0: it has none, or is a list of others."""
    return getattr(place, "last_message_id", None) or 0
