"""Calls that came while nobody listened: looked for wherever one may have come, and answered."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from adapters.message import Conversation, Message
from adapters.ports import Busy, Call, Platform, Refused, Unclear
from bot.places import conversation_at, microseconds, moment, place_of
from bot.reading import FRESH
from bot.telemetry import Metrics
from memory.engine import Memory
from memory.records import Place
from memory.store import StoreDown

log = structlog.get_logger()

LOOK = 1.0  # seconds between looks whether a space is there to be read
BEAT = 30.0  # seconds between two times that are written down
OVERLAP = timedelta(minutes=2)  # how long before the last one a connection may have been deaf
DAY = timedelta(hours=24)  # calls older than that are not looked for
AGAIN, TRIES = 60.0, 10  # seconds until one that failed is tried again; tries
KNOWN = 10_000  # conversations a platform is told of
PROGRESS = 50  # channels between two lines of the log


class Ear(Protocol):
    """Who takes in what is found."""

    async def receive(self, message: Message) -> None: ...
    async def late(self, message: Message) -> bool: ...


@dataclass(slots=True)
class Watch:
    """One platform. `back`: since when it listens, after the first gap that is not `done` yet;
    `read`: the spaces that were looked through since the last one.

    `listened`: at the last look it did, and nothing was lost up to then. Two are of the loop's
    clock: until when it `rests` after a failure, and when something was `written` down last.
    """

    gaps: int = 0
    done: bool = True  # all was looked through since the last gap
    back: datetime | None = None
    read: set[str] = field(default_factory=set)
    tries: int = 0
    rests: float = 0.0
    listened: datetime | None = None
    written: float = 0.0
    told: asyncio.Event = field(default_factory=asyncio.Event)  # of another gap


class Absence:
    """For every space one time is stored: up to then all that called there came in."""

    def __init__(
        self,
        memory: Memory,
        platforms: Mapping[str, Platform],
        *,
        metrics: Metrics,
        now: Callable[[], datetime],
    ) -> None:
        self._memory, self._metrics, self._now = memory, metrics, now
        self._platforms = {name: each for name, each in platforms.items() if each.keeps_history}
        self._watches = defaultdict[str, Watch](Watch)

    async def run(self, ear: Ear) -> None:
        """Until cancelled; what fails here fails here."""
        async with asyncio.TaskGroup() as tasks:
            for platform in self._platforms.values():
                tasks.create_task(self._watch(platform, ear))

    async def missed(self, platform: str, at: datetime) -> None:
        """What called since then, or while nobody listened before, is looked for. StoreDown."""
        watch = self._watches[platform]
        if watch.done:
            watch.back, watch.done = self._now(), False
        watch.gaps += 1
        watch.listened, watch.tries = None, 0
        watch.read.clear()
        watch.told.set()
        if platform in self._platforms:
            for space in self._platforms[platform].spaces:
                place = _space(platform, space)
                if await self._memory.gaps.heard(place) > microseconds(at):
                    await self._memory.gaps.hear([place], microseconds(at))

    async def _watch(self, platform: Platform, ear: Ear) -> None:
        watch = self._watches[platform.name]
        while True:
            try:
                await self._look(platform, watch, ear)
            except (StoreDown, Busy, Unclear) as error:
                self._rest(platform.name, watch, str(error))
            except Exception as error:  # noqa: BLE001 - the edge: it is tried again
                self._rest(platform.name, watch, type(error).__name__)
            watch.told.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK):
                    await watch.told.wait()

    def _rest(self, platform: str, watch: Watch, reason: str) -> None:
        watch.tries += 1
        watch.rests = asyncio.get_running_loop().time() + AGAIN
        log.warning("calls not looked for yet", platform=platform, reason=reason)

    async def _look(self, platform: Platform, watch: Watch, ear: Ear) -> None:
        """Not before it said that it is back."""
        loop = asyncio.get_running_loop().time()
        if not watch.gaps or loop < watch.rests:
            return
        if platform.trouble:
            watch.listened = None
            return
        began, spaces = self._now(), platform.spaces
        await self._search(platform, [each for each in spaces if each not in watch.read], ear)
        if watch.listened and loop >= watch.written + BEAT:
            heard = [_space(platform.name, each) for each in spaces if each in watch.read]
            await self._memory.gaps.hear(heard, microseconds(watch.listened))
            watch.written = loop
        if watch.read.issuperset(spaces):
            watch.listened, watch.done = began, True

    async def _search(self, platform: Platform, spaces: Sequence[str], ear: Ear) -> None:
        watch = self._watches[platform.name]
        live = await self._memory.gaps.live(platform.name, KNOWN) if spaces else ()
        if spaces:
            log.info("looking for calls", platform=platform.name, spaces=len(spaces))
        for space in spaces:
            gaps, place, began = watch.gaps, _space(platform.name, space), self._now()
            # Where it never listened before as far as memory knows, nobody called it in vain.
            if heard := await self._memory.gaps.heard(place):
                known = [conversation_at(each) for each in live if each.space == space]
                since = max(moment(heard) - OVERLAP, began - DAY)
                await self._through(platform, space, since, known, ear)
            await self._memory.gaps.hear([place], microseconds(began))
            if gaps == watch.gaps:  # else something was lost meanwhile: it is looked through again
                watch.read.add(space)

    async def _through(
        self,
        platform: Platform,
        space: str,
        since: datetime,
        known: Sequence[Conversation],
        ear: Ear,
    ) -> None:
        watch, channels, found = self._watches[platform.name], 0, 0
        what = {"platform": platform.name, "space": space, "since": since.isoformat()}
        if watch.tries >= TRIES:
            log.error("calls not looked for: it failed too often", **what)
            return
        try:
            async for calls in platform.calls(space, since, watch.back or self._now(), known):
                channels += 1
                found += await self._take(calls, ear)
                if channels % PROGRESS == 0:
                    log.info("looking for calls", **what, channels=channels, calls=found)
        except Refused as refused:
            log.error("calls not looked for", **what, reason=str(refused))
        else:
            if channels:
                log.info("looked for calls", **what, channels=channels, calls=found)

    async def _take(self, calls: Sequence[Call], ear: Ear) -> int:
        """What called in one channel, oldest first; how many of that are answered now."""
        by_place = defaultdict[Conversation, list[Call]](list)
        for call in calls:
            by_place[call.message.conversation].append(call)
        newest = sorted(by_place.values(), key=lambda it: it[-1].message.sent_at, reverse=True)
        return sum([await self._answer(several, ear) for several in newest])

    async def _answer(self, calls: Sequence[Call], ear: Ear) -> int:
        """What is fresh in a conversation is owed; else its newest call gets one answer."""
        now, place = self._now(), place_of(calls[-1].message.conversation)
        new = [each for each in calls if not await self._holds(place, each)]
        if new and not await self._memory.gaps.reopen(place, microseconds(now)):
            # Never called here as far as memory knows: what came before our own posts was answered
            # in an earlier life.
            new = [each for each in new if not each.reply]
        fresh = [each for each in new if now - each.message.sent_at <= FRESH]
        for call in fresh:
            if call.earlier:
                await ear.receive(call.earlier)
            await ear.receive(call.message)
            self._metrics.calls.labels("fresh").inc()
        if not new or now - calls[-1].message.sent_at <= FRESH or calls[-1] not in new:
            return len(fresh)
        late = await ear.late(calls[-1].message)
        self._metrics.calls.labels("late").inc(late)
        return int(late)

    async def _holds(self, place: Place, call: Call) -> bool:
        return await self._memory.gaps.holds(place, call.message.id)


def _space(platform: str, space: str) -> Place:
    return Place(platform=platform, space=space, channel="")
