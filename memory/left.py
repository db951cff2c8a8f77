"""The spaces that the bot has left: nothing said there before then comes in again."""

from collections.abc import Callable

from memory.records import Place
from memory.store import Store

KEPT = 90 * 86_400  # seconds, as watermarks are
KNOWN = 10_000  # spaces at hand


class Left:
    """One mark for each space, read once and then again with `refresh`; `changed`: there is one.

    What another process marks is known here with the next sweep: so long departures stay planned.
    """

    def __init__(self, store: Store, changed: Callable[[], None]) -> None:
        self._store, self._changed = store, changed
        self._marks: dict[str, tuple[int, bool]] = {}  # until (microseconds), it is back

    async def lets_in(self, place: Place, at: int | None) -> bool:
        """Whether something from that time (microseconds) counts; None: nobody knows from when.

        What is newer than the mark says that the bot is back in that space.
        """
        until, back = await self._mark(_space(place))
        if at is None or until == 0:
            return back or until == 0
        if at > until and not back:
            await self._put(_space(place), until, back=True)
        return at > until

    async def leave(self, space: Place, until: int) -> None:
        known, _ = await self._mark(_space(space))
        if until > known:
            await self._put(_space(space), until, back=False)

    async def back(self, space: Place) -> bool:
        """As the store says now."""
        await self.refresh()
        return (await self._mark(_space(space)))[1]

    async def refresh(self) -> None:
        spaces = list(self._marks)
        if spaces:
            self._learn(dict(zip(spaces, await self._store.left(spaces), strict=True)))

    async def _mark(self, space: str) -> tuple[int, bool]:
        if space not in self._marks:
            (mark,) = await self._store.left([space])
            self._learn({space: mark})
        return self._marks.get(space, (0, False))

    async def _put(self, space: str, until: int, *, back: bool) -> None:
        await self._store.mark_left(space, until, back=back, kept=KEPT)
        self._learn({space: (until, back)})

    def _learn(self, marks: dict[str, tuple[int, bool]]) -> None:
        gone = [space for space, mark in marks.items() if mark > self._marks.get(space, (0, True))]
        self._marks.update(marks)
        while len(self._marks) > KNOWN:
            del self._marks[next(iter(self._marks))]
        if gone:
            self._changed()


def _space(place: Place) -> str:
    return place.channel_key.rpartition(":")[0]
