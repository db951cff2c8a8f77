"""What was said in a Slack conversation, oldest first, in no more pages than are asked for."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from adapters.message import Audience, Conversation, Message
from adapters.ports import Busy
from adapters.slack.calls import Calls, Declined
from adapters.slack.content import Payload
from adapters.slack.directory import Directory
from adapters.slack.events import Me, mentioned, message, spoken

_PAGE = 200  # posts: https://docs.slack.dev/apis/web-api/pagination
_PATIENCE = 60.0  # seconds that Slack may ask to wait between two pages
_SECOND = timedelta(seconds=1)
_GONE = {"thread_not_found", "message_not_found"}


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Unless `shared`, what others than members can read or wrote is left out, as events are."""

    conversation: Conversation
    web: Calls
    directory: Directory
    me: Me
    shared: bool

    async def read(self, after: str, limit: int) -> AsyncIterator[Message]:
        """At most `limit` messages after this post, or the last ones; fewer only if no more are.

        Raises Busy, Unclear or Refused, also where nobody can tell whose the next one is; what
        came before that came in order.
        """
        direct, came = self.conversation.audience is Audience.DIRECT, 0
        if not (self.shared or direct) and await self.directory.connected(
            self.conversation.channel
        ):
            return
        async with aclosing(self._posts(after, limit)) as posts:
            async for each in posts:
                if not (said := await self._said(each)):
                    continue
                yield said
                came += 1
                if came == limit:
                    return

    async def _said(self, post: Payload) -> Message | None:
        """None: it is not of this conversation, or not for the bot."""
        guest = spoken(post) is not None and await self.directory.foreign(post, self.me)
        if guest and not self.shared:
            return None
        names = await self.directory.names(mentioned({"event": post}))
        direct = self.conversation.audience is Audience.DIRECT
        seen = Audience.SHARED if guest and not direct else self.conversation.audience
        channel = replace(self.conversation, thread="", audience=seen)
        said = message(post, channel, me=self.me, names=names)
        here = said and said.conversation.thread == self.conversation.thread
        return said if here else None

    async def present(self, post: Message, edited_at: datetime | None) -> Message | None:
        """See Chat.present; raises Busy, Unclear or Refused."""
        if edited_at and _shows(post, edited_at):
            return post
        now = await self._now(post)
        return now if now and (edited_at is None or _shows(now, edited_at)) else None

    async def _now(self, post: Message) -> Message | None:
        """The thread's first post comes with every answer."""
        page = await self.web.read(
            "conversations.replies",
            channel=self.conversation.channel,
            ts=self.conversation.thread or post.id,
            oldest=post.id,
            latest=post.id,
            inclusive="true",
            limit=2,
        )
        found = next((each for each in page["messages"] if each["ts"] == post.id), None)
        return await self._said(found) if found else None

    def _posts(self, after: str, limit: int) -> AsyncGenerator[Payload, None]:
        """Oldest first. Slack lists a thread so, a channel newest first."""
        if not self.conversation.thread:
            return self._direct(after, limit)
        return self._thread(after, limit) if after else self._last(limit)

    async def _thread(self, after: str, limit: int) -> AsyncGenerator[Payload, None]:
        """The thread's first post comes with every page, whatever is asked for."""
        newest, method = after, "conversations.replies"
        span = {"ts": self.conversation.thread, "limit": min(limit + 1, _PAGE)}
        async with aclosing(self._pages(method, after, patient=not after, **span)) as pages:
            async for page in pages:
                for post in page:
                    if post["ts"] > newest:
                        newest = post["ts"]
                        yield post

    async def _last(self, limit: int) -> AsyncGenerator[Payload, None]:
        last = deque[Payload](maxlen=limit)
        async with aclosing(self._thread("", _PAGE)) as posts:
            async for post in posts:
                last.append(post)
        for post in last:
            yield post

    async def _direct(self, after: str, limit: int) -> AsyncGenerator[Payload, None]:
        found: list[Payload] = []
        pages = self._pages("conversations.history", after, patient=True, limit=_PAGE)
        async with aclosing(pages):
            async for page in pages:
                found += [post for post in page if post["ts"] > after]
                if not after and len(found) >= limit:
                    break
        for post in reversed(found if after else found[:limit]):
            yield post

    async def _pages(
        self, method: str, after: str, *, patient: bool, **span: Any
    ) -> AsyncGenerator[list[Payload], None]:
        """`patient`: nothing is given away before the last page, so wait rather than begin anew."""
        cursor: str | None = None
        where: dict[str, Any] = {"channel": self.conversation.channel, "oldest": after or "0"}
        while cursor != "":
            try:
                page = await self.web.read(method, **where, cursor=cursor, **span)
            except Declined as declined:
                if declined.error in _GONE:
                    return
                raise
            except Busy as busy:
                if not (patient and cursor) or busy.after > _PATIENCE:
                    raise
                await asyncio.sleep(busy.after)
                continue
            yield page["messages"]
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""


def _shows(post: Message, edited_at: datetime) -> bool:
    """Whether it is from that edit, or a later one: Slack tells the second of the last one."""
    return post.edited_at is not None and post.edited_at > edited_at - _SECOND
