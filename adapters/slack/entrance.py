"""The way in of both modes: Bolt reads, Delivery stores, and only then Slack is answered."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

import structlog
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from adapters.ports import Busy, Inbox, Refused, Unclear
from adapters.slack.delivery import Delivery

# Slack tries again at once, after one minute and after five more, and then no more:
# https://docs.slack.dev/apis/events-api#retries
_GIVEN_UP, _ALL = 300.0, 420.0  # seconds: before the last try, from the first to the last
_LAST = 3  # the number of that try
_TOLD = 1.0  # seconds that an event waits until the inbox knows what may be lost before it
_FAILED = 10_000  # events that are waited for
_log = structlog.get_logger()


class Entrance:
    """Closed, Slack is told to come again, until `inbox` is set.

    `gap` is told how many seconds ago an event first failed that Slack may have given up since:
    from then on the whole workspace is read. `told`: every gap so far is known to the inbox.
    """

    def __init__(
        self,
        delivery: Delivery,
        token: str,
        logger: logging.Logger,
        gap: Callable[[float], None],
        told: Callable[[], Awaitable[object]],
    ) -> None:
        self._delivery, self._gap, self._told = delivery, gap, told
        self._failed: dict[str, float] = {}  # events -> loop time of their first try
        self.inbox: Inbox | None = None
        # Bolt acknowledges what a middleware answers with 200. `_store` answers all but Slack's
        # verification of the address, and comes before two that would acknowledge what nobody
        # stored: the authorization, when its auth.test fails, and the one that hides edits and
        # deletions of the bot's own posts. Signatures are checked before Bolt sees a request: on
        # a wrong one it would log the body.
        self.app = AsyncApp(
            token=token,
            logger=logger,
            before_authorize=self._store,
            ssl_check_enabled=False,
            request_verification_enabled=False,
            ignoring_self_events_enabled=False,
        )

    async def _store(
        self,
        req: AsyncBoltRequest,
        next: Callable[[], Awaitable[BoltResponse]],  # noqa: A002
    ) -> BoltResponse:
        if req.body.get("type") == "url_verification":
            return await next()
        if not self.inbox:
            return BoltResponse(status=503)
        now, event = asyncio.get_running_loop().time(), str(req.body.get("event_id") or "")
        with suppress(TimeoutError):
            async with asyncio.timeout(_TOLD):
                await self._told()
        try:
            answer = await self._delivery.take(req.body, self.inbox)
        except Exception as error:  # noqa: BLE001  Bolt would log it whole, people's words too
            self._fail(event, req.headers.get("x-slack-retry-num", []), now)
            # Ours say what to do, and quote nobody.
            reason = str(error) if isinstance(error, Busy | Refused | Unclear) else ""
            name = type(error).__name__
            _log.warning("slack event not stored: it comes again", error=name, reason=reason)
            return BoltResponse(status=500)
        self._failed.pop(event, None)
        if lost := [at for at in self._failed.values() if now - at > _GIVEN_UP]:
            self._gap(now - min(lost))  # is read up to now, and so for what failed later too
            self._failed.clear()
        return BoltResponse(status=200, body=dict(answer) if answer else "")

    def _fail(self, event: str, tried: Sequence[str], now: float) -> None:
        """`tried`: how often Slack tried this again, as it says. After the last try it is lost."""
        if not event:
            return
        first = self._failed.get(event, now)
        if tried[:1] == [str(_LAST)] or now - first > _GIVEN_UP:
            self._failed.pop(event, None)
            self._gap(max(now - first, _ALL))
        elif len(self._failed) < _FAILED:  # an earlier one's gap covers the others
            self._failed.setdefault(event, now)
