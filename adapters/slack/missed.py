"""What called in a Slack workspace while nobody listened: found in its channels, newest first."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Any

import structlog

from adapters.message import Audience, Conversation, Kind, Message
from adapters.patience import Patience
from adapters.ports import Call
from adapters.slack.calls import Calls, Declined
from adapters.slack.content import Payload
from adapters.slack.directory import Directory
from adapters.slack.events import Me, audience, mentioned, message

_TYPES = {"im": "im", "mpim": "mpim", "private_channel": "group", "public_channel": "channel"}
_CHANNELS = 500  # looked through
_PAGE, _PAGES = 200, 5  # posts; pages of one channel, and of one thread
_THREADS = 50  # of one channel, those answered last

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """Unless `shared`, what guests and other organisations can read or write is not for the bot.

    `organisation`: the app is installed for all of it. Posts are told from those of our own of
    before `back`: those after it answer what was heard since.
    """

    web: Calls
    directory: Directory
    me: Me
    space: str
    organisation: bool
    shared: bool
    since: datetime
    back: datetime
    patience: Patience

    async def read(self, known: Sequence[Conversation]) -> AsyncIterator[Sequence[Call]]:
        """Direct messages, then channels; in each kind first those that memory knows of late.

        Threads that memory knows come last: most of them are compared with what people see anyway.
        """
        rooms = await self._rooms()
        late = {each.channel: number for number, each in reversed([*enumerate(known)])}
        kinds = list(_TYPES.values())
        rooms.sort(key=lambda it: (kinds.index(_kind(it)), late.get(it["id"], len(late))))
        if len(rooms) > _CHANNELS:
            _log.warning("calls are looked for in some", channels=_CHANNELS, of=len(rooms))
        threads = {(each.channel, each.thread) for each in known}
        left = list[tuple[Payload, Sequence[str]]]()
        for room in rooms[:_CHANNELS]:
            try:
                roots, answered = await self._roots(room)
                new = [each for each in answered if (room["id"], each) not in threads]
                if old := [each for each in answered if each not in new]:
                    left.append((room, old))
                yield await self._called(room, roots, new)
            except Declined as declined:
                _log.info("channel not looked through", reason=str(declined))
                yield ()
        for room, answered in left:
            with suppress(Declined):  # it was looked through before
                yield await self._called(room, {}, answered)

    async def _rooms(self) -> list[Payload]:
        found = list[Payload]()
        for team in await self._teams():
            for kind in _TYPES:
                span = {"types": kind, "exclude_archived": True, "team_id": team}
                try:
                    async for page in self._pages("users.conversations", "channels", 100, span):
                        found += page
                except Declined as declined:  # a scope is missing
                    _log.warning("calls are not looked for", where=kind, reason=str(declined))
        return [each for each in found if self.shared or not each.get("is_ext_shared")]

    async def _teams(self) -> Sequence[str | None]:
        """Of an app that an organisation installed, the workspaces it is in."""
        if not self.organisation:
            return [None]
        pages = self._pages("auth.teams.list", "teams", _PAGES, {})
        return [each["id"] async for page in pages for each in page]

    async def _roots(self, room: Payload) -> tuple[dict[str, Payload], Sequence[str]]:
        """What was said at root level, and the threads in which something was said."""
        pages = self._pages("conversations.history", "messages", _PAGES, self._span(room))
        posts = {each["ts"]: each async for page in pages for each in page}
        return posts, list(islice(self._answered(posts.values()), _THREADS))

    async def _called(
        self, room: Payload, posts: dict[str, Payload], threads: Sequence[str]
    ) -> Sequence[Call]:
        where = Conversation(
            platform="slack",
            space=self.space,
            channel=room["id"],
            audience=audience(_kind(room), shared=bool(room.get("is_ext_shared"))),
        )
        for thread in threads:
            span = self._span(room) | {"ts": thread}
            pages = self._pages("conversations.replies", "messages", _PAGES, span)
            posts |= {each["ts"]: each async for page in pages for each in page}
        return await self._calls(where, [posts[each] for each in sorted(posts)])

    def _span(self, room: Payload) -> dict[str, Any]:
        return {"channel": room["id"], "oldest": f"{self.since.timestamp():.6f}"}

    def _answered(self, posts: Any) -> Iterator[str]:
        """The threads in which something was said meanwhile."""
        start = f"{self.since.timestamp():.6f}"
        found = [each for each in posts if str(each.get("latest_reply") or "") > start]
        yield from (each["ts"] for each in sorted(found, key=_latest, reverse=True))

    async def _calls(self, where: Conversation, posts: Sequence[Payload]) -> Sequence[Call]:
        """Oldest first, each with our own first post behind it."""
        found, replies = list[Call](), dict[Conversation, str]()
        for post in reversed(posts):
            said = message(post, where, me=self.me, names={})
            if said and said.author.kind is Kind.ME and said.sent_at < self.back:
                replies[said.conversation] = said.id
            elif said and said.called and said.sent_at > self.since:
                whole = await self._heard(where, post)
                reply = replies.get(said.conversation, "")
                found += [Call(message=whole, reply=reply)] if whole else []
        return found[::-1]

    async def _heard(self, where: Conversation, post: Payload) -> Message | None:
        """As its event would have been understood; None: it is not for the bot."""
        guest = await self.directory.foreign(post, self.me)
        if guest and not self.shared:
            return None
        names = await self.directory.names(mentioned({"event": post}))
        if guest and where.audience is not Audience.DIRECT:
            where = replace(where, audience=Audience.SHARED)
        return message(post, where, me=self.me, names=names)

    async def _pages(
        self, method: str, what: str, most: int, span: dict[str, Any]
    ) -> AsyncIterator[Sequence[Payload]]:
        """At most so many."""
        cursor = ""
        for _ in range(most):
            given = span | {"limit": _PAGE} | ({"cursor": cursor} if cursor else {})
            page = await self.patience.ask(method, partial(self.web.read, method, **given))
            yield page.get(what) or ()
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return


def _latest(post: Payload) -> str:
    return str(post["latest_reply"])


def _kind(room: Payload) -> str:
    if room.get("is_im") or room.get("is_mpim"):
        return "im" if room.get("is_im") else "mpim"
    return "group" if room.get("is_private") else "channel"
