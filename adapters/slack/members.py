"""Which channels somebody may read today, as Slack tells."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog

from adapters.ports import Busy, Refused, Unclear
from adapters.slack.directory import Directory
from adapters.slack.events import Me

_ROOMS = 20  # channels that somebody is not in, looked at one by one: of fifty calls a minute
_LATELY = timedelta(minutes=1)  # an event tells what a channel turns into; unless it is lost
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Members:
    directory: Directory
    me: Callable[[], Awaitable[Me]]

    async def readable(self, person: str, channels: Sequence[str]) -> frozenset[str]:
        """Those they are in, and the public ones of their workspace; a guest's are the former.

        Each channel once, the ones that matter most first.
        """
        try:
            me, who = await self.me(), await self.directory.user(person)
        except (Busy, Refused, Unclear) as error:
            _log.warning("nobody can tell what somebody may read", reason=str(error))
            return frozenset()
        within = who.team if me.everywhere else ""
        rooms = any(not each.startswith("D") for each in channels)
        inside = await self._inside(person, within) if rooms else frozenset()
        member = not (who.guest or me.everywhere) and who.team == me.team
        rest = [each for each in channels if each not in inside][:_ROOMS]
        async with asyncio.TaskGroup() as looks:
            found = {each: looks.create_task(self._open(each, person, member)) for each in rest}
        return inside.intersection(channels) | {each for each in rest if found[each].result()}

    async def _inside(self, person: str, team: str) -> frozenset[str]:
        try:
            return await self.directory.joined(person, team)
        except (Busy, Refused, Unclear) as error:
            _log.warning("nobody can tell which channels somebody is in", reason=str(error))
            return frozenset()

    async def _open(self, channel: str, person: str, member: bool) -> bool:
        """A direct message to its person, a public channel to every member of the workspace."""
        try:
            if channel.startswith("D"):
                return (await self.directory.room(channel)).person == person
            return member and (await self.directory.room(channel, _LATELY)).type == "channel"
        except (Busy, Refused, Unclear):
            return False
