"""What is done before memory expires, and when a conversation wakes up after that."""

import asyncio
from collections.abc import AsyncIterator, Sequence

from memory.archiving import AGAIN, PROMPT, Archiving, Contents
from memory.cold import ArchiveDown
from memory.entry import Description
from memory.folding import Folding, NotASummary
from memory.keys import Keys
from memory.opening import open_contents
from memory.records import Place
from memory.store import Store

RETRY, LATER = 1_800.0, 172_800.0  # seconds until an expiring conversation is looked at again


class Upkeep:
    """Folds the rest in time; with an archive, keeps it there and gives it back."""

    def __init__(
        self, store: Store, keys: Keys, folding: Folding, archiving: Archiving | None, segments: int
    ) -> None:
        self._store, self._keys, self._folding = store, keys, folding
        self._archiving, self._segments = archiving, segments

    async def wake(self, place: Place) -> None:
        """Before the first reply if the archive is quick, else when the upkeep comes."""
        if self._archiving is None:
            return
        try:
            async with asyncio.timeout(PROMPT):
                await self._archiving.revive(place, self._segments)
        except (ArchiveDown, TimeoutError):
            await self._store.defer(place, AGAIN)

    async def expiring(self, limit: int) -> Sequence[tuple[Place, bool]]:
        """Conversations to `preserve`, put off meanwhile, and whether their time is short."""
        found = await self._store.expiring(limit)
        return [(place, await self._store.defer(place, RETRY)) for place in found]

    async def preserve(self, place: Place, *, whole: bool) -> bool:
        """Archive a conversation and, before its messages expire, fold them all.

        False: they expired before. Raises ArchiveDown, or what the model raises: then it is
        tried again until they expire.
        """
        contents = await self._live(place)
        if self._archiving:
            if not contents.leaves:
                await self._archiving.revive(place, self._segments)
            await self._archiving.save(contents)
        try:
            if whole:
                await self._folding.settle(place, whole=True)
        except NotASummary:  # too little, most likely: found expired when looked at again
            await self._store.defer(place, LATER)
        else:
            await self._store.defer(place, 0)
        return bool(contents.entries)

    async def contents(self) -> AsyncIterator[Contents]:
        """Everything, conversation by conversation, from the archive and the store."""
        places = {place.key: place async for place in self._store.places()}
        if self._archiving:
            places |= {place.key: place for place in await self._archiving.places()}
        for _, place in sorted(places.items()):
            yield _both(await self._live(place), await self._cold(place))

    async def of(self, place: Place) -> Contents:
        """One conversation; without what the archive holds if that is down."""
        live = await self._live(place)
        try:
            async with asyncio.timeout(PROMPT):
                return _both(live, await self._cold(place))
        except (ArchiveDown, TimeoutError):
            return live

    async def describe(self, place: Place) -> Description:
        """What the archive holds of a conversation without a record."""
        cold = await self._cold(place)
        segments, entries = tuple(segment for segment, _ in cold.leaves), cold.entries
        tokens = sum(each.tokens for each in segments) + sum(each.tokens for each in entries)
        return Description(segments=segments, window=entries, messages=len(entries), tokens=tokens)

    async def catch_up(self) -> None:
        """Have the archive do what it could not do before, and clean up. Raises ArchiveDown."""
        if self._archiving:
            await self._archiving.catch_up()
            await self._archiving.scrub()

    async def _cold(self, place: Place) -> Contents:
        return await self._archiving.read(place) if self._archiving else Contents(place=place)

    async def _live(self, place: Place) -> Contents:
        held = await self._store.held(place)
        if not held.wrapped:
            return Contents(place=place)
        key = self._keys.learn(place, held.wrapped)
        return await asyncio.to_thread(open_contents, place, key, held)  # there may be very many


def _both(live: Contents, cold: Contents) -> Contents:
    entries = {each.id: each for each in (*cold.entries, *live.entries)}
    leaves = {leaf[0].name: leaf for leaf in (*cold.leaves, *live.leaves)}
    return Contents(
        place=live.place,
        entries=tuple(sorted(entries.values(), key=lambda each: each.sent)),
        leaves=tuple(sorted(leaves.values(), key=lambda leaf: leaf[0].since)),
    )
