"""Any OpenAI-compatible endpoint behind one function: deadlines, retries and failures are ours."""

import asyncio
import base64
import re
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import openai
import structlog

from adapters.markup import blank
from adapters.ports import Image
from bot.ports import WORDLESS, ModelFailed, Prompt, Request, Role

_FAILURES = (openai.OpenAIError, TimeoutError, ValueError)  # ValueError: what came is no JSON
_RETRIED = {"rate", "unavailable", "timeout", "truncated"}
_LASTING = {"auth", "quota", "rejected"}
_ADVICE = {
    "auth": "The model endpoint refuses the key: check OPENAI_API_KEY.",
    "quota": "The model account has no credit left: top it up.",
    "rejected": "The model endpoint rejects the request: check the model's name and settings.",
    "rate": "The model endpoint limits our rate: wait, or have the limit raised.",
    "unavailable": "The model endpoint does not answer: check OPENAI_BASE_URL, or wait.",
    "timeout": "The model took too long: choose a faster one, or raise its deadlines.",
    "truncated": "The model's stream ended early: look at the endpoint, or a proxy before it.",
    "invalid": "What answers is no Chat Completions API: check OPENAI_BASE_URL.",
    "empty": WORDLESS,
    "refused": "The model's content filter stopped the reply: ask in other words.",
}
_TEXT = {"type": "string"}


def _object(fields: Mapping[str, object]) -> Mapping[str, object]:
    """A strict schema needs every field named, and no others."""
    closed = {"required": list(fields), "additionalProperties": False}
    return {"type": "object", "properties": fields, **closed}


