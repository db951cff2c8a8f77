"""One run of chaos: real bots and a real store, killed and disturbed while people talk."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from random import Random

from redis.exceptions import RedisError

from memory.seal import fresh_key
from tests.chaos.away import SETTLED, Absence
from tests.chaos.fakes import ChaosDiscord, ChaosModel
from tests.chaos.gate import Gate
from tests.chaos.history import History
from tests.chaos.nursery import Child, Nursery, nursery
from tests.chaos.pair import Pair, pair
from tests.chaos.people import People
from tests.chaos.store import Server, server
from tests.chaos.told import WAITING, Report, Said
from tests.chaos.traps import Traps, owner
from tests.chaos.trouble import disturb
from tests.e2e.process import Home
from tests.servers.redis import find_servers
from tests.soak.weather import BadSlack, Weather

TURNS = {  # crashes are found soon; call timeouts that a loaded machine keeps
    "THREADKEEPER_TURNS__LEASE_SECONDS": "4",
    "THREADKEEPER_TURNS__GRACE_SECONDS": "3",
    "THREADKEEPER_TURNS__SWEEP_SECONDS": "0.5",
    "THREADKEEPER_TURNS__CALL_TIMEOUT_SECONDS": "2",
    "THREADKEEPER_TURNS__LATE_SECONDS": "4",
    "THREADKEEPER_TURNS__LISTED_SECONDS": "0.5",
    "THREADKEEPER_MEMORY__WINDOW__HIGH": "900",  # so that it folds now and then
    "THREADKEEPER_MEMORY__WINDOW__LOW": "500",
    "THREADKEEPER_CATCH_UP__WAIT_SECONDS": "5",
    "THREADKEEPER_MODEL__REST_SECONDS": "2",
    "THREADKEEPER_TURNS__AT_ONCE": "16",  # what is begun ends before the next kill, some of it
    "THREADKEEPER_TURNS__ATTEMPTS": "10000",  # the model fails often; no apology is due
    "THREADKEEPER_LOG_LEVEL": "warning",
}
SETTLE = 120.0  # seconds for what is left at the end
QUIET = 6.0  # seconds without a fault before anybody looks at the end: late second answers
STORE = 0.15  # share of the traps that kill the store
START = 60.0  # seconds until every bot listens
AWAY = 2.0  # seconds after the platforms changed without a word, until bots are started again


Stored = AbstractAsyncContextManager[tuple[Server, Gate] | tuple[Pair, Gate]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`rate`: acts of people a second; `kill`, `disturb`, …: mean seconds between them."""

    seconds: float
    seed: int
    replicas: int = 1
    rate: float = 25.0
    rush: float = 0.0  # the rate of five seconds in each minute; 0: as ever
    many: int = 1  # times as many conversations
    readback: bool = False  # only Slack, which knows no nonce
    sentinel: bool = False  # the store is a primary and its replica, under Sentinels
    kill: float = 2.5
    kill_store: float = 12.0
    disturb: float = 0.5
    disturb_store: float = 3.0
    trouble: float = 0.05  # share of the model's answers that fail
    settle: float = SETTLE
    away: bool = True  # in the end no bot is there for a while, and no event tells of it


