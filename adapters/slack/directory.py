"""Who a user is and what a channel is, asked of Slack once an hour at most."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar
from urllib.parse import parse_qs, urlsplit

from adapters.ports import Busy, Refused, Unclear
from adapters.slack.calls import Calls
from adapters.slack.content import Payload

_WITHIN = 2.0  # seconds; Slack waits three for an acknowledgement
_FRESH = timedelta(hours=1)
_BOUND = 5_000
_ASKED = 20  # names of one post

Answer = TypeVar("Answer")


class Known(Generic[Answer]):
    """The answers used last, while they are fresh; one that is not may do when Slack is silent."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._answers: OrderedDict[str, tuple[datetime, Answer]] = OrderedDict()

    def get(self, key: str, *, stale: bool = False) -> Answer | None:
        if key not in self._answers:
            return None
        self._answers.move_to_end(key)
        asked, answer = self._answers[key]
        return answer if stale or self._now() - asked < _FRESH else None

    def put(self, key: str, answer: Answer) -> Answer:
        self._answers[key] = (self._now(), answer)
        self._answers.move_to_end(key)
        if len(self._answers) > _BOUND:
            self._answers.popitem(last=False)
        return answer

    def drop(self, key: str) -> None:
        self._answers.pop(key, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """`guest`: of another organisation, or admitted to some channels only."""

    name: str
    guest: bool = False
    admin: bool = False  # of the workspace, or its owner
    team: str = ""


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

    async def foreign(self, post: Payload) -> bool:
        """Whether a guest wrote it, or somebody of another organisation."""
        user = post.get("user")
        return bool(user and not post.get("bot_id") and (await self._user(user)).guest)

    async def manages(self, user: str, channel: str) -> bool:
        """Whether they may decide for a whole channel: its creator, and the workspace's admins."""
        if (await self._user(user)).admin:
            return True
        try:
            return (await self.room(channel)).creator == user
        except (Unclear, Busy, Refused):
            return False

    async def connected(self, channel: str) -> bool:
        """Whether another organisation reads it. Raises Unclear or Busy."""
        try:
            return (await self.room(channel)).shared
        except Refused:
            return False

    async def partner(self, channel: str) -> tuple[str, str]:
        """The person of a DM and their team. Raises Unclear, Busy or Refused."""
        person = (await self.room(channel)).person
        return person, (await self._user(person)).team

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

    async def room(self, channel: str) -> Room:
        """Raises Unclear, Busy or Refused."""
        if known := self._rooms.get(channel):
            return known
        answer = await self._web.read("conversations.info", channel=channel, within=_WITHIN)
        found = answer["channel"]
        kind = "mpim" if found.get("is_mpim") else "group" if found.get("is_private") else "channel"
        return self._rooms.put(
            channel,
            Room(
                type="im" if found.get("is_im") else kind,
                name=found.get("name") or "",
                shared=bool(found.get("is_ext_shared")),
                creator=found.get("creator") or "",
                person=found.get("user") or "",
            ),
        )

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

    def _known(self, sought: str) -> str:
        user, room = self._users.get(sought), self._rooms.get(sought)
        return user.name if user else room.shown if room else ""

    async def _name(self, sought: str) -> str:
        if sought[0] not in "CG":
            return (await self._user(sought)).name
        try:
            return (await self.room(sought)).shown or sought
        except (Unclear, Busy, Refused):
            return sought

    async def _user(self, user: str) -> User:
        if known := self._users.get(user):
            return known
        try:
            found = (await self._web.read("users.info", user=user, within=_WITHIN))["user"]
        except (Unclear, Busy):
            return self._users.get(user, stale=True) or User(name=user)
        except Refused:
            return self._users.put(user, User(name=user))
        profile = found.get("profile", {})
        name = profile.get("display_name") or profile.get("real_name") or found.get("name")
        guest = any(
            found.get(mark) for mark in ("is_restricted", "is_ultra_restricted", "is_stranger")
        )
        admin = bool(found.get("is_admin") or found.get("is_owner"))
        team = found.get("team_id") or ""
        known = User(name=name or user, guest=guest, admin=admin, team=team)
        return self._users.put(user, known)
