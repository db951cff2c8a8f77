"""The store's steps around silence and expiry: what is to be learned, kept, given back."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from itertools import chain
from typing import Any

from memory import answers, layout
from memory.answers import Answer
from memory.records import Held, Leaf, Place
from memory.slots import NOTHING, Account, Spent

PAGE = {"msg": 200, "cover": 50}  # messages, or segments of up to 500, read at once
OWING = "tk:owing"


class Lasting:
    """A part of RedisStore; times in seconds."""

    _redis: Any
    _kept: tuple[int, int]
    _run: Callable[..., Awaitable[Answer]]
    _ready: Callable[..., Awaitable[Sequence[bytes]]]
    _many: Callable[..., Awaitable[Answer]]

    async def expiring(self, limit: int) -> Sequence[Place]:
        return [Place.parse(key.decode()) for key in await self._ready("expiring", limit)]

    async def defer(self, place: Place, seconds: float) -> bool:
        return bool(await self._run("defer", place, int(seconds * 1000), self._kept[0]))

    async def silent(self, limit: int, token: str, silence: float) -> Sequence[Place]:
        wait = int(silence * 1000)
        places = [Place.parse(key.decode()) for key in await self._ready("quiet", limit, wait)]
        return [each for each in places if await self._run("hush", each, token, wait)]

    async def learned(self, place: Place, asked: Mapping[str, int]) -> None:
        await self._run("learned", place, *chain(*asked.items()))

    async def held(self, place: Place) -> Held:
        pages = list[Answer]()
        for kind, size in PAGE.items():
            pages.append(await self._run("held", place, kind, 0, size))
            while (cursor := pages[-1][1]) != b"0":
                pages.append(await self._run("held", place, kind, cursor, size))
        return answers.held(pages)

    async def revive(self, place: Place, wrapped: bytes, leaves: Sequence[Leaf]) -> None:
        given = [
            part
            for each in leaves
            for part in (each.name, each.since, layout.versions(each.covered), each.blob)
        ]
        await self._run("revive", place, wrapped, layout.thread(place), *given)

    async def spend(
        self, account: Account, names: Sequence[str], what: str = "", cost: Spent = NOTHING
    ) -> Mapping[str, Spent]:
        rows = await self._run("spend", account, what, cost.tokens, cost.turns, *names)
        return {name.decode(): Spent(tokens=int(some), turns=int(n)) for name, some, n in rows}

    async def tell(self, account: Account, place: Place, turn: str) -> bool:
        return bool(await self._run("tell", account, place.key, turn))

    async def places(self) -> AsyncIterator[Place]:
        async for key in self._redis.scan_iter(match="tk:{p*}:*/rec", count=1000):
            yield Place.parse(key.decode().partition("}:")[2].removesuffix("/rec"))

    async def owe(self, line: str, *, done: bool) -> None:
        await self._many(("SREM" if done else "SADD", OWING, line))

    async def owing(self) -> Sequence[str]:
        return [line.decode() for line in (await self._many(("SMEMBERS", OWING)))[0]]
