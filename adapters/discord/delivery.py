"""Events on their way in: in order per channel, and again when the inbox did not take them."""

import asyncio
import math
from collections.abc import Awaitable, Callable
from weakref import WeakValueDictionary

import structlog

_log = structlog.get_logger()

_AGAIN = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)  # seconds between tries to deliver one event
_PAUSE = 0.5  # seconds between tries to tell of lost ones
_MOST = 10_000  # events that wait; what comes then is lost

Event = Callable[[], Awaitable[None]]
Deliver = Callable[[int, Event], None]
"""Takes a key, whose deliveries keep their order, and what to await."""


class Delivery:
    """Discord has no acknowledgement: an event that fails is tried again, the rest waits behind.

    `missed` is told from how many seconds ago on events may be lost, and nothing newer goes in
    before it has taken that: what is missing is looked for behind what is there.
    """

    def __init__(
        self, tasks: asyncio.TaskGroup, missed: Callable[[float], Awaitable[None]]
    ) -> None:
        self._tasks, self._missed = tasks, missed
        self._now, self._since = asyncio.get_running_loop().time, math.inf
        self._lines: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()
        self._telling, self._waiting = asyncio.Lock(), 0
        self.lost = 0

    def __call__(self, key: int, event: Event) -> None:
        if self._waiting >= _MOST:
            self._lose(self._now())
        else:
            delivering = self._deliver(key, event, self._now())
            try:
                self._tasks.create_task(delivering)
            except RuntimeError:  # we are ending: what comes now is read after the next start
                delivering.close()
            else:
                self._waiting += 1

    def interrupted(self) -> None:
        """Nobody listened up to now."""
        self._since = min(self._since, self._now())

    async def _deliver(self, key: int, event: Event, came: float) -> None:
        async with self._lines.setdefault(key, asyncio.Lock()):
            await self._tell()
            if not await self._try(event):
                self._lose(came)
                await self._tell()
        self._waiting -= 1

    async def _try(self, event: Event) -> bool:
        for wait in _AGAIN:
            try:
                await event()
            except Exception as error:  # noqa: BLE001  the inbox's errors are not ours to know
                _log.warning("discord event not delivered", error=type(error).__name__)
                await asyncio.sleep(wait)
            else:
                return True
        return False

    def _lose(self, came: float) -> None:
        self.lost, self._since = self.lost + 1, min(self._since, came)
        _log.error("discord event lost", lost=self.lost)

    async def _tell(self) -> None:
        async with self._telling:
            while self._since < math.inf:
                since, self._since = self._since, math.inf
                try:
                    await self._missed(self._now() - since)
                except Exception as error:  # noqa: BLE001  the same
                    _log.warning("discord is not caught up yet", error=type(error).__name__)
                    self._since = min(self._since, since)
                    await asyncio.sleep(_PAUSE)
