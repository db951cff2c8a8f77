"""Who stays at the HTTP port and how long: strangers may keep it busy, never closed."""

import asyncio
import errno
import logging
import math
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

log = structlog.get_logger()

MOST = 256  # connections; Slack and a probe need a few
PATIENCE = 10.0  # seconds for the head of a request, and for each time a reader stands still
IDLE = 75.0  # seconds between two requests: longer than the proxies before us keep a connection
MINUTE = 60.0  # seconds in which the same is said once
SHORT = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}

Serving = Callable[[], asyncio.Protocol]


class Sparing:
    """Says once a minute what strangers can make us say as often as they like."""

    def __init__(self) -> None:
        self._said = dict[str, tuple[float, int]]()  # events -> loop time, and how often since

    def __call__(self, event: str, **fields: object) -> None:
        now = asyncio.get_running_loop().time()
        at, more = self._said.get(event, (-math.inf, 0))
        if now - at < MINUTE:
            self._said[event] = at, more + 1
            return
        self._said[event] = now, 0
        log.warning(event, **fields, **({"more": more} if more else {}))


class Door:
    """Hands connections on to `serving`; the one we waited for longest makes room for another.

    At most 256, or a quarter of the files that the process may have open.
    """

    def __init__(self, say: Sparing) -> None:
        self._say = say
        files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        self.most = MOST if files == resource.RLIM_INFINITY else min(MOST, files // 4)
        self._waiting = dict[asyncio.Protocol, Visitor]()  # the longest first
        self._busy = dict[asyncio.Protocol, Visitor]()  # with us, who are at work

    def admit(self, serving: Serving) -> "Visitor":
        if len(self._waiting) + len(self._busy) >= self.most:
            self._say("too many connections: the idle ones make room", at_most=self.most)
            for first in [*self._waiting][:1]:
                self._waiting.pop(first).turn_out()
        visitor = Visitor(self, serving())
        self._waiting[visitor.inner] = visitor
        if len(self._waiting) + len(self._busy) > self.most:  # all others are being served
            self._waiting.pop(visitor.inner).turn_out()
        return visitor

    def left(self, visitor: "Visitor") -> None:
        self._waiting.pop(visitor.inner, None)
        self._busy.pop(visitor.inner, None)

    @contextmanager
    def answering(self, inner: asyncio.Protocol | None) -> Iterator[None]:
        """While a request that has come whole is answered, its connection stays."""
        if inner is None or (visitor := self._waiting.pop(inner, None)) is None:
            yield
            return
        self._busy[inner] = visitor
        try:
            yield
        finally:
            if self._busy.pop(inner, None):
                self._waiting[inner] = visitor

    @web.middleware
    async def heard(self, request: web.Request, handler: Any) -> web.StreamResponse:
        """The head of a request is there; what follows has its own time."""
        visitor = self._waiting.get(request.protocol)
        if visitor:
            visitor.calm(listening=True)
        try:
            answer: web.StreamResponse = await handler(request)
            return answer
        finally:
            if visitor:
                visitor.calm()


class Visitor(asyncio.Protocol):
    """One connection: aiohttp's protocol, with a time for all that it has to wait for."""

    def __init__(self, door: Door, inner: asyncio.Protocol) -> None:
        self.inner, self._door = inner, door
        self._transport: asyncio.Transport | None = None
        self._end: asyncio.TimerHandle | None = None
        self._listening = self._out = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]
        self.inner.connection_made(transport)
        self._await()
        if self._out:
            self.turn_out()

    def data_received(self, data: bytes) -> None:
        if not (self._end or self._listening):
            self._await()
        self.inner.data_received(data)

    def eof_received(self) -> bool | None:
        return self.inner.eof_received()

    def pause_writing(self) -> None:
        self.inner.pause_writing()
        self._await()

    def resume_writing(self) -> None:
        self.calm(listening=self._listening)
        self.inner.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self.calm()
        self._door.left(self)
        self.inner.connection_lost(exc)

    def calm(self, *, listening: bool = False) -> None:
        """Nothing is waited for; `listening`: what comes belongs to a request under way."""
        self._listening = listening
        if self._end:
            self._end.cancel()
            self._end = None

    def turn_out(self) -> None:
        self._out = True
        if self._transport:
            self._transport.abort()

    def _await(self) -> None:
        self.calm(listening=self._listening)
        self._end = asyncio.get_running_loop().call_later(PATIENCE, self.turn_out)


def quiet(say: Sparing) -> logging.Logger:
    """What aiohttp logs, without the bytes that its errors quote."""

    def spoken(record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        malformed = isinstance(error, HttpProcessingError | web.RequestPayloadError)
        say("malformed request" if malformed else "request failed", error=type(error).__name__)
        return False

    logger = logging.Logger("aiohttp.port")  # noqa: LOG001  nobody else's
    logger.addFilter(spoken)
    return logger


def crowded(say: Sparing) -> Callable[[asyncio.AbstractEventLoop, dict[str, Any]], None]:
    """The loop's handler of exceptions: asyncio would log each connection it cannot take."""

    def handle(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if isinstance(error, OSError) and error.errno in SHORT:
            say("no connection can be taken: raise the limit of open files", reason=error.strerror)
        else:
            loop.default_exception_handler(context)

    return handle
