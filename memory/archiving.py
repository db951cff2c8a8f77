"""Between the store and the archive: what folds or expires goes there, what wakes up comes back."""

import asyncio
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial

from memory.cold import ArchiveDown, Cold, ColdStore
from memory.entry import ME, Entry, Segment
from memory.keys import Key, Keys, message_context, segment_context
from memory.records import Forgotten, Leaf, Place
from memory.seal import Unreadable, fingerprint
from memory.slots import Person
from memory.store import Store

PROMPT = 1.0  # seconds that people and platforms may wait for the archive
AGAIN = 60.0  # seconds after which the upkeep does what could not be done
SCRUBS = 600.0  # seconds between rewrites after edits and deletions; those after /forget come soon
BATCH = 500  # messages saved at once

Leaves = tuple[tuple[Segment, Mapping[str, int]], ...]  # with the posts each covers


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """A conversation in the clear, oldest first."""

    place: Place
    entries: tuple[Entry, ...] = ()
    leaves: Leaves = ()


class Archiving:
    """Saves, gives back and forgets. What has to go is written down until it has gone."""

    def __init__(self, archive: ColdStore, store: Store, keys: Keys) -> None:
        self._archive, self._store, self._keys, self._pepper = archive, store, keys, b""
        self._unscrubbed, self._scrub = True, 0.0  # a killed process may have left it to us

    async def prepare(self) -> None:
        """Connect before anybody waits; an archive that is down is asked again when needed."""
        with suppress(ArchiveDown, TimeoutError):
            async with asyncio.timeout(5 * PROMPT):
                await self._secret()

    async def save(self, contents: Contents) -> None:
        """Sealed under a key of its own; may be repeated. ArchiveDown: the upkeep will."""
        try:
            await self._save(contents)
        except ArchiveDown:
            await self._store.defer(contents.place, AGAIN)
            raise

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
        seal = self._keys.learn(place, snapshot.wrapped).data.seal
        leaves = [
            Leaf(
                name=each.name,
                since=each.since,
                covered=covered,
                blob=seal(each.pack(), *segment_context(place, each.name)),
            )
            for each, covered in found
        ]
        await self._store.revive(place, snapshot.wrapped, leaves)
        left = {each.name for each, _ in await self._leaves(place, most)}
        if gone := [replace(each, blob=b"") for each in leaves if each.name not in left]:
            await self._store.revive(place, snapshot.wrapped, gone)  # deleted just now

    async def forget(self, scope: str, until: int) -> Forgotten:
        """If the archive is down it follows later; the receipt then counts nothing of it."""
        self._scrub = 0.0
        return await self._reach("forget", scope, until)

    async def depart(self, space: Place, until: int) -> None:
        """All of a space; what was written down to be done there before is done with it."""
        scope = space.channel_key.rpartition(":")[0]
        await self.forget(scope, until)
        for line in await self._store.owing():
            _, where, _ = json.loads(line)
            if where.removeprefix("person:").startswith(space.channel_key):
                await self._store.owe(line, done=True)

    async def disown(self, person: Person, until: int) -> None:
        """What a person wrote and what answers it, in all of a space."""
        self._scrub = 0.0
        await self._reach("disown", person.key, until)

    async def retract(self, place: Place, posts: Mapping[str, int]) -> None:
        """Posts were edited at that version, or deleted (GONE)."""
        await self._reach("retract", place.channel_key, dict(posts))

    async def catch_up(self) -> None:
        """Do what was written down and not done. Raises ArchiveDown."""
        for line in await self._store.owing():
            await self._apply(*json.loads(line))
            await self._store.owe(line, done=True)

    async def scrub(self) -> None:
        """Take off the disk what was deleted: now and then, if it was. Raises ArchiveDown."""
        now = asyncio.get_running_loop().time()
        if self._unscrubbed and now >= self._scrub:
            self._unscrubbed, self._scrub = False, now + SCRUBS
            try:
                await self._archive.scrub()
            except ArchiveDown:
                self._unscrubbed = True
                raise

    async def _reach(self, what: str, scope: str, extent: int | dict[str, int]) -> Forgotten:
        line = json.dumps([what, scope, extent])
        await self._store.owe(line, done=False)
        try:
            async with asyncio.timeout(PROMPT):
                receipt = await self._apply(what, scope, extent)
        except (ArchiveDown, TimeoutError):
            return Forgotten()
        await self._store.owe(line, done=True)
        return receipt

    async def _apply(self, what: str, scope: str, extent: int | dict[str, int]) -> Forgotten:
        try:
            if what == "disown" and isinstance(extent, int):
                return await self._archive.forget(await self._writer(scope), extent)
            if isinstance(extent, int):
                return await self._archive.forget(scope, extent)
            await self._archive.retract(scope, extent)
        finally:
            self._unscrubbed = True  # not before: a scrub may be under way
        return Forgotten()

    async def _secret(self) -> bytes:
        if not self._pepper:
            with _readable():
                self._pepper = await self._keys.pepper(self._archive.pepper)
        return self._pepper

    async def _writer(self, key: str) -> str:
        """A person's fingerprint, by the key of what is known of them."""
        who = Person.parse(key)
        secret = await self._secret()
        return fingerprint(secret, "person", who.platform, who.space, who.id).hex()

    async def _save(self, contents: Contents) -> None:
        await self._secret()
        messages, summaries = self._sealed(contents, self._keys.fresh(contents.place))
        for at in range(0, len(messages), BATCH):
            last = at + BATCH >= len(messages)
            await self._archive.save(messages[at : at + BATCH], summaries if last else ())

    def _sealed(self, contents: Contents, key: Key) -> tuple[Sequence[Cold], Sequence[Cold]]:
        """Messages and summaries. A reply belongs to those it answers, and goes with them."""
        place, known = contents.place, {entry.id: entry for entry in contents.entries}
        record, seal = partial(Cold, place=place.key, wrapped=key.wrapped), key.data.seal
        messages = [
            record(
                id=each.id,
                people=self._people(place, [each.id, *each.answers], known),
                covered={post: known[post].version if post in known else 0 for post in each.answers}
                | dict(each.cites),
                sent=each.sent,
                version=each.version,
                blob=seal(each.pack(), *message_context(place, each.id, each.version)),
            )
            for each in known.values()
        ]
        summaries = [
            record(
                id=segment.name,
                people=self._people(place, covered, known),
                covered=covered,
                sent=min(known[post].sent for post in covered if post in known),
                version=segment.since,
                blob=seal(segment.pack(), *segment_context(place, segment.name)),
            )
            for segment, covered in contents.leaves
            if covered.keys() & known.keys()  # else it was saved with its messages
        ]
        return messages, summaries

    async def _leaves(self, place: Place, most: int) -> Leaves:
        found = []
        for cold in await self._archive.summaries_of(place.key, most):
            packed = self._opened(cold, segment_context(place, cold.id))
            segment = Segment.unpack(packed, name=cold.id, covered=len(cold.covered))
            found.append((segment, cold.covered))
        return tuple(found)

    def _people(
        self, place: Place, posts: Iterable[str], known: Mapping[str, Entry]
    ) -> tuple[str, ...]:
        authors = {known[each].author for each in posts if each in known and known[each].kind != ME}
        space = (self._pepper, "person", place.platform, place.space)
        return tuple(fingerprint(*space, author).hex() for author in sorted(authors))

    def _opened(self, cold: Cold, context: Sequence[str]) -> bytes:
        with _readable():
            return self._keys.unwrapped(cold.place, cold.wrapped).open(cold.blob, *context)


@contextmanager
def _readable() -> Iterator[None]:
    """No reply waits for a key to be found."""
    try:
        yield
    except Unreadable as error:
        raise ArchiveDown(f"the archive cannot be read: {error}") from error
