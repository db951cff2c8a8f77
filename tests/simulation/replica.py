"""One of the bot's processes: the whole core, started again after every crash."""

import asyncio
import random
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import cast

from adapters.draft import Pace
from bot.budget import Budgets
from bot.budget import Limits as DayLimits
from bot.catchup import CatchUp
from bot.commands import Commands
from bot.desk import Desk
from bot.intake import Intake
from bot.prompt import Budget, Prompter
from bot.reply import Replies
from bot.settings import Commands as Names
from bot.settings import Reach
from bot.telemetry import Metrics
from bot.turns import Limits, Turns
from memory.dependencies import Terms
from memory.engine import Memory, Settings
from memory.folding import Sizes
from memory.records import Place
from memory.seal import Keyring
from memory.store import StoreDown
from memory.window import Marks
from tests.laws.process import _measure, _Plain
from tests.simulation.loop import Process, ProcessLoop
from tests.simulation.model import SimulatedModel
from tests.simulation.network import PLATFORM, Network
from tests.simulation.platform import SimulatedPlatform, World
from tests.simulation.store import START, Clockwork, Remote, SimulatedStore
from tests.simulation.watch import Watch
from tests.simulation.weather import Weather

CALL = 5.0  # seconds a platform call may take
ATTEMPTS = 3
SWEEP = 5.0
DOWN = (0.3, 2.0, 6.0, 30.0)  # seconds until a killed process is there again
SIZES = Sizes(
    marks=Marks(high=0, low=0, messages_high=6, messages_low=3),
    segment=100_000,
    segments=2,
    batch=100_000,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What all processes of a run have in common."""

    server: Clockwork
    store: SimulatedStore
    network: Network
    world: World
    watch: Watch
    keyring: Keyring
    chance: random.Random
    places: Sequence[Place]
    metrics: Metrics
    weather: Weather


class Replica:
    """Its life after life; `intake` is None while it is down."""

    process: Process

    def __init__(self, means: Means, name: str, skew: float) -> None:
        self._means, self._name, self._skew = means, name, skew
        self.intake: Intake | None = None
        self.kills = 0
        self._dead: list[
            asyncio.Task[None]
        ] = []  # or their remains would run as they are collected
        self.start()

    def start(self) -> None:
        """Unless somebody did."""
        if self._dead and self.process.alive:
            return
        self.process = Process(self._name, self._skew)
        self.process.crash = partial(self.kill, self.process)
        life = self.process.spawn(self._live(self.process))
        life.add_done_callback(self._ended)
        self._dead.append(life)

    def _ended(self, life: asyncio.Task[None]) -> None:
        error = None if life.cancelled() else life.exception()
        self._means.watch.law(not error, "a process fell over", error)

    def kill(self, process: Process, down: float | None = None) -> None:
        """And start it again after so many seconds."""
        if process.alive:
            self.kills += 1
            process.alive, self.intake = False, None
            down = self._means.chance.choice(DOWN) if down is None else down
            cast("ProcessLoop", asyncio.get_running_loop()).outside(down, self.start)

    async def deploy(self) -> None:
        """Told to stop, in good order."""
        self.intake = None
        if not self._dead[-1].cancel():
            return
        process = self.process
        await asyncio.wait({self._dead[-1]}, timeout=60)
        process.alive = False

    async def _live(self, process: Process) -> None:
        means = self._means
        remote = Remote(means.server, means.network, process, means.watch)
        about = (means.watch, means.network, means.chance, means.places)
        model = SimulatedModel(process, *about, means.weather)
        store = means.store.of(remote)
        memory = Memory(
            store,
            means.keyring,
            settings=Settings(
                sizes=SIZES,
                terms=Terms(lease=means.weather.lease, call=CALL),
                silence=30.0,
            ),
            measure=_measure,
            summarise=model.summarise,
            randbytes=means.chance.randbytes,
        )
        assert memory._recalling is not None
        memory._recalling._make = _Plain
        await memory.open()
        prompter = Prompter("You are a test.", Budget(), len, self._now)
        platform = SimulatedPlatform(means.world, process, Pace())
        platforms = {platform.name: platform}
        budgets = Budgets(store, DayLimits(), self._now)
        replies = Replies(model, prompter, budgets, attempts=ATTEMPTS, late=PLATFORM.late)
        limits = Limits(sweep=SWEEP, stop=3.0)
        turns = Turns(memory, replies, platforms, limits=limits, metrics=means.metrics)
        process.works_on = turns._live
        async with turns:
            catchup = CatchUp(
                memory,
                turns,
                platforms,
                Reach(),
                look=SWEEP,
                metrics=means.metrics,
                now=self._now,
            )
            desk = Desk(
                memory=memory,
                platforms=platforms,
                offers=(),
                about=(),
                budgets=budgets,
                metrics=means.metrics,
            )
            commands = Commands(desk, Names())
            intake = Intake(
                memory, turns, commands, catchup, platforms, metrics=means.metrics, now=self._now
            )
            self.intake = intake
            async with asyncio.TaskGroup() as tasks:
                background = [turns.sweep(), catchup.run(intake), self.back(intake)]
                running = [tasks.create_task(each) for each in background]
                with suppress(asyncio.CancelledError):
                    await asyncio.Event().wait()
                for task in running:
                    task.cancel()
                await turns.drain()

    async def back(self, intake: Intake) -> None:
        """What platforms say when they are connected again, until it is taken."""
        while True:
            try:
                return await intake.missed(self._means.world.name, 0.0)
            except StoreDown:
                await asyncio.sleep(1.0)

    def _now(self) -> datetime:
        return moment(asyncio.get_running_loop().time() + self._skew)


def moment(seconds: float) -> datetime:
    """So long after the start."""
    return datetime.fromtimestamp(START // 1_000_000, UTC) + timedelta(seconds=seconds)
