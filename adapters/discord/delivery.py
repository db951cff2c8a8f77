"""Events on their way in: in order per channel, and again when the inbox did not take them."""

import asyncio
from collections.abc import Awaitable, Callable
from weakref import WeakValueDictionary

import structlog

_log = structlog.get_logger()

_AGAIN = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)  # seconds between tries to deliver one event
_MOST = 10_000  # events that wait; what comes then is lost

Event = Callable[[], Awaitable[None]]
Deliver = Callable[[int, Event], None]
"""Takes a key, whose deliveries keep their order, and what to await."""


class Delivery:
    """Discord has no acknowledgement: an event that fails is tried again, the rest waits behind.

    `missed` is awaited once the inbox takes events again after some were lost.
    """

    def __init__(self, tasks: asyncio.TaskGroup, missed: Event) -> None:
        self._tasks, self._missed = tasks, missed
        self._lines: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()
        self._waiting, self._gap = 0, False
        self.lost = 0

    def __call__(self, key: int, event: Event) -> None:
        if self._waiting >= _MOST:
            self._lose()
        else:
            delivering = self._deliver(key, event)
            try:
                self._tasks.create_task(delivering)
            except RuntimeError:  # we are ending: what comes now is read after the next start
                delivering.close()
            else:
                self._waiting += 1

    async def _deliver(self, key: int, event: Event) -> None:
        async with self._lines.setdefault(key, asyncio.Lock()):
            taken = await self._try(event)
        self._waiting -= 1
        if not taken:
            self._lose()
        elif self._gap:
            self._gap = False
            self(0, self._missed)

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

    def _lose(self) -> None:
        self.lost, self._gap = self.lost + 1, True
        _log.error("discord event lost", lost=self.lost)
