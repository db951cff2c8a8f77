"""Older messages that match a question: an index of one channel, in this process's memory."""

import heapq
import math
from array import array
from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from itertools import repeat
from typing import TypeVar

from memory.entry import PERSON, Entry

MOST = 20_000  # messages held
WORK = 24_000  # messages scored for one question, each time again: the rarest terms come first
AROUND = 5  # messages that one occurrence counts in: its own and the neighbours
COMMON = 0.1  # share of the messages from which on a term says nothing about their neighbours
OWN, NEXT, FURTHER = 2.0, 1.0, 0.5  # weights of a term in a message, beside it, one further away
SATURATION, LENGTH = 1.2, 0.75  # k1 and b as usual for BM25
NAMED, BOTS = 2.0, 0.5  # weights of what a person the question names wrote, and of what bots did
EACH = 10  # tokens around a message in a prompt
DAY, DAYS = 86_400_000_000, 100  # microseconds; of so many days the terms are kept
NOBODY = 0  # the slot of a neighbour that is not there

Term = TypeVar("Term")


class Index:
    """BM25 over each message together with its neighbours, two to each side in its conversation.

    Holds at most `most` messages, about 1 kB beside each text; when full, the one that was added
    or edited longest ago goes. `terms` gives the same for the same text every time. Not for two
    threads at once.
    """

    def __init__(self, terms: Callable[[str], Sequence[str]], *, most: int = MOST) -> None:
        self._terms, self._most = terms, most
        self._dated = lru_cache(DAYS)(self._date)
        self._slots: dict[str, int] = {}  # by message id, longest in the index first
        self._held: list[tuple[str, Entry] | None] = [None]
        self._free: list[int] = []
        self._found: dict[str, array[int]] = {}  # the slots where a term occurs, ascending
        self._written: dict[tuple[str, str], array[int]] = {}  # where a writer occurs, the same way
        self._rows: dict[str, list[tuple[int, str, int]]] = {}  # conversations by time
        self._near = [(NOBODY,) * 4]  # before, after, one further before, one further after
        self._sizes = array("I", [0])  # terms of the message
        self._lengths = array("d", [0.0])  # those of its neighbours too, weighed
        self._sum = 0.0

    def __len__(self) -> int:
        return len(self._slots)

    def add(self, place_key: str, entry: Entry) -> None:
        """Take a message in; one with the same id is replaced."""
        self.remove(entry.id)
        if len(self) >= self._most:
            self.remove(next(iter(self._slots)))
        slot = self._slots[entry.id] = self._slot()
        self._held[slot] = place_key, entry
        terms = self._words(entry)
        self._sizes[slot] = len(terms)
        for term in terms:
            insort(self._found.setdefault(term, array("I")), slot)
        insort(self._written.setdefault((entry.kind, entry.name), array("I")), slot)
        row = self._rows.setdefault(place_key, [])
        insort(row, (entry.sent, entry.id, slot))
        self._connect(row, entry)

    def remove(self, entry_id: str) -> None:
        """Drop a message and every term of it; one that is not held is no error."""
        slot = self._slots.pop(entry_id, NOBODY)
        if (held := self._held[slot]) is None:
            return
        place_key, entry = held
        for term in self._words(entry):
            _drop(self._found, term, slot)
        _drop(self._written, (entry.kind, entry.name), slot)
        row = self._rows[place_key]
        del row[bisect_left(row, (entry.sent, entry.id, slot))]
        self._held[slot], self._sizes[slot], self._near[slot] = None, 0, (NOBODY,) * 4
        self._measure(slot)
        self._free.append(slot)
        self._connect(row, entry)
        if not row:
            del self._rows[place_key]

    def expire(self, since: float, place_key: str = "") -> None:
        """Drop the conversations, or this one, if nothing was said since then (microseconds)."""
        rows = [self._rows.get(place_key, [])] if place_key else self._rows.values()
        silent = [row for row in rows if row and row[-1][0] < since]
        for _, entry_id, _ in [each for row in silent for each in row]:
            self.remove(entry_id)

    def search(self, question: str, room: int, without: Iterable[str]) -> tuple[Entry, ...]:
        """The messages that match best and fit into `room` tokens, by time; none of `without`."""
        scores = self._scores(frozenset(self._terms(question)))
        for entry_id in without:
            scores[self._slots.get(entry_id, NOBODY)] = 0.0
        chosen: list[Entry] = []
        for entry in self._best(scores, room // EACH):
            cost = entry.tokens + len(entry.name.encode()) + EACH
            if cost <= room:
                chosen.append(entry)
                room -= cost
        return tuple(sorted(chosen, key=lambda entry: (entry.sent, entry.id)))

    def _scores(self, asked: frozenset[str]) -> list[float]:
        """Of every slot; the writer of a message weighs in."""
        scores = [0.0] * len(self._held)
        count, work = len(self), WORK
        floor = SATURATION * (1 - LENGTH)
        slope = SATURATION * LENGTH * count / self._sum if self._sum else 0.0
        norms = [floor + slope * length for length in self._lengths]
        for slots, term in sorted((len(self._found.get(term, ())), term) for term in asked):
            work -= slots if self._common(slots) else slots * AROUND
            if work < 0:
                break
            weight = math.log(1 + (count - slots + 0.5) / (slots + 0.5))
            for slot, times in self._spread(self._found.get(term, ())):
                scores[slot] += weight * times / (times + norms[slot])
        for (kind, name), written in self._written.items():
            weight = self._voice(kind, name, asked)
            if weight != 1:
                for slot in written:
                    scores[slot] *= weight
        scores[NOBODY] = 0.0
        return scores

    def _common(self, slots: int) -> bool:
        return slots > COMMON * len(self)

    def _spread(self, slots: Sequence[int]) -> Iterable[tuple[int, float]]:
        """How often a term occurs in a message with its neighbours, each as far as it counts."""
        if self._common(len(slots)):
            return zip(slots, repeat(OWN))
        found: defaultdict[int, float] = defaultdict(float)
        near = self._near
        for slot in slots:
            before, after, further_before, further_after = near[slot]
            found[slot] += OWN
            found[before] += NEXT
            found[after] += NEXT
            found[further_before] += FURTHER
            found[further_after] += FURTHER
        return found.items()

    def _voice(self, kind: str, name: str, asked: frozenset[str]) -> float:
        if kind != PERSON:
            return BOTS
        return 1.0 if asked.isdisjoint(self._terms(name)) else NAMED

    def _best(self, scores: Sequence[float], most: int) -> list[Entry]:
        """The best first, of equals the newest."""
        least = min(heapq.nlargest(most, scores), default=math.inf)
        reached = (slot for slot, score in enumerate(scores) if score and score >= least)
        best = [(scores[slot], held[1]) for slot in reached if (held := self._held[slot])]
        best.sort(key=lambda pair: (pair[0], pair[1].sent, pair[1].id), reverse=True)
        return [entry for _, entry in best]

    def _words(self, entry: Entry) -> frozenset[str]:
        """A message's terms; its date counts as said, as people ask what was said when."""
        return self._dated(entry.sent // DAY).union(self._terms(entry.text))

    def _date(self, number: int) -> frozenset[str]:
        """The terms of a day, by its number since 1970."""
        day = datetime.fromtimestamp(number * DAY / 1_000_000, UTC)
        return frozenset(self._terms(f"{day:%B} {day.year} {day.day} {day:%Y-%m-%d}"))

    def _slot(self) -> int:
        if self._free:
            return self._free.pop()
        self._held.append(None)
        self._near.append((NOBODY,) * 4)
        self._sizes.append(0)
        self._lengths.append(0.0)
        return len(self._held) - 1

    def _connect(self, row: Sequence[tuple[int, str, int]], entry: Entry) -> None:
        """Set the neighbours of those around the place in time where an entry came or went."""
        at = bisect_left(row, (entry.sent, entry.id, 0))
        for place in range(max(at - 2, 0), min(at + 3, len(row))):
            slot = row[place][2]
            others = (place - 1, place + 1, place - 2, place + 2)
            before, after, *further = (
                row[other][2] if 0 <= other < len(row) else NOBODY for other in others
            )
            self._near[slot] = before, after, further[0], further[1]
            self._measure(slot)

    def _measure(self, slot: int) -> None:
        before, after, further_before, further_after = self._near[slot]
        sizes = self._sizes
        length = OWN * sizes[slot] + NEXT * (sizes[before] + sizes[after])
        length += FURTHER * (sizes[further_before] + sizes[further_after])
        self._sum += length - self._lengths[slot]
        self._lengths[slot] = length


def _drop(found: dict[Term, "array[int]"], term: Term, slot: int) -> None:
    slots = found[term]
    del slots[bisect_left(slots, slot)]
    if not slots:
        del found[term]
