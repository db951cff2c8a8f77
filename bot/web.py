"""The HTTP port: whether the bot is well, what it counts, and what platforms post to it."""

import asyncio
import errno
import re
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address

import structlog
from aiohttp import hdrs, web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from adapters.ports import HttpRequest, Platform, Webhook
from bot.door import IDLE, PATIENCE, Door, Sparing, crowded, quiet
from bot.telemetry import Metrics
from memory.store import StoreDown

log = structlog.get_logger()

LARGEST = 1024 * 1024  # bytes of a body; Slack's largest events have a tenth of that
PORTS = 100  # tried if the default one is taken
LOCAL = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:\d+)?")  # as a Host header names it

Page = Callable[[web.Request], Awaitable[web.Response]]


class PortTaken(Exception):
    """The address cannot be listened on; the text is one line that says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """`fixed`: this very port, for it was asked for."""

    host: str
    port: int
    fixed: bool


class Web:
    """Takes its port at `open`, and answers while `serve` runs."""

    def __init__(
        self,
        address: Address,
        platforms: Mapping[str, Platform],
        ping: Callable[[], Awaitable[None]],
        metrics: Metrics,
    ) -> None:
        self._address, self._platforms = address, platforms
        self._ping, self._metrics = ping, metrics
        self._say = Sparing()
        self._door = Door(self._say)
        self.socket: socket.socket | None = None

    def open(self) -> str:
        """Take the port: where that is. Raises PortTaken."""
        first = self._address.port
        for port in range(first, first + 1 if self._address.fixed else first + PORTS):
            if self._bind(port):
                taken = "" if port == first else f" ({first} is taken)"
                host = self._address.host
                shown = f"[{host}]" if ":" in host else host
                return f"web: http://{shown}:{port}{taken}"
        raise PortTaken(f"PORT: {first} is taken: stop what listens there, or set another")

    async def serve(self) -> None:
        """Until cancelled."""
        runner = web.AppRunner(
            self._application(),
            access_log=None,
            logger=quiet(self._say),
            shutdown_timeout=2.0,
            lingering_time=1.0,
            keepalive_timeout=IDLE,
        )
        await runner.setup()
        loop = asyncio.get_running_loop()
        before = loop.get_exception_handler()
        loop.set_exception_handler(crowded(self._say))
        try:
            server = await loop.create_server(
                lambda: self._door.admit(runner.server),  # type: ignore[arg-type]
                sock=self.socket or socket.socket(),
                backlog=self._door.most,
            )
            try:
                await asyncio.Event().wait()
            finally:
                server.close()
        finally:
            await runner.cleanup()
            loop.set_exception_handler(before)

    def _bind(self, port: int) -> bool:
        host = self._address.host
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            self.socket = socket.create_server((host, port), family=family)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            what = f"host: cannot listen on {host}, port {port}: {error.strerror}"
            raise PortTaken(what) from None
        return True

    def _application(self) -> web.Application:
        application = web.Application(client_max_size=LARGEST, middlewares=[self._door.heard])
        pages = {"/healthz": self._health, "/readyz": self._readiness, "/metrics": self._numbers}
        for path, page in pages.items():
            application.router.add_get(path, self._guarded(page))
        for platform in self._platforms.values():
            for path, webhook in platform.webhooks.items():
                application.router.add_post(path, _taking(platform.name, webhook, self._door))
        return application

    def _guarded(self, page: Page) -> Page:
        """A page on the internet may give its own name the address 127.0.0.1, and read ours."""
        local = bool(ip_address(self._address.host).is_loopback)

        async def answer(request: web.Request) -> web.Response:
            asked = request.headers.get(hdrs.HOST, "")
            if local and not LOCAL.fullmatch(asked.lower()):
                return web.Response(status=403, text="Ask for this at localhost.\n")
            with self._door.answering(request.protocol):
                return await page(request)

        return answer

    async def _health(self, _: web.Request) -> web.Response:
        return _told(await self._store_trouble())

    async def _readiness(self, _: web.Request) -> web.Response:
        platforms = self._platforms.values()
        deaf = [f"{each.name}: {each.trouble}" for each in platforms if each.trouble]
        return _told([*await self._store_trouble(), *deaf])

    async def _numbers(self, _: web.Request) -> web.Response:
        body = generate_latest(self._metrics.registry)
        return web.Response(body=body, headers={hdrs.CONTENT_TYPE: CONTENT_TYPE_LATEST})

    async def _store_trouble(self) -> Sequence[str]:
        try:
            await self._ping()
        except StoreDown as error:
            return [str(error)]
        return []


def _told(trouble: Sequence[str]) -> web.Response:
    return web.Response(status=503 if trouble else 200, text="\n".join(trouble or ["ok"]) + "\n")


def _taking(name: str, webhook: Webhook, door: Door) -> Page:
    async def take(request: web.Request) -> web.Response:
        if (request.content_length or 0) > LARGEST:
            raise web.HTTPRequestEntityTooLarge(LARGEST, request.content_length or 0)
        try:
            async with asyncio.timeout(PATIENCE):
                body = await request.read()
        except TimeoutError:
            raise web.HTTPRequestTimeout from None
        except (OSError, web.RequestPayloadError):  # gone meanwhile, or packed in no known way
            raise web.HTTPBadRequest from None
        headers = {key.lower(): value for key, value in request.headers.items()}
        try:
            with door.answering(request.protocol):
                got = await webhook(HttpRequest(headers=headers, body=body))
        except Exception as error:  # noqa: BLE001 - the edge: logged by kind, and sent again to us
            log.error("webhook failed", platform=name, error=type(error).__name__)
            raise web.HTTPInternalServerError from None
        return web.Response(status=got.status, text=got.body, content_type=got.content_type)

    return take
