"""The store's steps around what happens elsewhere: gaps, echoes, departures, new audiences."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from itertools import chain
from typing import Any
from urllib.parse import quote, unquote

from memory import answers, layout
from memory.answers import Answer
from memory.connection import Pipe
from memory.gap_store import Gap
from memory.records import Kept, Place, Spoiled
from memory.slots import Account, Doubt, Person

PLANNED, LEFT = "tk:planned", "tk:left"
HEARD = "tk:heard:"  # and a space's key
REMEMBERED = 90 * 86_400  # seconds
PAGE = 500  # of what is read or written at once
LISTS = ("due", "expiring", "quiet", "behind", "leaving")
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

    async def mark(
        self, place: Place, token: str, before: int, since: int, wait: float = 0.0
    ) -> int:
        return int(await self._run("mark", place, token, before, since, int(wait * 1000)))

    async def heads(self, place: Place, most: int) -> Sequence[Kept]:
        cursor, found = b"0", list[Kept]()
        while True:
            cursor, rows = await self._run("heads", place, cursor, PAGE)
            found += map(answers.head, rows[::2], rows[1::2])
            if len(found) > 2 * most or cursor == b"0":
                found = sorted({each.id: each for each in found}.values(), key=_sent)[-most:]
            if cursor == b"0":
                return found

    async def heard(self, space: Place) -> int:
        return int((await self._many(("GET", HEARD + space.space_key)))[0] or 0)

    async def hear(self, spaces: Sequence[Place], at: int) -> None:
        for start in range(0, len(spaces), PAGE):
            some = spaces[start : start + PAGE]
            keys = [HEARD + each.space_key for each in some]
            await self._many(*(("SET", key, at, "EX", REMEMBERED) for key in keys))

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

    async def left(self, spaces: Sequence[str]) -> Sequence[tuple[int, bool]]:
        values = await self._many(*(("GET", f"{LEFT}:{each}") for each in spaces))
        parts = [(value or b"0").split() for value in values]
        return [(int(until), bool(back)) for until, *back in parts]

    async def mark_left(self, space: str, until: int, *, back: bool, kept: int) -> None:
        value = f"{until} back" if back else f"{until}"
        await self._many(("SET", f"{LEFT}:{space}", value, "EX", kept))

    async def vanish(self, space: Place, until: int) -> None:
        async for name, what in self._belongings(space):
            await self._run("vanish", _owner(name), name, until, what)

    async def doubted(self, space: Place) -> Sequence[Doubt]:
        def look(pipe: Pipe) -> None:
            for number in range(layout.PARTITIONS):
                pipe.zrangebyscore(f"{layout.tag(number)}/journal", "-inf", "+inf", 0, FACTS)

        found = chain.from_iterable(await self._piped(look))
        doubts = map(layout.doubt, found)
        return [doubt for doubt in doubts if doubt.channel.startswith(space.channel_key)]

    async def _belongings(self, space: Place) -> AsyncIterator[tuple[str, str]]:
        """Keys of a space: whose (channels last), and what of it; then who is in lists only."""
        start, account = space.channel_key, f"account:{space.channel_key.removesuffix(':')}/"
        for begin, parts in ((start, 3), (f"person:{start}", 3), (account, 2), (start, 2)):
            async for key in self._redis.scan_iter(match=f"tk:{{p*}}:{begin}*", count=1000):
                name, slash, what = key.decode().partition("}:")[2].partition("/")
                if name.count(":") == parts:
                    yield name, slash + what
        for kind in LISTS:
            for number in range(layout.PARTITIONS):
                listed = f"{layout.tag(number)}/{kind}"
                async for member, _ in self._redis.zscan_iter(listed, match=f"*{start}*"):
                    name = member.decode()
                    if name.removeprefix("person:").startswith(start):
                        yield name, ""

    async def plan(self, line: str, *, done: bool) -> None:
        await self._many(("SREM" if done else "SADD", PLANNED, line))

    async def planned(self) -> Sequence[str]:
        return [line.decode() for line in (await self._many(("SMEMBERS", PLANNED)))[0]]


def _sent(message: Kept) -> int:
    return message.sent


def _owner(name: str) -> layout.Holder:
    kind, _, rest = name.partition(":")
    if kind == "account":
        platform, space = map(unquote, rest.split(":"))
        return Account(platform=platform, space=space)
    return Person.parse(name) if kind == "person" else _place(name)


def _place(name: str) -> Place:
    """A conversation, or a channel: that one without a thread."""
    return Place.parse(name if name.count(":") == 3 else f"{name}:")
