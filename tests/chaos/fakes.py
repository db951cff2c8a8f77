"""The fake platforms and model, with traps around every call and faults now and then."""

import asyncio
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from aiohttp import web

from tests.chaos.codes import codes, summary
from tests.chaos.traps import Traps
from tests.e2e.town import is_fold
from tests.servers.discord import FakeDiscord
from tests.servers.discord.faults import Handler, Requests
from tests.servers.openai import Act, FakeOpenAI
from tests.servers.openai.act import error, html
from tests.servers.openai.server import Messages, text_of
from tests.servers.slack import Slack
from tests.servers.slack.faults import Fault, Faults

IDLE = "Answering"  # nothing: all it was asked had been answered
AGAIN = 12.0
MARK = re.compile(r"#(\d+)\.(\d+)#")  # a message's number, and which edit of it
ASKED = re.compile(rf"Please note {MARK.pattern}")
SAID = re.compile(rf"(?:Please note|By the way,) {MARK.pattern}")  # by a person
QUOTING = 3  # answers: one repeats codes of its prompt
MERGE, LEARN = "These are two summaries", "This is from a chat"
METHODS = (  # posts and edits fail most
    *(3 * ("chat.postMessage", "chat.update", "chat.startStream", "chat.stopStream")),
    *("chat.appendStream", "chat.delete", "chat.postEphemeral"),
    *("conversations.replies", "conversations.history"),
)
PLATFORM_FAULTS = (
    Fault(status=500),
    Fault(status=500, stored=True),
    Fault(cut=True),
    Fault(cut=True, stored=True),
    Fault(delay=1.0),
    Fault(retry_after=1),
)


def marks(text: str) -> Sequence[int]:
    return [int(number) for number, _ in MARK.findall(text)]


class ChaosSlack(Slack):
    """Loses its patience soon, and never gives up an event."""

    def __init__(self, traps: Traps) -> None:
        super().__init__(ack_within=3.0, retries=[0.5, 1.0, 2.0, *[4.0] * 1_000])
        self._traps = traps

    async def _call(self, request: web.Request) -> web.StreamResponse:
        await request.read()
        if request.transport is None:  # it waited here for longer than its sender did
            raise web.HTTPServiceUnavailable
        return await super()._call(request)

    def _answer(
        self, request: web.Request, method: str, given: dict[str, Any], fault: Any
    ) -> dict[str, Any]:
        if self._traps.met(f"before {method}", request.transport):
            raise web.HTTPServiceUnavailable
        answer = super()._answer(request, method, given, fault)
        self._traps.met(f"after {method}", request.transport)
        return answer

    def trouble(self, chance: Random) -> None:
        self.fail(chance.choice(METHODS), chance.choice(PLATFORM_FAULTS))

    def heal(self) -> None:
        """No fault is left that was not met."""
        self._faults = Faults()


@dataclass(slots=True)
class TrappedRequests(Requests):
    traps: Traps | None = None

    async def meet(self, request: web.Request, handler: Any) -> web.StreamResponse:
        await request.read()
        if request.transport is None:
            raise web.HTTPServiceUnavailable
        return await Requests.meet(self, request, handler)

    async def _handle(self, request: web.Request, handler: Handler) -> web.Response:
        assert self.traps
        route = request.match_info.route.resource
        point = f"{request.method} {route.canonical if route else request.path}"
        if self.traps.met(f"before {point}", request.transport):
            raise web.HTTPServiceUnavailable
        answer = await Requests._handle(self, request, handler)
        self.traps.met(f"after {point}", request.transport)
        return answer


