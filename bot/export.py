"""All that memory holds, as lines of JSON for an operator: `python -m bot export`."""

import json
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime

from memory.engine import Memory
from memory.entry import Entry
from memory.records import Place

SHOWN = ("id", "author", "name", "kind", "text", "reply_to")


async def lines(memory: Memory, person: str, conversation: str) -> AsyncIterator[str]:
    """From the archive and the store; `person`: an author's id; empty: all. No line ends.

    A person gets what they wrote and the replies to it, no summary: others speak there.
    """
    async for contents in memory.upkeep.contents():
        if conversation in ("", contents.place.key):
            for each in of(contents.entries, person) if person else contents.entries:
                yield json.dumps(shown(contents.place, each))
            for segment, covered in () if person else contents.leaves:
                told = {"id": segment.name, "kind": "summary", "text": segment.text}
                yield json.dumps(
                    _dated(contents.place, segment.since) | told | {"covers": sorted(covered)}
                )


def of(entries: Sequence[Entry], person: str) -> Sequence[Entry]:
    """What somebody wrote, and the replies to it."""
    own = {entry.id for entry in entries if entry.author == person}
    return [entry for entry in entries if entry.id in own or own.intersection(entry.answers)]


def shown(place: Place, entry: Entry) -> dict[str, object]:
    return _dated(place, entry.sent) | {name: getattr(entry, name) for name in SHOWN}


def _dated(place: Place, microseconds: int) -> dict[str, object]:
    sent = datetime.fromtimestamp(microseconds / 1_000_000, UTC).isoformat()
    return {"conversation": place.key, "sent": sent}
