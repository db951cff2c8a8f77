"""Nothing that memory and prompt do with a long conversation holds up the event loop."""

import asyncio
import gc
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from bot.prompt import Budget, Prompter
from memory.records import Place
from memory.tokens import Counter
from tests.memory.conftest import World, turn_in

pytestmark = [pytest.mark.anyio, pytest.mark.alone]
STRETCH = 0.1  # seconds of its thread's work; 0.03 to 0.055 are seen, by how busy the machine is
WORDS = (f"word{number * 7919 % 5003} and so on" for number in range(16_000))
LONG = " ".join(WORDS)  # about 100,000 tokens
PLACE = Place(platform="slack", space="T1", channel="C1", thread="17.01", audience="public")


@asynccontextmanager
async def never_longer(most: float) -> AsyncIterator[None]:
    """However long it all takes, the loop gets to others within so much work."""
    longest = 0.0

    async def beat() -> None:
        nonlocal longest
        while True:
            began = time.thread_time()
            await asyncio.sleep(0.001)
            longest = max(longest, time.thread_time() - began)

    gc.collect()
    gc.freeze()  # else it would walk through what all the tests before have left
    beating = asyncio.create_task(beat())
    await asyncio.sleep(0.002)
    longest = 0.0
    yield
    await asyncio.sleep(0.002)
    beating.cancel()
    gc.unfreeze()
    assert longest < most


async def test_the_watch_notices_what_holds_up_the_loop() -> None:
    def hold_up() -> None:
        until = time.thread_time() + STRETCH
        while time.thread_time() < until:
            pass

    with pytest.raises(AssertionError):
        async with never_longer(STRETCH):
            hold_up()


async def test_a_conversation_of_many_tokens_never_stops_the_loop(
    any_redis_url: str,
) -> None:
    counter = Counter("estimate")  # slower than any vocabulary
    world = World(any_redis_url)
    store = world.store()
    memory = world.memory(store, measure=counter.measure)
    await memory.open()
    for start in range(0, len(LONG), 1_000):
        await memory.receive(PLACE, world.say(LONG[start : start + 1_000], called=not start))
    async with never_longer(STRETCH):
        await memory.receive(PLACE, world.say(LONG, id="long"))
        turn = await turn_in(memory, PLACE)
        prompter = Prompter("A test.", Budget(), counter.count, lambda: datetime.now(UTC))
        fit = prompter.fit(turn.recollection)
        prompter.build(fit, await turn.recall(prompter.room, []), "test")
        await turn.note(text=LONG)
        await turn.conclude(["p1"], [], LONG)
        await memory.amend(PLACE, "long", LONG[1:], world.at + 1)
        await memory.settle(PLACE)
        await memory.describe(PLACE)
        await memory.retract(PLACE, ["long"])
    await store.close()
