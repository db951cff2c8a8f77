"""The text files and the images of posts, read within bounds."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

import discord
import structlog
from discord.http import Route
from yarl import URL

from adapters.discord.posts import answered
from adapters.ports import Busy, Image, Refused, Unclear

_log = structlog.get_logger()

_HOSTS = ("cdn.discordapp.com", "media.discordapp.net")
_FILES = 3  # of one post
_BYTES = 262_144  # of one file
_CHARACTERS = 12_000  # of one post's files together: half of what a window holds

_TYPES = ("text/", "application/json", "application/xml", "application/yaml", "application/toml")

_IMAGES = 4  # of all posts asked for
_IMAGE_BYTES = 4 * 2**20  # of one image
# https://developers.openai.com/api/docs/guides/images-vision#image-input-requirements
_IMAGE_TYPES = {"image/png", "image/jpeg", "image/gif", "image/webp"}


async def read(post: discord.Message, within: float) -> Mapping[int, str]:
    """What they say, by their ids; `within`: seconds, for all. A file that fails is left out."""
    chosen = tuple(islice(filter(_is_text, _files(post)), _FILES))
    contents = await asyncio.gather(*(_text(file, within) for file in chosen))
    share = _CHARACTERS // max(len(chosen), 1)
    pairs = zip(chosen, contents, strict=True)
    return {file.id: _cut(content, share) for file, content in pairs if content}


async def images(posts: Iterable[discord.Message], within: float) -> Sequence[Image]:
    """The first posts' above all, oldest first; `within` and what fails as for `read`."""
    found = (file for post in posts for file in _files(post) if _is_image(file))
    chosen = sorted(islice(found, _IMAGES), key=lambda file: file.id)
    contents = await asyncio.gather(*(_content(file, within) for file in chosen))
    pairs = zip(chosen, contents, strict=True)
    return [Image(media_type=_type(file), data=content) for file, content in pairs if content]


def _files(post: discord.Message) -> Iterator[discord.Attachment]:
    """Nothing is read from elsewhere than Discord, whatever a post says."""
    forwarded = (file for part in post.message_snapshots for file in part.attachments)
    hosts = (*_HOSTS, URL(Route.BASE).host)
    return (file for file in (*post.attachments, *forwarded) if URL(file.url).host in hosts)


def _type(file: discord.Attachment) -> str:
    """Discord names the type of what it knows."""
    return (file.content_type or "").partition(";")[0]


def _is_text(file: discord.Attachment) -> bool:
    return (not _type(file) or _type(file).startswith(_TYPES)) and file.size <= _BYTES


def _is_image(file: discord.Attachment) -> bool:
    return _type(file) in _IMAGE_TYPES and file.size <= _IMAGE_BYTES


async def _text(file: discord.Attachment, within: float) -> str:
    try:
        return (await _content(file, within)).decode("utf-8-sig").strip("\0\r\n ")
    except UnicodeDecodeError:
        return ""


async def _content(file: discord.Attachment, within: float) -> bytes:
    try:
        async with answered(within):
            return await file.read()
    except (Busy, Refused, Unclear, discord.NotFound) as error:
        _log.info("discord file not read", error=type(error).__name__)
        return b""


def _cut(content: str, most: int) -> str:
    if len(content) <= most:
        return content
    return f"{content[:most]}\n… (the first {most} of {len(content)} characters)"
