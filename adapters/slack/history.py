"""What was said in a Slack conversation, oldest first, in no more pages than are asked for."""

from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any

from adapters.message import Conversation, Message
from adapters.slack.calls import Calls, Declined
from adapters.slack.content import Payload
from adapters.slack.directory import Directory
from adapters.slack.events import Me, mentioned, message

_PAGE = 200  # posts: https://docs.slack.dev/apis/web-api/pagination
_GONE = {"thread_not_found", "message_not_found"}


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Unless `shared`, posts of guests are left out, as their events are."""

    conversation: Conversation
    web: Calls
    directory: Directory
    me: Me
    shared: bool

    async def after(self, post: str, limit: int) -> AsyncIterator[Message]:
        """At most `limit` messages after this post; fewer only if there are no more.

        Raises Busy, Unclear or Refused; what came before that came in order.
        """
        channel, came = replace(self.conversation, thread=""), 0
        async with aclosing(self._posts(post, limit)) as posts:
            async for each in posts:
                body = {"event": each}
                names = await self.directory.names(mentioned(body))
                said = message(each, channel, me=self.me, names=names)
                if not said or said.conversation.thread != self.conversation.thread:
                    continue
                if not self.shared and await self.directory.foreign(each):
                    continue
                yield said
                came += 1
                if came == limit:
                    return

    def _posts(self, after: str, limit: int) -> AsyncGenerator[Payload, None]:
        return self._thread(after, limit) if self.conversation.thread else self._direct(after)

    async def _thread(self, after: str, limit: int) -> AsyncGenerator[Payload, None]:
        """Slack lists a thread oldest first; its first post comes whatever was asked for."""
        newest = after
        span = {"ts": self.conversation.thread, "limit": min(limit + 1, _PAGE)}
        async with aclosing(self._pages("conversations.replies", after, **span)) as pages:
            async for page in pages:
                for post in page:
                    if post["ts"] > newest:
                        newest = post["ts"]
                        yield post

    async def _direct(self, after: str) -> AsyncGenerator[Payload, None]:
        """Slack lists a channel newest first: all of it has to be read, down to `after`."""
        found: deque[Payload] = deque(maxlen=_PAGE * 50)
        async with aclosing(self._pages("conversations.history", after, limit=_PAGE)) as pages:
            async for page in pages:
                found.extend(page)
        for post in reversed(found):
            if post["ts"] > after:
                yield post

    async def _pages(
        self, method: str, after: str, **span: Any
    ) -> AsyncGenerator[list[Payload], None]:
        cursor: str | None = None
        while cursor != "":
            try:
                page = await self.web.read(
                    method,
                    channel=self.conversation.channel,
                    oldest=after or "0",
                    cursor=cursor,
                    **span,
                )
            except Declined as declined:
                if declined.error in _GONE:
                    return
                raise
            yield page["messages"]
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
