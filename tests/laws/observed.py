"""A store that says what was begun and concluded in the very step in which it was."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

from memory.opened import Known
from memory.records import (
    Concluded,
    Debris,
    Fold,
    Lease,
    Place,
    Reply,
    Seen,
    Snapshot,
    Spoiled,
)
from memory.slots import Person
from tests.laws.laws import law
from tests.laws.store import Server, SteppedStore
from tests.laws.truth import Truth


class Observer:
    """What the processes of one play were given by the store, and what they made of it."""

    def __init__(self, truth: Truth) -> None:
        self.truth = truth
        self.mark = 0  # how much was forbidden when the last call was answered
        self._marks: dict[tuple[str, int], int] = {}  # how much was forbidden when a turn was read
        self._prompts: dict[tuple[str, int], set[str]] = {}
        self.fences: dict[str, int] = {}  # turn -> the first fence it was given out with
        self._holders: dict[str, int] = {}  # turn -> the last fence it was given out with
        self._finished: set[str] = set()
        self._answered: set[str] = set()

    def outlived(self) -> None:
        """No process is frozen for days."""
        self.fences.clear()

    def taken_over(self) -> Sequence[str]:
        """Turns that had more than one holder."""
        return [turn for turn, first in self.fences.items() if self._holders[turn] > first]

    def began(self, lease: Lease) -> None:
        self._marks[lease.turn, lease.fence] = self.mark
        self._holders[lease.turn] = lease.fence
        self.fences.setdefault(lease.turn, lease.fence)

    def prompted(self, lease: Lease, met: set[str], facts: set[str]) -> None:
        """What a turn was told of its conversation, and of the person who asks."""
        unheard = set(self.truth.forbidden[: self._marks[lease.turn, lease.fence]])
        law(not met & unheard, "in a prompt after it was to go:", met & unheard)
        law(not facts & unheard, "a fact of what was to go:", facts & unheard)
        self._prompts[lease.turn, lease.fence] = met

    def recalled(self, lease: Lease, met: set[str]) -> None:
        unheard = set(self.truth.forbidden[: self._marks[lease.turn, lease.fence]])
        law(not met & unheard, "recalled after it was to go:", met & unheard)
        posts = self.truth.posts.values()
        old = {word for post in posts if post.expired for word in post.words.values()}
        old = old.difference(*self.truth.quotes.values())  # a reply that lives may say them
        law(not met & old, "recalled after it expired:", met & old)

    def described(self, met: set[str]) -> None:
        unheard = set(self.truth.forbidden[: self.mark])
        law(not met & unheard, "described after it was to go:", met & unheard)

    def withdrawn(self, lease: Lease) -> None:
        self._finished.add(lease.turn)

    def concluded(self, lease: Lease) -> None:
        """Just now, or before."""
        if lease.turn in self._finished:
            return
        self._finished.add(lease.turn)
        holder = self._holders[lease.turn]
        law(lease.fence == holder, "concluded by one who had lost the turn", lease.turn)
        law(not self._answered.intersection(lease.claims), "answered twice", lease.claims)
        self._answered.update(lease.claims)
        old = self._prompts.get((lease.turn, lease.fence), set()) & set(self.truth.forbidden)
        law(not old, "a reply stands that builds on what was to go:", old)


class ObservedStore(SteppedStore):
    observer: Observer

    def __init__(self, server: Server, changes: Mapping[str, str]) -> None:
        super().__init__(server, changes)
        self._ending: dict[asyncio.Task[Any] | None, Callable[[], None]] = {}
        self._readings = WeakKeyDictionary[Any, Snapshot]()

    async def begin(
        self,
        place: Place,
        token: str,
        candidate: str,
        seen: Seen | None,
        people: Sequence[Person] = (),
        known: Known | None = None,
    ) -> Lease | Debris | Spoiled | None:
        lease = await super().begin(place, token, candidate, seen, people, known)
        if isinstance(lease, Lease):
            self.observer.began(lease)
        return lease

    async def read(self, place: Place, limit: int, *, owed: int = 0) -> tuple[Snapshot, int, int]:
        answer = await super().read(place, limit, owed=owed)
        self._readings[asyncio.current_task()] = answer[0]
        return answer

    async def fold(self, place: Place, fold: Fold, wrapped: bytes) -> bool:
        read = self._readings[asyncio.current_task()].messages
        newest = max(each.sent for each in read if each.id in fold.covered)
        left = [each.id for each in read if each.id not in fold.covered and each.sent < newest]
        law(not left, "folded before what is older:", left)
        return await super().fold(place, fold, wrapped)

    async def conclude(self, place: Place, lease: Lease, reply: Reply) -> Concluded:
        with self._ends(self.observer.concluded, lease):
            return await super().conclude(place, lease, reply)

    async def withdraw(self, place: Place, lease: Lease, removed: Sequence[str]) -> Concluded:
        with self._ends(self.observer.withdrawn, lease):
            return await super().withdraw(place, lease, removed)

    @contextmanager
    def _ends(self, told: Callable[[Lease], None], lease: Lease) -> Iterator[None]:
        task = asyncio.current_task()
        self._ending[task] = partial(told, lease)
        try:
            yield
        finally:
            del self._ending[task]

    def executed(self, answer: Any) -> None:
        self.observer.mark = len(self.observer.truth.forbidden)
        ended = self._ending.get(asyncio.current_task())
        if ended and answer[0][0] == b"done":
            ended()
