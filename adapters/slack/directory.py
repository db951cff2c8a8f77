"""Who a user is and what a channel is, asked of Slack once an hour at most."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar
from urllib.parse import parse_qs, urlsplit

from adapters.ports import Busy, Refused, Unclear
from adapters.slack.calls import Calls, Declined
from adapters.slack.content import Payload
from adapters.slack.events import SYSTEM, Me

_WITHIN = 2.0  # seconds; Slack waits three for an acknowledgement
_FRESH = timedelta(hours=1)
_BOUND = 5_000
_ASKED = 20  # names of one post
_LOOK = timedelta(seconds=5)  # a page drawn, a button pressed, drawn again: one look
_LOOKS = 100  # people
_PAGE, _PAGES, _LISTED = 999, 3, 10  # https://docs.slack.dev/reference/methods/users.conversations
_CHANNELS = "public_channel,private_channel,mpim"
# Whom the bot may not see, or its workspace does not know, is of elsewhere:
# https://docs.slack.dev/reference/methods/users.info#errors
_UNSEEN = {"user_not_visible", "user_not_found"}

Answer = TypeVar("Answer")


class Known(Generic[Answer]):
    """The answers used last, while they are fresh. What Slack failed to answer is not kept."""

    def __init__(self, now: Callable[[], datetime], bound: int = _BOUND) -> None:
        self._now, self._bound = now, bound
        self._answers: OrderedDict[str, tuple[datetime, Answer]] = OrderedDict()

    def get(self, key: str, fresh: timedelta = _FRESH) -> Answer | None:
        if key not in self._answers:
            return None
        self._answers.move_to_end(key)
        asked, answer = self._answers[key]
        return answer if self._now() - asked < fresh else None

    def put(self, key: str, answer: Answer) -> Answer:
        self._answers[key] = (self._now(), answer)
        self._answers.move_to_end(key)
        if len(self._answers) > self._bound:
            self._answers.popitem(last=False)
        return answer

    def drop(self, key: str) -> None:
        self._answers.pop(key, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """`guest`: of elsewhere, or admitted to some channels only; `team`: their workspace, and
    `enterprise`: the organisation that one belongs to, as far as Slack tells.
    """

    name: str
    guest: bool = False
    admin: bool = False  # of the workspace, or its owner
    team: str = ""
    enterprise: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """A channel: its type as events say it, its name, whether another organisation is in it."""

    type: str
    name: str = ""
    shared: bool = False
    creator: str = ""
    person: str = ""  # of a DM: the other side

    @property
    def shown(self) -> str:
        """The name of a private channel is for its members only."""
        return self.name if self.type == "channel" else ""


class Directory:
    def __init__(self, web: Calls, now: Callable[[], datetime]) -> None:
        self._web, self.now = web, now
        self._users: Known[User] = Known(now)
        self._rooms: Known[Room] = Known(now)
        self._types: Known[str] = Known(now)
        self._joined: Known[frozenset[str]] = Known(now, _LOOKS)

    async def names(self, ids: Sequence[str]) -> Mapping[str, str]:
        """The names of the first 20 users and public channels, as far as Slack tells them."""
        async with asyncio.TaskGroup() as lookups:
            asked = {
                each: self._known(each) or lookups.create_task(self._name(each))
                for each in ids[:_ASKED]
            }
        return {
            each: name if isinstance(name, str) else name.result() for each, name in asked.items()
        }

    async def foreign(self, post: Payload, me: Me) -> bool:
        """Whether a guest wrote it, or somebody of another organisation.

        Raises Unclear, Busy or Refused while that is not known: until then it counts as foreign.
        """
        user = post.get("user")
        if user in {me.user, *SYSTEM} or post.get("bot_id") == me.bot:
            return False
        if not me.enterprise and any(team != me.team for team in _teams(post)):
            return True
        if not user:  # an app's own post
            return False
        who = await self.user(user)
        if me.enterprise:
            return who.guest or who.enterprise not in ("", me.enterprise)
        return who.guest or who.team != me.team

    async def manages(self, user: str, channel: str) -> bool:
        """Whether they may decide for a whole channel: its creator, and the workspace's admins."""
        try:
            return (await self.user(user)).admin or (await self.room(channel)).creator == user
        except (Unclear, Busy, Refused):
            return False

    async def connected(self, channel: str) -> bool:
        """Whether another organisation reads it, or may, as Slack will not say.

        Raises Unclear or Busy.
        """
        try:
            return (await self.room(channel)).shared
        except Refused:
            return True

    async def partner(self, channel: str) -> tuple[str, str]:
        """The person of a DM and their team. Raises Unclear, Busy or Refused."""
        person = (await self.room(channel)).person
        return person, (await self.user(person)).team

    async def channel_type(self, event: Payload) -> str:
        """im, mpim, group or channel; raises Unclear or Busy when only asking again can tell.

        `message` events say it, `app_mention` does not: its type is the one that another event of
        the channel had, or conversations.info's. Where that is refused (no channels:read scope)
        the channel counts as private, which leaks nothing: ids of private channels may start with
        C as well, only those of DMs always start with D.
        """
        channel: str = event["channel"]
        if said := event.get("channel_type"):
            return self._types.put(channel, said)
        if channel.startswith("D"):
            return "im"
        if known := self._types.get(channel):
            return known
        try:
            return self._types.put(channel, (await self.room(channel)).type)
        except Refused:
            return "group"

    async def room(self, channel: str, fresh: timedelta = _FRESH) -> Room:
        """As it was found so lately. Raises Unclear, Busy or Refused."""
        if known := self._rooms.get(channel, fresh):
            return known
        answer = await self._web.read("conversations.info", channel=channel, within=_WITHIN)
        return self._rooms.put(channel, _room(answer["channel"]))

    async def user(self, user: str) -> User:
        """Raises Unclear, Busy or Refused: then nobody knows who they are."""
        if known := self._users.get(user):
            return known
        try:
            answer = await self._web.read("users.info", user=user, within=_WITHIN)
        except Declined as declined:
            if declined.error not in _UNSEEN:
                raise
            return self._users.put(user, User(name=user, guest=True))
        return self._users.put(user, _user(answer["user"]))

    async def joined(self, user: str, team: str) -> frozenset[str]:
        """The channels they are in, of private ones those that the bot is in too; at most 2,997.

        `team`: the workspace to look in, where the app is installed for several. One look costs
        a call, three at most, of twenty a minute. Raises Unclear, Busy or Refused.
        """
        if (known := self._joined.get(user, _LOOK)) is not None:
            return known
        found, _ = await self._listed(_PAGES, user=user, team_id=team or None)
        return self._joined.put(user, frozenset(found))

    async def own(self) -> tuple[Mapping[str, Room], bool]:
        """The channels the bot is in, at most 9,990, and whether these are all.

        Raises Unclear, Busy or Refused.
        """
        return await self._listed(_LISTED)

    async def _listed(self, pages: int, **whose: Any) -> tuple[Mapping[str, Room], bool]:
        rooms, cursor = dict[str, Room](), ""
        for _ in range(pages):
            page = await self._web.read(
                "users.conversations", types=_CHANNELS, limit=_PAGE, cursor=cursor, **whose
            )
            rooms |= {each["id"]: _room(each) for each in page["channels"]}
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return rooms, True
        return rooms, False

    def parted(self, user: str) -> None:
        """They are no longer in a channel."""
        self._joined.drop(user)

    async def thread(self, channel: str, ts: str) -> str:
        """The thread a post stands in, as its address tells; raises Unclear, Busy or Refused."""
        answer = await self._web.read(
            "chat.getPermalink", channel=channel, message_ts=ts, within=_WITHIN
        )
        return parse_qs(urlsplit(str(answer["permalink"])).query).get("thread_ts", [""])[0]

    def changed(self, channel: str) -> None:
        """What was known of it is no longer true."""
        self._rooms.drop(channel)
        self._types.drop(channel)

    def told(self, found: Payload) -> None:
        """What a person is now; what was known of them and is no longer true is asked anew."""
        known = self._users.get(found["id"])
        if known and known != _user(found):
            self._users.drop(found["id"])

    def _known(self, sought: str) -> str:
        user, room = self._users.get(sought), self._rooms.get(sought)
        return user.name if user else room.shown if room else ""

    async def _name(self, sought: str) -> str:
        try:
            if sought[0] in "CG":
                return (await self.room(sought)).shown or sought
            return (await self.user(sought)).name
        except (Unclear, Busy, Refused):
            old = self._users.get(sought, timedelta.max)  # a name may be old: it allows nothing
            return old.name if old else sought


