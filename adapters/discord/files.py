"""The text files of a post, read within bounds."""

import asyncio
from collections.abc import Mapping
from itertools import islice

import discord
import structlog
from discord.http import Route
from yarl import URL

from adapters.discord.posts import answered
from adapters.ports import Busy, Refused, Unclear

_log = structlog.get_logger()

_HOSTS = ("cdn.discordapp.com", "media.discordapp.net")
_FILES = 3  # of one post
_BYTES = 262_144  # of one file
_CHARACTERS = 12_000  # of one post's files together: half of what a window holds

_TYPES = ("text/", "application/json", "application/xml", "application/yaml", "application/toml")


async def read(post: discord.Message, within: float) -> Mapping[int, str]:
    """What they say, by their ids; `within`: seconds, for all. A file that fails is left out."""
    forwarded = (file for part in post.message_snapshots for file in part.attachments)
    files = filter(_may_be_read, (*post.attachments, *forwarded))
    chosen = tuple(islice(files, _FILES))
    contents = await asyncio.gather(*(_content(file, within) for file in chosen))
    share = _CHARACTERS // max(len(chosen), 1)
    pairs = zip(chosen, contents, strict=True)
    return {file.id: _cut(content, share) for file, content in pairs if content}


def _may_be_read(file: discord.Attachment) -> bool:
    """Discord names the type of what it knows. Nothing is read from elsewhere, whatever it says."""
    text = not file.content_type or file.content_type.startswith(_TYPES)
    return text and file.size <= _BYTES and URL(file.url).host in (*_HOSTS, URL(Route.BASE).host)


async def _content(file: discord.Attachment, within: float) -> str:
    try:
        async with answered(within):
            return (await file.read()).decode("utf-8-sig").strip("\0\r\n ")
    except (Busy, Refused, Unclear, discord.NotFound, UnicodeDecodeError) as error:
        _log.info("discord file not read", error=type(error).__name__)
        return ""


def _cut(content: str, most: int) -> str:
    if len(content) <= most:
        return content
    return f"{content[:most]}\n… (the first {most} of {len(content)} characters)"
