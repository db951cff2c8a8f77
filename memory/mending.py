"""The store's steps that mend: gaps in what was heard are marked, read and closed."""

from collections.abc import Awaitable, Callable, Sequence
from itertools import chain
from urllib.parse import quote

from memory import answers, layout
from memory.answers import Answer
from memory.connection import Pipe
from memory.records import Gap, Place


class Mending:
    """A part of RedisStore; times in seconds."""

    _run: Callable[..., Awaitable[Answer]]
    _ready: Callable[..., Awaitable[Sequence[bytes]]]
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

    async def read_on(self, place: Place, token: str, lease: float) -> Gap | None:
        return answers.gap(await self._run("read_on", place, token, int(lease * 1000)))

    async def caught_up(self, place: Place, token: str, gap: Gap, *, wait: float) -> None:
        await self._run("caught_up", place, token, gap.mark, int(wait * 1000))
