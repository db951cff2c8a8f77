"""A long talk on both platforms in bad weather, with one bot that is looked at now and then."""

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random

from redis.asyncio import Redis

from tests.chaos.fakes import ChaosDiscord, ChaosModel, marks
from tests.chaos.history import judge
from tests.chaos.people import People
from tests.chaos.run import QUIET, SETTLE, TURNS
from tests.chaos.told import Report
from tests.chaos.traps import Traps
from tests.e2e.process import Bot, Home
from tests.soak.commands import Commands
from tests.soak.store import lasting
from tests.soak.vitals import Vitals, grown, probed, vitals
from tests.soak.weather import BadSlack, Weather

START = 30.0  # seconds
ROOMS = 3  # channels on Discord where the bot is mentioned, besides direct messages
HEARD = 0.7  # share of the commands that is answered: a broken connection takes some away
SWEPT = 20  # seconds in which the bot looks after everything once
TROUBLE = 0.02  # share of the model's answers that fail


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`rate`: acts of people a second; `disturb`: mean seconds between faults."""

    seconds: float
    seed: int
    http: bool = False
    rate: float = 12.0
    disturb: float = 0.5
    chapters: int = 4  # after each the bot is looked at


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    report: Report
    lost: Sequence[str]
    typed: int  # commands
    answers: Sequence[int]  # to each command that was answered
    vitals: Sequence[Vitals]  # after each chapter
    lasting: Mapping[str, int]  # what the store would keep for good
    said: int
    faults: int

    @property
    def grown(self) -> Sequence[str]:
        return grown(self.vitals)

    @property
    def broken(self) -> bool:
        heard = len(self.answers) >= HEARD * self.typed and max(self.answers, default=0) == 1
        return (
            self.report.broken or bool(self.lost) or not heard or bool(self.grown or self.lasting)
        )

    def __str__(self) -> str:
        looks = [asdict(each) for each in self.vitals]
        told = {"said": self.said, "faults": self.faults, "lost": self.lost}
        told |= {"commands": self.typed, "commands_answered": len(self.answers)}
        kept = {"grown": self.grown, "lasting": self.lasting, "vitals": looks}
        told["commands_answered_twice"] = sum(each > 1 for each in self.answers)
        return json.dumps(told | asdict(self.report) | kept)


@dataclass(slots=True)
class Soak:
    plan: Plan
    home: Home
    people: People
    weather: Weather
    model: ChaosModel
    commands: Commands
    looks: list[Vitals] = field(default_factory=list)
    lasting: Mapping[str, int] = field(default_factory=dict)

    async def play(self, tell: Callable[[str], None] = print) -> None:
        """Chapter after chapter, each until everything said in it is answered; tells of each."""
        async with self.home.bot() as bot:
            await self._connected()
            await self.people.greet(self.plan.rate)
            await self._settled()
            for chapter in range(1, self.plan.chapters + 1):
                tell(f"chapter {chapter} of {self.plan.chapters}: {await self._chapter(bot)}")
            async with Redis(unix_socket_path=str(self.home.data / "server.sock")) as store:
                for _ in range(SWEPT):
                    if not (left := await lasting(store)):
                        break
                    await asyncio.sleep(1)  # what is written down to be done may be under way
                self.lasting = left
            assert await bot.stop() == 0

    async def _chapter(self, bot: Bot) -> str:
        """What is to be told of it."""
        began, before = time.monotonic(), len(self.people.said)
        await self._talk()
        talked = time.monotonic() - began
        await self._settled()
        waited = time.monotonic() - began - talked
        look = await vitals(bot.process.pid, self.home.folder)
        self.looks.append(look)
        told = f"{(len(self.people.said) - before) / talked:.1f} messages a second for"
        told += f" {talked:.0f} s, settled {waited:.0f} s later; {look}"
        missing = [*self.lost(), *self.people.awaited]
        return told + (f"; missing: {', '.join(missing)}" if missing else "")

    async def _connected(self) -> None:
        slack, discord = self.people.slack, self.weather.discord
        await discord.until(
            lambda: discord.interactions.commands and discord.gateway.live, within=START
        )
        if self.plan.http:
            async with asyncio.timeout(START):
                while not await slack.hooks.verify():  # noqa: ASYNC110
                    await asyncio.sleep(0.1)
        else:
            await slack.until(lambda: slack.sockets.open, within=START)

    async def _talk(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            others = [tasks.create_task(act()) for act in (self.weather.rage, self.commands.type)]
            await self.people.talk(self.plan.seconds / self.plan.chapters, self.plan.rate)
            for other in others:
                other.cancel()

    async def _settled(self) -> None:
        end = time.monotonic() + SETTLE
        await self.people.heard(SETTLE)
        while self.lost() and time.monotonic() < end:  # noqa: ASYNC110
            await asyncio.sleep(0.5)
        await asyncio.sleep(QUIET)

    def report(self, remembered: Sequence[dict[str, str]]) -> Report:
        posts = [post for post in self.people.posts() if not post.text.startswith("Forgotten")]
        return judge(self.people.said, posts, self.model.shown, remembered, ())

    def lost(self) -> Sequence[str]:
        """Never answered. What Discord could not tell at once is read back: all of it is due."""
        answered = {mark for post in self.people.posts() for mark in marks(post.text)}
        return [
            f"#{each.number} in {each.corner}"
            for each in self.people.said.values()
            if each.owed and not each.doubtful and each.number not in answered
        ]

    async def found(self) -> Found:
        ended = await self.home.run("export")
        assert ended.code == 0, ended.err
        remembered = [json.loads(line) for line in ended.out.splitlines()]
        return Found(
            report=self.report(remembered),
            lost=self.lost(),
            typed=self.commands.typed,
            answers=self.commands.answers(),
            vitals=self.looks,
            lasting=self.lasting,
            said=len(self.people.said),
            faults=self.weather.faults,
        )


@asynccontextmanager
async def staged(plan: Plan, folder: Path) -> AsyncIterator[Soak]:
    chance = Random(plan.seed)  # noqa: S311
    traps = Traps(chance)
    async with AsyncExitStack() as stack:
        slack = await stack.enter_async_context(BadSlack(chance))
        discord = await stack.enter_async_context(ChaosDiscord(traps))
        model = await stack.enter_async_context(ChaosModel(traps, chance, TROUBLE))
        people = People(slack, discord, chance, rooms=ROOMS)
        stack.push_async_callback(people.go)
        environ = {
            "SLACK_API_URL": slack.api_url,
            "SLACK_BOT_TOKEN": slack.bot_token,
            "DISCORD_API_URL": discord.api_url,
            "DISCORD_TOKEN": discord.token,
            "OPENAI_BASE_URL": model.url,
            "OPENAI_API_KEY": "sk-made-up-and-secret",
        }
        environ |= _over_http(slack) if plan.http else {"SLACK_APP_TOKEN": slack.app_token}
        home = Home(folder=folder, environ=environ | TURNS | probed(folder, small=True))
        stack.callback(home.close)
        weather = Weather(slack, discord, chance, plan.disturb)
        commands = Commands(slack, discord, discord.person("Typist"))
        yield Soak(plan, home, people, weather, model, commands)


def _over_http(slack: BadSlack) -> dict[str, str]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    slack.listen(f"http://127.0.0.1:{port}/slack/events")
    return {"SLACK_SIGNING_SECRET": slack.signing_secret, "PORT": str(port)}


async def soak(plan: Plan, folder: Path, tell: Callable[[str], None] = print) -> Found:
    async with staged(plan, folder) as run:
        await run.play(tell)
        return await run.found()
