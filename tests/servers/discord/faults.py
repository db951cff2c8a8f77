"""What may go wrong on the way to the fake, and a log of what was asked."""

import asyncio
import json
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.servers.discord.buckets import Buckets
from tests.servers.discord.spec import Spec
from tests.servers.discord.world import Json, Refusal

ROOT = "/api/v10"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What the next request to a route meets, in this order; without `status` it is answered."""

    delay: float = 0.0  # seconds, before anything takes effect
    stored: bool = False  # take effect before failing
    cut: bool = False  # close the connection instead of answering
    status: int = 0
    code: int = 0
    retry_after: float = 0.0  # with 429
    via: bool = True  # with 429: False as Discord's front door answers


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    route: str  # "POST /channels/{channel_id}/messages"
    path: str
    body: Json


@dataclass(slots=True)
class Requests:
    token: str
    changed: Callable[[], None]
    spec: Spec | None = None
    log: list[Asked] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    buckets: Buckets | None = None  # without: no limits, and no headers about them
    faults: dict[str, deque[Fault]] = field(default_factory=lambda: defaultdict(deque))

    async def meet(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        resource = request.match_info.route.resource
        if resource is None or not resource.canonical.startswith(ROOT):
            return await handler(request)
        route = f"{request.method} {resource.canonical.removeprefix(ROOT)}"
        body = await asked_of(request)
        self.log.append(Asked(route=route, path=request.path.removeprefix(ROOT), body=body))
        if self.spec:
            self.violations += self.spec.request(route, body)
        try:
            return await self._answer(request, handler, route)
        finally:
            self.changed()

    async def _answer(
        self, request: web.Request, handler: Handler, route: str
    ) -> web.StreamResponse:
        fault = self.faults[route].popleft() if self.faults[route] else Fault()
        headers: Mapping[str, str] = {}
        if self.buckets:
            channel = request.match_info.get("channel_id", "")
            headers, wait = self.buckets.take(route, channel)
            fault = Fault(status=429, retry_after=wait) if wait else fault
        await asyncio.sleep(fault.delay)
        answer = respond({})
        if fault.stored or not (fault.cut or fault.status):
            answer = await self._handle(request, handler)
            if self.spec and isinstance(answer.body, bytes):
                self.violations += self.spec.response(route, answer.status, answer.body)
        if fault.cut and request.transport:
            request.transport.abort()
        answer = _failure(fault) if fault.status else answer
        answer.headers.update(headers)
        return answer

    async def _handle(self, request: web.Request, handler: Handler) -> web.Response:
        open_to_all = request.path.startswith((f"{ROOT}/interactions/", f"{ROOT}/webhooks/"))
        if not open_to_all and request.headers.get("Authorization") != f"Bot {self.token}":
            return respond({"message": "401: Unauthorized", "code": 0}, 401)
        try:
            answer = await handler(request)
        except Refusal as refusal:
            return respond({"message": refusal.message, "code": refusal.code}, refusal.status)
        assert isinstance(answer, web.Response)
        return answer


async def asked_of(request: web.Request) -> Json:
    """The body; of one with files, what they hold as `files`."""
    if request.content_type != "multipart/form-data":
        text = await request.text()
        return json.loads(text) if text else {}
    form = await request.post()
    body: Json = json.loads(str(form["payload_json"]))
    files = [each for each in form.values() if isinstance(each, web.FileField)]
    stored = [
        {
            "id": str(number + 1),
            "filename": each.filename,
            "size": len(content := each.file.read()),
            "url": f"https://cdn.example/{number}/{each.filename}",
            "proxy_url": f"https://cdn.example/{number}/{each.filename}",
            "description": content.decode(),
        }
        for number, each in enumerate(files)
    ]
    for each in files:
        each.file.seek(0)
    return body | {"files": stored}  # no part of what is described


def respond(data: Any, status: int = 200, **headers: str) -> web.Response:
    """With the content type exactly as Discord's: discord.py compares it as a string."""
    if status == 204:
        return web.Response(status=status)
    headers |= {"Content-Type": "application/json"}
    return web.Response(body=json.dumps(data).encode(), status=status, headers=headers)


def _failure(fault: Fault) -> web.Response:
    if fault.status == 429:
        data = {"message": "slow down", "retry_after": fault.retry_after, "global": False}
        headers = {"Retry-After": f"{fault.retry_after:g}"} | ({"Via": "1.1"} if fault.via else {})
        return respond(data, 429, **headers)
    return respond({"message": "injected", "code": fault.code}, fault.status)
