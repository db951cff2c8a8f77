"""How long the store's scripts keep everybody else waiting: much owed in one place, much stored.

Each script's time is the server's own, by its log of commands. While it runs one, nobody is served.
The same is done in several rounds, and the least of their longest times counts: a machine that does
something else as well makes a script wait, but hardly the same one in each round.
"""

import argparse
import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from redis.asyncio import Redis

from bench.desk import Desk
from bench.vocabulary import at_hand
from memory import layout
from memory import redis as module
from memory.engine import Memory
from memory.turn import Turn
from tests.servers.redis import Binary, find_servers, running

BOUND = 50.0  # milliseconds
ABREAST = 50  # messages on their way at once; then the upkeep looks
LATE = 1_000  # messages that come after what is to be forgotten
TURNS = 5
LOGGED, LOOK = 0.5, 1.0  # milliseconds from which on a command is logged; seconds between looks
MANY = 10_000  # logged commands that are read at once
Found = tuple[float, int]  # the longest, how often it was above LOGGED
DURABLE = ("--appendonly", "yes", "--appendfsync", "always")


@dataclass(slots=True, kw_only=True)
class Times:
    """Milliseconds of each script, as the server counts them."""

    names: Mapping[str, str]  # by digest
    taken: dict[str, list[float]] = field(default_factory=dict)

    async def look(self, redis: "Redis") -> None:
        for entry in await redis.slowlog_get(MANY):
            words = entry["command"].split(b" ", 2)
            if words[0] == b"EVALSHA" and (name := self.names.get(words[1].decode())):
                self.taken.setdefault(name, []).append(entry["duration"] / 1000)
        await redis.slowlog_reset()

    async def watch(self, redis: "Redis", over: asyncio.Event) -> None:
        """Not by a task that is cancelled: redis-py may lose that."""
        while not over.is_set():
            await self.look(redis)
            with suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), LOOK)
        await self.look(redis)

    def worst(self) -> Mapping[str, Found]:
        """By script: the longest it took, and how often it took as long as is logged."""
        return {name: (round(max(each), 2), len(each)) for name, each in sorted(self.taken.items())}


def main(words: Sequence[str] = ()) -> int:
    """Print the longest time of each script on each server; 1 if one is above the bound."""
    parser = argparse.ArgumentParser(prog="python -m bench scripts")
    parser.add_argument("--owed", type=int, default=10_000, help="mentions in one channel (10,000)")
    parser.add_argument("--stored", type=int, default=40_000, help="messages of a thread (40,000)")
    parser.add_argument("--rounds", type=int, default=3, help="of all, on each server (3)")
    parser.add_argument("--json", action="store_true", help="the last line is one JSON object")
    given = parser.parse_args(words)
    found: dict[str, Any] = {}
    for server in find_servers():
        rounds = [
            asyncio.run(_measured(server, given.owed, given.stored)) for _ in range(given.rounds)
        ]
        found[str(server)] = _least(rounds)
        print(_table(str(server), found[str(server)]), flush=True)
    if given.json:
        print(json.dumps({"bound_ms": BOUND, "scripts": found}))
    longest = [longest for scripts in found.values() for longest, _ in scripts.values()]
    return int(max(longest) > BOUND)


async def _measured(server: Binary, owed: int, stored: int) -> Mapping[str, Found]:
    folder = Path(module.__file__).with_name("scripts")
    scripts = layout.scripts(folder, remove_replies=False)
    times = Times(names={script.digest: name for name, script in scripts})
    for scene, size in ((_flooded, owed), (_remembered, stored)):
        async with _logged(server) as (url, redis):
            desk = Desk(url=url, count=at_hand())
            async with asyncio.TaskGroup() as tasks, desk.memory() as memory:
                tasks.create_task(times.watch(redis, over := asyncio.Event()))
                await scene(desk, memory, size)
                over.set()
    return times.worst()


@asynccontextmanager
async def _logged(server: Binary) -> AsyncIterator[tuple[str, "Redis"]]:
    """A server that logs every command with its time."""
    log = ("--slowlog-log-slower-than", str(int(LOGGED * 1000)), "--slowlog-max-len", str(MANY))
    async with running(server, *DURABLE, *log) as url, Redis.from_url(url) as redis:
        yield url, redis


async def _flooded(desk: Desk, memory: Memory, owed: int) -> None:
    """Very many call while one answer takes long; then some are answered, and all is forgotten."""
    await _say(desk, memory, 1, called=True)
    turn = await _turn(desk, memory)
    await _say(desk, memory, owed, called=True)
    await turn.note(["p"])
    await turn.reload()
    await _end(turn)
    for _ in range(TURNS):
        await _end(await _turn(desk, memory))
    await _forgotten(desk, memory)


async def _remembered(desk: Desk, memory: Memory, stored: int) -> None:
    """A long thread with its summaries: asked, edited, left by one person, forgotten."""
    await desk.turn(memory)
    for start in range(1, stored, ABREAST):
        await _say(desk, memory, min(ABREAST, stored - start), called=False)
        await memory.settle(desk.place)
    for _ in range(TURNS):
        await desk.turn(memory)
    for number in range(0, stored, max(stored // TURNS, 1)):
        entry = desk.chatter.entry(number, called=False)
        await memory.amend(desk.place, entry.id, "edited", entry.sent + 1)
    many = [desk.chatter.entry(number, called=False).id for number in range(0, stored, 400)]
    await memory.retract(desk.place, many)
    await memory.settle(desk.place)
    last = desk.chatter.entry(desk.number, called=False)
    await memory.erasing.forget(desk.place.person(last.author), last.sent)
    await _forgotten(desk, memory)


async def _forgotten(desk: Desk, memory: Memory) -> None:
    """The whole channel, while people go on."""
    until = desk.chatter.entry(desk.number, called=False).sent
    desk.number += 1
    await _say(desk, memory, LATE, called=True)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(memory.forget(desk.place, until, channel=True))
        tasks.create_task(_say(desk, memory, LATE, called=True))
    held = await memory.describe(desk.place)
    assert held.messages == 2 * LATE, held.messages  # noqa: S101


async def _say(desk: Desk, memory: Memory, count: int, *, called: bool) -> None:
    end = desk.number + count
    while desk.number < end:
        some = range(desk.number, min(desk.number + ABREAST, end))
        desk.number = some.stop
        entries = [desk.chatter.entry(number, called=called) for number in some]
        await asyncio.gather(*(memory.receive(desk.place, each) for each in entries))


async def _turn(desk: Desk, memory: Memory) -> Turn:
    turn = await memory.begin(desk.place)
    assert isinstance(turn, Turn)  # noqa: S101
    return turn


async def _end(turn: Turn) -> None:
    end = await turn.conclude([f"p{turn.id}"], ["p"], "The answer.")
    assert end.verdict == "done", end  # noqa: S101


def _least(rounds: Sequence[Mapping[str, Found]]) -> Mapping[str, Found]:
    """Of each script; one that a round did not log took less than that."""
    names = sorted({name for each in rounds for name in each})
    return {name: min(each.get(name, (LOGGED, 0)) for each in rounds) for name in names}


def _table(server: str, scripts: Mapping[str, Found]) -> str:
    rows = [
        f"  {name:10} longest {longest:7.2f} ms, {slow} times above {LOGGED} ms"
        for name, (longest, slow) in scripts.items()
    ]
    return "\n".join([f"{server}:", *rows])
