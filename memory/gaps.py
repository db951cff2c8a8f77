"""Gaps in what the bot heard of its conversations: before it joined, and while it was away."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress

from memory.gap_store import Gap
from memory.records import Kept as Head
from memory.records import Place
from memory.store import Store, StoreDown

PAST, KEPT = "past", "kept"  # how a message comes: heard of later; to be remembered in any case
OVERLAP = 30_000_000  # microseconds: events that came as early as this told of no gap
MARKS = 20  # made at once


class Gaps:
    """Each is given to one reader at a time, and stays open until one has read it all.

    `lease`: seconds a reader has until it says that it still reads; `patience`: seconds for which
    a turn waits until what went unheard was read.
    """

    def __init__(
        self, store: Store, token: Callable[[], str], lease: float, patience: float
    ) -> None:
        self._store, self._token, self._lease = store, token, lease
        self._patience = patience

    async def mark(self, platform: str, at: int, *, age: int, limit: int) -> int:
        """Events may have been lost: open a gap in every conversation of late. How many.

        `at`: when events came again; `age`: of the last message. Both in microseconds.
        """
        token, few = self._token(), asyncio.Semaphore(MARKS)

        async def mark(place: Place) -> bool:
            async with few:
                start = at - OVERLAP
                return await self._store.mark(place, token, start, at - age, self._patience) > 0

        places = await self._store.live(platform, limit)
        return sum(await asyncio.gather(*map(mark, places)))

    async def live(self, platform: str, limit: int) -> Sequence[Place]:
        """Conversations there that have messages, those of late first."""
        return await self._store.live(platform, limit)

    async def reopen(self, place: Place, at: int) -> bool:
        """Open a gap here, however long nothing was said; False: it was never called here."""
        token, start = self._token(), at - OVERLAP
        return await self._store.mark(place, token, start, 0, self._patience) == 1

    async def heads(self, place: Place, most: int) -> Sequence[Head]:
        """The newest messages held here, folded ones too, oldest first, without their texts."""
        return await self._store.heads(place, most)

    async def holds(self, place: Place, message: str) -> bool:
        """Whether this post is remembered somewhere in the place's channel."""
        return await self._store.locate(place, message) is not None

    async def heard(self, space: Place) -> int:
        """Up to when all that called in a space came in (microseconds since 1970); 0: never."""
        return await self._store.heard(space)

    async def hear(self, spaces: Sequence[Place], at: int) -> None:
        """Up to then all that called in these spaces came in."""
        await self._store.hear(spaces, at)

    async def open(self, limit: int) -> Sequence[Place]:
        """Where a gap is open that nobody reads."""
        return await self._store.behind(limit)

    async def begin(self, place: Place) -> tuple[str, Gap] | None:
        """Take a gap to read it, by a token; None: there is none, or another reads it."""
        token = self._token()
        gap = await self._store.read_on(place, token, self._lease, "")
        return (token, gap) if gap else None

    async def hold(self, place: Place, token: str, after: str = "") -> bool:
        """Say that it is still being read. False: another does, or it is not wanted any more.

        `after`: up to this message all was taken in; who reads on begins behind it.
        """
        return await self._store.read_on(place, token, self._lease, after) is not None

    async def keep(self, place: Place, token: str) -> None:
        """Say so again and again, until cancelled or in vain."""
        held = True
        while held:
            await asyncio.sleep(self._lease / 3)
            with suppress(StoreDown):
                held = await self.hold(place, token)

    async def end(self, place: Place, token: str, gap: Gap, *, wait: float = 0.0) -> None:
        """It was read; `wait`: it was not, somebody may try again after so many seconds."""
        await self._store.caught_up(place, token, gap, wait=wait)
