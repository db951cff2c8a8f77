"""The server: every request is logged, and answered by the next scripted act or by `answer`."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from tests.servers.openai.act import Act

Messages = Sequence[Mapping[str, Any]]
Answer = Callable[[Messages], str]


def text_of(message: Mapping[str, Any]) -> str:
    content = message["content"]
    return (
        content if isinstance(content, str) else "".join(part.get("text", "") for part in content)
    )


def echo(messages: Messages) -> str:
    return f"You said: {text_of(messages[-1])}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    body: Mapping[str, Any]
    headers: Mapping[str, str]

    @property
    def texts(self) -> list[str]:
        return [text_of(message) for message in self.body["messages"]]


class FakeOpenAI:
    """`async with FakeOpenAI() as server`: `server.url` is what OPENAI_BASE_URL takes.

    `script` queues acts, one for each request; without one, `answer` makes the reply. `seen` logs
    every request, `finished` counts answers sent whole, `dropped` those the client hung up on.
    """

    def __init__(self, answer: Answer = echo, *, port: int = 0) -> None:
        self.answer, self._port = answer, port
        self.seen: list[Seen] = []
        self.finished = self.dropped = 0
        self._acts: deque[Act] = deque()
        self._changed = asyncio.Condition()
        app = web.Application(client_max_size=64 * 2**20)
        app.router.add_post("/v1/chat/completions", self._complete)
        app.router.add_post("/script", self._control)
        app.router.add_get("/seen", self._log)
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        raised: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._runner.cleanup()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/v1"

    def script(self, *acts: Act) -> None:
        self._acts.extend(acts)

    async def until(self, predicate: Callable[[], bool]) -> None:
        async with self._changed:
            await self._changed.wait_for(predicate)

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        if not body.get("stream") or not body.get("messages"):
            raise web.HTTPBadRequest(text='{"error": {"message": "stream and messages, please"}}')
        async with self._noting():
            self.seen.append(Seen(body=body, headers=dict(request.headers)))
        act = self._acts.popleft() if self._acts else Act(text=self.answer(body["messages"]))
        try:
            response = await self._play(act, request)
        except (asyncio.CancelledError, ConnectionError):
            async with self._noting():
                self.dropped += 1
            raise
        async with self._noting():
            self.finished += 1
        return response

    @asynccontextmanager
    async def _noting(self) -> AsyncIterator[None]:
        async with self._changed:
            yield
            self._changed.notify_all()

    async def _play(self, act: Act, request: web.Request) -> web.StreamResponse:
        await _wait(act.before_headers)
        headers = {"Retry-After": act.retry_after} if act.retry_after else {}
        if act.body is not None:
            kind = act.content_type
            return web.Response(
                status=act.status, text=act.body, content_type=kind, headers=headers
            )
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await _stream(act, response, request)
        return response

    async def _control(self, request: web.Request) -> web.Response:
        """For tests that run the fake as a process: POST a list of acts as JSON."""
        self.script(*(Act(**act) for act in await request.json()))
        return web.Response()

    async def _log(self, request: web.Request) -> web.Response:
        return web.json_response([seen.body for seen in self.seen])


async def _stream(act: Act, response: web.StreamResponse, request: web.Request) -> None:
    await response.write(_chunk({"role": "assistant", "content": ""}))
    for _ in range(act.thinking):
        await response.write(_chunk({"reasoning_content": "hm"}))
        await asyncio.sleep(0.02)
    await _wait(act.before_text, response if act.keepalive else None)
    pieces = [act.text[at : at + act.size] for at in range(0, len(act.text), act.size)]
    for sent, piece in enumerate(pieces, start=1):
        await response.write(_chunk({"content": piece}))
        await asyncio.sleep(act.every)
        if act.then and sent == (act.after_pieces or len(pieces)):
            await _then(act, response, request)
            return
    if act.finish:
        await response.write(_chunk({}, act.finish))
    if act.done:
        await response.write(b"data: [DONE]\n\n")


async def _then(act: Act, response: web.StreamResponse, request: web.Request) -> None:
    if act.then == "stall":
        await _wait(None, response if act.keepalive else None)
    elif act.then == "cut":
        assert request.transport is not None
        request.transport.abort()
    elif act.then != "eof":
        await response.write(act.then.encode())


async def _wait(seconds: float | None, comments_to: web.StreamResponse | None = None) -> None:
    try:
        async with asyncio.timeout(seconds):
            while comments_to is not None:
                await comments_to.write(b": keep-alive\n\n")
                await asyncio.sleep(0.01)
            await asyncio.Event().wait()
    except TimeoutError:
        return


def _chunk(delta: Mapping[str, str], finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    chunk = {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "fake",
        "choices": [choice],
    }
    return b"data: " + json.dumps(chunk).encode() + b"\n\n"
