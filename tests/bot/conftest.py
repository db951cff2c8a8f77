"""The bot's own parts on a real store, with a scripted model and a platform in memory."""

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from redis.asyncio import Redis

from bot.budget import Budgets
from bot.budget import Limits as DayLimits
from bot.catchup import CatchUp
from bot.commands import Commands, offers
from bot.desk import Desk
from bot.intake import Intake
from bot.ports import Request
from bot.prompt import Budget, Prompter
from bot.reply import Replies
from bot.settings import Commands as Names
from bot.settings import Reach
from bot.telemetry import Metrics
from bot.turns import Limits, Turns
from memory.dependencies import Terms
from memory.engine import Memory, Settings
from memory.folding import Sizes
from memory.redis import RedisStore
from memory.seal import Keyring, fresh_key
from memory.summary import Task
from memory.window import Marks
from tests.bot.platform import FakePlatform

LEASE = 2.0
NOW = datetime(2027, 1, 1, 12, 0, tzinfo=UTC)


@dataclass(slots=True)
class ScriptedModel:
    """Answers with what `script` makes of the request; an exception is raised."""

    script: Callable[[Request], str | Exception]
    seen: list[Request] = field(default_factory=list)
    gate: asyncio.Event | None = None  # waited for between the first piece and the rest
    asked: Callable[[], Awaitable[None]] | None = None
    door: asyncio.Event | None = None  # waited for before the first piece

    async def __call__(self, request: Request) -> AsyncGenerator[str, None]:
        self.seen.append(request)
        if self.asked:
            await self.asked()
        answer = self.script(request)
        if isinstance(answer, Exception):
            raise answer
        if self.door:
            await self.door.wait()
        half = max(len(answer) // 2, 1)
        yield answer[:half]
        if self.gate:
            await self.gate.wait()
        yield answer[half:]


@dataclass(slots=True)
class Bench:
    """A bot in pieces."""

    url: str
    keyring: Keyring
    platform: FakePlatform
    model: ScriptedModel
    metrics: Metrics = field(default_factory=Metrics)
    budget: Budget = field(default_factory=Budget)
    limits: DayLimits = field(default_factory=DayLimits)
    marks: Marks = field(default_factory=Marks)
    summaries: list[Task] = field(default_factory=list)
    grace: float = 0.0
    turns: Turns | None = None  # the running bot's
    silence: float = 600.0
    patience: float = 20.0
    sweep: float = 0.02
    reach: Reach = field(default_factory=Reach)
    now: datetime = NOW
    names: Names = field(default_factory=Names)
    images: bool = False
    at_once: int = 200
    other: FakePlatform | None = None  # a second platform

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Intake]:
        async with AsyncExitStack() as stack:
            store = RedisStore(self.url, lease=LEASE, grace=self.grace)
            stack.push_async_callback(store.close)
            budgets = Budgets(store, self.limits, lambda: NOW)
            memory = Memory(
                store,
                self.keyring,
                settings=Settings(
                    sizes=Sizes(marks=self.marks),
                    terms=Terms(lease=LEASE, call=0.2),
                    follow="one-on-one",
                    recall=True,
                    silence=self.silence,
                    patience=self.patience,
                ),
                measure=_measure,
                summarise=budgets.within(self._summarise, _measure),
                randbytes=os.urandom,
            )
            await memory.open()
            self.model.asked = self.platform.notify
            prompter = Prompter("You are a test.", self.budget, len, lambda: NOW)
            both = filter(None, (self.platform, self.other))
            platforms = {platform.name: platform for platform in both}
            replies = Replies(
                self.model, prompter, budgets, attempts=2, late=0.05, images=self.images
            )
            limits = Limits(sweep=self.sweep, stop=1.0, turns=self.at_once)
            turns = Turns(memory, replies, platforms, limits=limits, metrics=self.metrics)
            self.turns = turns
            await stack.enter_async_context(turns)
            catchup = CatchUp(
                memory,
                turns,
                platforms,
                self.reach,
                look=0.2,
                metrics=self.metrics,
                now=lambda: self.now,
            )
            desk = Desk(
                memory=memory,
                platforms=platforms,
                offers=offers(self.names),
                about=["I am a test."],
                budgets=budgets,
                metrics=self.metrics,
            )
            intake = Intake(
                memory,
                turns,
                Commands(desk, self.names),
                catchup,
                platforms,
                metrics=self.metrics,
                now=lambda: self.now,
            )
            async with asyncio.TaskGroup() as tasks:
                sweeping = tasks.create_task(turns.sweep())
                catching = tasks.create_task(catchup.run(intake))
                yield intake
                sweeping.cancel()
                catching.cancel()
                await turns.drain()

    async def rest(self) -> None:
        """Until no turn is under way."""
        assert self.turns
        while self.turns._running:
            await asyncio.wait([*self.turns._running])

    async def age(self) -> None:
        """Nobody has said anything for so long that messages are about to expire."""
        async with Redis.from_url(self.url) as redis:
            for key in await redis.keys("tk:{p*/msg"):
                await redis.expire(key, 1000)
            for key in await redis.keys("tk:{p*/expiring"):
                names: list[Any] = await redis.zrange(key, 0, -1)
                await redis.zadd(key, dict.fromkeys(names, 0))

    async def lapse(self) -> None:
        """Whoever read a gap has said nothing for so long that another may."""
        async with Redis.from_url(self.url) as redis:
            for key in await redis.keys("tk:{p*/behind"):
                names: list[Any] = await redis.zrange(key, 0, -1)
                await redis.zadd(key, dict.fromkeys(names, 0))

    async def held(self) -> float:
        """Until when (ms since 1970) gaps are their readers'."""
        latest = 0.0
        async with Redis.from_url(self.url) as redis:
            for key in await redis.keys("tk:{p*/behind"):
                names: list[Any] = await redis.zrange(key, -1, -1, withscores=True)
                latest = max(latest, names[0][1])
        return latest

    async def expire(self) -> None:
        """Whoever holds a turn has been silent for so long that another may take it."""
        async with Redis.from_url(self.url) as redis:
            for key in await redis.keys("tk:{p*/rec"):
                await redis.hset(key, "until", "0")
            for key in await redis.keys("tk:{p*/due"):
                names: list[Any] = await redis.zrange(key, 0, -1)
                await redis.zadd(key, dict.fromkeys(names, 0))

    async def _summarise(self, task: Task) -> str:
        self.summaries.append(task)
        await self.platform.notify()
        return "- folded"

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until the platform shows it."""
        async with asyncio.timeout(10), self.platform.changed:
            await self.platform.changed.wait_for(condition)

    async def answers(self, number: int) -> None:
        await self.until(
            lambda: sum(post.complete for post in self.platform.posts.values()) == number
        )


async def _measure(text: str) -> int:
    return len(text)


@pytest.fixture
async def bot(any_redis_url: str) -> Bench:
    return Bench(
        url=any_redis_url,
        keyring=Keyring([fresh_key()]),
        platform=FakePlatform(),
        model=ScriptedModel(lambda request: "re: " + request.prompts[-1].text),
    )
