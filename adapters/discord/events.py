"""What Discord sends, as the bot's own types; pure."""

import re
from collections.abc import Iterator

import discord
from discord.abc import GuildChannel, PrivateChannel

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

Place = GuildChannel | discord.Thread | PrivateChannel | discord.PartialMessageable

# https://discord.com/developers/docs/reference#message-formatting
_ENTITY = re.compile(
    r"<(?P<sign>@[!&]?|#)(?P<id>\d+)>(?P<gap> ?)"
    r"|<a?(?P<emoji>:\w+:)\d+>"
    r"|<(?P<command>/[^:>]+):\d+>"
)


def conversation(channel: Place) -> Conversation:
    """Where a post stands. What has no guild is a direct message."""
    guild_id: int | None = None
    if isinstance(channel, discord.PartialMessageable):
        guild_id = channel.guild_id
    elif not isinstance(channel, PrivateChannel):
        guild_id = channel.guild.id
    thread = channel if isinstance(channel, discord.Thread) else None
    return Conversation(
        platform=PLATFORM,
        space=DIRECT if guild_id is None else str(guild_id),
        channel=str(thread.parent_id if thread else channel.id),
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


def message(post: discord.Message, me: int, where: Conversation) -> Message | None:
    """None for own posts, for what Discord itself writes, and for what shows us nothing."""
    if post.author.id == me or post.type not in (
        discord.MessageType.default,
        discord.MessageType.reply,  # most others are notices, some with a name as their text
    ):
        return None
    person = not (post.author.bot or post.webhook_id)
    called = person and (where.audience is Audience.DIRECT or _calls(post, me))
    text, attachments = _text(post, me), tuple(_attachments(post))
    if not (called or text or attachments):
        return None  # withheld: without the Message Content intent only calls carry content
    replied = post.reference if post.type is discord.MessageType.reply else None
    return Message(
        id=str(post.id),
        conversation=where,
        author=Author(
            id=str(post.author.id),
            name=post.author.display_name,
            kind=Kind.PERSON if person else Kind.BOT,
        ),
        text=text,
        sent_at=post.created_at,
        called=called,
        reply_to=str(replied.message_id or "") if replied else "",
        attachments=attachments,
    )


def edit(post: discord.Message, me: int, where: Conversation, *, withheld: bool) -> Edit | None:
    """None when nobody edited: link previews and pins update posts too.

    `withheld`: Discord may hide the content of this post, so that empty says nothing.
    """
    if post.edited_at is None or post.author.id == me or (withheld and not post.content):
        return None
    return Edit(
        platform=PLATFORM,
        space=where.space,
        channel=where.channel,
        id=str(post.id),
        text=_text(post, me),
        edited_at=post.edited_at,
    )


def deletion(where: Conversation, *ids: int) -> Deletion:
    names = tuple(str(each) for each in ids)
    return Deletion(platform=PLATFORM, space=where.space, channel=where.channel, ids=names)


def departure(guild: int, *place: int) -> Departure:
    """Of the guild, of a channel in it, or of a thread in that."""
    channel, thread = (*map(str, place), "", "")[:2]
    return Departure(platform=PLATFORM, space=str(guild), channel=channel, thread=thread)


def rescoped(channel: GuildChannel) -> Rescoped:
    return Rescoped(
        platform=PLATFORM,
        space=str(channel.guild.id),
        channel=str(channel.id),
        audience=audience(channel),
    )


def _calls(post: discord.Message, me: int) -> bool:
    """`mentions` has the mentioned and whom a reply pings, never who is meant by @everyone."""
    return any(user.id == me for user in post.mentions) or any(
        role.tags is not None and role.tags.bot_id == me for role in post.role_mentions
    )


def _text(post: discord.Message, me: int) -> str:
    names = {f"@{user.id}": f"@{user.display_name}" for user in post.mentions}
    names |= {f"#{channel.id}": f"#{channel.name}" for channel in post.channel_mentions}
    names[f"@{me}"] = ""
    for role in post.role_mentions:
        own = role.tags is not None and role.tags.bot_id == me
        names[f"@{role.id}"] = "" if own else f"@{role.name}"

    def resolve(entity: re.Match[str]) -> str:
        if entity["id"] is None:
            return str(entity["emoji"] or entity["command"])
        name = names.get(entity["sign"][0] + entity["id"], entity["sign"][0] + entity["id"])
        return name and name + entity["gap"]

    forwarded = (f"Forwarded: {part.content}" for part in post.message_snapshots if part.content)
    return _ENTITY.sub(resolve, "\n".join((post.content, *forwarded))).strip()


def _attachments(post: discord.Message | discord.MessageSnapshot) -> Iterator[str]:
    """In words: Discord's attachment links expire."""
    for file in post.attachments:
        kind = (file.content_type or "file").partition(";")[0]
        name = "voice message" if file.is_voice_message() else f"{file.filename} ({kind})"
        yield f"{name}: {file.description}" if file.description else name
    yield from (f"sticker {sticker.name}" for sticker in post.stickers)
    if isinstance(post, discord.Message):
        if post.poll:
            answers = " / ".join(answer.text for answer in post.poll.answers)
            yield f"poll: {post.poll.question} ({answers})"
        for snapshot in post.message_snapshots:
            yield from _attachments(snapshot)
