"""What turns opened lately, so that the next turn of a conversation reads only what is new."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

from memory.entry import Entry, Recollection, Segment
from memory.records import Place, Snapshot

CONVERSATIONS, ENTRIES = 500, 50_000  # and of these in all of them


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the caller opened before; it stays true while key and revision do."""

    wrapped: bytes
    revision: int
    entries: Mapping[str, Entry]
    segments: Mapping[str, Segment]

    def matches(self, snapshot: Snapshot) -> bool:
        return (self.wrapped, self.revision) == (snapshot.wrapped, snapshot.revision)


class Opened:
    """By conversation, the last ones."""

    def __init__(self) -> None:
        self._known, self._entries = OrderedDict[str, Known](), 0

    def of(self, place: Place) -> Known | None:
        return self._known.get(place.key)

    def keep(self, place: Place, snapshot: Snapshot, read: Recollection) -> None:
        before = self._known.pop(place.key, None)
        self._known[place.key] = known = Known(
            wrapped=snapshot.wrapped,
            revision=snapshot.revision,
            entries={entry.id: entry for entry in (*read.window, *read.question)},
            segments={segment.name: segment for segment in read.segments},
        )
        self._entries += len(known.entries) - (len(before.entries) if before else 0)
        if len(self._known) > CONVERSATIONS or self._entries > ENTRIES:
            self._entries -= len(self._known.popitem(last=False)[1].entries)

    def clear(self) -> None:
        """Something was deleted: keep nothing of it at hand."""
        self._known.clear()
        self._entries = 0
