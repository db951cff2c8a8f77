"""Gaps in what was heard are read by one at a time, and counted until one has read all of it."""

from collections.abc import AsyncIterator

import pytest

from memory.engine import Memory
from memory.records import Place
from tests.memory.conftest import World

pytestmark = pytest.mark.anyio
AGE = 10**12  # microseconds


@pytest.fixture
async def memory(world: World) -> AsyncIterator[Memory]:
    store = world.store()
    memory = world.memory(store)
    await memory.open()
    yield memory
    await store.close()


async def test_readings_that_came_to_their_end_do_not_count_against_a_gap_marked_again(
    memory: Memory, world: World, place: Place
) -> None:
    await memory.receive(place, world.say("hello"))
    assert await memory.gaps.mark(place.platform, world.at, age=AGE, limit=10) == 1
    for _ in range(3):
        begun = await memory.gaps.begin(place)
        assert begun
        token, gap = begun
        assert gap.readings == 1
        assert await memory.gaps.mark(place.platform, world.at, age=AGE, limit=10) == 1
        await memory.gaps.end(place, token, gap)
