"""What a play is made of: moves, and what platforms say until they are heard."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from memory.engine import Memory
from memory.records import Place

NUMBERS = 12  # of a move are less
CHANNEL = Place(platform="slack", space="T", channel="C", audience="public")
PLACES = replace(CHANNEL, thread="1"), replace(CHANNEL, thread="2")


@dataclass(frozen=True, slots=True)
class Move:
    """`number` picks one of several; `how` far it goes: now, begun, or later."""

    kind: str
    process: int
    number: int
    how: str

    @property
    def place(self) -> Place:
        return PLACES[self.number // 4 // 2]  # mostly the first


@dataclass(slots=True, eq=False)
class Event:
    """Something a platform says until it is acknowledged."""

    tell: Callable[[Memory], Awaitable[object]]
    known: Callable[[], None]
    task: asyncio.Task[None] | None = None
    done: bool = False

    @property
    def waits(self) -> bool:
        return not self.done and (self.task is None or self.task.done())
