"""A reply told onto posts in memory, on a clock that jumps over all waiting."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from adapters.draft import Pace, write
from adapters.ports import Posted
from tests.adapters.posts import MemoryPosts, Turn
from tests.virtual import VirtualLoop

PACE = Pace()
LONG = "One sentence of many. " * 12  # three parts of at most 100 characters


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    return ("asyncio", {"loop_factory": VirtualLoop})


async def speak(*pieces: str | float | BaseException) -> AsyncGenerator[str, None]:
    """Strings are said, numbers are seconds of silence, exceptions are raised."""
    for piece in pieces:
        if isinstance(piece, str):
            yield piece
        elif isinstance(piece, BaseException):
            raise piece
        else:
            await asyncio.sleep(piece)


def slowly(words: int) -> list[str | float]:
    return [piece for number in range(words) for piece in (f"{number} ", 2.0)]


async def told(
    posts: MemoryPosts,
    *pieces: str | float | BaseException,
    onto: Posted | None = None,
    turn: Turn | None = None,
) -> list[Posted]:
    text = speak(*pieces)
    return [seen async for seen in write(posts, turn or Turn(), text, onto or Posted(), PACE)]
