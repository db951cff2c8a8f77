"""Upkeep: old messages become segments, and old segments merge, so that the summary stays small."""

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from memory.archiving import Archiving, Contents
from memory.claims import COLLECT, Claim, read
from memory.entry import Entry, Segment
from memory.keys import Key, Keys, segment_context
from memory.learning import FACTS, MOST, Learning
from memory.names import Labels
from memory.opening import labels, open_entries, open_segments
from memory.records import Fold, Merge, Place
from memory.store import Store
from memory.summary import INSTRUCTION, MERGING, Summarise, Task, accept, transcript, within
from memory.window import EVERYTHING, Marks, overflow


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """Tokens, but for `segments`: so many stand in a prompt; beyond, the oldest merge."""

    marks: Marks = field(default_factory=Marks)
    segment: int = 500
    segments: int = 8
    batch: int = 8_000  # of messages summarised at once


class NotASummary(Exception):
    """The model's answer was no summary: the messages stay as they are."""


class Folding:
    """Runs behind the replies; what it makes counts only if nothing changed meanwhile."""

    def __init__(
        self,
        store: Store,
        keys: Keys,
        learning: Learning,
        *,
        sizes: Sizes,
        measure: Callable[[str], Awaitable[int]],
        summarise: Summarise,
        archiving: Archiving | None = None,
    ) -> None:
        self._store, self._keys, self._sizes, self._learning = store, keys, sizes, learning
        self._archiving = archiving
        self._marks = _bounded(sizes.marks)
        self._measure, self._summarise = measure, summarise

    def crowded(self, entries: Sequence[Entry]) -> bool:
        return overflow(entries, self._marks, self._sizes.batch) > 0

    async def settle(self, place: Place, *, whole: bool = False) -> int:
        """Fold what is above the window's high mark, or all. How many messages were folded.

        Raises ArchiveDown if that could not be archived yet: the upkeep will.
        """
        folded, marks = 0, EVERYTHING if whole else self._marks
        while batch := await self._fold(place, marks):
            folded += batch
        return folded

    async def _fold(self, place: Place, marks: Marks) -> int:
        snapshot, _, _ = await self._store.read(place, MOST)
        if not snapshot.wrapped:
            return 0
        key = self._keys.learn(place, snapshot.wrapped)
        everything = open_entries(place, key, snapshot)
        entries = everything[: overflow(everything, marks, self._sizes.batch)]
        if not entries:
            return 0
        segments = open_segments(place, key, snapshot)
        called = labels(segments, everything)
        # What a deletion brought back into the window stays apart from what was said later.
        later = [each.since for each in segments if each.since >= entries[0].sent]
        entries = tuple(each for each in entries if not later or each.sent <= later[0])
        news = not snapshot.fresh.isdisjoint(entry.id for entry in entries)
        leaf, claims = await self._leaf(place, entries, called, facts=news)
        if news:
            here = replace(place, audience=snapshot.audience)
            await self._learning.take(here, called.named(entries), claims)
        merged = await self._merged(place, sorted([*segments, leaf], key=lambda it: it.since))
        fold = Fold(
            name=leaf.name,
            covered={entry.id: entry.version for entry in entries},
            blob=_sealed(place, key, leaf),
            merges=tuple(
                Merge(name=each.name, children=each.children, blob=_sealed(place, key, each))
                for each in merged
            ),
        )
        done = await self._store.fold(place, fold, snapshot.wrapped)
        if done and self._archiving:
            leaves = ((leaf, fold.covered),)
            await self._archiving.save(Contents(place=place, entries=entries, leaves=leaves))
        return len(entries) if done else 0

    async def _leaf(
        self, place: Place, entries: Sequence[Entry], called: Labels, *, facts: bool
    ) -> tuple[Segment, Sequence[Claim]]:
        """Summarises raw messages, nothing else: what is deleted leaves no trace in later ones."""
        # Two batches, names counted: a single message may be longer than the model's context.
        source = await within(
            transcript(called.named(entries)), 2 * self._sizes.batch, self._measure
        )
        text, claims = read(await self._ask(place, INSTRUCTION, source, facts=facts))
        text = await within(_accepted(text, source), self._sizes.segment, self._measure)
        authors = tuple({entry.author: None for entry in entries})
        segment = Segment(
            name=_name([f"{entry.id} {entry.version}" for entry in entries]),
            text=text,
            tokens=await self._measure(text),
            since=entries[-1].sent,
            covered=len(entries),
            authors=authors,
            labels=called.pairs(authors),
        )
        return segment, claims

    async def _merged(self, place: Place, live: Sequence[Segment]) -> Sequence[Segment]:
        """New parents of neighbours of one level, as in a binary counter: a message is in few.

        If too many segments are left for a prompt all the same, the oldest two merge.
        """
        rest, parents = list(live), list[Segment]()
        while (at := _pair(rest)) is not None or len(rest) > self._sizes.segments:
            at = at or 0
            try:
                parent = await self._parent(place, rest[at], rest[at + 1])
            except NotASummary:
                break  # the oldest stay out of prompts until the next fold
            rest[at : at + 2] = [parent]
            parents.append(parent)
        return parents

    async def _parent(self, place: Place, older: Segment, newer: Segment) -> Segment:
        source = f"{older.text}\n{newer.text}"
        text = _accepted(await self._ask(place, MERGING, source), source)
        return Segment(
            name=_name([older.name, newer.name]),
            text=text,
            tokens=await self._measure(text),
            since=newer.since,
            covered=older.covered + newer.covered,
            authors=tuple(dict.fromkeys((*older.authors, *newer.authors))),
            labels=tuple({**dict(newer.labels), **dict(older.labels)}.items()),
            level=max(older.level, newer.level) + 1,
            children=(older.name, newer.name),
        )

    async def _ask(self, place: Place, what: str, source: str, *, facts: bool = False) -> str:
        tokens = self._sizes.segment + FACTS * facts
        what += COLLECT * facts
        task = Task(place=place, instruction=what, text=source, tokens=tokens, facts=facts)
        return await self._summarise(task)


def _accepted(text: str, source: str) -> str:
    if not accept(text, source):
        raise NotASummary
    return text.strip()


def _pair(segments: Sequence[Segment]) -> int | None:
    """The oldest two neighbours of one level."""
    pairs = enumerate(pairwise(segment.level for segment in segments))
    return next((at for at, (older, newer) in pairs if older == newer), None)


def _sealed(place: Place, key: Key, segment: Segment) -> bytes:
    return key.data.seal(segment.pack(), *segment_context(place, segment.name))


def _bounded(marks: Marks) -> Marks:
    """Short messages fold before there are more than are read at once: none falls out of sight."""
    high = min(marks.messages_high or MOST, MOST * 4 // 5)
    return replace(marks, messages_high=high, messages_low=min(marks.messages_low or high, high))


def _name(parts: Sequence[str]) -> str:
    """The same messages at the same versions make the same segment."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
