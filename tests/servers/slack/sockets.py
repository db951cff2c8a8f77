"""Socket Mode: connections, envelopes and acknowledgements."""

import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import WSMsgType, web

from tests.servers.slack.delivery import Delivery
from tests.servers.slack.workspace import APP


@dataclass(slots=True, kw_only=True, eq=False)
class Link:
    """One connection; a `deaf` one answers no ping and takes no acknowledgement."""

    socket: web.WebSocketResponse
    deaf: bool = False


class Sockets:
    """`others`: connections that another process holds with the same token.

    `story` has "open" and "close" in the order they happened.
    """

    def __init__(self, *, told: bool, changed: Callable[[], None]) -> None:
        self.open: list[Link] = []
        self.story: list[str] = []
        self.others, self.greets = 0, True
        self._told, self._changed = told, changed
        self._envelopes: dict[str, Delivery] = {}
        self._serial = itertools.count(1)

    async def send(self, delivery: Delivery) -> bool:
        """To one of the connections, in turn."""
        if not self.open:
            return False
        serial = next(self._serial)
        envelope = f"envelope-{serial}"
        self._envelopes[envelope] = delivery
        retried = delivery.attempts if self._told else 0
        delivery.attempts += 1
        frame = {
            "envelope_id": envelope,
            "type": delivery.kind,
            "payload": delivery.body,
            "accepts_response_payload": delivery.kind != "events_api",
        }
        if delivery.kind == "events_api":
            frame |= {"retry_attempt": retried, "retry_reason": "timeout" if retried else ""}
        try:
            await self.open[serial % len(self.open)].socket.send_json(frame)
        except ConnectionError:
            return False
        self._changed()
        return True

    async def refresh(self, reason: str = "refresh_requested") -> None:
        """Ask every client to connect anew, as Slack does every few hours."""
        for link in list(self.open):
            await link.socket.send_json({"type": "disconnect", "reason": reason})

    def drop(self) -> None:
        """All connections break, without a word."""
        for link in list(self.open):
            if transport := link.socket._req and link.socket._req.transport:
                transport.abort()

    async def link(self, request: web.Request) -> web.WebSocketResponse:
        link = Link(socket=web.WebSocketResponse(autoping=False))
        await link.socket.prepare(request)
        self.open.append(link)
        self.story.append("open")
        try:
            if self.greets:
                await link.socket.send_json(self._hello())
            self._changed()
            await self._listen(link)
        finally:
            self.open.remove(link)
            self.story.append("close")
            self._changed()
        return link.socket

    async def close(self) -> None:
        for link in list(self.open):
            await link.socket.close()

    async def _listen(self, link: Link) -> None:
        async for frame in link.socket:
            if frame.type is WSMsgType.TEXT:
                self._acknowledge(json.loads(frame.data))
            elif frame.type is WSMsgType.PING and not link.deaf:
                await link.socket.pong(frame.data)

    def _hello(self) -> dict[str, object]:
        return {
            "type": "hello",
            "num_connections": len(self.open) + self.others,
            "connection_info": {"app_id": APP},
            "debug_info": {"host": "applink-fake", "approximate_connection_time": 18060},
        }

    def _acknowledge(self, frame: dict[str, object]) -> None:
        delivery = self._envelopes[str(frame["envelope_id"])]
        delivery.answer = frame.get("payload")
        delivery.answered.set()
        self._changed()
