"""The store's steps around what happens elsewhere: gaps, echoes, departures, new audiences."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from itertools import chain
from typing import Any
from urllib.parse import quote

from memory import answers, layout
from memory.answers import Answer
from memory.connection import Pipe
from memory.records import Gap, Place, Spoiled
from memory.slots import Person

PLANNED = "tk:planned"
FACTS = 500  # looked at in one step


class Mending:
    """A part of RedisStore; times in seconds."""

    _redis: Any
    _run: Callable[..., Awaitable[Answer]]
    _ready: Callable[..., Awaitable[Sequence[bytes]]]
    _many: Callable[..., Awaitable[Answer]]
    _piped: Callable[[Callable[[Pipe], None]], Awaitable[Answer]]

    async def live(self, platform: str, limit: int) -> Sequence[Place]:
        def look(pipe: Pipe) -> None:
            for number in range(layout.PARTITIONS):
                pipe.zrevrange(f"{layout.tag(number)}/expiring", 0, limit - 1, withscores=True)

        start = f"{quote(platform, safe='')}:".encode()
        rows = chain.from_iterable(await self._piped(look))
        # They expire the later, the later something was said.
        found = sorted((-score, name) for name, score in rows if name.startswith(start))
        return [Place.parse(name.decode()) for _, name in found[:limit]]

    async def mark(self, place: Place, token: str, before: int, since: int) -> bool:
        return bool(await self._run("mark", place, token, before, since))

    async def behind(self, limit: int) -> Sequence[Place]:
        return [Place.parse(key.decode()) for key in await self._ready("behind", limit)]

    async def read_on(self, place: Place, token: str, lease: float, after: str) -> Gap | None:
        return answers.gap(await self._run("read_on", place, token, int(lease * 1000), after))

    async def caught_up(self, place: Place, token: str, gap: Gap, *, wait: float) -> None:
        await self._run("caught_up", place, token, gap.mark, int(wait * 1000))

    async def echo(self, place: Place, post: str, turn: str, fence: int, mark: str) -> None:
        await self._run("echo", place, post, turn, fence, mark)

    async def restored(self, place: Place, spoiled: Spoiled) -> None:
        await self._run("restored", place, spoiled.turn, spoiled.mark)

    async def rescope(self, place: Place, audience: str, at: int) -> None:
        await self._run("rescope", place, audience, at)

    async def doubt(self, place: Place) -> None:
        cursor: bytes | int = 0
        while (cursor := await self._run("doubt", place, cursor, FACTS)) != b"0":
            pass

    async def inventory(self, space: Place) -> AsyncIterator[Place | Person]:
        for kind in ("", "person:"):
            start = kind + space.channel_key
            last = ""  # a record has several keys
            async for key in self._redis.scan_iter(match=f"tk:{{p*}}:{start}*", count=1000):
                name = key.decode().partition("}:")[2].partition("/")[0]
                if name != last:
                    last = name
                    yield Person.parse(name) if kind else _place(name)

    async def plan(self, line: str, *, done: bool) -> None:
        await self._many(("SREM" if done else "SADD", PLANNED, line))

    async def planned(self) -> Sequence[str]:
        return [line.decode() for line in (await self._many(("SMEMBERS", PLANNED)))[0]]


def _place(name: str) -> Place:
    """A conversation, or a channel: that one without a thread."""
    return Place.parse(name if name.count(":") == 3 else f"{name}:")
