"""What is held of a conversation, and of a channel: for people to see."""

from collections.abc import Sequence
from dataclasses import replace

from memory.entry import Description, Entry
from memory.keys import Keys, message_context
from memory.learning import MOST
from memory.opening import open_entries, open_segments
from memory.persons import Persons
from memory.records import Forgotten, Place
from memory.seal import Unreadable
from memory.store import Store
from memory.upkeep import Upkeep


class Holdings:
    """Reads, and changes nothing."""

    def __init__(self, store: Store, keys: Keys, persons: Persons, upkeep: Upkeep) -> None:
        self._store, self._keys = store, keys
        self._persons, self._upkeep = persons, upkeep

    async def describe(self, place: Place) -> Description:
        snapshot, messages, _ = await self._store.read(place, MOST, owed=MOST)
        closed = Description(segments=(), window=(), messages=messages, tokens=0)
        if not snapshot.wrapped:
            return await self._upkeep.describe(place)
        try:
            key = self._keys.learn(place, snapshot.wrapped)
            entries = open_entries(place, key, snapshot)
            segments = open_segments(place, key, snapshot)
        except Unreadable as error:
            return replace(closed, unreadable=str(error))
        tokens = sum(entry.tokens for entry in entries) + sum(each.tokens for each in segments)
        return Description(segments=segments, window=entries, messages=messages, tokens=tokens)

    async def author(self, place: Place, message: str) -> str:
        """Who wrote a post of this channel; empty if it is not remembered."""
        entry = await self._entry(place, message)
        return entry.author if entry else ""

    async def text(self, place: Place, message: str) -> str | None:
        """What a post of this channel says; None if it is not remembered, or does not open."""
        try:
            entry = await self._entry(place, message)
        except Unreadable:
            return None
        return entry.text if entry else None

    async def _entry(self, place: Place, message: str) -> Entry | None:
        found = await self._store.locate(place, message)
        if found is None:
            return None
        key = self._keys.learn(found.place, found.wrapped)
        packed = key.data.open(found.blob, *message_context(found.place, message, found.version))
        return Entry.unpack(packed, id=message, sent=0, version=found.version)

    async def threads(self, place: Place, limit: int) -> Sequence[Place]:
        """The channel's remembered conversations, newest first."""
        return await self._store.threads(place, limit)

    async def extent(self, place: Place, *, channel: bool) -> Forgotten:
        """What forgetting would take now."""
        siblings = await self._store.threads(place, MOST) if channel else ()
        places = {each.key: each for each in (place, *siblings)}
        held = [await self.describe(each) for each in places.values()]
        return Forgotten(
            messages=sum(each.messages for each in held),
            segments=sum(len(each.segments) for each in held),
            facts=await self._persons.resting(place, channel=channel),
        )
