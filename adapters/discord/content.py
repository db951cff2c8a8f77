"""What a Discord post says, as Markdown and in words; pure."""

import re
from collections.abc import Iterator, Mapping

import discord

from adapters.markup import tag

# https://discord.com/developers/docs/reference#message-formatting
_ENTITY = re.compile(
    r"<(?P<sign>@[!&]?|#)(?P<id>\d+)>(?P<gap> ?)"
    r"|<a?(?P<emoji>:\w+:)\d+>"
    r"|<(?P<command>/[^:>]+):\d+>"
)


def text(post: discord.Message, me: int) -> str:
    """Entities resolved, the bot's own mention removed, forwarded texts below."""
    names = {f"@{user.id}": f"@{tag(user.display_name)}" for user in post.mentions}
    names |= {f"#{channel.id}": f"#{tag(channel.name)}" for channel in post.channel_mentions}
    names[f"@{me}"] = ""
    for role in post.role_mentions:
        names[f"@{role.id}"] = "" if own(role, me) else f"@{tag(role.name)}"

    def resolve(entity: re.Match[str]) -> str:
        if entity["id"] is None:
            return str(entity["emoji"] or entity["command"])
        name = names.get(entity["sign"][0] + entity["id"], entity["sign"][0] + entity["id"])
        return name and name + entity["gap"]

    forwarded = (f"Forwarded: {part.content}" for part in post.message_snapshots if part.content)
    return _ENTITY.sub(resolve, "\n".join((post.content, *forwarded))).strip()


def own(role: discord.Role, me: int) -> bool:
    """Discord gives every bot a role of its own; people pick it where they meant the bot."""
    return role.tags is not None and role.tags.bot_id == me


def attached(post: discord.Message, texts: Mapping[int, str]) -> Iterator[str]:
    """In words: Discord's links to files expire. `texts`: what files say, by their ids."""
    yield from _described(post, texts)
    if post.poll:
        answers = " / ".join(answer.text for answer in post.poll.answers)
        yield f"poll: {post.poll.question} ({answers})"
    for snapshot in post.message_snapshots:
        yield from _described(snapshot, texts)


def _described(
    post: discord.Message | discord.MessageSnapshot, texts: Mapping[int, str]
) -> Iterator[str]:
    for file in post.attachments:
        kind = (file.content_type or "file").partition(";")[0]
        name = "voice message" if file.is_voice_message() else f"{file.filename} ({kind})"
        name = f"{name}: {file.description}" if file.description else name
        yield f"{name}\n{_fenced(texts[file.id])}" if file.id in texts else name
    yield from (f"sticker {sticker.name}" for sticker in post.stickers)


def _fenced(content: str) -> str:
    longest = max(map(len, re.findall("`{3,}", content)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}\n{content}\n{fence}"
