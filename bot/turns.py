"""Turns: every conversation that owes an answer gets exactly one."""

import asyncio
import traceback
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Self

import structlog

from adapters.ports import Busy, Chat, Platform, Refused, Unclear
from bot.budget import UsedUp
from bot.places import conversation_at
from bot.ports import ModelFailed
from bot.reply import Replies, who
from bot.telemetry import Metrics
from memory.cold import ArchiveDown
from memory.engine import Memory
from memory.records import Debris, Place
from memory.restoring import Restoration
from memory.seal import Unreadable
from memory.store import StoreDown
from memory.turn import Lost, Turn

log = structlog.get_logger()

FOLDS = 4  # conversations looked after at once
LOOKS = 15.0  # seconds between looks for those that fell silent or are about to expire


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Seconds between sweeps, and for running turns when the bot is told to stop."""

    sweep: float = 5.0
    stop: float = 20.0
    turns: int = 200  # run at once


class Turns:
    """Runs turns in the background, from `async with` on; `drain` ends them in good order."""

    def __init__(
        self,
        memory: Memory,
        replies: Replies,
        platforms: Mapping[str, Platform],
        *,
        limits: Limits,
        metrics: Metrics,
    ) -> None:
        self._memory, self._replies, self._platforms = memory, replies, platforms
        self._limits, self._metrics = limits, metrics
        self._tasks = asyncio.TaskGroup()
        self._running: set[asyncio.Task[None]] = set()
        self._live = set[Turn]()  # as many as are running
        self._folding, self._slots = asyncio.Semaphore(FOLDS), asyncio.Semaphore(limits.turns)
        self._draining, self._next_look = False, 0.0
        self._waiting: set[str] = set()  # places whose task has no slot yet
        self._kept: set[str] = set()  # places that are looked after, or wait for it

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        for task in self._running:
            task.cancel()
        await self._tasks.__aexit__(None, None, None)

    async def drain(self) -> None:
        """Begin no more turns, and wait for those that run, within the limit."""
        self._draining = True
        if self._running:
            await asyncio.wait(self._running, timeout=self._limits.stop)

    def wake(self, place: Place) -> None:
        """Something may be owed here; while draining, that is left to another process."""
        if not self._draining and place.key not in self._waiting:
            self._waiting.add(place.key)
            self._spawn(self.answer(place))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._tasks.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def stop(self, place: Place, turn: str) -> None:
        """A person wants no more of this reply, whichever process writes it."""
        await self._memory.stop(place, turn)
        for live in self._live:
            if turn == live.id or (not turn and live.place.key == place.key):
                live.stopped = True

    async def sweep(self, waits: Callable[[str], bool] = lambda _: False) -> None:
        """Take over, again and again, what a crash or a failure left unanswered.

        `waits`: what is asked on this platform may have been taken back, and nobody knows yet.
        """
        while True:
            try:
                for place in await self._memory.overdue():
                    if place.platform in self._platforms and not waits(place.platform):
                        self.wake(place)
                await self._memory.persons.recheck()
                await self._memory.scrub()
                await self._look_after()
            except StoreDown as error:
                log.warning("sweep skipped", reason=str(error))
            await asyncio.sleep(self._limits.sweep)

    async def _look_after(self) -> None:
        """What silence and expiry ask for, from as many at once as are folded at once."""
        now = asyncio.get_running_loop().time()
        if now < self._next_look or self._folding.locked():
            return
        self._next_look = now + LOOKS
        await self._memory.departing.left.refresh()
        self._keep("-", self._memory.upkeep.catch_up)
        self._keep("--", partial(self._memory.erasing.finish, FOLDS))
        self.depart()
        for place in await self._memory.silent(FOLDS):
            self._keep(place.key, partial(self._memory.learn, place))
        for place, whole in await self._memory.upkeep.expiring(FOLDS):
            self._keep(place.key, partial(self._preserve, place, whole))

    def depart(self) -> None:
        """Something is written down that has to go, or to be read by others only."""
        self._keep("/", self._memory.departing.finish)

    async def _preserve(self, place: Place, whole: bool) -> None:
        if not await self._memory.upkeep.preserve(place, whole=whole):
            self._metrics.folds.labels("expired").inc()

    async def answer(self, place: Place) -> None:
        """Answer until nothing is owed here; whoever holds the lease does."""
        async with self._slots:
            self._waiting.discard(place.key)  # what comes from here on may need another look
            await self._answer(place)

    async def _answer(self, place: Place) -> None:
        try:
            while not self._draining and (found := await self._memory.begin(place)):
                if isinstance(found, Debris):
                    await self._clear(place, found)
                elif isinstance(found, Restoration):
                    await self._replies.restore(found, self._chat(place))
                    await self._memory.clear(place, found)
                elif not await self._turn(found):
                    return
        except Exception as error:  # noqa: BLE001 - the edge: one failing turn ends no process
            log.error("turn not begun", conversation=place.key, error=describe(error))

    async def _clear(self, place: Place, debris: Debris) -> None:
        """Remove posts that showed up after their turn had ended, as far as we may."""
        with suppress(Refused):
            await self._chat(place).remove(debris.ids)
        await self._memory.clear(place, debris)

    async def _turn(self, turn: Turn) -> bool:
        """One turn to its end, or given back to be tried again. Whether more is owed."""
        began = asyncio.get_running_loop().time()
        self._live.add(turn)
        keeping = self._tasks.create_task(turn.keep())
        try:
            more = await self._replies.finish(turn, self._chat(turn.place))
        except Lost:
            log.warning("reply broken off: its lease was lost, another finishes it", **who(turn))
            self._metrics.turns.labels("lost").inc()
            return False
        except asyncio.CancelledError:
            with suppress(StoreDown):
                await asyncio.shield(turn.release(clean=False))
            raise
        except Exception as error:  # noqa: BLE001 - the edge: logged, counted, tried again
            self._metrics.turns.labels("failed").inc()
            log.error("turn failed", **who(turn), error=describe(error))
            # A whole reply that cannot be shown or stored just now is none that failed.
            failed = not (turn.text and isinstance(error, Busy | Unclear | StoreDown))
            with suppress(StoreDown):
                pause = min(60.0, 2.0 ** (turn.failures + 1))  # seconds before the next try
                await turn.release(clean=False, failed=failed, wait=pause)
            return False
        finally:
            keeping.cancel()
            self._live.discard(turn)
        self._metrics.turns.labels("done").inc()
        self._metrics.seconds.observe(asyncio.get_running_loop().time() - began)
        if self._memory.crowded(turn.recollection):
            self._keep(turn.place.key, partial(self._settle, turn.place))
        return more

    async def _settle(self, place: Place) -> None:
        if await self._memory.settle(place):
            self._metrics.folds.labels("done").inc()

    def _keep(self, what: str, work: Callable[[], Awaitable[object]]) -> None:
        """Look after a conversation in the background, unless somebody is at it."""
        if what not in self._kept:
            self._kept.add(what)
            self._spawn(self._upkeep(what, work))

    async def _upkeep(self, what: str, work: Callable[[], Awaitable[object]]) -> None:
        try:
            async with self._folding:
                await work()
        except UsedUp:
            self._metrics.folds.labels("put_off").inc()
        except ArchiveDown as error:
            self._metrics.archiving.labels("failed").inc()
            log.warning("not archived yet", conversation=what, reason=str(error))
        except Exception as error:  # noqa: BLE001 - the edge: the messages stay as they are
            self._metrics.folds.labels("failed").inc()
            log.warning("upkeep failed", conversation=what, error=describe(error))
        finally:
            self._kept.discard(what)

    def _chat(self, place: Place) -> Chat:
        return self._platforms[place.platform].chat(conversation_at(place))


def describe(error: Exception) -> str:
    """Of other people's exceptions only kind and place: their texts may quote messages."""
    if isinstance(error, ModelFailed | Refused | StoreDown | Unclear | Unreadable | Busy):
        return str(error)
    *_, last = traceback.extract_tb(error.__traceback__)
    return f"{type(error).__name__} at {last.filename}:{last.lineno}"
