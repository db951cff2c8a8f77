"""Everything of one person goes: in each conversation of a space where they wrote."""

import asyncio
import re
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from itertools import filterfalse, pairwise

from memory.archiving import Archiving, Contents
from memory.cold import GONE
from memory.entry import ME, PERSON, Entry, Segment
from memory.facts import plain
from memory.forgetting import Forgetting
from memory.persons import Persons
from memory.records import Expunged, Forgotten, Place
from memory.seal import Unreadable
from memory.slots import Person
from memory.store import Store
from memory.upkeep import Upkeep

AGAIN = 3_600.0  # seconds until it is noted again that somebody wrote somewhere
NOTED = 20_000  # such notes at hand
BATCH = 10  # messages and summaries taken out in one step of the store
RUN, SHORT = 5, 12  # words in a row that are a quote; a shorter message: whole, so many characters

Run = tuple[str, ...]


class Erasing:
    """Knows where people wrote, and takes them out of there.

    `writer`: the fingerprint that the store knows an author by; `changed` is told of each
    conversation that lost something.
    """

    def __init__(
        self,
        store: Store,
        persons: Persons,
        upkeep: Upkeep,
        forgetting: Forgetting,
        archiving: Archiving | None,
        *,
        writer: Callable[[Person], bytes],
        changed: Callable[[Place], None],
    ) -> None:
        self._store, self._persons, self._upkeep = store, persons, upkeep
        self._forgetting, self._archiving = forgetting, archiving
        self._writer, self._changed = writer, changed
        self._noted: OrderedDict[tuple[str, str], float] = OrderedDict()

    def unnoted(self, place: Place, entry: Entry) -> Person | None:
        """Its author, if it is to be noted that they wrote here before it counts as taken in."""
        person = place.person(entry.author)
        noted = self._noted.get((person.key, place.key), -AGAIN)
        fresh = asyncio.get_running_loop().time() - noted < AGAIN
        return None if fresh or entry.kind != PERSON else person

    async def stays(self, place: Place, entry: Entry, water: int | None) -> bool:
        """Whether somebody's message is to stay: not if they are forgotten up to then (`water`).

        None: that they wrote here was not noted with it.
        """
        person = self.unnoted(place, entry)
        if person is None:
            return True
        if water is None:
            water = await self._store.wrote(person, place, entry.sent)
        if entry.sent <= water:
            await self._leave(place, person, water)
            return False
        self._noted[person.key, place.key] = asyncio.get_running_loop().time()
        if len(self._noted) > NOTED:
            self._noted.popitem(last=False)
        return True

    def begin_anew(self) -> None:
        """What was noted may be gone."""
        self._noted.clear()

    async def whereabouts(self, person: Person) -> Sequence[Place]:
        """The conversations in which somebody wrote, newest first; some may have expired."""
        return await self._store.whereabouts(person)

    async def mine(self, person: Person, until: int) -> Sequence[Contents]:
        """What they wrote, replies to it and quotes of it, by conversation; no summaries.

        What does not open is left out: nobody can say who wrote it.
        """
        found = []
        for place in await self._store.whereabouts(person):
            try:
                contents = await self._upkeep.of(place)
            except Unreadable:
                continue
            if theirs := await asyncio.to_thread(_theirs, contents, person, until):
                leaves = tuple(each for each in contents.leaves if _tells(each, theirs, person))
                found.append(Contents(place=place, entries=tuple(theirs), leaves=leaves))
        return found

    async def extent(self, person: Person, until: int) -> Forgotten:
        """What `forget` would take now."""
        mine = await self.mine(person, until)
        return Forgotten(
            messages=sum(len(each.entries) for each in mine),
            segments=sum(len(each.leaves) for each in mine),
            facts=len(await self._persons.facts(person)),
        )

    async def forget(self, person: Person, until: int) -> Forgotten:
        """Up to a time, in their space: a receipt. What a crash interrupts, the sweep goes on with.

        Raises Unreadable at the end if something does not open: nobody can say who wrote there.
        """
        await self._store.disown(person, until)
        facts = await self._persons.leave(person, until)
        messages = segments = 0
        closed, empty = list[Unreadable](), list[Place]()
        for place in await self._store.whereabouts(person):
            try:
                went = await self._leave(place, person, until)
            except Unreadable as error:
                closed.append(error)
                continue
            messages, segments = messages + went.messages, segments + went.segments
            if not went.messages:
                empty.append(place)
        if self._archiving:
            await self._archiving.disown(person, until)
        await self._forgetting.at_once()
        if closed:
            raise closed[0]
        await self._store.disown(person, until, empty)
        return Forgotten(messages=messages, segments=segments, facts=facts)

    async def finish(self, limit: int) -> None:
        """Go on with what a crash interrupted."""
        for person, water in await self._store.leaving(limit):
            await self.forget(person, water)

    async def _leave(self, place: Place, person: Person, until: int) -> Forgotten:
        """Nothing of theirs enters any more; then what is there goes, some of it at a time."""
        part = Expunged(person=person, writer=self._writer(person), water=until, last=False)
        await self._store.expunge(place, part)
        contents = await self._upkeep.of(place)
        theirs = await asyncio.to_thread(_theirs, contents, person, until)
        ids = [entry.id for entry in theirs]
        leaves = tuple(leaf[0].name for leaf in contents.leaves if _tells(leaf, theirs, person))
        if self._archiving and ids:
            await self._archiving.retract(place, dict.fromkeys(ids, GONE))
        for start in range(0, len(leaves), BATCH):
            told = leaves[start : start + BATCH]
            await self._store.expunge(place, replace(part, leaves=told))
        for start in range(0, len(ids), BATCH):
            some = tuple(ids[start : start + BATCH])
            await self._store.expunge(place, replace(part, messages=some))
        calls = (each.id for each in contents.entries[::-1] if each.called)
        call = next(filterfalse(frozenset(ids).__contains__, calls), "")
        await self._store.expunge(place, replace(part, call=call, last=True))
        await self._store.prune(place, until, channel=False, person=person)
        self._changed(place)
        await self._persons.recheck(place)
        return Forgotten(messages=len(ids), segments=len(leaves))


