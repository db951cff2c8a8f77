"""Catching up: gaps in what the bot heard are found, and read in the background."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from typing import Protocol

import structlog

from adapters.message import Departure
from adapters.ports import Busy, Gone, Platform, Refused, Unclear
from bot import absence, comparison
from bot.absence import Absence
from bot.backoff import Gate
from bot.comparison import Comparison
from bot.places import conversation_at, microseconds
from bot.reading import Ear as Reader
from bot.reading import Reading, Taken
from bot.settings import Reach
from bot.telemetry import Metrics
from bot.turns import Turns, describe
from memory.engine import Memory
from memory.gap_store import Gap
from memory.records import Place
from memory.store import StoreDown

log = structlog.get_logger()

READERS = 4  # conversations read at once, on each platform: one that is slow holds up no other
QUEUE = 1_000  # conversations that wait to be read; the others are found by the next look
READINGS = 100  # of one gap in vain, as each may have been cut short by a crash; then it is left
AGAIN = 60.0  # seconds until a reading that failed is tried again


Queue = asyncio.PriorityQueue[tuple[bool, int, Place]]


class Ear(absence.Ear, comparison.Ear, Reader, Protocol):
    """Who takes in what is read."""


class CatchUp:
    """Gaps are recorded in memory: another process reads on after a crash."""

    def __init__(
        self,
        memory: Memory,
        turns: Turns,
        platforms: Mapping[str, Platform],
        reach: Reach,
        *,
        look: float,  # seconds between looks for gaps nobody reads
        metrics: Metrics,
        now: Callable[[], datetime],
    ) -> None:
        self._memory, self._turns, self._platforms = memory, turns, platforms
        self._reach, self._look, self._metrics, self._now = reach, look, metrics, now
        self._absence = Absence(memory, platforms, metrics=metrics, now=now)
        self._queues = {name: Queue(QUEUE) for name in platforms}
        self._queued: set[str] = set()
        self._numbers = count()
        self._awaited = {name for name, each in platforms.items() if each.keeps_history}
        self._gates = defaultdict[str, Gate](Gate)  # one for each platform

    async def run(self, ear: Ear) -> None:
        """Find and read gaps until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for queue in [*self._queues.values()] * READERS:
                tasks.create_task(self._work(queue, tasks, ear))
            tasks.create_task(self._absence.run(ear))
            while True:
                await self._find()
                await asyncio.sleep(self._look)

    def soon(self, place: Place, *, first: bool = False) -> None:
        """A gap is open here; `first`: somebody waits for an answer here."""
        queue = self._queues[place.platform]
        if (first or place.key not in self._queued) and not queue.full():
            self._queued.add(place.key)
            queue.put_nowait((not first, next(self._numbers), place))

    def awaits(self, platform: str) -> bool:
        """Whether it is not known yet where something may have gone unheard on this platform."""
        return platform in self._awaited

    async def listened(self, within: float) -> None:
        """Do not wait longer for platforms that do not connect."""
        await asyncio.sleep(within)
        self._awaited.clear()

    async def missed(self, platform: str, ago: float) -> None:
        """Gaps are marked, and read later. Raises StoreDown."""
        at, age = self._now() - timedelta(seconds=ago), timedelta(days=self._reach.days)
        number = await self._memory.gaps.mark(
            platform,
            microseconds(at),
            age=age // timedelta(microseconds=1),
            limit=self._reach.conversations,
        )
        await self._absence.missed(platform, at)
        self._awaited.discard(platform)
        log.info("catching up", platform=platform, conversations=number)
        await self._find()

    async def _find(self) -> None:
        try:
            due = {place.key for place in await self._memory.overdue()}
            found = await self._memory.gaps.open(QUEUE)
            for place in sorted(found, key=lambda each: each.key not in due):
                if place.platform in self._platforms:
                    self.soon(place)
        except StoreDown as error:
            log.warning("gaps not looked for", reason=str(error))

    async def _work(self, queue: Queue, tasks: asyncio.TaskGroup, ear: Ear) -> None:
        while True:
            _, _, place = await queue.get()
            self._queued.discard(place.key)
            try:
                if begun := await self._memory.gaps.begin(place):
                    keeping = tasks.create_task(self._memory.gaps.keep(place, begun[0]))
                    try:
                        await self._read(ear, place, *begun)
                    finally:
                        keeping.cancel()
            except Exception as error:  # noqa: BLE001 - the edge: the gap stays, and is found again
                self._metrics.gaps.labels("failed").inc()
                log.warning("gap not read", conversation=place.key, error=describe(error))

    async def _read(self, ear: Ear, place: Place, token: str, gap: Gap) -> None:
        here = replace(place, audience=gap.audience)
        reading = Reading(
            memory=self._memory,
            chat=self._platforms[place.platform].chat(conversation_at(here)),
            gate=self._gates[place.platform],
            ear=ear,
            place=here,
            token=token,
            gap=gap,
            reach=self._reach,
            now=self._now,
        )
        end, wait = "read", 0.0
        try:
            if gap.readings > READINGS:
                end = "left"
                log.error("gap left: every reading was cut short", conversation=place.key)
            else:
                await Comparison(reading, ear).run()
                await reading.run()
                await self._fold(here)
        except Taken:
            return
        except Gone:
            await ear.leave(_departure(place))
            return
        except (Busy, Unclear, Refused) as error:
            end, wait = ("refused", 0.0) if isinstance(error, Refused) else ("failed", AGAIN)
            log.warning("gap not read", conversation=place.key, reason=str(error))
        await self._memory.upkeep.wake(here)
        await self._memory.gaps.end(place, token, gap, wait=wait)
        self._metrics.gaps.labels(end).inc()
        self._turns.wake(place)

    async def _fold(self, place: Place) -> None:
        """What cannot be folded now is later."""
        try:
            await self._memory.settle(place)
        except Exception as error:  # noqa: BLE001 - the edge: the messages stay as they are
            self._metrics.folds.labels("failed").inc()
            log.warning("not folded yet", conversation=place.key, error=describe(error))


def _departure(place: Place) -> Departure:
    return Departure(
        platform=place.platform, space=place.space, channel=place.channel, thread=place.thread
    )
