"""Socket Mode: connections, envelopes, acknowledgements, and sending again without one."""

import asyncio
import itertools
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from tests.servers.slack.workspace import APP


@dataclass(slots=True, kw_only=True, eq=False)
class Delivery:
    """One event on its way to the bot."""

    body: dict[str, Any]
    attempts: int = 0
    lost: bool = False  # Slack gave up
    answered: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def acked(self) -> bool:
        return self.answered.is_set()

    @property
    def type(self) -> str:
        return str(self.body["event"]["type"])


class Sockets:
    """`retries`: seconds from one failed attempt to the next; then the event is lost."""

    def __init__(
        self, *, ack_within: float, retries: Sequence[float], changed: Callable[[], None]
    ) -> None:
        self.open: list[web.WebSocketResponse] = []
        self.deliveries: list[Delivery] = []
        self._ack_within, self._retries, self._changed = ack_within, retries, changed
        self._envelopes: dict[str, Delivery] = {}
        self._serial = itertools.count(1)
        self._couriers: set[asyncio.Task[None]] = set()

    def deliver(self, body: dict[str, Any]) -> Delivery:
        delivery = Delivery(body=body)
        self.deliveries.append(delivery)
        courier = asyncio.create_task(self._carry(delivery))
        self._couriers.add(courier)
        courier.add_done_callback(self._couriers.discard)
        return delivery

    async def redeliver(self) -> None:
        """Send every event without acknowledgement once more, now."""
        for delivery in self.deliveries:
            if not delivery.acked:
                await self._send(delivery)

    async def refresh(self) -> None:
        """Ask every client to connect anew, as Slack does every few hours."""
        for socket in list(self.open):
            await socket.send_json({"type": "disconnect", "reason": "refresh_requested"})

    async def link(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        connection = {"app_id": APP}
        await socket.send_json(
            {"type": "hello", "num_connections": 1, "connection_info": connection}
        )
        self.open.append(socket)
        self._changed()
        try:
            async for frame in socket:
                if frame.type is WSMsgType.TEXT:
                    self._acknowledge(json.loads(frame.data)["envelope_id"])
        finally:
            self.open.remove(socket)
            self._changed()
        return socket

    async def close(self) -> None:
        for courier in self._couriers:
            courier.cancel()
        await asyncio.gather(*self._couriers, return_exceptions=True)
        for socket in list(self.open):
            await socket.close()

    def _acknowledge(self, envelope: str) -> None:
        self._envelopes[envelope].answered.set()
        self._changed()

    async def _carry(self, delivery: Delivery) -> None:
        for pause in (0.0, *self._retries):
            await asyncio.sleep(pause)
            if delivery.acked or await self._attempt(delivery):
                return
        delivery.lost = True
        self._changed()

    async def _attempt(self, delivery: Delivery) -> bool:
        if not await self._send(delivery):
            return False
        try:
            async with asyncio.timeout(self._ack_within):
                await delivery.answered.wait()
        except TimeoutError:
            return False
        return True

    async def _send(self, delivery: Delivery) -> bool:
        """To one of the connections, in turn; False: nobody is connected."""
        if not self.open:
            return False
        serial = next(self._serial)
        envelope = f"envelope-{serial}"
        self._envelopes[envelope] = delivery
        retried = delivery.attempts
        delivery.attempts += 1
        socket = self.open[serial % len(self.open)]
        try:
            await socket.send_json(
                {
                    "envelope_id": envelope,
                    "type": "events_api",
                    "payload": delivery.body,
                    "accepts_response_payload": False,
                    "retry_attempt": retried,
                    "retry_reason": "timeout" if retried else "",
                }
            )
        except ConnectionError:
            return False
        self._changed()
        return True
