"""What is known of each person, in a record of their own: learned, corrected, dropped."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace

import structlog

from memory.facts import Fact, Source, known, merge, without
from memory.keys import Keys, sealed
from memory.records import Place
from memory.seal import Randbytes, Unreadable
from memory.slots import Doubt, Person, Slot
from memory.store import Store, StoreDown
from memory.taken import Citation, FactSource

TRIES = 20  # at a record that others keep changing
LEARNING = 30.0  # seconds a learner may take; the sweep looks after its doubts later

Change = Callable[[Sequence[Fact]], Sequence[Fact]]


class Persons:
    """Facts stay true to their messages: who changes either leaves a doubt, and looks at both."""

    def __init__(
        self,
        store: Store,
        keys: Keys,
        randbytes: Randbytes,
        *,
        deleted: Callable[[], None],
        take_back: Callable[[Citation], Awaitable[None]],
    ) -> None:
        self._store, self._keys, self._randbytes = store, keys, randbytes
        self._deleted = deleted  # told that the disk holds something that memory does not
        self._take_back = take_back  # a reply that quotes what is forgotten

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

    async def cite(self, reply: Citation, sources: Sequence[FactSource]) -> bool:
        """Note from which facts a reply takes words, before it counts; False: they are gone."""
        for author in dict.fromkeys(source.person for source in sources):
            person = reply.place.person(author)
            names = [source.name for source in sources if source.person == author]
            if not await self._cite(person, reply, names):
                return False
        return True

    async def _cite(self, person: Person, reply: Citation, names: Sequence[str]) -> bool:
        for _ in range(TRIES):
            slot = (await self._store.persons([person]))[person.key]
            if not _names(self._open(person, slot)).issuperset(names):
                return False
            if await self._store.quote_person(person, slot.revision, reply, names):
                return True
        raise StoreDown("what is known of a person keeps changing: try again")

    async def recheck(self, place: Place | None = None) -> int:
        """Drop what rests on messages that were edited, deleted or forgotten; None: everywhere.

        How many facts.
        """
        dropped, known = 0, set[Doubt]()
        # What one step could not take out of the record leaves a doubt once more.
        while fresh := [each for each in await self._store.doubts(place) if each not in known]:
            known.update(fresh)
            for doubt in fresh:
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

        def change(old: Sequence[Fact]) -> Sequence[Fact]:
            return [each for each in old if (each.key, each.reach) not in names]

        await self._forget(person, change, _names(facts).__contains__)

    async def leave(self, person: Person, until: int) -> int:
        """Forget what they said up to a time. How many facts."""
        self._deleted()
        facts = without(await self.facts(person), lambda at: at.said <= until)
        left = _names(facts)

        def change(old: Sequence[Fact]) -> Sequence[Fact]:
            return without(old, lambda at: at.said <= until)

        return await self._forget(person, change, lambda name: name not in left)

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
        new = [_corrected(each, value, at) for each in facts]
        await self._forget(person, lambda old: merge(old, new), _names(facts).__contains__)

    async def _settle(self, doubt: Doubt) -> int:
        """What its message does not say any more, or said to others, goes, then the doubt itself.

        How many facts.
        """
        channel = Place.parse(f"{doubt.channel}:")
        if not doubt.person:  # it could not take all that depended on it with it
            await self._store.lose(channel, [doubt.message])
            await self._store.settle(doubt)
            return 0
        found = await self._store.locate(channel, doubt.message)
        stands = (found.version, found.place.audience) if found else None

        def gone(source: Source) -> bool:
            here = source.origin == (doubt.channel, doubt.message)
            return here and (source.version, source.place.audience) != stands

        origin = FactSource("", doubt.channel, doubt.message, *(stands or (0, "")))
        standing = origin.name if stands else ""
        dropped = await self._forget(
            Person.parse(doubt.person),
            lambda old: without(old, gone),
            lambda name: name != standing,
            start=origin.start,
        )
        await self._store.settle(doubt)
        return dropped

    async def _forget(
        self, person: Person, change: Change, gone: Callable[[str], bool], *, start: str = ""
    ) -> int:
        """A change, and with it the replies that quote what it forgets. By how many facts less.

        `gone` tells of a source's name, that begins with `start`, whether it is forgotten.
        """
        for _ in range(TRIES):
            for source, replies in (await self._store.quoting(person, start)).items():
                if gone(source):
                    for reply in replies:
                        await self._take_back(reply)
                    await self._store.unquote(person, source, replies)
            slot = (await self._store.persons([person]))[person.key]
            old = self._open(person, slot)
            new = change(old)
            went = [name for name in _names(old) if gone(name) and name.startswith(start)]
            if tuple(new) == tuple(old) or await self._write(person, slot, new, went):
                return len(old) - len(new)
        raise StoreDown("what is known of a person keeps changing: try again")

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

    async def _write(
        self, person: Person, slot: Slot, facts: Sequence[Fact], forgotten: Sequence[str] = ()
    ) -> bool:
        key = self._keys.learn(person, slot.wrapped)
        packed = b"\n".join(each.pack() for each in facts)
        blob = sealed(key, packed, *_context(person, slot.revision + 1))
        blob = blob if facts else replace(blob, blob=b"")
        return await self._store.know(person, slot.revision, blob, forgotten)

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


def _names(facts: Iterable[Fact]) -> set[str]:
    """Their sources, as citations name them."""
    return {each.cited(fact.person).name for fact in facts for each in fact.sources}


def _context(person: Person, revision: int) -> tuple[str, ...]:
    return (person.key, "facts", str(revision))


def _corrected(fact: Fact, value: str, at: int) -> Fact:
    value = " ".join(value.split())
    source = replace(fact.sources[0], said=at, quote=value)
    return replace(fact, value=value, sources=(source,))
