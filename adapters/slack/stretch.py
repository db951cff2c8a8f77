"""What a Slack conversation shows from one post to another, to find what changed."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from adapters.message import Conversation, Edit
from adapters.ports import Page
from adapters.slack.calls import Calls, Declined
from adapters.slack.content import Payload
from adapters.slack.directory import Directory
from adapters.slack.events import Me, mentioned, message

_PAGE = 200  # posts: https://docs.slack.dev/apis/web-api/pagination
_PAGES = 20
_GONE = {"thread_not_found", "message_not_found"}
# Shorter than Slack keeps anything: what is missing that is younger somebody deleted.
# https://slack.com/help/articles/203457187-Customize-data-retention-in-Slack
_KEPT = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Unless `shared`, what guests wrote is no edit, as their events are none."""

    conversation: Conversation
    web: Calls
    directory: Directory
    me: Me
    shared: bool

    async def stretch(self, first: str, last: str) -> AsyncIterator[Page]:
        """Each page begins with the last post of the one before: nothing is between the two."""
        newest, span = first if self.conversation.thread else "", self._span(first)
        for _ in range(_PAGES):
            try:
                answer = await self.web.read(**span)
            except Declined as declined:
                if declined.error in _GONE:
                    return
                raise
            posts = sorted(answer["messages"], key=lambda each: str(each["ts"]))
            # A thread's first post comes with every page, and what follows it does not.
            run = [str(each["ts"]) for each in posts if each["ts"] >= newest or not newest]
            yield await self._page(posts, run)
            end = _end(run, first, last, newest, forwards=bool(self.conversation.thread))
            if not (answer.get("has_more") and end):
                return
            newest = end if self.conversation.thread else ""
            span |= {"oldest" if newest else "latest": end}

    def _span(self, first: str) -> dict[str, Any]:
        """A thread is listed from its beginning on, a channel from its end."""
        where = {"channel": self.conversation.channel, "limit": _PAGE, "inclusive": True}
        if thread := self.conversation.thread:
            return {"method": "conversations.replies", "ts": thread, "oldest": first, **where}
        return {"method": "conversations.history", **where}

    async def _page(self, posts: Sequence[Payload], run: Sequence[str]) -> Page:
        edits = [edit for each in posts if (edit := await self._edit(each))]
        taken = (str(each["ts"]) for each in posts if each.get("subtype") == "tombstone")
        return Page(ids=tuple(run), deleted=tuple(taken), edits=tuple(edits))

    async def _edit(self, post: Payload) -> Edit | None:
        """None of a post that is as it was, or that is not for the bot."""
        lost = any(file.get("mode") == "tombstone" for file in post.get("files") or ())
        if not (post.get("edited") or lost):
            return None
        if not self.shared and await self._strange(post):
            return None
        names = await self.directory.names(mentioned({"event": post}))
        said = message(post, replace(self.conversation, thread=""), me=self.me, names=names)
        if said is None:
            return None
        return Edit(
            platform=self.conversation.platform,
            space=self.conversation.space,
            channel=self.conversation.channel,
            id=said.id,
            text=said.text,
            # When a file was taken away, no post tells.
            edited_at=self.directory.now() if lost else said.edited_at or said.sent_at,
            attachments=said.attachments,
        )

    async def _strange(self, post: Payload) -> bool:
        channel = self.conversation.channel
        return await self.directory.foreign(post, self.me) or await self.directory.connected(
            channel
        )

    async def deleted(self, ids: Sequence[str]) -> Sequence[str]:
        gone, start = list[str](), self.directory.now() - _KEPT
        young = (each for each in ids if datetime.fromtimestamp(float(each), UTC) > start)
        for each in young:
            try:
                await self.directory.thread(self.conversation.channel, each)
            except Declined as declined:
                if declined.error == "message_not_found":
                    gone.append(each)
        return gone


def _end(run: Sequence[str], first: str, last: str, newest: str, *, forwards: bool) -> str:
    """From where the next page is read; empty: this one reaches as far as is asked for."""
    if not run:
        return ""
    if forwards:
        return run[-1] if newest != run[-1] < last else ""
    return run[0] if run[0] > first and len(run) > 1 else ""
