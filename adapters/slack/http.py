"""Slack in HTTP mode: only what Slack signed, lately and once, gets in."""

import asyncio
import hashlib
import hmac
import math
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime

import structlog
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest

from adapters.ports import HttpRequest, HttpResponse
from adapters.slack.shape import sound

PATH = "/slack/events"  # for commands and interactivity as well
_AGE = 300  # seconds: https://docs.slack.dev/authentication/verifying-requests-from-slack
_MINUTE = 60.0  # seconds in which a warning is given once
_REMEMBERED = 200_000  # requests: more than Slack sends a workspace in the time they are valid

_log = structlog.get_logger()


class Signatures:
    """Tells Slack's requests from others', and remembers those that were taken.

    Slack signs every retry anew, with the time it is sent; so one signature is good once. It is
    forgotten when the request could not be stored, as a retry within the same second carries the
    same one. The header that counts retries proves nothing: it is not signed.
    """

    def __init__(self, secret: str, now: Callable[[], datetime]) -> None:
        self._secret, self._now = secret.encode(), now
        self._taken: OrderedDict[bytes, float] = OrderedDict()  # signature -> when it expires

    def genuine(self, request: HttpRequest) -> bytes:
        """The request's signature; empty when it is not Slack's, or too old, or too young."""
        stamp = request.headers.get("x-slack-request-timestamp", "")
        given = request.headers.get("x-slack-signature", "").encode(errors="replace")
        if not (stamp.isascii() and stamp.isdigit() and len(stamp) < 12):
            return b""
        if abs(self._now().timestamp() - int(stamp)) > _AGE:
            return b""
        signed = b"v0:%b:%b" % (stamp.encode(), request.body)
        expected = b"v0=" + hmac.new(self._secret, signed, hashlib.sha256).hexdigest().encode()
        return expected if hmac.compare_digest(expected, given) else b""

    def take(self, signature: bytes) -> bool:
        """False: it was taken before."""
        now = self._now().timestamp()
        while self._taken and (
            next(iter(self._taken.values())) < now or len(self._taken) >= _REMEMBERED
        ):
            self._taken.popitem(last=False)
        if signature in self._taken:
            return False
        self._taken[signature] = now + 2 * _AGE
        return True

    def forget(self, signature: bytes) -> None:
        self._taken.pop(signature, None)


class Requests:
    """The webhook: what is genuine goes to Bolt, whose answer tells whether it was stored."""

    def __init__(self, app: AsyncApp, signatures: Signatures) -> None:
        self._app, self._signatures = app, signatures
        self._warned, self._said = False, -math.inf

    async def take(self, request: HttpRequest) -> HttpResponse:
        signature = self._signatures.genuine(request)
        if not signature:
            return self._refuse()
        if not self._signatures.take(signature):
            return HttpResponse(status=409, body="taken already")
        self._warned = False
        stored = False
        try:
            response = await self._dispatch(request)
            stored = response.status == 200
        finally:
            if not stored:
                self._signatures.forget(signature)
        return response

    def _refuse(self) -> HttpResponse:
        now = asyncio.get_running_loop().time()
        if not self._warned and now - self._said >= _MINUTE:  # anybody can make us say it
            _log.warning("slack request refused: it lacks the signature of SLACK_SIGNING_SECRET")
            self._said = now
        self._warned = True
        return HttpResponse(status=401, body="not signed by Slack")

    async def _dispatch(self, request: HttpRequest) -> HttpResponse:
        try:
            parsed = AsyncBoltRequest(body=request.body.decode(), headers=dict(request.headers))
        except (ValueError, RecursionError, AttributeError, LookupError, TypeError):
            return HttpResponse(status=400, body="neither a JSON object nor a form")
        if not sound(parsed.body):  # before Bolt, which would trip over it
            return HttpResponse(status=400, body="neither an event nor a command nor a click")
        answer = await self._app.async_dispatch(parsed)
        return HttpResponse(
            status=answer.status,
            body=answer.body,
            content_type=answer.headers.get("content-type", ["text/plain"])[0].partition(";")[0],
        )