def _theirs(contents: Contents, person: Person, until: int) -> Sequence[Entry]:
    """What they wrote, the replies to it, and what else the bot said that quotes it."""
    said = [each for each in contents.entries if each.author == person.id and each.sent <= until]
    mine = {entry.id for entry in said if entry.kind == PERSON}
    quotes = {run for entry in said for run in _runs(_words(entry.text))}
    before = {later.id: entry.id for entry, later in pairwise(contents.entries)}
    return [
        entry
        for entry in contents.entries
        if entry.id in mine
        or (
            entry.kind == ME
            # One that was read from the platform's history does not say whom it answers.
            and (
                mine.intersection(entry.answers or [before.get(entry.id)]) or _quotes(entry, quotes)
            )
        )
    ]


def _tells(leaf: tuple[Segment, Mapping[str, int]], theirs: Sequence[Entry], who: Person) -> bool:
    segment, covered = leaf
    return who.id in segment.authors or any(entry.id in covered for entry in theirs)


def _quotes(entry: Entry, runs: AbstractSet[Run]) -> bool:
    words = _words(entry.text)
    heads = (zip(*(words[n:] for n in range(length)), strict=False) for length in range(1, RUN + 1))
    return not all(map(runs.isdisjoint, heads))


def _runs(words: Run) -> Iterator[Run]:
    """What counts as a quote of these words: so many in a row, or all of them."""
    if len(words) >= RUN:
        yield from (words[start : start + RUN] for start in range(len(words) - RUN + 1))
    elif len(" ".join(words)) >= SHORT:
        yield words


def _words(text: str) -> Run:
    return tuple(re.findall(r"\w+", plain(text)))
