"""What Discord sends, as the bot's own types; pure."""

from collections.abc import Mapping
from types import MappingProxyType

import discord
from discord.abc import GuildChannel, PrivateChannel

from adapters.discord import content
from adapters.message import (
    Audience,
    Author,
    Conversation,
    Deletion,
    Departure,
    Edit,
    Kind,
    Message,
    Rescoped,
)

PLATFORM = "discord"
DIRECT = "@me"  # the space of direct messages, as in Discord's own links

HIDDEN = "a text that Discord shows to bots only when they are mentioned by name, not by role"

Place = GuildChannel | discord.Thread | PrivateChannel | discord.PartialMessageable


def conversation(channel: Place) -> Conversation:
    """Where a post stands. What has no guild is a direct message.

    A private thread is a channel of its own: others read it than the channel it is in.
    `channel` is one that discord.py keeps up to date, or was just asked for.
    """
    guild_id: int | None = None
    if isinstance(channel, discord.PartialMessageable):
        guild_id = channel.guild_id
    elif not isinstance(channel, PrivateChannel):
        guild_id = channel.guild.id
    thread = channel if isinstance(channel, discord.Thread) else None
    return Conversation(
        platform=PLATFORM,
        space=DIRECT if guild_id is None else str(guild_id),
        channel=str(thread.parent_id if thread and not thread.is_private() else channel.id),
        thread=str(thread.id) if thread else "",
        audience=Audience.DIRECT if guild_id is None else audience(channel),
    )


def audience(channel: object) -> Audience:
    """Public only if everyone in the guild is known to see the channel."""
    if isinstance(channel, discord.Thread) and not channel.is_private():
        return audience(channel.parent)
    if not isinstance(channel, GuildChannel):
        return Audience.PRIVATE
    everyone = channel.guild.get_role(channel.guild.id)
    seen = everyone is not None and channel.permissions_for(everyone).view_channel
    return Audience.PUBLIC if seen else Audience.PRIVATE


def message(
    post: discord.Message,
    me: int,
    where: Conversation,
    *,
    texts: Mapping[int, str] = MappingProxyType({}),
    own: bool = False,
) -> Message | None:
    """None for what Discord itself writes, for what shows us nothing, and for posts of our own.

    `texts`: what attached files say, by their ids. `own`: those of our own too.
    """
    mine = post.author.id == me
    if (mine and not own) or post.type not in (
        discord.MessageType.default,
        discord.MessageType.reply,  # most others are notices, some with a name as their text
    ):
        return None
    kind = Kind.BOT if post.author.bot or post.webhook_id else Kind.PERSON
    direct = where.audience is Audience.DIRECT
    called = kind is Kind.PERSON and (direct or _calls(post, me))
    text, attachments = content.text(post, me), attached(post, texts)
    if not (text or attachments):
        if not called:
            return None  # withheld: without the Message Content intent only calls carry content
        attachments = (HIDDEN,) if post.role_mentions and not _named(post, me) else ()
    replied = post.reference if post.type is discord.MessageType.reply else None
    return Message(
        id=str(post.id),
        conversation=where,
        author=Author(
            id=str(post.author.id), name=post.author.display_name, kind=Kind.ME if mine else kind
        ),
        text=text,
        sent_at=post.created_at,
        edited_at=post.edited_at,
        called=called,
        reply_to=str(replied.message_id or "") if replied else "",
        attachments=attachments,
    )


def edit(post: discord.Message, me: int, where: Conversation, *, withheld: bool) -> Edit | None:
    """None for our own, and where nothing can be told: link previews and pins update posts too.

    `withheld`: Discord hides the content of posts that do not mention the bot.
    """
    attachments = attached(post)
    hidden = withheld and not (_named(post, me) or post.content or attachments)
    if post.author.id == me or (hidden and post.edited_at is None):
        return None
    return Edit(
        platform=PLATFORM,
        space=where.space,
        channel=where.channel,
        id=str(post.id),
        text=content.text(post, me),
        edited_at=post.edited_at,
        attachments=attachments,
        readable=not hidden,
    )


def attached(
    post: discord.Message, texts: Mapping[int, str] = MappingProxyType({})
) -> tuple[str, ...]:
    return tuple(content.attached(post, texts))


def deletion(where: Conversation, *ids: int) -> Deletion:
    names = tuple(str(each) for each in ids)
    return Deletion(platform=PLATFORM, space=where.space, channel=where.channel, ids=names)


def departure(guild: int, *place: int) -> Departure:
    """Of the guild, of a channel in it, or of a thread in that."""
    channel, thread = (*map(str, place), "", "")[:2]
    return Departure(platform=PLATFORM, space=str(guild), channel=channel, thread=thread)


def rescoped(guild: int, number: int, channel: GuildChannel | None) -> Rescoped:
    """None: it is there, and the bot cannot see who sees it."""
    return Rescoped(
        platform=PLATFORM, space=str(guild), channel=str(number), audience=audience(channel)
    )


def _calls(post: discord.Message, me: int) -> bool:
    return _named(post, me) or any(content.own(role, me) for role in post.role_mentions)


def _named(post: discord.Message, me: int) -> bool:
    """`mentions` has the mentioned and whom a reply pings, never who is meant by @everyone."""
    return any(user.id == me for user in post.mentions)
