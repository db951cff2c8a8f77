"""One run: a seed says what people do, what fails and when."""

import asyncio
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from adapters.message import Audience, Conversation
from bot.places import place_of
from bot.telemetry import Metrics
from memory.seal import Keyring, fresh_key
from tests.laws.truth import Truth
from tests.simulation.checks import check
from tests.simulation.loop import ProcessLoop
from tests.simulation.network import Network
from tests.simulation.platform import Post, World
from tests.simulation.replica import Means, Replica
from tests.simulation.store import START, Clockwork, SimulatedStore, tags
from tests.simulation.town import ACTIVE, Town, stamp
from tests.simulation.watch import Watch
from tests.simulation.weather import FAIR, Weather

REST = 120.0  # seconds after the last act in which things still fail
LONGEST = 1_500.0
SKEW = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    seed: int
    platform: str
    problems: Sequence[str]
    counts: Mapping[str, int]
    trace: int  # a checksum of all that happened


def places(platform: str) -> Sequence[Conversation]:
    channel = Conversation(platform=platform, space="T", channel="C", audience=Audience.PUBLIC)
    return [replace(channel, thread="1"), replace(channel, thread="2")]


class Simulation:
    """On one server; `changes` are defects planted in the scripts."""

    def __init__(
        self, url: str, platform: str, changes: Mapping[str, str], weather: Weather = FAIR
    ) -> None:
        self._server, self._platform = Clockwork(url), platform
        self._places = places(platform)
        channels = [place_of(where).channel_key for where in self._places]
        self._store = SimulatedStore(changes, tags(channels), weather.lease)
        self._store.load(self._server)
        self._metrics, self._weather = Metrics(), weather

    def run(self, seed: int, *, trace: bool = False) -> Outcome:
        loop = ProcessLoop()
        loop.set_exception_handler(lambda *_: None)  # what the dead leave behind
        try:
            return loop.run_until_complete(self._run(seed, trace=trace))
        finally:
            loop.end()

    def close(self) -> None:
        self._server.wire.close()

    async def _run(self, seed: int, *, trace: bool) -> Outcome:
        self._server.clear(START)
        self._server.secret = b""
        chance = random.Random(seed)  # noqa: S311
        network = Network(chance, self._weather)
        watch = Watch(self._server, Truth(), trace=trace)
        world = World(
            name=self._platform,
            chance=chance,
            network=network,
            stamp=lambda: str(stamp()),
            shown=lambda post, fence: None,
            secure=watch.secure,
            stalls=self._weather.stalls,
        )
        watch.world = world
        keyring = Keyring([fresh_key(chance.randbytes)])
        means = Means(
            server=self._server,
            store=self._store,
            network=network,
            world=world,
            watch=watch,
            keyring=keyring,
            chance=chance,
            places=[place_of(where) for where in self._places],
            metrics=self._metrics,
            weather=self._weather,
        )
        here = self._places[: chance.choice([1, 1, 2])]
        town = Town(world, watch, chance, here, self._weather)
        world.page = town.page

        def shown(post: Post, fence: int) -> None:
            watch.shown(post, fence)
            town.echo(post, fence)
            town.shown(post)

        world.shown, world.present, world.unread = shown, town.present, town.unread
        replicas = [Replica(means, name, chance.uniform(-SKEW, SKEW)) for name in "ab"]
        town.replicas = replicas
        faults = _Faults(replicas, chance, self._weather)
        town.open()
        work = asyncio.create_task(faults.run())
        await asyncio.sleep(ACTIVE + REST)
        network.faulty = False
        await _quiet(town, watch, means)
        for replica in replicas:
            await replica.deploy()
        check(watch, self._server, keyring, means.places)
        counts = {
            "kills": sum(each.kills for each in replicas),
            "lost calls": network.lost,
            "takeovers": watch.takeovers,
            "turns": len(watch.ended),
            "withdrawn": sum(not each.final for each in watch.ended.values()),
            "owed": len(watch.owed),
        }
        work.cancel()
        return Outcome(
            seed=seed,
            platform=self._platform,
            problems=watch.problems,
            counts=counts,
            trace=watch.checksum,
        )


async def _quiet(town: Town, watch: Watch, means: Means) -> None:
    """Until nothing is under way or frozen, and then as long as a late call may take."""
    now = asyncio.get_running_loop().time
    while now() < LONGEST:
        await asyncio.sleep(20)
        frozen = any(each.process.frozen > now() for each in town.replicas)
        if not (frozen or town.under_way or watch.busy(means.places)):
            break
    await asyncio.sleep(20)


class _Faults:
    """Crashes, restarts, deployments, frozen processes, an outage of all."""

    def __init__(
        self, replicas: Sequence[Replica], chance: random.Random, weather: Weather
    ) -> None:
        self._replicas, self._chance, self._weather = replicas, chance, weather

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._again(self._kill, self._weather.kill))
            tasks.create_task(self._again(self._deploy, self._weather.deploy))
            tasks.create_task(self._again(self._freeze, self._weather.freeze))
            if self._chance.random() < self._weather.outage:
                tasks.create_task(self._outage())

    async def _again(self, what: object, often: float) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(self._chance.expovariate(1 / often))
            if loop.time() > ACTIVE + REST / 2:
                return
            replica = self._chance.choice(self._replicas)
            if replica.process.alive:
                await what(replica)  # type: ignore[operator]

    async def _kill(self, replica: Replica) -> None:
        replica.kill(replica.process)

    async def _deploy(self, replica: Replica) -> None:
        await replica.deploy()
        await asyncio.sleep(self._chance.choice([0.3, 2]))
        replica.start()

    async def _freeze(self, replica: Replica) -> None:
        now = asyncio.get_running_loop().time()
        replica.process.freeze(now + self._chance.choice([0.5, 5, 20, 35, 50, 90]))

    async def _outage(self) -> None:
        await asyncio.sleep(self._chance.uniform(5, ACTIVE * 0.7))
        down = self._chance.choice([20, 100, 180])
        for replica in self._replicas:
            replica.kill(replica.process, down)
