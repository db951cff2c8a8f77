"""What is known of each person, in a record of their own: learned, corrected, dropped."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import structlog

from memory.facts import Fact, Source, known, merge, without
from memory.keys import Keys, sealed
from memory.records import Place
from memory.seal import Randbytes, Unreadable
from memory.slots import Doubt, Person, Slot
from memory.store import Store, StoreDown

TRIES = 20  # at a record that others keep changing
LEARNING = 30.0  # seconds a learner may take; the sweep looks after its doubts later

Change = Callable[[Sequence[Fact]], Sequence[Fact]]


class Persons:
    """Facts stay true to their messages: who changes either leaves a doubt, and looks at both."""

    def __init__(
        self, store: Store, keys: Keys, randbytes: Randbytes, deleted: Callable[[], None]
    ) -> None:
        self._store, self._keys, self._randbytes = store, keys, randbytes
        self._deleted = deleted  # told that the disk holds something that memory does not

    async def facts(self, person: Person) -> Sequence[Fact]:
        """All that is known of one person, in one space."""
        return self._open(person, (await self._store.persons([person]))[person.key])

    async def known(
        self, here: Place, askers: Sequence[str], read: Mapping[str, Slot]
    ) -> tuple[Fact, ...]:
        """What a prompt here may hold of those who ask; `read`: slots that are known already."""
        people = [here.person(asker) for asker in askers]
        missing = [person for person in people if person.key not in read]
        slots = {**read, **(await self._store.persons(missing) if missing else {})}
        return tuple(
            fact
            for person in people
            for fact in known(self._told(person, slots[person.key]), here=here, asker=person.id)
        )

    async def learn(self, facts: Sequence[Fact]) -> None:
        """Take in facts from one conversation: one source each, each message once and for all."""
        if not facts:
            return
        place, token = facts[0].place, self._randbytes(10).hex()
        said = [(fact.sources[0], place.person(fact.person).key) for fact in facts]
        cited = sorted({(source.message, source.version, person) for source, person in said})
        async with asyncio.timeout(LEARNING):
            accepted = await self._store.cite(place, token, cited)
            fresh = [fact for fact in facts if fact.sources[0].message in accepted]
            for author in dict.fromkeys(fact.person for fact in fresh):
                new = [fact for fact in fresh if fact.person == author]
                await self._add(place.person(author), new)
        for message, _, person in (each for each in cited if each[0] in accepted):
            doubt = Doubt(token=token, channel=place.channel_key, message=message, person=person)
            await self._settle(doubt)

    async def recheck(self, place: Place | None = None) -> int:
        """Drop what rests on messages that were edited, deleted or forgotten; None: everywhere.

        How many facts.
        """
        dropped = 0
        for doubt in await self._store.doubts(place):
            try:
                dropped += await self._settle(doubt)
            except Unreadable as error:
                if place:
                    raise
                structlog.get_logger().error("facts not readable", reason=str(error))
        return dropped

    async def settle(self, space: Place) -> None:
        """All doubts of a space that the bot has left, also those of learners who are at work."""
        while doubts := await self._store.doubted(space):
            for doubt in doubts:
                try:
                    await self._settle(doubt)
                except Unreadable:  # its record goes with the space
                    await self._store.settle(doubt)

    async def drop(self, person: Person, facts: Sequence[Fact]) -> None:
        """Forget these; their messages never make them known again."""
        self._deleted()
        names = {(fact.key, fact.reach) for fact in facts}
        await self._change(
            person, lambda old: [each for each in old if (each.key, each.reach) not in names]
        )

    async def leave(self, person: Person, until: int) -> int:
        """Forget what they said up to a time. How many facts."""
        self._deleted()
        return await self._change(person, lambda old: without(old, lambda at: at.said <= until))

    async def resting(self, place: Place, *, channel: bool) -> int:
        """How many facts would go with what was said here, or in the whole channel."""
        cited = await self._store.cited(place, channel=channel)
        people = [Person.parse(key) for key in dict.fromkeys(cited.values())]
        slots = await self._store.persons(people) if people else {}

        def gone(source: Source) -> bool:
            return source.place.channel_key == place.channel_key and source.message in cited

        told = (self._told(person, slots[person.key]) for person in people)
        return sum(len(facts) - len(without(facts, gone)) for facts in told)

    async def correct(self, person: Person, facts: Sequence[Fact], value: str, at: int) -> None:
        """These have another value, as the person says now; they go with their newest message."""
        self._deleted()
        await self._add(person, [_corrected(each, value, at) for each in facts])

    async def _settle(self, doubt: Doubt) -> int:
        """What its message does not say any more, or said to others, goes, then the doubt itself.

        How many facts.
        """
        found = await self._store.locate(Place.parse(f"{doubt.channel}:"), doubt.message)
        stands = (found.version, found.place.audience) if found else None

        def gone(source: Source) -> bool:
            here = source.origin == (doubt.channel, doubt.message)
            return here and (source.version, source.place.audience) != stands

        dropped = await self._change(Person.parse(doubt.person), lambda old: without(old, gone))
        await self._store.settle(doubt)
        return dropped

    async def _add(self, person: Person, new: Sequence[Fact]) -> None:
        await self._change(person, lambda old: merge(old, new))

    async def _change(self, person: Person, change: Change) -> int:
        """By how many facts it becomes less."""
        for _ in range(TRIES):
            slot = (await self._store.persons([person]))[person.key]
            old = self._open(person, slot)
            new = change(old)
            if tuple(new) == tuple(old) or await self._write(person, slot, new):
                return len(old) - len(new)
        raise StoreDown("what is known of a person keeps changing: try again")

    async def _write(self, person: Person, slot: Slot, facts: Sequence[Fact]) -> bool:
        key = self._keys.learn(person, slot.wrapped)
        packed = b"\n".join(each.pack() for each in facts)
        blob = sealed(key, packed, *_context(person, slot.revision + 1))
        return await self._store.know(
            person, slot.revision, blob if facts else replace(blob, blob=b"")
        )

    def _told(self, person: Person, slot: Slot) -> Sequence[Fact]:
        """A reply goes on without what does not open."""
        try:
            return self._open(person, slot)
        except Unreadable as error:
            structlog.get_logger().error("facts not readable", reason=str(error))
            return ()

    def _open(self, person: Person, slot: Slot) -> Sequence[Fact]:
        if not slot.blob:
            return ()
        key = self._keys.learn(person, slot.wrapped)
        rows = key.data.open(slot.blob, *_context(person, slot.revision)).split(b"\n")
        return tuple(Fact.unpack(row, person=person.id) for row in rows)


def _context(person: Person, revision: int) -> tuple[str, ...]:
    return (person.key, "facts", str(revision))


def _corrected(fact: Fact, value: str, at: int) -> Fact:
    value = " ".join(value.split())
    source = replace(fact.sources[0], said=at, quote=value)
    return replace(fact, value=value, sources=(source,))
