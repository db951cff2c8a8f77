"""Slack in Socket Mode: connects, stores what comes before it acknowledges, and opens chats."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import aiohttp
import structlog
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.response import BoltResponse

from adapters.draft import Pace
from adapters.message import Conversation, Deletion, Edit, Message, Offer
from adapters.ports import Busy, Inbox, Refused, Unclear, Webhook
from adapters.slack.calls import Calls
from adapters.slack.chat import SlackChat
from adapters.slack.content import Payload
from adapters.slack.directory import Directory
from adapters.slack.events import Me, people, read
from adapters.slack.posts import SlackPosts

_SCOPES = (
    "app_mentions:read,channels:history,channels:read,chat:write,groups:history,groups:read,"
    "im:history,mpim:history,users:read"
)
_log = structlog.get_logger()

_LOOK, _LOOKS = 10.0, 3  # seconds between looks at the socket; this many in vain: a new one
_PAUSE = 5.0  # seconds before connecting again


class SlackPlatform:
    """`timeout`: seconds that a Web API call may take."""

    def __init__(
        self,
        *,
        bot_token: str,
        app_token: str,
        api_url: str = "https://slack.com/api/",
        pace: Pace,
        timeout: float = 5.0,
        now: Callable[[], datetime],
        offers: Sequence[Offer] = (),
    ) -> None:
        # The vendor's debug lines hold message text, whatever level is asked for.
        self._logger = logging.getLogger("slack_bolt")
        self._logger.setLevel(max(logging.INFO, self._logger.getEffectiveLevel()))
        self._web = Calls(bot_token, api_url, timeout, self._logger)
        self._directory = Directory(self._web, now)
        self._bot_token, self._app_token, self._pace = bot_token, app_token, pace
        self._identity: Me | None = None
        self._offers = offers

    @property
    def name(self) -> str:
        return "slack"

    @property
    def trouble(self) -> str:
        return ""

    @property
    def webhooks(self) -> Mapping[str, Webhook]:
        return {}

    async def run(self, inbox: Inbox) -> None:
        """Raises Refused when Slack will not have the tokens; rides out everything else."""
        app = self._app(inbox)
        pause = 0.0
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as session:
            self._web.share(session)
            while True:
                await asyncio.sleep(pause)
                pause = await self._listen(app)

    def chat(self, conversation: Conversation) -> SlackChat:
        posts = SlackPosts(conversation=conversation, web=self._web, me=self._me)
        return SlackChat(posts=posts, directory=self._directory, pace=self._pace)

    async def check(self) -> Sequence[str]:
        wrong = []
        try:
            granted = (await self._web.write("auth.test")).headers.get("x-oauth-scopes", _SCOPES)
            if missing := sorted(set(_SCOPES.split(",")) - set(granted.split(","))):
                wrong.append(f"Slack: add the scopes {', '.join(missing)}, install the app again")
        except (Refused, Unclear, Busy) as error:
            wrong.append(f"Slack does not take SLACK_BOT_TOKEN: {error}")
        try:
            await self._web.socket(self._app_token)
        except (Refused, Unclear, Busy) as error:
            wrong.append(f"Slack opens no socket for SLACK_APP_TOKEN: {error}")
        return wrong

    def _app(self, inbox: Inbox) -> AsyncApp:
        async def store(body: Payload) -> BoltResponse:
            try:
                await self._deliver(body, inbox)
            except Exception as error:  # noqa: BLE001  Bolt would log it whole, people's words too
                _log.warning("slack event not stored: it comes again", error=type(error).__name__)
                return BoltResponse(status=500)
            return BoltResponse(status=200)

        # Bolt acknowledges what a middleware answers with 200. `store` answers
        # all and comes before two that would acknowledge what nobody stored: the authorization,
        # when its auth.test fails, and the one that hides deletions of the bot's own posts.
        return AsyncApp(
            token=self._bot_token,
            logger=self._logger,
            before_authorize=store,
            ssl_check_enabled=False,
            request_verification_enabled=False,
        )

    async def _deliver(self, body: Payload, inbox: Inbox) -> None:
        event = body.get("event") or {}
        if event.get("type") not in {"message", "app_mention"}:
            return
        me = await self._me()
        channel_type = await self._directory.channel_type(event)
        names = await self._directory.names(people(body))
        match said := read(body, me=me, names=names, channel_type=channel_type):
            case Message():
                await inbox.receive(said)
            case Edit():
                await inbox.amend(said)
            case Deletion():
                await inbox.retract(said)

    async def _listen(self, app: AsyncApp) -> float:
        """One life of the connection; returns the seconds to wait before the next."""
        handler = AsyncSocketModeHandler(
            app, self._app_token, logger=self._logger, web_client=self._web.reads
        )
        try:
            await self._me()
            # With an address of our own asking, `connect` neither hides a refused token nor tries
            # an expired address for ever.
            handler.client.wss_uri = await self._web.socket(self._app_token)
            async with asyncio.timeout(_LOOK * _LOOKS):
                await handler.connect_async()  # type: ignore[no-untyped-call]
            deaf = 0
            while deaf < _LOOKS:
                await asyncio.sleep(_LOOK)
                deaf = 0 if await handler.client.is_connected() else deaf + 1
        except Busy as busy:
            return busy.after
        except (Unclear, TimeoutError):
            return _PAUSE
        finally:
            await handler.close_async()  # type: ignore[no-untyped-call]
        return 0.0

    async def _me(self) -> Me:
        if self._identity is None:
            test = await self._web.write("auth.test")
            if not test["bot_id"]:
                raise Refused("SLACK_BOT_TOKEN is a person's: take the bot's, it starts with xoxb-")
            self._identity = Me(user=test["user_id"], bot=test["bot_id"], name=test["user"])
        return self._identity
