"""What the memory costs beside model and platform: time, round trips, bytes, upkeep."""

import asyncio
import json
import math
import statistics
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from redis.asyncio import Redis

from bench.desk import Desk
from bench.trips import counted
from bench.vocabulary import at_hand
from memory.embedded import private_server
from memory.engine import Memory

STORED = (100, 2_000, 10_000)
TURNS = 300
WATCHED = 20  # turns whose round trips are counted
DELETED = 30
BEHIND = 1_000  # milliseconds a recall takes only while the index catches up


def main(options: Sequence[str] = ()) -> int:
    """Print a table, or with --json one object; 1 if design.md's bounds do not hold."""
    results: dict[str, Any] = {"turn_ms": {}}
    for stored in STORED:
        with tempfile.TemporaryDirectory() as folder:
            found = asyncio.run(_measure(Path(folder), stored))
        results["turn_ms"][str(stored)] = found.pop("turn_ms")
        results |= found  # in the end, those of the largest
    medians = [p50 for p50, _ in results["turn_ms"].values()]
    results["flat"] = round(medians[-1] / medians[0], 2)
    print(json.dumps(results) if "--json" in options else _table(results))
    return int(not _holds(results))


async def _measure(folder: Path, stored: int) -> dict[str, Any]:
    async with private_server(folder) as url, Redis.from_url(url) as redis:
        desk = Desk(url=url, count=at_hand())
        async with desk.memory() as memory:
            before = await _sizes(redis)
            await desk.fill(memory, stored)
            after = await _sizes(redis)
            sizes = {name: round((after[name] - before[name]) / stored) for name in after}
            upkeep = {"calls": desk.calls, "tokens": desk.tokens}
        async with desk.memory() as memory:
            _, cold = await _turn(desk, memory)
            await _warm(desk, memory)
            times = [await _turn(desk, memory) for _ in range(TURNS)]
            calls = await _deletions(desk, memory, stored)
        return {
            "turn_ms": _percentiles([added for added, _ in times]),
            "recall_ms": {str(stored): _percentiles([recall for _, recall in times])},
            "recall_cold_ms": {str(stored): round(cold)},
            "round_trips": await _round_trips(desk, folder),
            "bytes_per_message": max(sizes.values()),
            "bytes_by": sizes,
            "upkeep_per_100": {name: round(n * 100 / stored, 1) for name, n in upkeep.items()},
            "calls_per_deletion": {"mean": round(statistics.fmean(calls), 1), "most": max(calls)},
            "write_ms": await _write(redis),
        }


async def _turn(desk: Desk, memory: Memory) -> tuple[float, float]:
    """Upkeep comes after the reply, and is not part of it."""
    times = await desk.turn(memory)
    await memory.settle(desk.place)
    return times


async def _warm(desk: Desk, memory: Memory) -> None:
    """Until the index has read all of the channel; no reply waits for that."""
    while (await _turn(desk, memory))[1] > BEHIND:
        pass


async def _deletions(desk: Desk, memory: Memory, stored: int) -> Sequence[int]:
    """Calls of the summary model for each of some deletions."""
    await memory.settle(desk.place)
    calls = []
    for number in range(0, stored, max(stored // DELETED, 1)):
        before = desk.calls
        await memory.retract(desk.place, [desk.chatter.entry(number, called=False).id])
        await memory.settle(desk.place)
        calls.append(desk.calls - before)
    return calls


async def _round_trips(desk: Desk, folder: Path) -> int:
    """The most that one turn takes, upkeep aside."""
    server = Path(unquote(urlsplit(desk.url).path))
    trips = []
    async with counted(server, folder / "wire.sock") as wire, desk.memory(wire.url) as memory:
        await _warm(desk, memory)
        for _ in range(WATCHED):
            before = wire.trips
            await desk.turn(memory)
            trips.append(wire.trips - before)
            await memory.settle(desk.place)
    return max(trips)


async def _sizes(redis: "Redis") -> Mapping[str, int]:
    """All keys counted: what the server uses, and what it says of each key."""
    used = int((await redis.info("memory"))["used_memory"])
    keys = [key async for key in redis.scan_iter(count=1_000)]
    usage = [await redis.memory_usage(key, samples=0) or 0 for key in keys]
    return {"used_memory": used, "memory_usage": sum(usage)}


async def _write(redis: "Redis") -> list[float]:
    """One write alone, with its fsync: five of these are the floor of a turn."""
    clock = asyncio.get_running_loop().time
    times = []
    for _ in range(TURNS):
        began = clock()
        await redis.set("bench", "x" * 300)
        times.append(1000 * (clock() - began))
    return _percentiles(times)


def _percentiles(times: Sequence[float]) -> list[float]:
    """The median and the 99th of a hundred."""
    return [round(statistics.median(times), 2), round(sorted(times)[int(len(times) * 0.99)], 2)]


def _holds(results: Mapping[str, Any]) -> bool:
    p50, p99 = results["turn_ms"]["2000"]
    bounds = (
        (p50, 3),
        (p99, 15),
        (results["flat"], 1.2),
        (results["recall_ms"][str(STORED[-1])][1], 25),
        (results["round_trips"], 5),
        (results["bytes_per_message"], 700),
        (results["calls_per_deletion"]["mean"], math.log2(STORED[-1])),
    )
    return all(found <= most for found, most in bounds)


def _table(results: Mapping[str, Any]) -> str:
    rows = [
        f"{stored:>6} messages stored: p50 {p50} ms, p99 {p99} ms a turn"
        for stored, (p50, p99) in results["turn_ms"].items()
    ]
    rows += [f"{name}: {value}" for name, value in results.items() if name != "turn_ms"]
    return "\n".join(rows)