@dataclass(slots=True)
class Run:
    plan: Plan
    chance: Random
    people: People
    model: ChaosModel
    weather: Weather
    traps: Traps
    store: Server | Pair
    way: Gate
    home: Home
    born: Nursery
    absence: Absence
    kills: list[float] = field(default_factory=list)
    bots: dict[int, Child] = field(default_factory=dict)
    settled_in: float = 0.0  # seconds
    _wanted: asyncio.Event = field(default_factory=asyncio.Event)  # else no bot is started

    async def play(self) -> None:
        """People talk while bots and store die; then all is left in peace until it has settled."""
        plan = self.plan
        self._wanted.set()
        async with asyncio.TaskGroup() as tasks:
            living = [tasks.create_task(self._live(number)) for number in range(plan.replicas)]
            async with asyncio.timeout(START):
                await self._connected()
            acts = (self._kill_bots, self._kill_store, self._disturb, self.weather.rage)
            troubles = [tasks.create_task(act()) for act in acts]
            await self.people.talk(plan.seconds, plan.rate, plan.rush)
            for trouble in troubles:
                trouble.cancel()
            await asyncio.gather(*troubles, return_exceptions=True)
            began = time.monotonic()
            await self._calm()
            if plan.away:
                await self._left_alone()
            with suppress(TimeoutError):  # what has not settled by then is found missing
                await self._settled()
            self.settled_in = time.monotonic() - began
            for task in living:
                task.cancel()

    async def _live(self, number: int) -> None:
        """A bot that is started again whenever it died."""
        while await self._wanted.wait():
            async with self.born.bot() as bot:
                self.bots[number] = bot
                await bot.wait()
                self.bots.pop(number, None)

    def strike(self, port: int) -> None:
        """Where it hurts: the bot that calls from this port, or at times the store."""
        if self.chance.random() < STORE:
            self.store.die()
        else:
            self.kill(port)

    def kill(self, port: int) -> None:
        """The bot that calls from this port, or any."""
        running = {number: bot.pid for number, bot in self.bots.items()}
        if running:
            caller = owner(port, running) if port else None
            victim = self.chance.choice(sorted(running)) if caller is None else caller
            self.bots.pop(victim).kill()
            self.kills.append(time.time())

    async def _kill_bots(self) -> None:
        """Every other time where it hurts, if that point is passed soon."""
        while True:
            await self._connected()
            died = len(self.kills)
            if self.chance.random() < 0.5:
                self.traps.arm()
            await asyncio.sleep(self.chance.expovariate(1 / self.plan.kill))
            self.traps.disarm()
            if len(self.kills) == died:
                self.kill(0)

    async def _connected(self) -> None:
        """Else a loaded machine would only see bots that start."""
        slack = self.people.slack
        await slack.until(lambda: len(slack.sockets.open) >= self.plan.replicas, within=inf)

    async def _kill_store(self) -> None:
        while True:
            await asyncio.sleep(self.chance.expovariate(1 / self.plan.kill_store))
            await self.store.kill()

    async def _disturb(self) -> None:
        while True:
            await asyncio.sleep(self.chance.expovariate(1 / self.plan.disturb_store))
            await self.store.ready()
            with suppress(OSError, RedisError):  # the store may have died this very moment
                await disturb(self.store, self.way, self.chance)

    async def _calm(self) -> None:
        self.traps.disarm()
        self.way.resume()
        self.way.delay, self.way.lose = 0.0, 0
        self.people.slack.heal()
        if self.people.discord:
            self.people.discord.heal()
        await self.store.ready()
        await self.store.fill(full=False)
        await self.store.freeze(readonly=False)

    async def _left_alone(self) -> None:
        """No bot is there while people edit, delete and call; then there is time to find out."""
        slack, discord = self.people.slack, self.people.discord
        self._wanted.clear()
        while self.bots or slack.sockets.open or (discord and discord.gateway.live):
            if self.bots:
                self.kill(0)
            await asyncio.sleep(0.05)
        self.absence.pass_by()
        await asyncio.sleep(AWAY)
        self._wanted.set()
        async with asyncio.timeout(START):
            await self._connected()
            if discord:
                await discord.until(
                    lambda: len(discord.gateway.live) >= self.plan.replicas, within=inf
                )
        self.absence.over()
        began = time.monotonic()
        await self.people.heard(SETTLED)
        await asyncio.sleep(max(0.0, began + SETTLED - time.monotonic()))

    async def _settled(self) -> None:
        """Once more everybody asks: so the bot is in every thread, and has read what it missed."""
        async with asyncio.timeout(self.plan.settle):
            await self.people.greet(self.plan.rate)
            await self.people.heard(self.plan.settle)
            began = time.monotonic()
            while self._owing():
                took = time.monotonic() - began  # meanwhile the platforms stood still
                await asyncio.sleep(max(0.5, 10 * took))
                began = time.monotonic()
            await asyncio.sleep(QUIET)

    def _owing(self) -> Sequence[Said]:
        history = self._history(())
        late = () if "calls_missed_while_away" in WAITING else history.missed()
        return [*history.unanswered(), *late]

    def _history(self, remembered: Sequence[dict[str, str]]) -> History:
        return History(
            said=self.people.said,
            posts=self.people.posts(),
            shown=self.model.shown,
            remembered=remembered,
            kills=self.kills,
        )

    async def report(self) -> Report:
        report = self._history(await self.remembered()).judge()
        report.store_kills = self.store.kills
        report.broke("orphan_keys", await self.store.orphans())
        return report

    async def remembered(self) -> Sequence[dict[str, str]]:
        ended = await self.home.run("export")
        assert ended.code == 0, ended.err
        return [json.loads(line) for line in ended.out.splitlines()]


@asynccontextmanager
async def staged(plan: Plan, folder: Path) -> AsyncIterator[Run]:
    chance = Random(plan.seed)  # noqa: S311
    traps = Traps(chance)
    async with AsyncExitStack() as stack:
        kept = (find_servers()[0], folder / "store", traps)
        stored: Stored = pair(*kept) if plan.sentinel else server(*kept)
        store, way = await stack.enter_async_context(stored)
        slack = await stack.enter_async_context(BadSlack(chance, traps))
        discord = None if plan.readback else ChaosDiscord(traps)
        if discord:
            await stack.enter_async_context(discord)
        model = await stack.enter_async_context(ChaosModel(traps, chance, plan.trouble))
        weather = Weather(slack, discord or ChaosDiscord(traps), chance, plan.disturb)
        people = People(slack, discord, chance, plan.many)
        stack.push_async_callback(people.go)
        settings = environ(slack, discord, model) | TURNS | dict(store.settings(way.ports))
        settings["THREADKEEPER_CATCH_UP__CONVERSATIONS"] = str(40 * plan.many)  # read at each start
        home = Home(folder=folder, environ=settings)
        born = await stack.enter_async_context(nursery(home))
        run = Run(
            *(plan, chance, people, model, weather, traps, store, way, home, born),
            absence=Absence(people),
        )
        traps.strike = run.strike
        yield run


def environ(slack: BadSlack, discord: ChaosDiscord | None, model: ChaosModel) -> dict[str, str]:
    both = {"DISCORD_API_URL": discord.api_url, "DISCORD_TOKEN": discord.token} if discord else {}
    return both | {
        "SLACK_API_URL": slack.api_url,
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_APP_TOKEN": slack.app_token,
        "OPENAI_BASE_URL": model.url,
        "OPENAI_API_KEY": "sk-made-up-and-secret",
        "MEMORY_KEY": fresh_key(),
    }


async def chaos(plan: Plan, folder: Path) -> tuple[Report, Run]:
    async with staged(plan, folder) as run:
        await run.play()
        return await run.report(), run
