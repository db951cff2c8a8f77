"""Turns: every conversation that owes an answer gets exactly one."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Coroutine, Iterable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Self

import structlog

from adapters.message import (
    Busy,
    Chat,
    Platform,
    Posted,
    Refused,
    Unclear,
)
from bot.places import conversation_at
from bot.ports import Model, ModelFailed
from bot.prompt import Prompter, left_out
from bot.telemetry import Metrics
from memory.engine import Memory
from memory.store import Debris, Place, StoreDown
from memory.turn import Lost, Stale, Turn, Withdrawn

log = structlog.get_logger()

TOO_LONG = "(Your message is longer than I can read at once: I saw its beginning and its end.)\n\n"
STOPPED = "(stopped)"
FOLDS = 4  # summaries made at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Seconds, but for `attempts`: so often a turn is tried before it ends with an apology."""

    lease: float = 30.0
    attempts: int = 3
    sweep: float = 5.0
    stop: float = 20.0


class Turns:
    """Runs turns in the background, from `async with` on; `drain` ends them in good order."""

    def __init__(
        self,
        memory: Memory,
        model: Model,
        prompter: Prompter,
        platforms: Mapping[str, Platform],
        *,
        limits: Limits,
        metrics: Metrics,
    ) -> None:
        self._memory, self._model, self._prompter = memory, model, prompter
        self._platforms, self._limits, self._metrics = platforms, limits, metrics
        self._tasks = asyncio.TaskGroup()
        self._running: set[asyncio.Task[None]] = set()
        self._live: dict[str, Turn] = {}  # as many as are running
        self._folding = asyncio.Semaphore(FOLDS)
        self._draining = False

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
        if not self._draining:
            self._spawn(self.answer(place))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._tasks.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def stop(self, place: Place, turn: str) -> None:
        """A person wants no more of this reply, whichever process writes it."""
        await self._memory.stop(place, turn)
        if turn in self._live:
            self._live[turn].stopped = True

    async def sweep(self) -> None:
        """Take over, again and again, what a crash or a failure left unanswered."""
        while True:
            try:
                for place in await self._memory.overdue():
                    if place.platform in self._platforms:
                        self.wake(place)
            except StoreDown as error:
                log.warning("sweep skipped", reason=str(error))
            await asyncio.sleep(self._limits.sweep)

    async def answer(self, place: Place) -> None:
        """Answer until nothing is owed here; whoever holds the lease does."""
        try:
            while not self._draining and (found := await self._memory.begin(place)):
                if isinstance(found, Debris):
                    await self._chat(place).remove(found.ids)
                    await self._memory.clear(place, found)
                elif not await self._turn(found):
                    return
        except Exception as error:  # noqa: BLE001 - the edge: one failing turn ends no process
            log.error("turn not begun", conversation=place.key, error=_describe(error))

    async def _turn(self, turn: Turn) -> bool:
        """One turn to its end, or given back to be tried again. Whether more is owed."""
        began = asyncio.get_running_loop().time()
        self._live[turn.id] = turn
        try:
            more = await self._finish(turn)
        except Lost:
            self._metrics.turns.labels("lost").inc()
            return False
        except asyncio.CancelledError:
            await asyncio.shield(turn.release(clean=False))
            raise
        except Exception as error:  # noqa: BLE001 - the edge: logged, counted, tried again
            self._metrics.turns.labels("failed").inc()
            log.error("turn failed", **_who(turn), error=_describe(error))
            await turn.release(clean=False, wait=min(60.0, 2.0**turn.attempt))
            return False
        finally:
            self._live.pop(turn.id, None)
        self._metrics.turns.labels("done").inc()
        self._metrics.seconds.observe(asyncio.get_running_loop().time() - began)
        if self._memory.crowded(turn.recollection):
            self._spawn(self._settle(turn.place))
        return more

    async def _finish(self, turn: Turn) -> bool:
        chat, apology = self._chat(turn.place), ""
        if turn.attempt > self._limits.attempts and not turn.text:
            apology = _apology(turn, "it failed several times")
        while True:
            try:
                if turn.withdrawn:
                    return await _take_back(turn, chat)
                return await self._say(turn, chat, apology)
            except (Stale, Withdrawn):
                await turn.reload()
            except ModelFailed as error:
                if not error.lasting and turn.attempt < self._limits.attempts:
                    raise
                apology = _apology(turn, str(error))

    async def _say(self, turn: Turn, chat: Chat, apology: str) -> bool:
        """Reply on the posts that are there already, and conclude with what was delivered."""
        posted = await _left(turn, chat)
        try:
            async with (
                aclosing(self._pieces(turn, apology, posted)) as pieces,
                aclosing(chat.reply(turn, pieces, posted)) as reply,
            ):
                async for posted in reply:
                    await turn.note([post for post in posted.ids if post not in turn.posted])
        except Refused as error:
            log.error("set aside: the platform refuses", **_who(turn), error=str(error))
            posted = Posted(removed=turn.posted)
        return await _conclude(turn, chat, posted)

    async def _pieces(self, turn: Turn, apology: str, shown: Posted) -> AsyncGenerator[str, None]:
        """The reply; complete and recorded before its end, so that no takeover asks again."""
        text = apology or turn.text
        if turn.stopped and not text:
            text = shown.text or STOPPED
        if text:
            yield text
        else:
            async with aclosing(self._generate(turn)) as pieces:
                async for piece in pieces:
                    text += piece
                    yield piece
        if text != turn.text:
            await turn.note(text=text)

    async def _generate(self, turn: Turn) -> AsyncGenerator[str, None]:
        """Ask the model; the lease is renewed while it is silent, and a stop ends it."""
        cache_key = hashlib.sha256(turn.place.key.encode()).hexdigest()[:16]
        request = self._prompter.build(turn.recollection, cache_key)
        if left_out(turn.recollection, request):
            yield TOO_LONG
        async with aclosing(self._model(request)) as answer:
            while not turn.stopped and (piece := await self._next(answer, turn)) is not None:
                yield piece

    async def _next(self, pieces: AsyncGenerator[str, None], turn: Turn) -> str | None:
        """A piece, or None at the end. Not by a TaskGroup: that would wrap the model's errors."""
        reading = asyncio.ensure_future(anext(pieces, None))
        try:
            while not reading.done():
                await asyncio.wait({reading}, timeout=self._limits.lease / 3)
                if not reading.done():
                    await turn.note()
            return reading.result()
        finally:
            reading.cancel()
            await asyncio.wait({reading})

    async def _settle(self, place: Place) -> None:
        async with self._folding:
            try:
                if await self._memory.settle(place):
                    self._metrics.folds.labels("done").inc()
            except Exception as error:  # noqa: BLE001 - the edge: the messages stay as they are
                self._metrics.folds.labels("failed").inc()
                log.warning("not folded", conversation=place.key, error=_describe(error))

    def _chat(self, place: Place) -> Chat:
        return self._platforms[place.platform].chat(conversation_at(place))