def _room(found: Payload) -> Room:
    """What Slack does not say of it is taken for what lets the fewest read on."""
    kind = "channel" if found.get("is_private") is False else "group"
    return Room(
        type="im" if found.get("is_im") else "mpim" if found.get("is_mpim") else kind,
        name=found.get("name") or "",
        shared=found.get("is_ext_shared") is not False,
        creator=found.get("creator") or "",
        person=found.get("user") or "",
    )


def _user(found: Payload) -> User:
    profile: Payload = found.get("profile") or {}
    marks = ("is_restricted", "is_ultra_restricted", "is_stranger")
    name = profile.get("display_name") or profile.get("real_name") or found.get("name")
    return User(
        name=name or found["id"],
        guest=any(found.get(mark) for mark in marks),
        admin=bool(found.get("is_admin") or found.get("is_owner")),
        team=found.get("team_id") or "",
        enterprise=(found.get("enterprise_user") or {}).get("enterprise_id") or "",
    )


def _teams(post: Payload) -> Iterator[str]:
    """The workspaces that a post says its author is of.

    https://docs.slack.dev/apis/slack-connect/using-slack-connect-apis
    """
    profile: Payload = post.get("bot_profile") or {}
    said = (post.get("user_team"), post.get("team"), profile.get("team_id"))
    return (team for team in said if team)
