"""A platform's posts in memory, with the faults of a real one; and a turn to hold."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

from adapters.ports import Busy, Hold, Refused, Unclear

T = TypeVar("T")
TIMEOUT = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """The call times out; `lands` seconds after it was sent it takes effect (None: never).

    The process stands still for `stands` seconds before it sends it.
    """

    lands: float | None = None
    stands: float = 0.0


Fault = Busy | Refused | Lost | None  # None: this call goes well


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    verb: str
    at: float  # loop time it was sent
    post: str = ""
    text: str = ""
    live: bool = False
    slot: int = -1


@dataclass(slots=True, kw_only=True)
class Post:
    text: str
    live: bool
    turn: str
    listed_at: float  # loop time from which `find` sees it
    deleted: bool = False


@dataclass(slots=True, kw_only=True)
class Turn:
    """A Hold; `lost` is raised by `secure` once `secures` reaches `grip`."""

    id: str = "t1"
    anchor: str = "m1"
    fence: int = 1
    typed: str = ""
    began_at: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    lost: BaseException | None = None
    grip: int = 0
    secures: int = 0

    async def secure(self) -> None:
        if self.lost and self.secures >= self.grip:
            raise self.lost
        self.secures += 1


@dataclass(slots=True, kw_only=True)
class MemoryPosts:
    """What `draft.write` writes on. `faults[verb]` are met one per call, in order."""

    limit: int = 100
    repeats_safely: bool = False
    took: float = 0.1
    doomed: bool = False  # somebody deletes every new post
    listed: float = 0.0  # how late a new post shows up in `find`
    faults: dict[str, deque[Fault]] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    posts: dict[str, Post] = field(default_factory=dict)
    nonces: dict[tuple[str, int], str] = field(default_factory=dict)

    @property
    def visible(self) -> list[str]:
        return [post.text for post in self.posts.values() if not post.deleted]

    @property
    def verbs(self) -> list[str]:
        return [call.verb for call in self.calls]

    def given(self, *texts: str, turn: str = "t1") -> tuple[str, ...]:
        """Posts that are there already."""
        return tuple(self._add(turn, text, live=True) for text in texts)

    def fail(self, verb: str, *faults: Fault) -> None:
        self.faults.setdefault(verb, deque()).extend(faults)

    async def post(self, turn: Hold, slot: int, text: str, *, live: bool) -> str:
        call = Call(verb="post", at=_now(), text=text, live=live, slot=slot)
        return await self._meet(call, lambda: self._once(turn.id, slot, text, live=live))

    async def edit(self, turn: Hold, post: str, text: str, *, live: bool) -> bool:
        call = Call(verb="edit", at=_now(), post=post, text=text, live=live)
        return await self._meet(call, lambda: self._change(post, text, live=live))

    async def delete(self, post: str) -> None:
        await self._meet(Call(verb="delete", at=_now(), post=post), lambda: self.vanish(post))

    async def find(self, turn: str, since: datetime) -> Sequence[str]:
        return await self._meet(Call(verb="find", at=_now()), lambda: self._listed(turn))

    def vanish(self, post: str) -> None:
        self.posts[post].deleted = True

    async def _meet(self, call: Call, effect: Callable[[], T]) -> T:
        self.calls.append(call)
        queue = self.faults.get(call.verb)
        fault = queue.popleft() if queue else None
        if isinstance(fault, Lost):
            await asyncio.sleep(fault.stands)
            if fault.lands is not None:
                asyncio.get_running_loop().call_later(fault.lands, effect)
            await asyncio.sleep(TIMEOUT)
            raise Unclear
        await asyncio.sleep(self.took)
        if fault:
            raise fault
        return effect()

    def _once(self, turn: str, slot: int, text: str, *, live: bool) -> str:
        known = self.nonces.get((turn, slot)) if self.repeats_safely else None
        self.nonces[turn, slot] = known or self._add(turn, text, live=live)
        return self.nonces[turn, slot]

    def _add(self, turn: str, text: str, *, live: bool) -> str:
        post = f"p{len(self.posts)}"
        listed_at = _now() + self.listed
        self.posts[post] = Post(
            text=text, live=live, turn=turn, listed_at=listed_at, deleted=self.doomed
        )
        return post

    def _change(self, post: str, text: str, *, live: bool) -> bool:
        if self.posts[post].deleted:
            return False
        self.posts[post].text, self.posts[post].live = text, live
        return True

    def _listed(self, turn: str) -> Sequence[str]:
        return [
            name
            for name, post in self.posts.items()
            if post.turn == turn and not post.deleted and post.listed_at <= _now()
        ]


def _now() -> float:
    return asyncio.get_running_loop().time()
