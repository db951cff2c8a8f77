"""What a turn costs beside model and platform: time, round trips, and bytes in the store."""

import asyncio
import json
import os
import statistics
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from redis.asyncio import Redis

from bot.prompt import Budget, Prompter
from memory.embedded import private_server
from memory.engine import Memory, Settings
from memory.entry import Entry
from memory.folding import Sizes
from memory.records import Place
from memory.redis import RedisStore
from memory.seal import Keyring, fresh_key
from memory.summary import Task
from memory.tokens import counter
from memory.turn import Terms, Turn

STORED = (100, 2_000, 10_000)
TURNS = 200
TEXT = "The release of version 4.2 moves to Friday, says Grace; Ada keeps the staging cluster. " * 3
PLACE = Place(platform="slack", space="T1", channel="C1", thread="1766458026.240809")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    stored: int
    milliseconds: list[float]
    round_trips: float
    bytes_each: float


def main(options: Sequence[str] = ()) -> int:
    """Print a row per number of stored messages; 1 if design.md's bounds do not hold.

    With --json one object too.
    """
    rows = [asyncio.run(_measure(stored)) for stored in STORED]
    for row in rows:
        p50, p99 = _percentiles(row)
        print(
            f"{row.stored:6} messages stored: p50 {p50:.2f} ms, p99 {p99:.2f} ms, "
            f"{row.round_trips:g} round trips, {row.bytes_each:.0f} bytes a message"
        )
    if "--json" in options:
        figures = {
            "turn_ms": {row.stored: [round(ms, 2) for ms in _percentiles(row)] for row in rows},
            "round_trips": max(row.round_trips for row in rows),
            "bytes_per_message": round(rows[-1].bytes_each),
        }
        print(json.dumps(figures))
    middle, worst = _percentiles(rows[1])
    return int(middle > 3 or worst > 15 or any(row.round_trips > 5 for row in rows))


def _percentiles(row: Figures) -> tuple[float, float]:
    times = sorted(row.milliseconds)
    return statistics.median(times), times[int(len(times) * 0.99)]


async def _measure(stored: int) -> Figures:
    with tempfile.TemporaryDirectory() as folder:
        async with private_server(Path(folder)) as url:
            store = RedisStore(url)
            memory = _memory(store)
            await memory.open()
            async with Redis.from_url(url) as redis:
                before = await _used(redis)
                for number in range(stored):
                    await memory.receive(PLACE, _entry(number, called=number == 0))
                    if number % 100 == 99:
                        await memory.settle(PLACE)
                used = await _used(redis) - before
            prompter = Prompter("A bench.", Budget(), counter("").count, lambda: datetime.now(UTC))
            await _turn(memory, prompter, stored)
            trips = store.round_trips
            times = [await _turn(memory, prompter, stored + 1 + n) for n in range(TURNS)]
            trips = store.round_trips - trips
            await store.close()
    return Figures(
        stored=stored,
        milliseconds=times,
        round_trips=trips / TURNS,
        bytes_each=used / stored,
    )


def _memory(store: RedisStore) -> Memory:
    async def summarise(task: Task) -> str:
        return "- " + task.text[: task.tokens * 3]

    return Memory(
        store,
        Keyring([fresh_key()]),
        settings=Settings(
            sizes=Sizes(),
            terms=Terms(),
            follow="one-on-one",
            recall=False,
        ),
        measure=counter("").measure,
        summarise=summarise,
        randbytes=os.urandom,
    )


async def _turn(memory: Memory, prompter: Prompter, number: int) -> float:
    """One turn of one post, without model and platform; milliseconds."""
    clock = asyncio.get_running_loop().time
    began = clock()
    await memory.receive(PLACE, _entry(number, called=True))
    turn = await memory.begin(PLACE)
    assert isinstance(turn, Turn)  # noqa: S101
    prompter.build(prompter.fit(turn.recollection), (), "key")
    await turn.note(text="The answer, with a word or two.")
    await turn.note([f"p{number}"])
    await turn.conclude([f"p{number}"], [], "The answer, with a word or two.")
    took = (clock() - began) * 1000
    if memory.crowded(turn.recollection):
        await memory.settle(PLACE)
    return took


def _entry(number: int, *, called: bool) -> Entry:
    return Entry(
        id=f"{1_766_458_026 + number}.240809",
        author="U1",
        name="Ada",
        kind="person",
        text=f"{number} {TEXT}"[:220],
        sent=(1_766_458_026 + number) * 1_000_000 + 100_000_000_000_000,
        called=called,
    )


async def _used(redis: "Redis") -> int:
    return int((await redis.info("memory"))["used_memory"])
