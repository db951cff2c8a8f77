"""The fake Slack: starts on a free loopback port, and what tests do with it."""

import asyncio
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from tests.servers.slack import payloads
from tests.servers.slack.admin import Admin
from tests.servers.slack.api import Methods
from tests.servers.slack.changes import Changes
from tests.servers.slack.delivery import Courier, Delivery, Way
from tests.servers.slack.faults import Fault, Faults
from tests.servers.slack.hands import Hands
from tests.servers.slack.hooks import Hooks
from tests.servers.slack.limits import Failure, Tiers
from tests.servers.slack.responses import Responses
from tests.servers.slack.sockets import Sockets
from tests.servers.slack.workspace import BOT_USER, Channel, Post, Workspace

SCOPES = (
    "app_mentions:read,assistant:write,channels:history,channels:read,chat:write,commands,"
    "groups:history,groups:read,im:history,im:read,mpim:history,mpim:read,users:read"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    method: str
    verb: str  # GET or POST
    given: dict[str, Any]


class Slack(Changes):
    """`async with Slack() as slack:`; every wait is in seconds of the event loop's clock.

    An event that is not acknowledged within `ack_within` is sent again after each of `retries`,
    as Slack does (at once, after one minute, after five), then lost; `told`: the retries say what
    they are. Events go over sockets until `listen` names an address for them.
    """

    bot_token, app_token, signing_secret = "xoxb-fake", "xapp-fake", "fake-secret"

    def __init__(
        self,
        *,
        port: int = 0,
        ack_within: float = 3.0,
        retries: Sequence[float] = (0.0, 60.0, 300.0),
        told: bool = True,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.bot, self.scopes = BOT_USER, SCOPES
        self.requests: list[Request] = []
        self.workspace = Workspace(now)
        self.replied = Responses(now)
        self.sockets = Sockets(told=told, changed=self._changed)
        self.hooks = Hooks(self.signing_secret, told=told, now=now, changed=self._changed)
        self._courier = Courier(ack_within=ack_within, retries=retries, changed=self._changed)
        self.tiers = Tiers(now)
        self.methods = Methods(
            self.workspace, self._emit, self._socket_url, lambda: self.scopes, now
        )
        self.admin = Admin(self.workspace, self._emit)
        self.hands = Hands(self.workspace, self.deliver, self._emit, self._response_url)
        self._faults = Faults()
        self._port, self._change = port, asyncio.Event()

    @property
    def api_url(self) -> str:
        return f"http://127.0.0.1:{self._port}/api/"

    @property
    def deliveries(self) -> Sequence[Delivery]:
        """Every event so far, with its attempts and whether it was acknowledged."""
        return self._courier.deliveries

    @property
    def whispers(self) -> Sequence[Post]:
        """Ephemeral posts; `to` is who sees them."""
        return self.workspace.whispers

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_route("*", "/api/{method}", self._call)
        app.router.add_get("/link", self._link)
        app.router.add_post("/respond/{serial}", self._respond)
        app.router.add_post("/people/{verb}", self._speak)
        app.router.add_get("/channels/{channel}", self._show)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._courier.close()
        await self.hooks.close()
        await self.sockets.close()
        await self._runner.cleanup()

    def listen(self, url: str) -> None:
        """Send everything to this address from now on, signed."""
        self.hooks.url = url

    def channel(self, channel: str, kind: str = "channel", *, shared: bool = False) -> Channel:
        """Make a channel: channel, group (private), mpim or im; `shared`: Slack Connect."""
        return self.workspace.channel(channel, kind, shared=shared)

    def say(
        self,
        channel: str,
        user: str,
        text: str,
        *,
        thread: str | None = None,
        mention: bool = True,
        order: Sequence[str] = ("message", "app_mention"),
        **more: Any,
    ) -> str:
        """A person's post; with `mention` the bot is addressed and both twins come, in `order`.

        `more`: further fields of the message, such as subtype, blocks, attachments or files.
        """
        place = self.channel(channel)
        addressed = f"<@{BOT_USER}> {text}" if mention else text
        person = "bot_id" not in more
        post = self.workspace.add(
            channel,
            user,
            addressed,
            thread=thread or "",
            client_msg_id=str(uuid.uuid4()) if person else "",
            more=more,
        )
        twins = {
            "message": payloads.said(post, place),
            "app_mention": payloads.mention(post, place),
        }
        for twin in order if mention else ("message",):
            self._emit(twins[twin], place)
        return post.ts

    def dm(self, user: str, text: str, *, thread: str | None = None) -> str:
        """To the bot, in the DM `D` + user id."""
        channel = self.channel(f"D{user}", "im")
        return self.say(channel.id, user, text, thread=thread, mention=False)

    def deliver(self, body: dict[str, Any]) -> Delivery:
        """Send a body as it is, such as a recorded one."""
        return self._courier.deliver(body, self._way)

    async def redeliver(self) -> None:
        await self._courier.redeliver(self._way)

    def posts(self, channel: str, thread: str | None = None) -> Sequence[Post]:
        """What people see in a channel, or in one thread of it, oldest first."""
        posts = self.channel(channel).posts.values()
        seen = self.workspace.thread(channel, thread) if thread else posts
        return [post for post in seen if not post.tombstone]

    def replies(self, channel: str, thread: str | None = None) -> Sequence[str]:
        """The texts of the bot's own posts there."""
        return [post.text for post in self.posts(channel, thread) if post.own]

    def fail(self, method: str, *faults: Fault) -> None:
        """The next calls of this method meet these faults, one each; "link" is the WebSocket."""
        self._faults.add(method, *faults)

    def calls(self, method: str) -> Sequence[dict[str, Any]]:
        """The arguments of every call of this method so far."""
        return [request.given for request in self.requests if request.method == method]

    async def until(self, predicate: Callable[[], object], *, within: float = 5.0) -> None:
        """Return as soon as it holds; it is looked at whenever something happened here."""
        async with asyncio.timeout(within):
            while not predicate():
                await self._change.wait()

    def _changed(self) -> None:
        self._change.set()
        self._change = asyncio.Event()

    def _socket_url(self) -> str:
        return f"ws://127.0.0.1:{self._port}/link?ticket={self.workspace.serial()}"

    def _response_url(self) -> str:
        return f"http://127.0.0.1:{self._port}/respond/"

    @property
    def _way(self) -> Way:
        return self.hooks if self.hooks.url else self.sockets

    def _emit(self, event: dict[str, Any], channel: Channel | None = None) -> Delivery:
        body = payloads.callback(
            event,
            f"Ev{self.workspace.serial():010d}",
            shared=bool(channel and channel.shared),
            team=self.workspace.team(event.get("user")),
            organisation=self.workspace.organisation,
        )
        delivery = self.deliver(body)
        self._changed()
        return delivery

    async def _speak(self, request: web.Request) -> web.Response:
        verbs: dict[str, Callable[..., str | None]] = {
            "say": self.say,
            "dm": self.dm,
            "edit": self.edit,
            "delete": self.delete,
        }
        said = verbs[request.match_info["verb"]](**await request.json())
        return web.json_response({"ts": said})

    async def _show(self, request: web.Request) -> web.Response:
        posts = self.posts(request.match_info["channel"], request.query.get("thread"))
        return web.json_response([post.payload(metadata=True) for post in posts])

    @property
    def responses(self) -> list[tuple[str, dict[str, Any]]]:
        """What was sent to a response_url, by its path."""
        return self.replied.taken

    async def _respond(self, request: web.Request) -> web.Response:
        status, text = self.replied.take(request.match_info["serial"], await request.json())
        self._changed()
        return web.Response(status=status, text=text)

    async def _link(self, request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(self._faults.take("link").delay)
        return await self.sockets.link(request)

    async def _call(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        body = await (request.json() if request.content_type.endswith("json") else request.post())
        given = {**request.query, **body}
        self.requests.append(Request(method=method, verb=request.method, given=given))
        self._changed()
        fault = self._faults.take(method)
        await asyncio.sleep(fault.delay)
        wait_for = self.tiers.wait(method) if fault.retry_after is None else fault.retry_after
        if wait_for or fault.retry_after is not None:
            limited = {"ok": False, "error": "ratelimited"}
            wait = {"Retry-After": str(wait_for)}
            return web.json_response(limited, status=429, headers=wait)
        broken = fault.cut or fault.status
        answer = self._answer(request, method, given, fault) if fault.stored or not broken else {}
        self._changed()
        if fault.cut and request.transport:
            request.transport.abort()
        if broken:
            return web.Response(status=fault.status or 500, text="<html></html>")
        return web.json_response(answer, headers={"x-oauth-scopes": self.scopes})

    def _answer(
        self, request: web.Request, method: str, given: dict[str, Any], fault: Fault
    ) -> dict[str, Any]:
        token = self.app_token if method == "apps.connections.open" else self.bot_token
        if request.headers.get("Authorization") != f"Bearer {token}":
            return {"ok": False, "error": "invalid_auth"}
        if fault.error:
            return {"ok": False, "error": fault.error}
        try:
            return {"ok": True, **self.methods.call(method, given)}
        except Failure as failure:
            needed = {"needed": failure.needed} if failure.needed else {}
            return {"ok": False, "error": str(failure)} | needed
