"""Slack Web API calls: their time limit, and Slack's errors in the words of ports.py."""

import asyncio
import logging
from collections.abc import Awaitable, Mapping
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncConnectionErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse
from slack_sdk.webhook.async_client import AsyncWebhookClient

from adapters.ports import Blank, Busy, Refused, Unclear

# Of the first two Slack says that part of the call may have succeeded:
# https://docs.slack.dev/reference/methods/chat.postMessage#errors
_UNCLEAR = {"internal_error", "fatal_error", "service_unavailable", "request_timeout"}
_BUSY = {"ratelimited", "rate_limited"}
_TOKEN = {"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired"}


class Declined(Refused):
    """Refused with Slack's error code."""

    def __init__(self, method: str, error: str, needed: str = "") -> None:
        advice = f"see https://docs.slack.dev/reference/methods/{method}"
        if error in _TOKEN:
            advice = "copy the token again from the app's settings"
        elif error in {"not_in_channel", "channel_not_found"}:
            advice = "invite the bot to the channel"
        elif error == "missing_scope":
            advice = f"add the scope {needed} to the app and install it again"
        super().__init__(f"{method}: {error}: {advice}")
        self.error = error


class Wordless(Declined, Blank):
    """Refused as a text that shows nothing."""


class Calls:
    """Every call raises Unclear, Busy or Declined, after `within` seconds at the latest."""

    def __init__(self, token: str, api_url: str, within: float, logger: logging.Logger) -> None:
        self._within, self._logger = within, logger
        # A repeated write is a second post: only reads may be tried again.
        self._writes = AsyncWebClient(token, api_url, logger=logger, retry_handlers=[])
        self.reads = AsyncWebClient(
            token, api_url, logger=logger, retry_handlers=[AsyncConnectionErrorRetryHandler()]
        )

    def share(self, session: aiohttp.ClientSession) -> None:
        """Call through this session; once it is closed, every call opens its own."""
        self._writes.session = self.reads.session = session

    async def write(self, method: str, **arguments: object) -> AsyncSlackResponse:
        given = {name: value for name, value in arguments.items() if value is not None}
        return await _ask(method, self._writes.api_call(method, json=given), self._within)

    async def read(
        self, method: str, *, within: float | None = None, **arguments: object
    ) -> AsyncSlackResponse:
        """A call that changes nothing; where Slack asks to wait no longer than `within`, once more.

        The SDK's own handler would wait as long as Slack asks, whatever the limit.
        """
        within = within or self._within
        try:
            return await self._read(method, within, arguments)
        except Busy as busy:
            if busy.after >= within:
                raise
            await asyncio.sleep(busy.after)
        return await self._read(method, within, arguments)

    async def respond(self, url: str, body: Mapping[str, object]) -> None:
        """Answer at a response_url. Its webhook has errors of its own: only Refused tells them."""
        webhook = AsyncWebhookClient(
            url, session=self._writes.session, logger=self._logger, retry_handlers=[]
        )
        try:
            async with asyncio.timeout(self._within):
                answer = await webhook.send_dict(dict(body))
        except (OSError, aiohttp.ClientError) as error:
            raise Unclear(f"response_url: {type(error).__name__}") from None
        if answer.status_code != 200:
            raise Refused(f"response_url: {answer.status_code}")

    async def socket(self, app_token: str) -> str:
        """A fresh address for one Socket Mode connection."""
        call = self._writes.apps_connections_open(app_token=app_token)
        return str((await _ask("apps.connections.open", call, self._within))["url"])

    async def _read(
        self, method: str, within: float, arguments: dict[str, object]
    ) -> AsyncSlackResponse:
        call = self.reads.api_call(method, http_verb="GET", params=arguments)
        return await _ask(method, call, within)


async def _ask(
    method: str, call: Awaitable[AsyncSlackResponse], within: float
) -> AsyncSlackResponse:
    try:
        async with asyncio.timeout(within):
            return await call
    except SlackApiError as error:
        raise _meaning(method, error.response) from None
    except aiohttp.ClientConnectorError:
        raise Busy(1.0) from None  # never sent
    except (OSError, aiohttp.ClientError) as error:
        raise Unclear(f"{method}: {type(error).__name__}") from None


def _meaning(method: str, response: Any) -> Unclear | Busy | Declined:
    # An answer that is not JSON comes as the HTTP response itself.
    slack = isinstance(response, AsyncSlackResponse)
    status: int = response.status_code if slack else response.status
    body = response.data if slack and isinstance(response.data, dict) else {}
    error: str = body.get("error", "")
    if status == 429 or error in _BUSY:
        return Busy(float(response.headers.get("Retry-After", 1)))
    if status >= 500 or error in _UNCLEAR or (status == 200 and not error):
        return Unclear(f"{method}: {error or status}")
    kind = Wordless if error == "no_text" else Declined
    return kind(method, error or str(status), body.get("needed", ""))
