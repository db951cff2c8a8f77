"""All that memory holds, as lines of JSON for an operator: `python -m bot export`."""

import json
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, datetime

from memory.archiving import Contents
from memory.engine import Memory
from memory.entry import Entry

SHOWN = ("id", "author", "name", "kind", "text", "reply_to")


async def lines(memory: Memory, person: str, conversation: str) -> AsyncIterator[str]:
    """From the archive and the store; `person`: an author's id; empty: all. No line ends."""
    async for contents in memory.upkeep.contents():
        if conversation in ("", contents.place.key):
            for line in _lines(contents, person):
                yield line


def _lines(contents: Contents, person: str) -> Iterator[str]:
    """A person gets what they wrote and the replies to it, no summary: others speak there."""
    at = {"conversation": contents.place.key}
    for entry in _of(contents.entries, person) if person else contents.entries:
        shown = {name: getattr(entry, name) for name in SHOWN}
        yield json.dumps(at | {"sent": _time(entry.sent)} | shown)
    for segment, covered in () if person else contents.leaves:
        shown = {"id": segment.name, "kind": "summary", "text": segment.text}
        yield json.dumps(at | {"sent": _time(segment.since)} | shown | {"covers": sorted(covered)})


def _of(entries: Sequence[Entry], person: str) -> Sequence[Entry]:
    own = {entry.id for entry in entries if entry.author == person}
    return [entry for entry in entries if entry.id in own or own.intersection(entry.answers)]


def _time(microseconds: int) -> str:
    return datetime.fromtimestamp(microseconds / 1_000_000, UTC).isoformat()
