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
            for each in _of(contents.entries, person) if person else contents.entries:
                yield _line(
                    contents.place, each.sent, {name: getattr(each, name) for name in SHOWN}
                )
            for segment, covered in () if person else contents.leaves:
                told = {"id": segment.name, "kind": "summary", "text": segment.text}
                yield _line(contents.place, segment.since, told | {"covers": sorted(covered)})


def _of(entries: Sequence[Entry], person: str) -> Sequence[Entry]:
    own = {entry.id for entry in entries if entry.author == person}
    return [entry for entry in entries if entry.id in own or own.intersection(entry.answers)]


def _line(place: Place, microseconds: int, shown: dict[str, object]) -> str:
    sent = datetime.fromtimestamp(microseconds / 1_000_000, UTC).isoformat()
    return json.dumps({"conversation": place.key, "sent": sent} | shown)
