"""Slack in Socket Mode: one or two connections, each replaced before it ends where Slack says so.

https://docs.slack.dev/apis/events-api/using-socket-mode
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from time import time
from typing import Any

import structlog
from slack_bolt.adapter.socket_mode.async_internals import run_async_bolt_app, send_async_response
from slack_bolt.async_app import AsyncApp
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest

from adapters.ports import Busy, Refused, Unclear
from adapters.slack.calls import Calls
from adapters.slack.shape import sound

_PING = 10.0  # seconds
_LOOK, _LOOKS = 1.0, 30  # seconds between looks at a connection; so many without a new pong: deaf
_HELLO = 30.0  # seconds that Slack may take to greet
_PAUSE, _LONG = 5.0, 60.0  # seconds before connecting again; after Slack refused a good token
_DRAIN = 5.0  # seconds that what came over a connection has to be acknowledged over it

_log = structlog.get_logger()


class Socket(SocketModeClient):
    """The SDK's client, which says that it is `parting` instead of connecting anew by itself.

    It would close the old connection before it opens the new one: events sent between the two
    come again, slash commands and clicks do not.
    """

    def __init__(self, app_token: str, app: AsyncApp, web: Calls) -> None:
        # Silent: what it has to say is said here, without addresses, which hold a ticket.
        quiet = logging.getLogger("slack_bolt.socket")
        quiet.setLevel(logging.CRITICAL)
        super().__init__(app_token, quiet, web.reads, ping_interval=_PING)
        self.greeted, self.parting, self.idle = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.reason, self.others, self._running, self._app = "", 0, 0, app
        self.idle.set()
        self.socket_mode_request_listeners.append(self._take)

    @property
    def listens(self) -> bool:
        """One that is asked to go listens until it is closed."""
        closed = self.current_session is None or self.current_session.closed
        return not closed and (bool(self.reason) or not self.parting.is_set())

    async def connect_to_new_endpoint(self, force: bool = False) -> None:
        self.parting.set()

    async def run_message_listeners(self, message: dict[str, Any], raw_message: str) -> None:
        match message.get("type"):
            case "hello":
                self.others = int(message.get("num_connections") or 1)
                self.greeted.set()
            case "disconnect":
                self.reason = str(message.get("reason") or "")
                self.parting.set()
            case _:
                await super().run_message_listeners(message, raw_message)

    async def _take(self, _: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        if not sound(request.payload):  # Bolt would trip over it
            _log.warning("slack sent what is neither an event nor a command nor a click")
            return
        self._running += 1
        self.idle.clear()
        try:
            began = time()
            answer = await run_async_bolt_app(self._app, request)
            await send_async_response(self, request, answer, began)
        finally:
            self._running -= 1
            if not self._running:
                self.idle.set()


class Sockets:
    """`gap` is called when events may have been lost: nobody listened until now."""

    def __init__(
        self, web: Calls, app_token: str, app: AsyncApp, *, count: int, gap: Callable[[], None]
    ) -> None:
        self._web, self._app_token, self._app, self._count = web, app_token, app, count
        self._gap, self._opening = gap, asyncio.Lock()
        self._open: list[Socket] = []
        self._trouble, self._connected = "connecting", False

    @property
    def trouble(self) -> str:
        return "" if any(each.listens for each in self._open) else self._trouble

    async def run(self) -> None:
        """Until cancelled. Raises Refused when Slack does not take the token at the start."""
        try:
            async with asyncio.TaskGroup() as lines:
                for _ in range(self._count):
                    lines.create_task(self._line())
        finally:
            for socket in [*self._open]:
                await self._close(socket)

    async def _line(self) -> None:
        """One connection after the other."""
        current: Socket | None = None
        while True:
            fresh = await self._fresh()
            if current:
                await self._retire(current)
            current = fresh
            await _ended(fresh)
            self._trouble = f"the connection ended ({fresh.reason or 'no answer'})"
            if fresh.reason == "too_many_websockets":  # one more would be refused as well
                await self._retire(fresh)
                current = None
                await asyncio.sleep(_PAUSE)

    async def _fresh(self) -> Socket:
        """A connection that Slack greeted; one at a time is opened."""
        async with self._opening:
            while True:
                try:
                    return await self._opened()
                except Busy as busy:
                    pause, self._trouble = busy.after, str(busy)
                except (Unclear, TimeoutError) as error:
                    pause, self._trouble = _PAUSE, f"no connection: {str(error) or 'no answer'}"
                except Refused as refused:
                    if not self._connected:
                        raise
                    pause, self._trouble = _LONG, str(refused)
                    _log.error("slack refuses the connection", reason=str(refused))
                await asyncio.sleep(pause)

    async def _opened(self) -> Socket:
        address = await self._web.socket(self._app_token)
        socket = Socket(self._app_token, self._app, self._web)
        # With an address of our own asking, `connect` neither hides a refused token nor tries an
        # expired address for ever.
        socket.wss_uri = address
        try:
            async with asyncio.timeout(_HELLO):
                await socket.connect()  # type: ignore[no-untyped-call]
                await socket.greeted.wait()
        except BaseException:
            await socket.close()  # type: ignore[no-untyped-call]
            raise
        self._admit(socket)
        return socket

    def _admit(self, socket: Socket) -> None:
        listened = any(each.listens for each in self._open)
        self._open.append(socket)
        self._connected = True
        if socket.others > len(self._open):
            _log.warning(
                "another process holds SLACK_APP_TOKEN too, each event goes to one of them: "
                "stop it, or share REDIS_URL and MEMORY_KEY with it",
                connections=socket.others,
                own=len(self._open),
            )
        if not listened:
            self._gap()

    async def _retire(self, socket: Socket) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(_DRAIN):
                await socket.idle.wait()
        await self._close(socket)

    async def _close(self, socket: Socket) -> None:
        await socket.close()  # type: ignore[no-untyped-call]
        self._open.remove(socket)


async def _ended(socket: Socket) -> None:
    """Until it says so, or is closed, or no pong came for too long; by the loop's clock."""
    heard, deaf = None, 0
    while deaf < _LOOKS and socket.listens:
        with suppress(TimeoutError):
            async with asyncio.timeout(_LOOK):
                await socket.parting.wait()
                return
        deaf = deaf + 1 if socket.last_ping_pong_time == heard else 0
        heard = socket.last_ping_pong_time
    socket.parting.set()
