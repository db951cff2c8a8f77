"""How the store lays things out on a server: names of keys, and the scripts beside it."""

import hashlib
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from memory.opened import Known
from memory.records import Place
from memory.slots import Account, Doubt, Person

Holder = Place | Person | Account
_KEEP = "local remove_replies = false"  # stands so in record.lua
PARTITIONS = 256  # hash tags: a channel's keys share one slot of a Redis Cluster


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    source: str
    digest: str


def scripts(folder: Path, *, remove_replies: bool) -> Sequence[tuple[str, Script]]:
    """By name. `remove_replies`: the bot's own posts go with what they say."""
    texts = {path.stem: path.read_text() for path in folder.glob("*.lua")}
    record, snapshot = texts.pop("record"), texts.pop("snapshot")
    if remove_replies:
        record = record.replace(_KEEP, _KEEP.replace("false", "true"))
    sources = {name: f"{record}\n{snapshot}\n{text}" for name, text in texts.items()}
    return [
        (name, Script(source=source, digest=hashlib.sha1(source.encode()).hexdigest()))  # noqa: S324
        for name, source in sources.items()
    ]


def prefix(place: Holder) -> str:
    """Of all keys of a channel, or of a person."""
    return f"{tag(_partition(place.channel_key))}:"


def keys(place: Holder) -> tuple[str, str, str]:
    """What every script is given: the record, its channel's, and its partition's list."""
    start = prefix(place)
    return start + place.key, start + place.channel_key, start.rstrip(":") + "/due"


def journal(channel: str) -> str:
    return f"{tag(_partition(channel))}/journal"


def _partition(channel: str) -> int:
    return zlib.crc32(channel.encode()) % PARTITIONS


def tag(number: int) -> str:
    return f"tk:{{p{number:03d}}}"


def thread(place: Place) -> str:
    return quote(place.thread, safe="")


def sibling(place: Place, thread: bytes) -> Place:
    return Place.parse(f"{place.channel_key}:{thread.decode()}", place.audience)


def opened(known: Known | None) -> tuple[bytes, int, str]:
    """Key, revision and names of what the caller opened before."""
    if known is None:
        return b"", 0, ""
    return known.wrapped, known.revision, "\n".join((*known.entries, *known.segments))


def versions(covered: Mapping[str, int]) -> str:
    named = {each: str(version) for each, version in covered.items()}
    return json.dumps(named, separators=(",", ":"))


def plain(argument: object) -> bytes | str:
    """Scripts read text and bytes; flags are 1 and 0."""
    if isinstance(argument, bool):
        return "1" if argument else "0"
    return argument if isinstance(argument, bytes) else str(argument)


def doubt(member: bytes) -> Doubt:
    token, channel, message, person = member.decode().split("\n")
    return Doubt(token=token, channel=channel, message=message, person=person)


def member(doubt: Doubt) -> str:
    return f"{doubt.token}\n{doubt.channel}\n{doubt.message}\n{doubt.person}"
