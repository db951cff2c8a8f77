"""A reply that breaks off, is lost to another or no longer read: errors come out as themselves."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass

import pytest

from adapters.draft import write
from adapters.ports import Posted
from tests.adapters.posts import Lost, MemoryPosts, Turn
from tests.adapters.telling import PACE, anyio_backend, told

__all__ = ["anyio_backend"]

pytestmark = pytest.mark.anyio


class Broken(Exception):
    pass


@pytest.mark.parametrize("silence", [0.0, 5.0])
async def test_an_error_of_the_text_comes_out_as_itself(silence: float) -> None:
    with pytest.raises(Broken):
        await told(MemoryPosts(), "One", silence, Broken())


async def test_an_error_of_the_text_comes_out_at_once() -> None:
    with pytest.raises(Broken):
        await told(MemoryPosts(), "One", 1.6, Broken())
    assert asyncio.get_running_loop().time() < 2


@pytest.mark.parametrize("grip", [0, 1, 2])
async def test_a_lost_turn_comes_out_as_itself_and_touches_nothing_more(grip: int) -> None:
    posts, turn = MemoryPosts(), Turn(lost=Broken(), grip=grip)
    with pytest.raises(Broken):
        await told(posts, "One", 2, " two", 2, " three", 60, turn=turn)
    assert len(posts.calls) == grip


async def test_whoever_goes_on_meets_no_call_that_is_still_under_way() -> None:
    posts, turn = MemoryPosts(), Turn(lost=Broken(), grip=1)
    posts.fail("post", Lost(lands=PACE.late))
    with pytest.raises(Broken):
        await told(posts, "One", 60, turn=turn)
    assert posts.visible == ["One"]
    assert asyncio.get_running_loop().time() >= posts.calls[0].at + PACE.late + PACE.listed


@dataclass
class Watched:
    """A text that says whether it was closed."""

    closed: bool = False

    async def text(self) -> AsyncGenerator[str, None]:
        try:
            yield "One"
            await asyncio.sleep(3600)
        finally:
            self.closed = True


async def test_cancelling_ends_the_reading_too() -> None:
    watched = Watched()

    async def consume() -> None:
        async for _ in write(MemoryPosts(), Turn(), watched.text(), Posted(), PACE):
            pass

    consumer = asyncio.create_task(consume())
    await asyncio.sleep(10)
    consumer.cancel()
    with pytest.raises(asyncio.CancelledError):
        await consumer
    assert watched.closed


async def test_a_consumer_may_stop_early() -> None:
    watched = Watched()
    seen = write(MemoryPosts(), Turn(), watched.text(), Posted(), PACE)
    assert (await anext(seen)).ids == ("p0",)
    await seen.aclose()
    assert watched.closed
