"""The real scripts on a real server, over a line that loses answers, in virtual time."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from copy import copy
from functools import partial
from typing import Any, Protocol, Self, cast

from redis.exceptions import ConnectionError as Disconnected
from redis.exceptions import ResponseError

from memory import layout, mending
from memory.calls import CONNECTIONS
from memory.records import Place
from memory.redis import RedisStore
from tests.laws.store import CLOCK, Server, changed
from tests.laws.wire import Command, _pairs
from tests.simulation.loop import Process
from tests.simulation.network import STORE, Lost, Network

START = 1_800_000_000_000_000  # microseconds since 1970
HORIZON = 400  # seconds that seen ids are kept for, at least; a day outside
OPEN = 0.05  # of so many looks in vain a process has to wait for the answer
PLANNED = ("SMEMBERS", mending.PLANNED)
CHANGES = {
    **CLOCK,
    "local DAY, HOUR = 86400, 3600": f"local DAY, HOUR = {HORIZON}, 3600",
    "'HRANDFIELD', CHANNEL .. '/where', 3": "'HKEYS', CHANNEL .. '/where'",  # no chance but ours
    "'HRANDFIELD', CONVERSATION .. '/debris', 1, 'WITHVALUES'": (
        "'HGETALL', CONVERSATION .. '/debris'"
    ),
    "'HRANDFIELD', CONVERSATION .. '/spoiled', 10, 'WITHVALUES'": (
        "'HGETALL', CONVERSATION .. '/spoiled'"
    ),
}


class Clockwork(Server):
    """A server whose TIME is the loop's; between writes it is asked once for the same thing."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._known: dict[Command, Any] = {}  # since something was written
        self._lists: set[Command] = set()  # which are looked at again and again

    def clear(self, now: int) -> None:
        super().clear(now)
        self._known.clear()

    def run(self, commands: Sequence[Command]) -> list[Any]:
        """As a client asks for it."""
        if commands[0][0] == "ZRANGEBYSCORE":
            return [
                self._scored(str(key), int(str(least)), int(str(most)))
                for _, key, least, most in commands
            ]
        if commands[0] == PLANNED:
            return [self.look(*PLANNED)]
        self._known.clear()
        clock = self.clock()
        return self.wire.ask(*clock, *commands)[len(clock) :]

    def look(self, *words: bytes | str | int) -> Any:
        if words not in self._known:
            (self._known[words],) = self.wire.ask(words)
        return self._known[words]

    def _scored(self, key: str, least: int, most: int) -> Sequence[bytes]:
        """All such lists are fetched at once: the sweep asks for one after the other."""
        words = ("ZRANGE", key, 0, -1, "WITHSCORES")
        self._lists.add(words)
        if words not in self._known:
            self._known.update(zip(self._lists, self.wire.ask(*self._lists), strict=True))
        members = iter(self._known[words])
        return [each for each, at in zip(members, members, strict=True) if least <= int(at) <= most]

    def tick(self, ahead: float = 0.0) -> None:
        now = START + round((asyncio.get_running_loop().time() + ahead) * 1_000_000)
        if now != self.now:
            self.now, self._set = now, False


class Tap(Protocol):
    """Who looks on as scripts run."""

    def law(self, holds: object, text: str, *about: object) -> None: ...
    def before(self, process: Process, script: str, words: Sequence[Any]) -> None: ...
    def heard(self, answer: Any) -> None: ...
    def after(self, process: Process, script: str, words: Sequence[Any], answer: Any) -> None: ...


