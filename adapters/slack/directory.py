"""Who a user is and what type a channel has, asked of Slack once an hour at most."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from adapters.ports import Busy, Refused, Unclear
from adapters.slack.calls import Calls
from adapters.slack.content import Payload

_WITHIN = 2.0  # seconds; Slack waits three for an acknowledgement
_FRESH = timedelta(hours=1)
_BOUND = 5_000


class Known:
    """The answers used last, while they are fresh."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._answers: OrderedDict[str, tuple[datetime, str]] = OrderedDict()

    def get(self, key: str) -> str | None:
        if key not in self._answers:
            return None
        self._answers.move_to_end(key)
        asked, answer = self._answers[key]
        return answer if self._now() - asked < _FRESH else None

    def put(self, key: str, answer: str) -> str:
        self._answers[key] = (self._now(), answer)
        self._answers.move_to_end(key)
        if len(self._answers) > _BOUND:
            self._answers.popitem(last=False)
        return answer


class Directory:
    def __init__(self, web: Calls, now: Callable[[], datetime]) -> None:
        self._web = web
        self._names, self._types = Known(now), Known(now)

    async def names(self, users: Sequence[str]) -> Mapping[str, str]:
        """The names of the first 20 users, as far as Slack tells them."""
        async with asyncio.TaskGroup() as lookups:
            asked = {user: lookups.create_task(self._name(user)) for user in users[:20]}
        return {user: lookup.result() for user, lookup in asked.items()}

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
            answer = await self._web.read("conversations.info", channel=channel, within=_WITHIN)
        except Refused:
            return "group"
        found = answer["channel"]
        kind = "mpim" if found.get("is_mpim") else "group" if found.get("is_private") else "channel"
        return self._types.put(channel, kind)

    async def _name(self, user: str) -> str:
        if known := self._names.get(user):
            return known
        try:
            found = (await self._web.read("users.info", user=user, within=_WITHIN))["user"]
        except (Unclear, Busy, Refused):
            return user
        profile = found.get("profile", {})
        name = profile.get("display_name") or profile.get("real_name") or found.get("name")
        return self._names.put(user, name or user)
