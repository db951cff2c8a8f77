"""A Slack that only counts: it signs requests to the bot, and sees the replies."""

import asyncio
import hashlib
import hmac
import itertools
import json
import socket
import time
from collections import defaultdict, deque
from collections.abc import Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self

import aiohttp
from aiohttp import web

_JSON = "application/json"


QUESTION = "<@U00BENCHBOT> what did I say about the train?"


class Workspace:
    """`channels`: how many the threads are shared out over; 0: each has one of its own.

    `bots`: processes that take its requests in turn. `surplus`: replies that nobody waited for.
    """

    secret = "bench-secret"  # noqa: S105

    def __init__(self, channels: int = 0, bots: int = 1) -> None:
        self._channels, self.surplus = channels, 0
        self._replies: defaultdict[str, deque[asyncio.Future[None]]] = defaultdict(deque)
        self._clock = itertools.count(int(time.time() * 1_000_000))
        self._roots = defaultdict[int, str](self._ts)
        self.ports = _free(bots)
        self._next = itertools.cycle(self.ports)

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_route("*", "/api/{method}", self._call)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.api_url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/api/"
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._session.close()
        await self._runner.cleanup()

    async def ask(
        self, thread: int, text: str = QUESTION, *, person: int = 0, within: float = 30
    ) -> None:
        """Mention the bot; return when it replied there."""
        reply = asyncio.get_running_loop().create_future()
        self._replies[self._roots[thread]].append(reply)
        await self.post(thread, text, person=person)
        async with asyncio.timeout(within):
            await reply

    async def post(self, thread: int, text: str = QUESTION, *, person: int = 0) -> None:
        """Return when Slack would have its acknowledgement; `person`: which one of the thread's."""
        ts = self._ts()
        event = {
            "type": "message",
            "user": f"U{thread:04d}{person or ''}",
            "text": text,
            "ts": ts,
            "thread_ts": self._roots[thread],
            "channel": f"C{thread % self._channels if self._channels else thread:04d}",
            "channel_type": "channel",
            "event_ts": ts,
        }
        body: dict[str, Any] = {"type": "event_callback", "team_id": "T00BENCH", "event": event}
        body |= {"event_id": f"Ev{ts}", "event_time": int(float(ts)), "api_app_id": "A00BENCH"}
        if (status := await self._send(json.dumps(body).encode())) != 200:
            raise SystemExit(f"not acknowledged: {status}")

    async def verified(self) -> None:
        """Until every bot takes requests."""
        ready = 0
        while ready < len(self.ports):
            try:
                asked = b'{"type": "url_verification", "challenge": "bench"}'
                ready = ready + 1 if await self._send(asked) == 200 else 0
            except aiohttp.ClientError:
                ready = 0
                await asyncio.sleep(0.05)

    async def _send(self, body: bytes) -> int:
        stamp = str(int(time.time()))
        base = f"v0:{stamp}:".encode() + body
        signature = hmac.new(self.secret.encode(), base, hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": _JSON,
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": f"v0={signature}",
        }
        url = f"http://127.0.0.1:{next(self._next)}/slack/events"
        async with self._session.post(url, data=body, headers=headers) as answer:
            await answer.read()
            return answer.status

    async def _call(self, request: web.Request) -> web.Response:
        given: dict[str, Any] = dict(request.query)
        if request.can_read_body:
            json_body = request.content_type == _JSON
            given |= await (request.json() if json_body else request.post())
        return web.json_response({"ok": True, **self._answer(request.match_info["method"], given)})

    def _answer(self, method: str, given: dict[str, Any]) -> dict[str, Any]:
        match method:
            case "auth.test":
                bot = {"user_id": "U00BENCHBOT", "bot_id": "B00BENCHBOT", "user": "bench"}
                return bot | {"team_id": "T00BENCH"}
            case "users.info":
                return {"user": {"id": given["user"], "name": given["user"]}}
            case "chat.postMessage":
                waiting = self._replies[given["thread_ts"]]
                self.surplus += not waiting
                if waiting and not (reply := waiting.popleft()).done():
                    reply.set_result(None)
                ts = self._ts()
                return {"ts": ts, "channel": given["channel"], "message": {"ts": ts}}
            case "conversations.replies" | "conversations.history":
                return {"messages": [], "has_more": False}
        return {"ts": given.get("ts", ""), "channel": given.get("channel", "")}

    def _ts(self) -> str:
        micros = next(self._clock)
        return f"{micros // 1_000_000}.{micros % 1_000_000:06d}"


def _free(number: int) -> Sequence[int]:
    with ExitStack() as stack:
        servers = [
            stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(number)
        ]
        return [int(server.getsockname()[1]) for server in servers]
