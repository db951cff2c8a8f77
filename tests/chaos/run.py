"""One run of chaos: real bots and a real store, killed and disturbed while people talk."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from memory.seal import fresh_key
from tests.chaos.fakes import ChaosDiscord, ChaosModel, ChaosSlack
from tests.chaos.gate import Gate, gate
from tests.chaos.history import Report, judge
from tests.chaos.people import People
from tests.chaos.store import Server, server
from tests.chaos.traps import Traps
from tests.e2e.process import Bot, Home
from tests.servers.redis import find_servers

TURNS = {  # crashes are found soon; call timeouts that a loaded machine keeps
    "THREADKEEPER_TURNS__LEASE_SECONDS": "4",
    "THREADKEEPER_TURNS__GRACE_SECONDS": "2",
    "THREADKEEPER_TURNS__SWEEP_SECONDS": "0.5",
    "THREADKEEPER_TURNS__CALL_TIMEOUT_SECONDS": "2",
    "THREADKEEPER_TURNS__LATE_SECONDS": "3",
    "THREADKEEPER_TURNS__LISTED_SECONDS": "0.5",
    "THREADKEEPER_TURNS__ATTEMPTS": "10000",  # the model fails often; no apology is due
    "THREADKEEPER_LOG_LEVEL": "warning",
}
SETTLE = 120.0  # seconds for what is left at the end
QUIET = 6.0  # seconds without a fault before anybody looks at the end: late second answers


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`rate`: acts of people a second; `kill`, `disturb`: mean seconds between kills and faults."""

    seconds: float
    seed: int
    replicas: int = 1
    rate: float = 25.0
    readback: bool = False  # only Slack, which knows no nonce
    kill: float = 3.0
    kill_store: float = 18.0
    disturb: float = 2.0
    trouble: float = 0.05  # share of the model's answers that fail


@dataclass(slots=True)
class Run:
    plan: Plan
    folder: Path
    chance: Random
    people: People
    model: ChaosModel
    traps: Traps
    store: Server
    way: Gate
    home: Home
    kills: list[float] = field(default_factory=list)
    bots: dict[int, Bot] = field(default_factory=dict)

    async def play(self) -> None:
        """People talk while bots and store die; then all is left in peace until it has settled."""
        plan = self.plan
        async with asyncio.TaskGroup() as tasks:
            living = [tasks.create_task(self._live(number)) for number in range(plan.replicas)]
            acts = (self._kill_bots(), self._kill_store(), self._disturb())
            troubles = [tasks.create_task(act) for act in acts]
            await self.people.talk(plan.seconds, plan.rate)
            for trouble in troubles:
                trouble.cancel()
            await asyncio.gather(*troubles, return_exceptions=True)
            self._calm()
            await self._settled()
            for task in living:
                task.cancel()

    async def _live(self, number: int) -> None:
        """A bot that is started again whenever it died."""
        while True:
            async with self.home.bot() as bot:
                self.bots[number] = bot
                await bot.process.wait()
                self.bots.pop(number, None)

    def kill(self) -> None:
        if self.bots:
            victim = self.chance.choice(sorted(self.bots))
            self.bots.pop(victim).kill()
            self.kills.append(time.time())

    async def _kill_bots(self) -> None:
        """Every other time where it hurts; a trap not sprung by the next time is let be."""
        while True:
            await self._connected()
            await asyncio.sleep(self.chance.expovariate(1 / self.plan.kill))
            self.traps.disarm()
            if self.chance.random() < 0.5:
                self.kill()
            else:
                self.traps.arm()

    async def _connected(self) -> None:
        """Else a loaded machine would only see bots that start."""
        everybody = self.plan.replicas
        await self.people.slack.until(
            lambda: len(self.people.slack.sockets.open) >= everybody, within=1_000
        )

    async def _kill_store(self) -> None:
        while True:
            await asyncio.sleep(self.chance.expovariate(1 / self.plan.kill_store))
            await self.store.kill()

    async def _disturb(self) -> None:
        while True:
            await asyncio.sleep(self.chance.expovariate(1 / self.plan.disturb))
            await self.store.ready()
            for _ in range(3):
                self.people.slack.trouble(self.chance)
            with suppress(OSError, ConnectionError):  # the store may have died this very moment
                await self._disturb_store()

    async def _disturb_store(self) -> None:
        match self.chance.randrange(6):
            case 0:
                self.way.lose += 3
            case 1:
                self.way.delay = self.chance.choice((0.0, 0.01, 0.2))
            case 2:
                self.way.hang()
                await asyncio.sleep(1.0)
                self.way.resume()
            case 3:
                self.way.half_open()
            case 4:
                await self.store.fill(full=True)
                await asyncio.sleep(0.5)
                await self.store.fill(full=False)
            case _:
                await self.store.freeze(readonly=True)
                await asyncio.sleep(0.5)
                await self.store.freeze(readonly=False)

    def _calm(self) -> None:
        self.traps.disarm()
        self.way.resume()
        self.way.delay, self.way.lose = 0.0, 0

    async def _settled(self) -> None:
        await self.store.ready()
        with suppress(OSError, ConnectionError):
            await self.store.fill(full=False)
            await self.store.freeze(readonly=False)
        await self.people.heard(SETTLE)
        end = time.monotonic() + SETTLE
        while self.report(()).unanswered and time.monotonic() < end:  # noqa: ASYNC110
            await asyncio.sleep(0.5)
        await asyncio.sleep(QUIET)

    def report(self, remembered: Sequence[dict[str, str]]) -> Report:
        posts = [post for post in self.people.posts() if not post.text.startswith("Forgotten")]
        report = judge(self.people.said, posts, self.model.shown, remembered, self.kills)
        report.store_kills = self.store.kills
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
        store = await stack.enter_async_context(server(find_servers()[0], folder / "store"))
        way = await stack.enter_async_context(gate(store.socket, traps))
        slack = await stack.enter_async_context(ChaosSlack(traps))
        discord = None if plan.readback else ChaosDiscord(traps)
        if discord:
            await stack.enter_async_context(discord)
        model = await stack.enter_async_context(ChaosModel(traps, chance, plan.trouble))
        people = People(slack, discord, chance)
        stack.push_async_callback(people.go)
        home = Home(folder=folder, environ=environ(slack, discord, model, way) | TURNS)
        run = Run(plan, folder, chance, people, model, traps, store, way, home)
        traps.kill = run.kill
        yield run


def environ(
    slack: ChaosSlack, discord: ChaosDiscord | None, model: ChaosModel, way: Gate
) -> dict[str, str]:
    both = {"DISCORD_API_URL": discord.api_url, "DISCORD_TOKEN": discord.token} if discord else {}
    return both | {
        "SLACK_API_URL": slack.api_url,
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_APP_TOKEN": slack.app_token,
        "OPENAI_BASE_URL": model.url,
        "OPENAI_API_KEY": "sk-made-up-and-secret",
        "REDIS_URL": way.url,
        "MEMORY_KEY": fresh_key(),
    }


async def chaos(plan: Plan, folder: Path) -> tuple[Report, Run]:
    async with staged(plan, folder) as run:
        await run.play()
        remembered = await run.remembered()
        report = run.report(remembered)
        report.orphan_keys = await run.store.orphans()
        return report, run
