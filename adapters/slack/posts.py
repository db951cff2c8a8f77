"""The bot's own posts in one Slack conversation: what post-and-edit needs."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from adapters.markup import neutralise
from adapters.message import Audience, Conversation
from adapters.ports import Busy, Hold
from adapters.slack.blocks import feedback, said
from adapters.slack.calls import Calls, Declined
from adapters.slack.content import Payload
from adapters.slack.events import MARK, Me
from adapters.slack.session import Agent

_PAGE = 200  # https://docs.slack.dev/apis/web-api/pagination
_SKEW = timedelta(minutes=1)  # between the store's clock and Slack's
_STREAMING = {"streaming_state_conflict", "cant_delete_message"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackPosts:
    """One Slack call each. Busy(0): Slack wants it otherwise, and the next try is."""

    conversation: Conversation
    web: Calls
    me: Callable[[], Awaitable[Me]]
    agent: Agent

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

    @property
    def personal(self) -> bool:
        """A thread with one person: there posts may stream, and ask for feedback.

        In channels only one reader would see a stream grow:
        https://github.com/agentconnect-md/agentconnect/issues/1494
        """
        return bool(self.conversation.thread) and self.conversation.audience is Audience.DIRECT

    async def post(self, turn: Hold, slot: int, text: str, *, live: bool) -> str:
        return await self._new(self._content(text, live=live), _mark(turn))

    async def announce(self, text: str) -> None:
        await self._new({"markdown_text": neutralise(text)}, _metadata())

    async def edit(self, turn: Hold, post: str, text: str, *, live: bool) -> bool:
        content = self._content(text, live=live)
        return await self._change("chat.update", post, **content, metadata=_mark(turn))

    async def start(self, text: str, *, user: str, team: str) -> str:
        started = await self.web.write(
            "chat.startStream",
            channel=self.conversation.channel,
            thread_ts=self.conversation.thread,
            markdown_text=text,
            recipient_user_id=user,
            recipient_team_id=team,
        )
        return str(started["ts"])

    async def append(self, post: str, text: str) -> None:
        channel = self.conversation.channel
        await self.web.write("chat.appendStream", channel=channel, ts=post, markdown_text=text)

    async def stop(self, turn: Hold, post: str, text: str, *, live: bool) -> None:
        await self.web.write(
            "chat.stopStream",
            channel=self.conversation.channel,
            ts=post,
            markdown_text=text or None,
            metadata=_mark(turn),
            blocks=[feedback()] if not live and self.agent.thumbs else None,
            session_status="processing" if live else None,
        )

    async def delete(self, post: str) -> None:
        await self._change("chat.delete", post)

    def _content(self, text: str, *, live: bool) -> dict[str, object]:
        if live or not (self.personal and self.agent.thumbs):
            return {"markdown_text": text}
        return {"text": text, "blocks": said(text, feedback())}

    async def _new(self, content: Mapping[str, object], metadata: Mapping[str, object]) -> str:
        with self._without_thumbs():
            posted = await self.web.write(
                "chat.postMessage",
                channel=self.conversation.channel,
                thread_ts=self.conversation.thread or None,
                **content,
                metadata=metadata,
                unfurl_links=False,
                unfurl_media=False,
            )
        return str(posted["ts"])

    @contextmanager
    def _without_thumbs(self) -> Iterator[None]:
        """A workspace that knows no feedback buttons gets the text all the same."""
        try:
            yield
        except Declined as declined:
            if not (self.agent.thumbs and declined.error.startswith("invalid_blocks")):
                raise
            self.agent.thumbs = False
            raise Busy(0.0) from None

    async def find(self, turn: str, since: datetime) -> Sequence[str]:
        return [post["ts"] for post in await self.carrying(turn, since)]

    async def carrying(self, turn: str, since: datetime) -> Sequence[Payload]:
        me = await self.me()
        listed = await self.listed(f"{(since - _SKEW).timestamp():.6f}")
        return [
            post for post in listed if post.get("bot_id") == me.bot and self._carries(post, turn)
        ]

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

    async def _change(self, method: str, post: str, **arguments: object) -> bool:
        channel = self.conversation.channel
        try:
            with self._without_thumbs():
                await self.web.write(method, channel=channel, ts=post, **arguments)
        except Declined as declined:
            if declined.error in _STREAMING and self.personal:
                with suppress(Declined):  # it ended by itself meanwhile
                    await self.web.write("chat.stopStream", channel=channel, ts=post)
                raise Busy(0.0) from None
            if declined.error != "message_not_found":
                raise
            return False
        return True

    def _carries(self, post: Payload, turn: str) -> bool:
        """By its mark; a post of ours without one is a stream that a crash left open."""
        metadata = post.get("metadata") or {}
        if metadata.get("event_type") != MARK:
            return self.personal and post["ts"] != self.conversation.thread
        payload = metadata.get("event_payload") or {}
        return bool(payload.get("turn") == turn)


def _mark(turn: Hold) -> Mapping[str, object]:
    """Also of every edit, where the fence tells who wrote what it shows."""
    return _metadata(turn=turn.id, fence=turn.fence)


def _metadata(**told: object) -> Mapping[str, object]:
    return {"event_type": MARK, "event_payload": told}
