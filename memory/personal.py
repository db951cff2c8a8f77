"""The store's steps around one person: what is known of them, where they wrote, their leaving."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

from memory import answers, layout
from memory.answers import Answer
from memory.line import Command
from memory.records import Expunged, Place, Sealed
from memory.slots import Doubt, Person, Slot

DOUBTS = 500  # settled in one sweep, read at once
NAMES = 500  # of conversations given at once
PAGE = 500  # of facts, of doubts, of names read or pruned at once
UNSETTLED = 60_000  # ms a learner has before the sweep settles its doubts
UNFINISHED = 60_000  # ms until the sweep goes on with what somebody began to forget of a person


class Personal:
    """A part of RedisStore; times in seconds."""

    _redis: Any
    _kept: tuple[int, int]
    _facts_kept: int
    _run: Callable[..., Awaitable[Answer]]
    _ready: Callable[..., Awaitable[Sequence[bytes]]]
    _call: Callable[[Callable[[], Awaitable[Any]]], Awaitable[Answer]]
    _many: Callable[..., Awaitable[Answer]]

    async def persons(self, people: Sequence[Person]) -> Mapping[str, Slot]:
        return answers.slots(people, await self._many(*self._looks(people)))

    async def know(
        self, person: Person, revision: int, sealed: Sealed, forgotten: Sequence[str] = ()
    ) -> bool:
        head = (revision, sealed.wrapped, sealed.blob, self._facts_kept)
        return bool((await self._run("person", person, *head, *forgotten))[0] == b"done")

    async def cite(
        self, place: Place, token: str, sources: Sequence[tuple[str, int, str]]
    ) -> Sequence[str]:
        head = (token, layout.thread(place), self._facts_kept, UNSETTLED)
        return answers.ids(await self._run("cite", place, *head, *chain(*sources)))

    async def cited(self, place: Place, *, channel: bool) -> Mapping[str, str]:
        key = f"{layout.prefix(place)}{place.channel_key}/facts"
        found = [each async for page in self._pages(key) for each in page]
        rows = ((name.decode(), value.decode().split(" ")) for name, value in found)
        here = layout.thread(place)
        return {each: person for each, (thread, _, person) in rows if channel or thread == here}

    async def doubts(self, place: Place | None) -> Sequence[Doubt]:
        if place is None:
            return [layout.doubt(member) for member in await self._ready("journal", DOUBTS)]
        key = layout.journal(place.channel_key)
        found = await self._listed("ZRANGE", key, 0, 0, "BYSCORE")
        doubts = map(layout.doubt, found)
        return [doubt for doubt in doubts if doubt.channel == place.channel_key]

    async def settle(self, doubt: Doubt) -> None:
        key = layout.journal(doubt.channel)
        await self._call(lambda: self._redis.zrem(key, layout.member(doubt)))

    async def wrote(self, person: Person, place: Place, at: int) -> int:
        return answers.water(await self._many(*self._notes(person, place, at)))

    async def whereabouts(self, person: Person) -> Sequence[Place]:
        key = layout.prefix(person) + person.key + "/where"
        found = await self._listed("ZRANGE", key, "+inf", "-inf", "BYSCORE", "REV")
        return [Place.parse(member.decode()) for member in dict.fromkeys(found)]

    async def disown(self, person: Person, water: int, gone: Sequence[Place] | None = None) -> None:
        names = [place.key for place in gone or ()]
        for start in range(0, max(len(names), 1), NAMES):
            some = names[start : start + NAMES]
            done = gone is not None and start + NAMES >= len(names)
            await self._run("disown", person, water, done, 10 * self._kept[1], *some)

    async def leaving(self, limit: int) -> Sequence[tuple[Person, int]]:
        found = await self._ready("leaving", limit, UNFINISHED)
        people = [Person.parse(key.decode()) for key in found]
        names = [layout.prefix(each) + each.key for each in people]
        waters = await self._many(*(("HGET", name, "water") for name in names)) if people else ()
        return [(person, int(water or 0)) for person, water in zip(people, waters, strict=True)]

    async def expunge(self, place: Place, what: Expunged) -> None:
        who, where = (what.writer, what.person.key), layout.thread(place)
        names = (len(what.leaves), *what.leaves, *what.messages)
        await self._run("expunge", place, *who, what.water, where, what.last, what.call, *names)

    async def prune(
        self, place: Place, water: int, *, channel: bool, person: Person | None = None
    ) -> None:
        head = (water, layout.thread(place), channel, person.key if person else "")
        cursor = b""
        while True:
            cursor = await self._run("prune", place, *head, cursor, PAGE)
            if not cursor:
                return

    async def _listed(self, *words: str | int) -> Sequence[bytes]:
        """All that a sorted set has in a range, read page by page."""
        found = list[bytes]()
        while True:
            (page,) = await self._many((*words, "LIMIT", len(found), PAGE))
            found += page
            if len(page) < PAGE:
                return found

    async def _pages(self, key: str) -> AsyncIterator[Iterable[tuple[bytes, bytes]]]:
        """What a hash holds; some may come twice."""
        cursor: bytes | int = b"0"
        while True:
            ((cursor, page),) = await self._many(("HSCAN", key, cursor, "COUNT", PAGE))
            mapped = isinstance(page, dict)  # as a cluster's client gives it
            yield page.items() if mapped else zip(page[::2], page[1::2], strict=True)
            if int(cursor) == 0:
                return

    def _looks(self, people: Sequence[Person]) -> Sequence[Command]:
        """What is stored of them; reading keeps it from expiring."""
        names = [layout.prefix(person) + person.key for person in people]
        fields = ("key", "revision", "facts")
        return [
            each
            for name in names
            for each in (("HMGET", name, *fields), ("EXPIRE", name, self._facts_kept))
        ]

    def _notes(self, person: Person, place: Place, at: int) -> Sequence[Command]:
        """Somebody wrote somewhere: kept longer than a conversation in which they fall silent."""
        name = layout.prefix(person) + person.key
        return (
            ("ZADD", f"{name}/where", "GT", at, place.key),
            ("EXPIRE", f"{name}/where", 10 * self._kept[1]),
            ("HGET", name, "water"),
        )
