"""Very many messages to one bot on Slack: what it takes up levels off, and the store's goes again.

Most are only remembered, some are answered by the offline model. In the end all of it is made so
old that it expires.
"""

import argparse
import asyncio
import itertools
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from redis.asyncio import Redis

from bench import stopping
from bench.chatter import Chatter
from bench.slack import START, process
from bench.workspace import Workspace
from tests.soak.store import age, held
from tests.soak.vitals import Vitals, grown, probed, vitals

CHANNELS, THREADS, PEOPLE = 4, 96, 3  # people in each thread
ABREAST = 32  # messages on their way at once
EVERY = 50  # messages, one of which is a question
LENGTH = 90  # characters of a text
LOOKS = 40
PATIENCE = 300.0  # seconds for one answer, on a machine that is busy with other things
FORGETS = 900.0  # seconds after which what expired must be gone
NEAR = 1.05  # of what the store held before the first message
MB = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """After so many messages; `store`: MB the store says it uses."""

    messages: int
    seconds: float
    store: float
    bot: Vitals


@dataclass(slots=True, kw_only=True)
class Flood:
    messages: int
    seconds: float  # the longest it may take
    workspace: Workspace
    folder: Path
    bot: int  # its process
    store: Redis
    numbers: "itertools.count[int]" = field(default_factory=itertools.count)
    taken: int = 0
    asked: int = 0
    looks: list[Look] = field(default_factory=list)
    _began: float = field(default_factory=time.monotonic)
    _chatter: Chatter = field(default_factory=Chatter)

    async def pour(self) -> None:
        """All messages there is time for, each acknowledged, each question answered."""
        await asyncio.gather(*(self.workspace.ask(thread) for thread in range(THREADS)))
        self._began = time.monotonic()
        async with asyncio.TaskGroup() as tasks:
            for first in range(ABREAST):
                tasks.create_task(self._speak(first))
        await self.look()

    async def _speak(self, first: int) -> None:
        """In threads that nobody else speaks in."""
        threads = itertools.cycle(range(first, THREADS, ABREAST))
        end = self._began + self.seconds
        while (number := next(self.numbers)) < self.messages and time.monotonic() < end:
            thread, person = next(threads), number % PEOPLE
            text = f"The {self._chatter.text(number)[:LENGTH]} is what it was"
            if number % EVERY:
                await self.workspace.post(thread, text, person=person)
            else:
                self.asked += 1
                text = f"<@U00BENCHBOT> {text}"
                await self.workspace.ask(thread, text, person=person, within=PATIENCE)
            self.taken += 1
            if self.taken % (self.messages // LOOKS) == 0:
                await self.look()

    async def look(self) -> None:
        look = Look(
            messages=self.taken,
            seconds=round(time.monotonic() - self._began, 1),
            store=await used(self.store),
            bot=await vitals(self.bot, self.folder),
        )
        self.looks.append(look)
        rate = look.messages / max(look.seconds, 0.1)
        tell(f"{look.messages} messages, {rate:.0f} a second: {look.bot}; store {look.store} MB")


async def used(store: Redis) -> float:
    """MB, without the scripts it has met and what its connections take."""
    memory: dict[str, int] = await store.memory_stats()
    rest = (memory[each] for each in ("lua.caches", "clients.normal"))
    return round((memory["total.allocated"] - sum(rest)) / MB, 2)


def tell(line: str) -> None:
    """While it runs; standard output is for what was found."""
    print(line, file=sys.stderr, flush=True)


def main(words: Sequence[str] = ()) -> int:
    """Print what was found; 1 if something grew or stayed."""
    parser = argparse.ArgumentParser(prog="python -m bench flood")
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=86_400, help="the longest it may take")
    parser.add_argument("--json", action="store_true", help="the last line is one JSON object")
    given = parser.parse_args(words)
    with tempfile.TemporaryDirectory() as folder:
        return stopping.run(_flood(given, Path(folder)))


async def _flood(given: argparse.Namespace, folder: Path) -> int:
    probe = probed(folder) | {"TIKTOKEN_CACHE_DIR": os.environ.get("TIKTOKEN_CACHE_DIR", "")}
    probe |= {"THREADKEEPER_FOLLOW": "never"}  # else who asked first need not ask again
    async with Workspace(CHANNELS) as workspace:
        with process(workspace, folder, ("-m", "bot", "run"), **probe) as bot:
            async with asyncio.timeout(START):
                await workspace.verified()
            async with Redis(unix_socket_path=str(folder / "server.sock")) as store:
                await workspace.ask(0)  # the store knows its scripts
                before = await used(store)
                flood = Flood(
                    messages=given.messages,
                    seconds=given.seconds,
                    workspace=workspace,
                    folder=folder,
                    bot=bot.pid,
                    store=store,
                )
                await flood.pour()
                await age(store)
                found = await _found(flood, before)
    print(json.dumps(found) if given.json else "\n".join(f"{k}: {v}" for k, v in found.items()))
    return int(
        bool(found["grown"]) or found["store_after"] > NEAR * before or workspace.surplus > 0
    )


async def _found(flood: Flood, before: float) -> dict[str, Any]:
    """Once everything has expired, and the bot has noticed."""
    full, end = flood.looks[-1].store, time.monotonic() + FORGETS
    while (left := await held(flood.store)) and time.monotonic() < end:
        tell(f"waiting for what expired to go: {dict(left)}")
        await asyncio.sleep(10)
    grew = list(grown([look.bot for look in flood.looks]))
    await flood.look()
    return {
        "messages": flood.taken,
        "questions": flood.asked,
        "answers_nobody_asked_for": flood.workspace.surplus,
        "store_before": before,
        "store_full": full,
        "store_after": flood.looks[-1].store,
        "left": dict(left),
        "grown": grew,
        "looks": [asdict(look) for look in flood.looks],
    }
