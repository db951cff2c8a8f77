"""Between the store and the archive: what folds or expires goes there, what wakes up comes back."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from memory.cold import ArchiveDown, Cold, ColdStore
from memory.entry import ME, Entry, Segment
from memory.keys import Key, Keys, message_context, segment_context
from memory.seal import DataKey, Keyring, Randbytes, SealBroken, UnknownKey, fingerprint
from memory.store import Forgotten, Leaf, Place, Store

PROMPT = 1.0  # seconds that people and platforms may wait for the archive
BATCH = 500  # messages saved at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """A conversation in the clear, oldest first, with the posts each segment covers."""

    place: Place
    entries: tuple[Entry, ...] = ()
    leaves: tuple[tuple[Segment, Mapping[str, int]], ...] = ()


class Archiving:
    """Saves, gives back and forgets. What has to go is written down until it has gone."""

    def __init__(
        self, archive: ColdStore, store: Store, keyring: Keyring, keys: Keys, randbytes: Randbytes
    ) -> None:
        self._archive, self._store, self._keys = archive, store, keys
        self._keyring, self._randbytes = keyring, randbytes
        self._pepper = b""
        self._unscrubbed = True  # a killed process may have left it to us

    async def save(self, contents: Contents) -> None:
        """Sealed under a key of its own; may be repeated. Raises ArchiveDown."""
        await self._open()
        place = contents.place
        data = DataKey.fresh(self._randbytes)
        wrapped = self._keyring.wrap(data.raw, place.key)
        key = Key(wrapped=wrapped, data=data)
        known = {entry.id: entry for entry in contents.entries}
        messages = [self._message(place, entry, known, key) for entry in known.values()]
        summaries = [
            self._summary(place, segment, covered, known, key)
            for segment, covered in contents.leaves
            if covered.keys() & known.keys()  # else it was saved with its messages
        ]
        for at in range(0, max(len(messages), 1), BATCH):
            last = at + BATCH >= len(messages)
            await self._archive.save(messages[at : at + BATCH], summaries if last else ())

    async def read(self, place: Place, most: int = 10_000) -> Contents:
        """What is archived of a conversation; `most`: of the newest segments."""
        leaves = await self._leaves(place, most)
        entries = []
        for cold in await self._archive.messages_of(place.key):
            packed = self._opened(cold, message_context(place, cold.id, cold.version))
            entries.append(Entry.unpack(packed, id=cold.id, sent=cold.sent, version=cold.version))
        return Contents(place=place, entries=tuple(entries), leaves=leaves)

    async def places(self) -> Sequence[Place]:
        return [Place.parse(key) for key in await self._archive.places()]

    async def revive(self, place: Place, most: int) -> None:
        """Give a conversation without summaries its newest ones back. Raises ArchiveDown."""
        await self.catch_up()
        found = await self._leaves(place, most)
        snapshot, _, _ = await self._store.read(place, 1)
        if not found or not snapshot.wrapped:
            return
        key = self._keys.learn(place, snapshot.wrapped)
        leaves = [
            Leaf(
                name=each.name,
                since=each.since,
                covered=covered,
                blob=key.data.seal(each.pack(), *segment_context(place, each.name)),
            )
            for each, covered in found
        ]
        await self._store.revive(place, snapshot.wrapped, leaves)
        left = {each.name for each, _ in await self._leaves(place, most)}
        if gone := [replace(each, blob=b"") for each in leaves if each.name not in left]:
            await self._store.revive(place, snapshot.wrapped, gone)  # deleted just now

    async def forget(self, scope: str, until: int) -> Forgotten:
        """If the archive is down it follows later; the receipt then counts nothing of it."""
        return await self._reach("forget", scope, until)

    async def retract(self, place: Place, posts: Mapping[str, int]) -> None:
        """Posts were edited at that version, or deleted (GONE)."""
        await self._reach("retract", place.channel_key, dict(posts))

    async def catch_up(self) -> None:
        """Do what was written down and not done. Raises ArchiveDown."""
        for line in await self._store.journaled():
            await self._apply(*json.loads(line))
            await self._store.journal(line, done=True)

    async def scrub(self) -> None:
        """Take off the disk what was deleted, if something was. Raises ArchiveDown."""
        if self._unscrubbed:
            self._unscrubbed = False
            try:
                await self._archive.scrub()
            except ArchiveDown:
                self._unscrubbed = True
                raise

    async def _reach(self, what: str, scope: str, extent: int | dict[str, int]) -> Forgotten:
        line = json.dumps([what, scope, extent])
        await self._store.journal(line, done=False)
        try:
            async with asyncio.timeout(PROMPT):
                receipt = await self._apply(what, scope, extent)
        except (ArchiveDown, TimeoutError):
            return Forgotten()
        await self._store.journal(line, done=True)
        return receipt

    async def _apply(self, what: str, scope: str, extent: int | dict[str, int]) -> Forgotten:
        self._unscrubbed = True
        if isinstance(extent, int):
            return await self._archive.forget(scope, extent)
        await self._archive.retract(scope, extent)
        return Forgotten()

    async def _open(self) -> None:
        if not self._pepper:
            candidate = self._keyring.wrap(DataKey.fresh(self._randbytes).raw, "pepper")
            wrapped = await self._archive.pepper(candidate)
            try:
                self._pepper = self._keyring.unwrap(wrapped, "pepper")
            except (UnknownKey, SealBroken) as error:
                raise ArchiveDown(f"the archive cannot be used: {error}") from error

    async def _leaves(
        self, place: Place, most: int
    ) -> tuple[tuple[Segment, Mapping[str, int]], ...]:
        found = []
        for cold in await self._archive.summaries_of(place.key, most):
            packed = self._opened(cold, segment_context(place, cold.id))
            segment = Segment.unpack(packed, name=cold.id, covered=len(cold.covered))
            found.append((segment, cold.covered))
        return tuple(found)

    def _opened(self, cold: Cold, context: Sequence[str]) -> bytes:
        try:
            return self._keys.unwrapped(cold.place, cold.wrapped).open(cold.blob, *context)
        except (UnknownKey, SealBroken) as error:  # no reply waits for that to be mended
            raise ArchiveDown(f"the archive cannot be read: {error}") from error

    def _message(self, place: Place, entry: Entry, known: Mapping[str, Entry], key: Key) -> Cold:
        """A reply belongs to those it answers, and goes with what it answers."""
        asked = [known[each] for each in entry.answers if each in known]
        return Cold(
            place=place.key,
            id=entry.id,
            people=self._tags(place, [entry, *asked]),
            covered={each: known[each].version if each in known else 0 for each in entry.answers},
            sent=entry.sent,
            version=entry.version,
            wrapped=key.wrapped,
            blob=key.data.seal(entry.pack(), *message_context(place, entry.id, entry.version)),
        )

    def _summary(
        self,
        place: Place,
        segment: Segment,
        covered: Mapping[str, int],
        known: Mapping[str, Entry],
        key: Key,
    ) -> Cold:
        parts = [known[each] for each in covered if each in known]
        return Cold(
            place=place.key,
            id=segment.name,
            people=self._tags(place, parts),
            covered=covered,
            sent=min(each.sent for each in parts),
            version=segment.since,
            wrapped=key.wrapped,
            blob=key.data.seal(segment.pack(), *segment_context(place, segment.name)),
        )

    def _tags(self, place: Place, entries: Sequence[Entry]) -> tuple[str, ...]:
        authors = dict.fromkeys(each.author for each in entries if each.kind != ME)
        space = (self._pepper, "person", place.platform, place.space)
        return tuple(fingerprint(*space, author).hex() for author in authors)
