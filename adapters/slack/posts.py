"""The bot's own posts in one Slack conversation: what post-and-edit needs."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from adapters.message import Conversation
from adapters.ports import Hold
from adapters.slack.calls import Calls, Declined
from adapters.slack.content import Payload
from adapters.slack.events import Me

_MARK = "threadkeeper"
_PAGE = 200  # https://docs.slack.dev/apis/web-api/pagination
_SKEW = timedelta(minutes=1)  # between the store's clock and Slack's


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackPosts:
    conversation: Conversation
    web: Calls
    me: Callable[[], Awaitable[Me]]

    @property
    def limit(self) -> int:
        """In characters.

        `markdown_text` may hold 12,000, but chat.update has answered `msg_too_long` from about
        4,000 on: https://docs.slack.dev/reference/methods/chat.update
        """
        return 3_900

    @property
    def repeats_safely(self) -> bool:
        """Slack has no idempotency key for posts."""
        return False

    async def post(self, turn: Hold, slot: int, text: str, *, live: bool) -> str:
        posted = await self.web.write(
            "chat.postMessage",
            channel=self.conversation.channel,
            thread_ts=self.conversation.thread or None,
            markdown_text=text,
            metadata={"event_type": _MARK, "event_payload": {"turn": turn.id, "slot": slot}},
            unfurl_links=False,
            unfurl_media=False,
        )
        return str(posted["ts"])

    async def announce(self, text: str) -> None:
        await self.web.write(
            "chat.postMessage",
            channel=self.conversation.channel,
            thread_ts=self.conversation.thread or None,
            markdown_text=text,
            metadata={"event_type": _MARK, "event_payload": {}},
        )

    async def edit(self, turn: Hold, post: str, text: str, *, live: bool) -> bool:
        # Without a metadata argument the post keeps the metadata it has.
        return await self._change("chat.update", post, markdown_text=text)

    async def delete(self, post: str) -> None:
        await self._change("chat.delete", post)

    async def find(self, turn: str, since: datetime) -> Sequence[str]:
        return [post["ts"] for post in await self.carrying(turn, since)]

    async def carrying(self, turn: str, since: datetime) -> Sequence[Payload]:
        me = await self.me()
        listed = await self.listed(f"{(since - _SKEW).timestamp():.6f}")
        return [post for post in listed if post.get("bot_id") == me.bot and _carries(post, turn)]

    async def listed(self, oldest: str) -> Sequence[Payload]:
        """The thread's posts, or the DM's outside threads, from `oldest` on, oldest first."""
        thread = self.conversation.thread
        method = "conversations.replies" if thread else "conversations.history"
        span: dict[str, Any] = {"channel": self.conversation.channel, "oldest": oldest}
        if thread:
            span["ts"] = thread
        found: list[Payload] = []
        cursor: str | None = None
        while cursor != "":
            try:
                page = await self.web.read(
                    method, **span, cursor=cursor, limit=_PAGE, include_all_metadata=True
                )
            except Declined as declined:
                if declined.error == "thread_not_found":
                    return []
                raise
            found += page["messages"]
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
        # Slack lists a channel newest first, a thread oldest first.
        return sorted(found, key=lambda post: str(post["ts"]))

    async def _change(self, method: str, post: str, **arguments: str) -> bool:
        try:
            await self.web.write(method, channel=self.conversation.channel, ts=post, **arguments)
        except Declined as declined:
            if declined.error != "message_not_found":
                raise
            return False
        return True


def _carries(post: Payload, turn: str) -> bool:
    metadata = post.get("metadata") or {}
    payload = metadata.get("event_payload") or {}
    return bool(metadata.get("event_type") == _MARK and payload.get("turn") == turn)
