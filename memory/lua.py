"""The store's scripts: read from scripts/, with the names of keys and the form of arguments."""

import hashlib
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from memory.store import Place

PARTITIONS = 256  # hash tags: a channel's keys share one slot of a Redis Cluster


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    source: str
    digest: str


def scripts() -> Mapping[str, Script]:
    folder = Path(__file__).with_name("scripts")
    texts = {path.stem: path.read_text() for path in folder.glob("*.lua")}
    record, snapshot = texts.pop("record"), texts.pop("snapshot")
    sources = {name: f"{record}\n{snapshot}\n{text}" for name, text in texts.items()}
    return {
        name: Script(source=source, digest=hashlib.sha1(source.encode()).hexdigest())  # noqa: S324
        for name, source in sources.items()
    }


def prefix(place: Place) -> str:
    number = zlib.crc32(place.channel_key.encode()) % PARTITIONS
    return f"tk:{{p{number:03d}}}:"


def listing(number: int, kind: str) -> str:
    """A partition's list: due or expiring."""
    return f"tk:{{p{number:03d}}}/{kind}"


def quoted_thread(place: Place) -> str:
    return quote(place.thread, safe="")


def plain(argument: object) -> bytes | str:
    """Scripts read text and bytes; flags are 1 and 0."""
    if isinstance(argument, bool):
        return "1" if argument else "0"
    return argument if isinstance(argument, bytes) else str(argument)
