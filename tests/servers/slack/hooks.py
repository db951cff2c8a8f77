"""HTTP mode: signed requests to the address the bot gave."""

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import aiohttp

from tests.servers.slack.delivery import Delivery


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A request as it goes out, to be sent, or sent again by somebody else."""

    body: bytes
    headers: dict[str, str]


class Hooks:
    """`told`: retries say so in their headers."""

    def __init__(
        self, secret: str, *, told: bool, now: Callable[[], float], changed: Callable[[], None]
    ) -> None:
        self.url, self.secret = "", secret
        self._told, self._now, self._changed = told, now, changed
        self._session: aiohttp.ClientSession | None = None

    async def send(self, delivery: Delivery) -> bool:
        retried, delivery.attempts = delivery.attempts, delivery.attempts + 1
        headers = {}
        if retried and self._told:
            headers = {"X-Slack-Retry-Num": str(retried), "X-Slack-Retry-Reason": "http_timeout"}
        status, answer = await self.post(self.signed(delivery, headers))
        if status == 200:
            delivery.answer = json.loads(answer) if answer.startswith("{") else answer or None
            delivery.answered.set()
        self._changed()
        return status == 200

    async def verify(self) -> str:
        """What Slack does when the address is entered: the challenge that came back."""
        body = json.dumps({"type": "url_verification", "token": "fake", "challenge": "3eZbrw1a"})
        _, answer = await self.post(self.sign(body.encode(), "application/json"))
        return str(json.loads(answer)["challenge"] if answer.startswith("{") else answer)

    async def post(self, request: Signed) -> tuple[int, str]:
        """Its status and text; 0 when nobody answers."""
        session = self._session = self._session or aiohttp.ClientSession()
        try:
            async with session.post(self.url, data=request.body, headers=request.headers) as answer:
                return answer.status, await answer.text()
        except aiohttp.ClientError:
            return 0, ""

    def signed(self, delivery: Delivery, headers: Mapping[str, str] | None = None) -> Signed:
        form = "application/x-www-form-urlencoded"
        match delivery.kind:
            case "slash_commands":
                return self.sign(urlencode(delivery.body).encode(), form, headers)
            case "interactive":
                fields = {"payload": json.dumps(delivery.body)}
                return self.sign(urlencode(fields).encode(), form, headers)
        return self.sign(json.dumps(delivery.body).encode(), "application/json", headers)

    def sign(
        self,
        body: bytes,
        content_type: str,
        headers: Mapping[str, Any] | None = None,
        *,
        at: float | None = None,
    ) -> Signed:
        stamp = str(int(self._now() if at is None else at))
        base = f"v0:{stamp}:".encode() + body
        digest = hmac.new(self.secret.encode(), base, hashlib.sha256).hexdigest()
        signature = {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest}"}
        return Signed(
            body=body, headers={"Content-Type": content_type, **signature, **(headers or {})}
        )

    async def close(self) -> None:
        if self._session:
            await self._session.close()