class ChaosDiscord(FakeDiscord):
    def __init__(self, traps: Traps) -> None:
        super().__init__()
        self._requests = TrappedRequests(self.token, self.changed, traps=traps)

    def heal(self) -> None:
        self._requests.faults.clear()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What one prompt held, and when it was made: when the model was first asked it.

    In seconds since 1970. A client repeats what failed: within AGAIN seconds it is the same prompt.
    """

    at: float
    marks: frozenset[int]
    texts: frozenset[tuple[int, int]] = frozenset()  # of people: number and version
    codes: frozenset[str] = frozenset()
    told: str = ""  # what it asks, or that it folds; and when it was first made, if long ago


class ChaosModel(FakeOpenAI):
    """Answers with the marks of all it is asked and has not answered yet; fails in every way."""

    def __init__(self, traps: Traps, chance: Random, trouble: float) -> None:
        super().__init__(roster)
        self._traps, self._chance, self._trouble = traps, chance, trouble
        self.shown: list[Shown] = []
        self._first: dict[int, float] = {}
        self.failed = 0

    async def _play(self, act: Act, request: web.Request) -> web.StreamResponse:
        messages = self.seen.pop().body["messages"]
        texts = "\n".join(map(text_of, messages))
        now, prompt = time.time(), hash(texts)
        before = self._first.get(prompt, 0.0)
        if now - before > AGAIN:
            self._first[prompt] = now
            self.shown.append(_shown(texts, now, f"{_what(messages)}, before {before:.2f}"))
        if self._traps.met("before the model", request.transport):
            raise web.HTTPServiceUnavailable
        if self._chance.random() < self._trouble:
            act = self._chance.choice(troubles(act))
            self.failed += 1
        else:
            await asyncio.sleep(self._chance.choice((0.0, 0.0, 0.0, 0.1, 0.4)))
        try:
            answer = await super()._play(act, request)
        except ConnectionError:  # whoever asked has gone meanwhile
            raise web.HTTPServiceUnavailable from None
        self._traps.met("after the model", request.transport)
        return answer


def troubles(act: Act) -> Sequence[Act]:
    text, size = act.text, 6
    return (
        Act(text=text, size=size, after_pieces=2, then="cut"),
        Act(text=text, size=size, after_pieces=2, then="eof", done=False, finish=None),
        Act(text=text, size=size, after_pieces=2, then="data: no json\n\n"),
        Act(before_headers=3.0, text=text),
        error(500),
        error(429, "rate_limit_exceeded", retry_after="1"),
        html(),
    )


def _shown(texts: str, now: float, told: str) -> Shown:
    return Shown(
        at=now,
        marks=frozenset(marks(texts)),
        texts=frozenset((int(number), int(version)) for number, version in SAID.findall(texts)),
        codes=frozenset(codes(texts)),
        told=told,
    )


def _what(messages: Messages) -> str:
    return "upkeep" if _upkeep(messages) else roster(messages)


def _upkeep(messages: Messages) -> bool:
    """A fold, a merge, or facts that are asked for alone."""
    return is_fold(messages) or text_of(messages[0]).startswith((MERGE, LEARN))


def roster(messages: Messages) -> str:
    if _upkeep(messages):
        told = "\n".join(map(text_of, messages[1:]))
        return summary(told, facts='"facts"' in text_of(messages[0]))
    roles = [message["role"] for message in messages]
    asked = messages[len(roles) - roles[::-1].index("system") :]
    said = [MARK.findall(text_of(each)) for each in messages if each["role"] == "assistant"]
    answered = {number for found in said for number, _ in found}
    fresh = [mark for each in asked for mark in ASKED.findall(text_of(each))]
    new = [f"#{number}.{version}#" for number, version in fresh if number not in answered]
    quoted = _quoted(messages, int(new[0].strip("#").partition(".")[0])) if new else ""
    return f"{IDLE} {' '.join(new)}{quoted}"


def _quoted(messages: Messages, number: int) -> str:
    """Of some prompts two codes, whoever told them: the last one, and another."""
    found = [each for message in messages for each in codes(text_of(message))]
    if number % QUOTING or not found:
        return ""
    return " - " + ", ".join(dict.fromkeys((found[number % len(found)], found[-1])))
