"""Slack in Socket Mode or over HTTP: stores what comes before it acknowledges, opens chats."""

import asyncio
import logging
import math
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

import aiohttp
import structlog

from adapters.draft import Pace
from adapters.message import Conversation, Offer
from adapters.patience import Patience
from adapters.ports import Busy, Call, Inbox, Refused, Unclear, Webhook
from adapters.slack.audiences import compare
from adapters.slack.calls import Calls
from adapters.slack.chat import SlackChat
from adapters.slack.delivery import Delivery
from adapters.slack.directory import Directory
from adapters.slack.entrance import Entrance
from adapters.slack.events import Me
from adapters.slack.http import PATH, Requests, Signatures
from adapters.slack.interactions import Interactions
from adapters.slack.manifest import lacking
from adapters.slack.members import Members
from adapters.slack.missed import Missed
from adapters.slack.posts import SlackPosts
from adapters.slack.session import Agent
from adapters.slack.sockets import Sockets
from adapters.slack.streams import Starts

_PAUSE = 5.0  # seconds before asking again
# Looking for calls takes no more than the 50 calls a minute that Slack gives a method of its third
# tier, and leaves 20 of them once it takes longer: https://docs.slack.dev/apis/web-api/rate-limits
_BURST, _EVERY = 20, 2.0  # calls of a method at once; seconds from one to the next
_HELD_BACK = 120.0  # seconds: Slack tells of it once in the minute in which it happens
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What Slack gave the app: in Socket Mode an `app_token`, over HTTP a `signing_secret`."""

    bot_token: str = field(repr=False)
    app_token: str = field(default="", repr=False)
    signing_secret: str = field(default="", repr=False)
    api_url: str = "https://slack.com/api/"

    def __post_init__(self) -> None:
        if not (self.app_token or self.signing_secret):  # anybody could sign with an empty secret
            raise ValueError("neither an app token nor a signing secret")


class SlackPlatform:
    """`timeout`: seconds that a Web API call may take. `shared`: guests and other organisations
    may talk with the bot too. `agent`: the app has the agent view. `sockets`: how many
    connections, one or two.
    """

    def __init__(
        self,
        access: Access,
        *,
        pace: Pace,
        timeout: float = 5.0,
        shared: bool = False,
        agent: bool = False,
        sockets: int = 1,
        offers: Sequence[Offer] = (),
        now: Callable[[], datetime],
    ) -> None:
        # The vendor's debug lines hold message text, whatever level is asked for.
        logger = logging.getLogger("slack_bolt")
        logger.setLevel(max(logging.INFO, logger.getEffectiveLevel()))
        self._web = Calls(access.bot_token, access.api_url, timeout, logger)
        self._directory = Directory(self._web, now)
        self._members = Members(directory=self._directory, me=self._me)
        self._app_token, self._pace, self._offers = access.app_token, pace, offers
        self._shared = shared
        self._identity: Me | None = None
        self._space, self._organisation = "", False  # as Slack tells with the identity
        self._gap, self._since, self._trouble = asyncio.Event(), math.inf, "starting"
        self._unseen = asyncio.Event()
        self._agent, self._starts = Agent(web=self._web, view=agent, sessions=agent), Starts()
        interactions = Interactions(
            directory=self._directory, agent=self._agent, chat=self.chat, now=now
        )
        delivery = Delivery(
            self._directory,
            self._me,
            interactions.take,
            shared=shared,
            gap=partial(self._lost, _HELD_BACK),
        )
        self._told = asyncio.Event()  # that nobody listened; what is newer goes in behind that
        self._entrance = Entrance(delivery, access.bot_token, logger, self._lost, self._told.wait)
        self._requests = Requests(self._entrance.app, Signatures(access.signing_secret, now))
        self._sockets = Sockets(
            self._web, access.app_token, self._entrance.app, count=sockets, gap=self._lost
        )

    keeps_history = True

    @property
    def name(self) -> str:
        return "slack"

    @property
    def trouble(self) -> str:
        return self._trouble or (self._sockets.trouble if self._app_token else "")

    @property
    def webhooks(self) -> Mapping[str, Webhook]:
        return {} if self._app_token else {PATH: self._requests.take}

    async def run(self, inbox: Inbox) -> None:
        """Raises Refused when Slack will not have the tokens; rides out everything else."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as session:
            self._web.share(session)
            self._told.clear()
            await self._met()
            self._entrance.inbox, self._trouble = inbox, ""
            try:
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._catch_up(inbox))
                    tasks.create_task(self._compare(inbox))
                    if self._app_token:
                        tasks.create_task(self._sockets.run())
                    else:
                        self._lost()
            except BaseExceptionGroup as group:
                raise _first(group) from None
            finally:
                self._entrance.inbox, self._trouble = None, "stopped"

    @property
    def spaces(self) -> Sequence[str]:
        return (self._space,) if self._entrance.inbox else ()

    async def calls(
        self, space: str, since: datetime, back: datetime, known: Sequence[Conversation]
    ) -> AsyncIterator[Sequence[Call]]:
        missed = Missed(
            web=self._web,
            directory=self._directory,
            me=await self._me(),
            space=space,
            organisation=self._organisation,
            shared=self._shared,
            since=since,
            back=back,
            patience=Patience(burst=_BURST, every=_EVERY),
        )
        async for found in missed.read(known):
            yield found

    def chat(self, conversation: Conversation) -> SlackChat:
        posts = SlackPosts(conversation=conversation, web=self._web, me=self._me, agent=self._agent)
        return SlackChat(
            posts=posts,
            directory=self._directory,
            pace=self._pace,
            starts=self._starts,
            address=lambda: self._identity.address if self._identity else "",
            shared=self._shared,
        )

    async def readable(
        self, person: str, places: Sequence[Conversation]
    ) -> frozenset[Conversation]:
        channels = list(dict.fromkeys(each.channel for each in places))
        seen = await self._members.readable(person, channels)
        return frozenset(each for each in places if each.channel in seen)

    async def check(self) -> Sequence[str]:
        wrong: list[str] = []
        try:
            granted = (await self._web.write("auth.test")).headers.get("x-oauth-scopes")
            wrong += lacking(granted) if granted is not None else ()
        except (Refused, Unclear, Busy) as error:
            wrong.append(f"Slack does not take SLACK_BOT_TOKEN: {error}")
        if not self._app_token:
            return wrong
        try:
            await self._web.socket(self._app_token)
        except (Refused, Unclear, Busy) as error:
            wrong.append(f"Slack opens no socket for SLACK_APP_TOKEN: {error}")
        return wrong

    async def _met(self) -> None:
        """Until Slack told who the bot is."""
        while True:
            try:
                await self._me()
            except Busy as busy:
                self._trouble, pause = str(busy), busy.after
            except Unclear as unclear:
                self._trouble, pause = f"Slack does not answer: {unclear}", _PAUSE
            else:
                return
            await asyncio.sleep(pause)

    async def _catch_up(self, inbox: Inbox) -> None:
        """After every time that nobody listened; gaps that open meanwhile count as one."""
        while await self._gap.wait():
            self._gap.clear()
            since, self._since = self._since, math.inf
            try:
                await inbox.missed(self.name, self._now() - since)
            except Exception as error:  # noqa: BLE001  the store may be away; its text may quote
                _log.warning("slack is not caught up yet", error=type(error).__name__)
                self._lost(self._now() - since)
                await asyncio.sleep(_PAUSE)
            else:
                if not self._gap.is_set():
                    self._told.set()

    async def _compare(self, inbox: Inbox) -> None:
        """After every such time: what channels have turned into meanwhile."""
        while await self._unseen.wait():
            self._unseen.clear()
            try:
                await compare(inbox, self._directory)
            except Exception as error:  # noqa: BLE001  the same
                _log.warning("slack's channels not compared yet", error=type(error).__name__)
                self._unseen.set()
                await asyncio.sleep(error.after if isinstance(error, Busy) else _PAUSE)

    def _lost(self, ago: float = 0.0) -> None:
        """Events of the last so many seconds may never come."""
        self._since = min(self._since, self._now() - ago)
        self._told.clear()
        self._gap.set()
        self._unseen.set()

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    async def _me(self) -> Me:
        if self._identity is None:
            test = await self._web.write("auth.test")
            if not test["bot_id"]:
                raise Refused("SLACK_BOT_TOKEN is a person's: take the bot's, it starts with xoxb-")
            self._organisation = bool(test.get("is_enterprise_install"))
            home = test.get("enterprise_id") if self._organisation else test["team_id"]
            self._space = str(home)
            self._identity = Me(
                user=test["user_id"],
                bot=test["bot_id"],
                name=test["user"],
                address=test.get("url") or "",
                agent=self._agent.view,
                team=test["team_id"],
                enterprise=test.get("enterprise_id") or "",
                everywhere=bool(test.get("is_enterprise_install")),
            )
        return self._identity


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
