"""The bot's core on a real store in simulated time: what takes minutes takes no time."""

import asyncio
import random
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from adapters.draft import Pace, write
from adapters.message import Audience, Conversation
from adapters.ports import Hold, Platform, Posted
from bot.budget import Budgets, Limits
from bot.catchup import CatchUp
from bot.commands import Commands
from bot.desk import Desk
from bot.intake import Intake
from bot.places import place_of
from bot.ports import Request
from bot.prompt import Budget, Prompter
from bot.reply import Replies
from bot.settings import Commands as Names
from bot.settings import Reach
from bot.telemetry import Metrics
from bot.turns import Limits as TurnLimits
from bot.turns import Turns
from memory.dependencies import Terms
from memory.engine import Memory, Settings
from memory.seal import Keyring, fresh_key
from tests.adapters.posts import MemoryPosts
from tests.bot.platform import HERE, FakePlatform
from tests.simulation.loop import Process, ProcessLoop
from tests.simulation.network import Network
from tests.simulation.replica import moment
from tests.simulation.store import START, Clockwork, Remote, SimulatedStore, tags
from tests.simulation.weather import FAIR

LEASE, CALL, ATTEMPTS = 30.0, 5.0, 3  # as they are set when nobody sets them
TERMINAL = Conversation(
    platform="console", space="local", channel="terminal", audience=Audience.DIRECT
)
Script = Callable[[Request], AsyncGenerator[str, None]]


class Trusting:
    """Nobody looks on as scripts run."""

    def law(self, holds: object, text: str, *about: object) -> None:
        assert holds, (text, about)

    def before(self, process: Process, script: str, words: Sequence[Any]) -> None: ...
    def heard(self, answer: Any) -> None: ...
    def after(self, process: Process, script: str, words: Sequence[Any], answer: Any) -> None: ...


class PacedPlatform(FakePlatform):
    """Post-and-edit on posts in memory, as on Discord."""

    def __init__(self) -> None:
        super().__init__(name=HERE.platform)
        self.paced = MemoryPosts(limit=2_000, repeats_safely=True)

    def reply(
        self, turn: Hold, text: AsyncGenerator[str, None], onto: Posted
    ) -> AsyncGenerator[Posted, None]:
        return write(self.paced, turn, text, onto, Pace())

    async def find(self, turn: str, since: datetime) -> Posted:
        found = await self.paced.find(turn, since)
        return Posted(ids=tuple(found), text="".join(self.paced.posts[each].text for each in found))


@dataclass(slots=True, kw_only=True)
class Bot:
    """`asked`: what the model was."""

    intake: Intake
    metrics: Metrics
    asked: list[Request] = field(default_factory=list)

    def ended(self, how: str) -> float:
        return float(self.metrics.turns.labels(how)._value.get())


def lived(
    url: str, script: Script, platform: Platform, live: Callable[[Bot], Awaitable[None]]
) -> None:
    """Run this with a bot on one platform, from its start to its end."""

    async def run() -> None:
        async with _running(url, script, platform) as bot:
            await live(bot)

    loop = ProcessLoop()
    try:
        loop.run_until_complete(run())
    finally:
        loop.end()


@asynccontextmanager
async def _running(url: str, script: Script, platform: Platform) -> AsyncIterator[Bot]:
    server, process = Clockwork(url), Process("a", 0.0)
    server.clear(START)
    network = Network(random.Random(0), FAIR)  # noqa: S311
    network.faulty = False
    where = HERE if platform.name == HERE.platform else TERMINAL
    store = SimulatedStore({}, tags([place_of(where).channel_key]), LEASE)
    store.load(server)
    store = store.of(Remote(server, network, process, Trusting()))
    memory = Memory(
        store,
        Keyring([fresh_key()]),
        settings=Settings(terms=Terms(lease=LEASE, call=CALL), recall=False),
        measure=_measure,
        summarise=_summarise,
        randbytes=random.Random(0).randbytes,  # noqa: S311
    )
    await memory.open()
    metrics, asked = Metrics(), list[Request]()

    async def model(request: Request) -> AsyncGenerator[str, None]:
        asked.append(request)
        async for piece in script(request):
            yield piece

    def now() -> datetime:
        return moment(asyncio.get_running_loop().time())

    budgets = Budgets(store, Limits(), now)
    prompter = Prompter("You are a test.", Budget(), len, now)
    replies = Replies(model, prompter, budgets, attempts=ATTEMPTS, late=8.0)
    platforms = {platform.name: platform}
    turns = Turns(memory, replies, platforms, limits=TurnLimits(), metrics=metrics)
    async with turns:
        catchup = CatchUp(memory, turns, platforms, Reach(), look=5.0, metrics=metrics, now=now)
        desk = Desk(
            memory=memory,
            platforms=platforms,
            offers=(),
            about=(),
            budgets=budgets,
            metrics=metrics,
        )
        commands = Commands(desk, Names())
        intake = Intake(memory, turns, commands, catchup, platforms, metrics=metrics, now=now)
        sweeping = asyncio.create_task(turns.sweep())
        try:
            yield Bot(intake=intake, metrics=metrics, asked=asked)
        finally:
            sweeping.cancel()
            await turns.drain()
            server.wire.close()


async def _measure(text: str) -> int:
    return len(text)


async def _summarise(task: object) -> str:
    return "- folded"
