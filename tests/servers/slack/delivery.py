"""What Slack sends to the bot, and again for as long as nobody acknowledges it."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(slots=True, kw_only=True, eq=False)
class Delivery:
    """One event, command or click on its way to the bot."""

    body: dict[str, Any]
    attempts: int = 0
    lost: bool = False  # Slack gave up
    answer: Any = None  # what it was acknowledged with
    answered: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def acked(self) -> bool:
        return self.answered.is_set()

    @property
    def kind(self) -> str:
        """As Socket Mode's envelopes name it."""
        if "command" in self.body:
            return "slash_commands"
        return "events_api" if "event" in self.body else "interactive"

    @property
    def type(self) -> str:
        event = self.body.get("event") or self.body
        return str(event.get("type") or event.get("command"))


class Way(Protocol):
    """Sockets or HTTP."""

    async def send(self, delivery: Delivery) -> bool:
        """One attempt; False: nobody is there, or nobody took it."""
        ...


class Courier:
    """`retries`: seconds from one failed attempt at an event to the next; then it is lost.

    Commands and clicks are sent once.
    """

    def __init__(
        self, *, ack_within: float, retries: Sequence[float], changed: Callable[[], None]
    ) -> None:
        self.deliveries: list[Delivery] = []
        self._ack_within, self._retries, self._changed = ack_within, retries, changed
        self._under_way: set[asyncio.Task[None]] = set()

    def deliver(self, body: dict[str, Any], way: Way) -> Delivery:
        delivery = Delivery(body=body)
        self.deliveries.append(delivery)
        task = asyncio.create_task(self._carry(delivery, way))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return delivery

    async def redeliver(self, way: Way) -> None:
        """Send every event without acknowledgement once more, now."""
        for delivery in self.deliveries:
            if not delivery.acked:
                await way.send(delivery)

    async def close(self) -> None:
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)

    async def _carry(self, delivery: Delivery, way: Way) -> None:
        retries = self._retries if delivery.kind == "events_api" else ()
        for pause in (0.0, *retries):
            await asyncio.sleep(pause)
            if delivery.acked or await self._attempt(delivery, way):
                return
        delivery.lost = True
        self._changed()

    async def _attempt(self, delivery: Delivery, way: Way) -> bool:
        try:
            async with asyncio.timeout(self._ack_within):
                if not await way.send(delivery):
                    return False
                await delivery.answered.wait()
        except TimeoutError:
            return False
        return True