async def _left(turn: Turn, chat: Chat) -> Posted:
    """The posts of this turn so far: those noted, and those a crash kept from being noted."""
    if turn.attempt == 1:
        return Posted(ids=turn.posted)
    found = await chat.find(turn.id, turn.began_at)
    if new := [post for post in found.ids if post not in turn.posted]:
        await turn.note(new)
    return Posted(ids=_in_order({*turn.posted, *found.ids}), text=found.text)


async def _conclude(turn: Turn, chat: Chat, posted: Posted) -> bool:
    removed = posted.removed
    while True:
        end = await turn.conclude(posted.ids, removed, posted.text)
        match end.verdict:
            case "done":
                return end.more
            case "stale":
                raise Stale
            case "withdrawn":
                raise Withdrawn
            case "unknown":
                await turn.secure()
                await chat.remove(end.ids)
                removed = (*removed, *end.ids)
            case _:
                raise Lost


async def _take_back(turn: Turn, chat: Chat) -> bool:
    """Nothing is left to answer: what was posted for it goes."""
    found = await chat.find(turn.id, turn.began_at)
    removed: tuple[str, ...] = ()
    ids = _in_order({*turn.posted, *found.ids})
    while True:
        await turn.secure()
        await chat.remove(ids)
        removed = (*removed, *ids)
        end = await turn.withdraw(removed)
        if end.verdict == "done":
            return end.more
        if end.verdict == "lost":
            raise Lost
        ids = end.ids


def _in_order(ids: Iterable[str]) -> tuple[str, ...]:
    """Platforms' ids grow, in length too."""
    return tuple(sorted(ids, key=lambda each: (len(each), each)))


def _apology(turn: Turn, reason: str) -> str:
    log.error("set aside for the operator", **_who(turn), reason=reason)
    return f"Sorry, I could not answer this: {reason}. Your message is remembered; ask me again."


def _who(turn: Turn) -> dict[str, object]:
    return {"conversation": turn.place.key, "turn": turn.id, "attempt": turn.attempt}


def _describe(error: Exception) -> str:
    """Never the whole error: other people's exceptions may quote messages."""
    ours = (ModelFailed, Refused, StoreDown, Unclear, Busy)
    return str(error) if isinstance(error, ours) else type(error).__name__
