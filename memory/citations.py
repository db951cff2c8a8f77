"""The store's steps around citations: which replies took words from what."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from urllib.parse import quote, unquote

from memory import answers, layout
from memory.answers import Answer
from memory.records import Place
from memory.slots import Person
from memory.taken import Citation, Dependent, Sources

DEPENDENTS = 300  # replies read at once that depend on one message
SOURCES = 2_000  # messages of segments read at once


class Citations:
    """A part of RedisStore."""

    _facts_kept: int
    _run: Callable[..., Awaitable[Answer]]

    async def depending(
        self, place: Place, message: str
    ) -> tuple[Sequence[str], Sequence[Dependent]]:
        found, rows = await self._run("depending", place, message, DEPENDENTS)
        triples = zip(rows[::3], rows[1::3], rows[2::3], strict=True)
        return answers.ids(found), [_dependent(place, *each) for each in triples]

    async def sources(self, place: Place, segments: Sequence[str]) -> Sources:
        wrapped, rows, closed = await self._run("sources", place, SOURCES, *segments)
        messages = tuple(answers.kept(row) for row in rows)
        return Sources(wrapped=wrapped, messages=messages, closed=answers.ids(closed))

    async def cite_reply(
        self, place: Place, reply: str, sources: Sequence[tuple[str, int]]
    ) -> None:
        await self._run("cite_reply", place, reply, taken_from(sources))

    async def lose(self, place: Place, messages: Sequence[str]) -> None:
        await self._run("lose", place, *messages)

    async def take_back(self, place: Place, turn: str, reply: str) -> None:
        await self._run("take_back", place, turn, *([reply] if reply else []))

    async def quote_person(
        self, person: Person, revision: int, reply: Citation, sources: Sequence[str]
    ) -> bool:
        head = (revision, self._facts_kept, _reference(reply))
        return bool((await self._run("quote_person", person, *head, *sources))[0] == b"done")

    async def quoting(self, person: Person, start: str) -> Mapping[str, Sequence[Citation]]:
        rows = await self._run("quoting", person, start)
        found: dict[str, list[Citation]] = {}
        for source, reference in zip(rows[::2], rows[1::2], strict=True):
            found.setdefault(source.decode(), []).append(_citation(reference.decode()))
        return found

    async def unquote(self, person: Person, source: str, replies: Sequence[Citation]) -> None:
        await self._run("unquote", person, source, *map(_reference, replies))


def taken_from(sources: Sequence[tuple[str, int]]) -> str:
    """As scripts read it: see `stands` in record.lua."""
    return json.dumps([(each, str(version)) for each, version in sources])


def _dependent(place: Place, thread: bytes, wrapped: bytes, message: bytes) -> Dependent:
    home = layout.sibling(place, thread)
    return Dependent(place=home, wrapped=wrapped, kept=answers.kept(message))


def _reference(reply: Citation) -> str:
    return f"{reply.place.key} {reply.turn} {quote(reply.reply, safe='')}"


def _citation(reference: str) -> Citation:
    place, turn, reply = reference.split(" ")
    return Citation(place=Place.parse(place), turn=turn, reply=unquote(reply))
