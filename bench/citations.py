"""What it costs to know which replies took words from what: bytes a message, time a turn."""

import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from redis.asyncio import Redis

from bench.desk import Desk
from bench.vocabulary import at_hand
from memory.citing import Citing, Read
from memory.embedded import private_server
from memory.engine import Memory
from memory.keys import Keys
from memory.quotes import Quotes
from memory.redis import RedisStore
from memory.turn import Turn

MESSAGES = 2_000  # of people; every fourth calls
OFTEN = 4
RUN = 6  # words of a message that a reply repeats
LATELY = 5  # messages ago: the one that is quoted


def cost() -> dict[str, Any]:
    """Bytes of the store a message, replies counted, and milliseconds of processor time a turn."""
    bare, _ = _measured(quoting=False)
    quoting, times = _measured(quoting=True)
    stored = MESSAGES + MESSAGES // OFTEN
    return {
        "bytes_per_message": round((quoting - bare) / stored, 1),
        "ms_per_turn": [round(statistics.median(times), 2), round(max(times), 2)],
        "quoting": f"every reply repeats {RUN} words of an overheard message",
    }


def _measured(*, quoting: bool) -> tuple[int, list[float]]:
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_conversation(Path(folder), quoting=quoting))


async def _conversation(folder: Path, *, quoting: bool) -> tuple[int, list[float]]:
    async with private_server(folder) as url, Redis.from_url(url) as redis:
        desk = Desk(url=url, count=at_hand())
        store, times = RedisStore(url), list[float]()
        citing = Citing(store, Keys(desk.keyring, bytes), Quotes())
        async with desk.memory() as memory:
            before = int((await redis.info("memory"))["used_memory"])
            for number in range(MESSAGES):
                called = number % OFTEN == 0
                await memory.receive(desk.place, desk.chatter.entry(number, called=called))
                if called:
                    times.append(await _answered(memory, desk, citing, number, quoting=quoting))
                    await memory.settle(desk.place)
            after = int((await redis.info("memory"))["used_memory"])
        await store.close()
        return after - before, times


async def _answered(
    memory: Memory, desk: Desk, citing: Citing, number: int, *, quoting: bool
) -> float:
    """One turn. Milliseconds that looking for what its reply repeats took of the processor."""
    turn = await memory.begin(desk.place)
    assert isinstance(turn, Turn)  # noqa: S101
    shown = [each.id for each in (*turn.recollection.window, *turn.recollection.question)]
    older = await turn.recall(1_000, shown)
    own = desk.chatter.text(10_000_000 + number)  # as long either way, and about as dense
    said = " ".join(desk.chatter.text(max(number - LATELY, 1)).split()[1 : 1 + RUN])
    text = f"{said} {own}" if quoting else f"{own[: len(said)]} {own}"
    read = Read(
        place=turn.place,
        recollection=turn.recollection,
        older=older,
        claims=[turn.anchor],
        at=turn.began_at,
    )
    began = time.thread_time()
    await citing.taken(text, read)
    took = 1000 * (time.thread_time() - began)
    post = f"{number}.p"
    await turn.note([post], text)
    await turn.conclude([post], [], text)
    return took


def main(options: Sequence[str] = ()) -> int:
    """Print it; 1 if it is more than 60 bytes a message or 0.3 ms a turn."""
    found = cost()
    if "--json" in options:
        print(json.dumps(found))
    else:
        print(*(f"{name}: {value}" for name, value in found.items()), sep="\n")
    return int(found["bytes_per_message"] > 60 or found["ms_per_turn"][0] > 0.3)