class Remote:
    """As much of redis-py's asyncio client, and of a connection, as the store asks of it."""

    plain = False

    def __init__(self, server: Clockwork, network: Network, process: Process, tap: Tap) -> None:
        self.server, self._network, self._process = server, network, process
        self._tap, self.names = tap, dict[str, str]()

    async def ask(self, *commands: Command) -> list[Any]:
        try:
            answers = await self._network.call(STORE, partial(self._run, commands), self._process)
        except Lost:
            raise Disconnected("no answer") from None
        self._tap.heard(answers[0])
        return answers

    def _run(self, commands: Sequence[Command]) -> list[Any]:
        self.server.tick()
        first = commands[0]
        script = self.names.get(str(first[1]), "") if first[0] in ("EVAL", "EVALSHA") else ""
        if script:
            self._tap.before(self._process, script, first)
        try:
            answers = self.server.run(commands)
        except ResponseError as error:  # else the core's edges would hide it
            self._tap.law(False, "the server refuses", error)
            raise
        if script:
            self._tap.after(self._process, script, first, answers[0])
        return answers

    async def confirmed(self, commands: Sequence[Command]) -> list[Any]:
        return await self.ask(*commands)

    async def execute_command(self, *words: bytes | str | int) -> Any:
        return (await self.ask(words))[0]

    async def hgetall(self, key: str) -> dict[bytes, bytes]:
        return dict(_pairs(await self.execute_command("HGETALL", key)))

    def in_vain(self, lists: Sequence[Command]) -> bool:
        """Whether nothing is there, most of the time: such calls would be most of a run."""
        return not any(self.server.run(lists)) and self._network.chance.random() > OPEN

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        return partial(self.execute_command, name.upper())

    async def ready(self, *, again: bool) -> None:
        pass

    def pipeline(self, *, transaction: bool) -> "_Pipeline":
        assert not transaction
        return _Pipeline(self)


class _Pipeline:
    def __init__(self, remote: Remote) -> None:
        self._remote = remote
        self._commands: list[Command] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._commands.clear()

    def execute_command(self, *words: bytes | str | int) -> None:
        self._commands.append(words)

    def hmget(self, key: str, names: Sequence[str]) -> None:
        self._commands.append(("HMGET", key, *names))

    def expire(self, key: str, seconds: int) -> None:
        self._commands.append(("EXPIRE", key, seconds))

    async def execute(self) -> list[Any]:
        return await self._remote.ask(*self._commands)


class SimulatedStore(RedisStore):
    """Made once; each process works on a copy."""

    def __init__(self, changes: Mapping[str, str], tags: Sequence[str], lease: float) -> None:
        super().__init__("unix:///nowhere", lease=lease)
        self._scripts = changed(self._scripts, {**CHANGES, **changes})
        self._tags = tags

    def load(self, server: Clockwork) -> None:
        """Else the first run has calls that the others have not."""
        server.wire.ask(*(("SCRIPT", "LOAD", each.source) for each in self._scripts.values()))

    def of(self, remote: Remote) -> Self:
        store = copy(self)
        remote.names = {each.digest: name for name, each in self._scripts.items()}
        store._redis = store._connection = cast("Any", remote)
        store._free = asyncio.Semaphore(CONNECTIONS)
        return store

    async def pepper(self, candidate: bytes) -> bytes:
        server = cast("Remote", self._redis).server
        server.secret = server.secret or candidate
        return server.secret

    async def scrub(self) -> bool:
        return True

    async def planned(self) -> Sequence[str]:
        return () if cast("Remote", self._redis).in_vain([PLANNED]) else await super().planned()

    async def live(self, platform: str, limit: int) -> Sequence[Place]:
        """All there are, of the partitions in use."""
        lists = [("ZREVRANGE", f"{tag}/expiring", 0, limit - 1) for tag in self._tags]
        remote = cast("Remote", self._redis)
        found = await self._call(lambda: remote.ask(*lists))
        return [Place.parse(name.decode()) for names in found for name in names]

    async def _ready(self, kind: str, limit: int, before: int = 0) -> Sequence[bytes]:
        """Only of the partitions in use: 256 take long. Looks in vain are most, and go unseen."""
        now = START // 1000 + int(asyncio.get_running_loop().time() * 1000) - before
        lists = [("ZRANGEBYSCORE", f"{tag}/{kind}", 0, now) for tag in self._tags]
        remote = cast("Remote", self._redis)
        if remote.in_vain(lists):
            return ()
        found = await self._call(lambda: remote.ask(*lists))
        return [member for members in found for member in members][:limit]


def tags(channels: Sequence[str]) -> Sequence[str]:
    """The partitions of these channels."""
    return sorted({layout.journal(channel).rpartition("/")[0] for channel in channels})
