"""What the gateway tells, read whole: where it stands, and what belongs to it."""

from collections import OrderedDict
from contextlib import suppress
from dataclasses import replace

import discord
import structlog
from discord.abc import GuildChannel

from adapters.discord import events, files
from adapters.discord.options import Options
from adapters.discord.posts import answered, turn_of
from adapters.message import Audience, Conversation, Echo, Message
from adapters.ports import Inbox, Refused

_log = structlog.get_logger()

_CALLED = 1_000  # conversations
_NAME = 80  # characters of a thread's name; Discord's limit is 100
_EXISTS = 160004  # a thread has already been created for this message

Deleted = discord.RawMessageDeleteEvent | discord.RawBulkMessageDeleteEvent


class Reader:
    """For one client, which asks Discord where the events do not say."""

    def __init__(self, client: discord.Client, inbox: Inbox, options: Options) -> None:
        self._client, self._inbox, self._options = client, inbox, options
        self._called: OrderedDict[Conversation, None] = OrderedDict()  # the last ones called into

    async def receive(self, post: discord.Message) -> None:
        where = await self.where(post.channel)
        await self._echo(post, where)
        message, earlier = await self.understood(post, where)
        if message:
            if earlier:
                await self._inbox.receive(earlier)
            await self._inbox.receive(message)
            self._note(message)

    async def understood(
        self, post: discord.Message, where: Conversation
    ) -> tuple[Message | None, Message | None]:
        """What a post says, where it belongs, and what it replies to; None: not for the bot."""
        message = events.message(post, self._me, where)
        if message and message.called:
            where = await self._opened(post, message)
        message = await self._whole(post, where, message)
        return message, message and self._replied(post, message)

    async def amend(self, post: discord.Message) -> None:
        where = await self.where(post.channel)
        await self._echo(post, where)
        withheld = where.audience is not Audience.DIRECT and not self._options.message_content
        if edit := events.edit(post, self._me, where, withheld=withheld):
            texts = await files.read(post, self._options.timeout)
            await self._inbox.amend(replace(edit, attachments=events.attached(post, texts)))

    async def _echo(self, post: discord.Message, where: Conversation) -> None:
        """Posts of our own; those that end a reply no longer tell its turn when they change."""
        if post.author.id == self._me and (turn := turn_of(post)):
            await self._inbox.echo(Echo(conversation=where, id=str(post.id), turn=turn))

    async def retract(self, event: Deleted, *ids: int) -> None:
        where = await self.where(self.place(event.channel_id, event.guild_id))
        await self._inbox.retract(events.deletion(where, *ids))

    async def compare(self, only: str = "") -> None:
        """What memory holds with what there is: nobody tells a bot what it missed of that.

        `only`: of this server.
        """
        held = await self._inbox.held(events.PLATFORM)
        mine = (each for each in held if self._mine(each.space) and only in ("", each.space))
        channels = {(each.space, each.channel) for each in mine}
        guilds = {space: self._client.get_guild(int(space)) for space, _ in channels}
        for space in (space for space, guild in guilds.items() if guild is None):
            await self._inbox.leave(events.departure(int(space)))
        for space, channel in channels:
            guild = guilds[space]
            if guild and not guild.unavailable:
                await self._compare(guild, int(channel))

    async def _compare(self, guild: discord.Guild, number: int) -> None:
        channel = guild.get_channel(number)
        if channel or await self._exists(number):
            await self._inbox.rescope(events.rescoped(guild.id, number, channel))
        else:
            await self._inbox.leave(events.departure(guild.id, number))

    async def _exists(self, channel: int) -> bool:
        with suppress(Refused, discord.InvalidData):
            async with answered(self._options.timeout):
                try:
                    await self._client.fetch_channel(channel)
                except discord.NotFound:
                    return False
        return True

    def _mine(self, space: str) -> bool:
        """A shard knows of its own servers only."""
        number, count = self._client.shard_id or 0, self._client.shard_count or 1
        return space.isdecimal() and (int(space) >> 22) % count == number

    async def _whole(
        self, post: discord.Message, where: Conversation, message: Message | None
    ) -> Message | None:
        """With the texts of its files, where somebody called."""
        if message is None or not (message.called or where in self._called):
            return message
        texts = await files.read(post, self._options.timeout)
        return events.message(post, self._me, where, texts=texts)

    async def _opened(self, post: discord.Message, call: Message) -> Conversation:
        """The thread a call in a channel opens, if it shall: its id is the post's."""
        where = call.conversation
        if not (self._options.auto_thread and isinstance(post.channel, discord.TextChannel)):
            return where
        name = (call.text.partition("\n")[0].strip() or call.author.name)[:_NAME]
        try:
            async with answered(self._options.timeout):
                await _create_thread(post, name)
        except Refused as error:
            _log.warning("discord thread not opened", reason=str(error))
            return where
        return replace(where, thread=call.id)

    def _replied(self, post: discord.Message, message: Message) -> Message | None:
        """What a call replies to belongs to it: kept, also where nobody called before."""
        replied = post.reference.resolved if post.reference else None
        if not (message.called and isinstance(replied, discord.Message)):
            return None
        earlier = events.message(replied, self._me, message.conversation)
        return earlier and replace(earlier, called=False, kept=True)

    def _note(self, message: Message) -> None:
        if message.called:
            self._called[message.conversation] = None
            self._called.move_to_end(message.conversation)
            if len(self._called) > _CALLED:
                self._called.popitem(last=False)

    @property
    def _me(self) -> int:
        return self._client.user.id if self._client.user else 0

    def place(self, channel_id: int, guild_id: int | None) -> events.Place:
        known = self._client.get_channel(channel_id)
        return known or self._client.get_partial_messageable(channel_id, guild_id=guild_id)

    async def where(self, place: events.Place) -> Conversation:
        """Archived threads are not in discord.py's cache, and only Discord knows their channel.

        Nor is a channel that the bot was not told of: what comes with a press does not say who
        sees it, so Discord is asked, and if it does not say it either, few do.
        """
        if isinstance(place, GuildChannel) and not place.guild.get_channel(place.id):
            place = self._client.get_partial_messageable(place.id, guild_id=place.guild.id)
        if isinstance(place, discord.PartialMessageable) and place.guild_id is not None:
            with suppress(Refused, discord.InvalidData):
                async with answered(self._options.timeout):
                    place = await self._client.fetch_channel(place.id)
        return events.conversation(place)


async def _create_thread(post: discord.Message, name: str) -> None:
    """That it is there already is as good: another process made it, or we before a crash."""
    try:
        await post.create_thread(name=name)
    except discord.HTTPException as error:
        if error.code != _EXISTS:
            raise