_FACT = _object(dict.fromkeys(("person", "key", "value", "quote"), _TEXT))
_ANSWER = _object({"summary": _TEXT, "facts": {"type": "array", "items": _FACT}})
# https://developers.openai.com/api/docs/guides/structured-outputs
_FORMAT = {
    "type": "json_schema",
    "json_schema": {"name": "answer", "strict": True, "schema": _ANSWER},
}
# From GPT-5.6 on: https://developers.openai.com/api/docs/guides/prompt-caching
_TAKES_BREAKPOINTS = r"gpt-(5\.([6-9]|\d\d)|[6-9]|\d\d)"
_BY_STATUS = {401: "auth", 402: "quota", 403: "auth", 429: "rate"}
_BY_CODE = {
    "content_filter": "refused",
    "insufficient_quota": "quota",
    "rate_limit_exceeded": "rate",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where the model answers, and how long we wait, in seconds."""

    base_url: str = "https://api.openai.com/v1"
    api_key: str = field(default="", repr=False)  # empty: the server asks for none
    model: str
    summary_model: str = ""  # empty: the same
    limit_parameter: Literal["max_completion_tokens", "max_tokens", ""] = "max_completion_tokens"
    cache: bool | None = None  # send prompt-cache hints; None: only to OpenAI, others may refuse
    first_token: float = 30.0
    idle: float = 30.0  # between pieces; keep-alives do not count
    total: float = 180.0  # retries included
    tries: int = 3
    backoff: float = 0.5  # before the second try, doubling with each


class Completions:
    """A Model over streamed Chat Completions; `random` (0 to 1) spreads the retries.

    https://platform.openai.com/docs/api-reference/chat-streaming
    """

    def __init__(self, endpoint: Endpoint, random: Callable[[], float]) -> None:
        if not re.fullmatch(r"[!-~]*", endpoint.api_key):
            raise ModelFailed("auth", "OPENAI_API_KEY holds a space or an accent.", lasting=True)
        self._endpoint, self._random = endpoint, random
        self._takes_format = True  # until it refuses
        self._client = openai.AsyncOpenAI(
            base_url=endpoint.base_url,
            api_key=endpoint.api_key or "none",
            max_retries=0,
            timeout=endpoint.total,
        )

    async def __call__(self, request: Request) -> AsyncGenerator[str, None]:
        clock = asyncio.get_running_loop().time
        end, tried, begun, refused = clock() + self._endpoint.total, 0, False, False
        request = replace(request, facts=request.facts and self._takes_format)
        while True:
            try:
                async with aclosing(self._attempt(request, end)) as pieces:
                    async for piece in pieces:
                        begun = True
                        yield piece
            except ModelFailed as failed:
                failure = failed
            except _FAILURES as error:
                failure = _failure(error, begun=begun)
            else:
                self._takes_format &= not refused
                return
            if failure.reason == "rejected" and (request.facts or request.images):  # or all of it
                left = {"format": request.facts, "images": len(request.images)}
                structlog.get_logger().warning("model.left_out", **left)
                request, refused = replace(request, facts=False, images=()), request.facts
                continue
            # Raised outside the handler: the vendor's error, which may quote prompts, stays behind.
            pause = max(failure.after, self._endpoint.backoff * 2**tried * (0.5 + self._random()))
            tried += 1
            again = failure.reason in _RETRIED and not begun and tried < self._endpoint.tries
            if not again or clock() + pause >= end:
                raise failure
            structlog.get_logger().warning("model.retry", reason=failure.reason, pause=pause)
            await asyncio.sleep(pause)

    async def close(self) -> None:
        await self._client.close()

    async def _attempt(self, request: Request, end: float) -> AsyncGenerator[str, None]:
        clock = asyncio.get_running_loop().time
        deadline = min(end, clock() + self._endpoint.first_token)
        async with asyncio.timeout_at(deadline):
            stream = await self._client.chat.completions.create(**self._body(request))
        finish, anything, written = "", False, False
        try:
            while not finish:
                async with asyncio.timeout_at(deadline):
                    chunk = await anext(stream, None)
                if chunk is None:
                    raise _failed("truncated" if anything else "invalid")
                text, finish, alive = _read(chunk)
                anything, written = True, written or not blank(text)
                if text:
                    yield text
                if alive:
                    deadline = min(end, clock() + self._endpoint.idle)
            if ending := _ending(finish, written=written):
                yield ending
            with suppress(*_FAILURES):  # what is read to its end leaves the connection for reuse
                async with asyncio.timeout_at(min(end, clock() + 0.5)):
                    while await anext(stream, None):
                        pass
        finally:
            await stream.close()

    def _body(self, request: Request) -> dict[str, Any]:
        at = self._endpoint
        cheap = (request.summary or request.cheap) and at.summary_model
        model = at.summary_model if cheap else at.model
        caches = "//api.openai.com/" in at.base_url if at.cache is None else at.cache
        marked = request.stable if caches and re.match(_TAKES_BREAKPOINTS, model) else 0
        messages = [_wire(prompt, mark=n < marked) for n, prompt in enumerate(request.prompts)]
        if request.images:
            _show(messages, request.images)
        body: dict[str, Any] = {"model": model, "messages": messages, "stream": True}
        if request.facts:
            body["response_format"] = _FORMAT
        if at.limit_parameter:
            body[at.limit_parameter] = request.reply_tokens
        if caches and request.cache_key:
            body["prompt_cache_key"] = request.cache_key
        if marked:
            body["prompt_cache_options"] = {"mode": "explicit"}
        return body


def _wire(prompt: Prompt, *, mark: bool) -> dict[str, Any]:
    """Every stable prompt is marked, so that the next turn finds this turn's last mark again."""
    if not mark or prompt.role is Role.ASSISTANT:  # assistant messages take no breakpoint
        return {"role": prompt.role.value, "content": prompt.text}
    block = {"type": "text", "text": prompt.text, "prompt_cache_breakpoint": {"mode": "explicit"}}
    return {"role": prompt.role.value, "content": [block]}


def _show(messages: Sequence[dict[str, Any]], images: Sequence[Image]) -> None:
    """Put them behind the text of the last message of a person.

    https://developers.openai.com/api/docs/guides/images-vision#giving-a-model-images-as-input
    """
    asked = next(each for each in reversed(messages) if each["role"] == Role.USER)
    asked["content"] = [{"type": "text", "text": asked["content"]}, *map(_part, images)]


def _part(image: Image) -> dict[str, Any]:
    url = f"data:{image.media_type};base64,{base64.b64encode(image.data).decode()}"
    return {"type": "image_url", "image_url": {"url": url, "detail": "high"}}


def _read(chunk: Any) -> tuple[str, str, bool]:
    """Text, finish reason, and whether the model is at work; servers differ in what they leave out.

    Reasoning that some servers stream beside the text counts as work.
    """
    choices = getattr(chunk, "choices", None)
    choice = choices[0] if isinstance(choices, list) and choices else None
    delta = getattr(choice, "delta", None)
    text = getattr(delta, "content", None) or getattr(delta, "refusal", None)
    extra = getattr(delta, "model_extra", None) or {}
    finish = getattr(choice, "finish_reason", None)
    return str(text or ""), str(finish or ""), bool(text) or any(extra.values())


def _ending(finish: str, *, written: bool) -> str:
    """A reply cut at its limit is complete for us, and shows it."""
    if finish == "content_filter" or not written:
        raise _failed("refused" if finish == "content_filter" else "empty")
    return " …" if finish == "length" else ""


def _failed(reason: str, detail: str = "", after: float = 0) -> ModelFailed:
    return ModelFailed(reason, _ADVICE[reason] + detail, lasting=reason in _LASTING, after=after)


def _failure(error: Exception, *, begun: bool) -> ModelFailed:
    if isinstance(error, TimeoutError | openai.APITimeoutError):
        return _failed("timeout")
    if isinstance(error, openai.APIConnectionError):
        return _failed("truncated" if begun else "unavailable")
    if not isinstance(error, openai.APIError):
        return _failed("invalid")
    words = [str(word) for word in (error.code, error.type, error.param)]
    told = next((_BY_CODE[word] for word in words if word in _BY_CODE), "")
    if not isinstance(error, openai.APIStatusError):  # an error inside the stream
        return _failed(told or "unavailable")
    status = error.status_code
    passing = (status >= 500 and status != 501) or status in {408, 409}
    reason = told or _BY_STATUS.get(status, "unavailable" if passing else "rejected")
    # Only words that cannot be a key or somebody's text. A Retry-After that is a date is left out.
    shown = dict.fromkeys(word for word in words if re.fullmatch("[a-z_]{1,40}", word))
    asked = re.fullmatch(r"\d{1,4}(\.\d+)?", error.response.headers.get("retry-after", ""))
    return _failed(
        reason, " ".join(("", f"(HTTP {status})", *shown)), float(asked[0] if asked else 0)
    )
