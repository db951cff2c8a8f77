"""The fake's Web API methods: arguments in, the answer's fields out."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tests.servers.slack import payloads
from tests.servers.slack.agent import Agent
from tests.servers.slack.limits import Failure, check
from tests.servers.slack.workspace import (
    BOT_ID,
    BOT_NAME,
    BOT_USER,
    TEAM,
    Channel,
    Post,
    Workspace,
)

Arguments = Mapping[str, Any]
Answer = dict[str, Any]


class Methods:
    """`emit` sends an event of this channel to the bot; posts younger than `lag` are not listed."""

    def __init__(
        self,
        workspace: Workspace,
        emit: Callable[[dict[str, Any], Channel], object],
        socket_url: Callable[[], str],
        now: Callable[[], float],
    ) -> None:
        self.lag, self.page = 0.0, 1_000
        self._workspace, self._emit, self._now = workspace, emit, now
        self._methods: dict[str, Callable[[Arguments], Answer]] = {
            "apps.connections.open": lambda _: {"url": socket_url()},
            "auth.test": _auth_test,
            "chat.postMessage": self._post,
            "chat.update": self._update,
            "chat.delete": self._delete,
            "chat.postEphemeral": self._whisper,
            "chat.getPermalink": self._permalink,
            "conversations.replies": self._replies,
            "conversations.history": self._history,
            "conversations.info": lambda given: {"channel": self._channel(given).info()},
            "users.info": self._user,
        }
        self.agent = Agent(workspace, emit, now)
        self._methods |= self.agent.methods

    def call(self, method: str, given: Arguments) -> Answer:
        """Raises Failure."""
        if method not in self._methods:
            raise Failure("unknown_method")
        check(method, given)
        return self._methods[method](given)

    def remove(self, channel: Channel, post: Post, *, told: bool = True) -> None:
        """`told`: the event holds what was deleted."""
        before, stamp = post.payload() if told else None, self._workspace.ts()
        self._workspace.remove(post)
        if post.tombstone:
            self._emit(payloads.changed(post, before, channel, stamp), channel)
        else:
            self._emit(payloads.deleted(post.ts, before, channel, stamp), channel)

    def _post(self, given: Arguments) -> Answer:
        channel = self._channel(given)
        metadata = given.get("metadata")
        post = self._workspace.add(
            channel.id,
            BOT_USER,
            _text(given, 40_000),
            thread=given.get("thread_ts") or "",
            metadata=json.loads(metadata) if isinstance(metadata, str) else metadata,
            more={"blocks": given["blocks"]} if given.get("blocks") else {},
        )
        self._emit(payloads.said(post, channel), channel)
        return {"channel": channel.id, "ts": post.ts, "message": post.payload()}

    def _update(self, given: Arguments) -> Answer:
        channel, post = self._own(given, "cant_update_message")
        if self.agent.streaming(post):
            raise Failure("streaming_state_conflict")
        before, text = post.payload(), _text(given, 4_000)
        kept = {name: told for name, told in post.more.items() if name != "blocks"}
        post.more = kept | ({"blocks": given["blocks"]} if given.get("blocks") else {})
        if text != post.text:
            stamp = self._workspace.ts()
            post.text, post.edited = text, f"{stamp.partition('.')[0]}.000000"
            self._emit(payloads.changed(post, before, channel, stamp), channel)
        if "metadata" in given:
            post.metadata = given["metadata"] or None
        return {"channel": channel.id, "ts": post.ts, "text": post.text}

    def _delete(self, given: Arguments) -> Answer:
        channel, post = self._own(given, "cant_delete_message")
        if self.agent.streaming(post):
            raise Failure("cant_delete_message")
        self.remove(channel, post)
        return {"channel": channel.id, "ts": post.ts}

    def _whisper(self, given: Arguments) -> Answer:
        channel, text = self._channel(given), _text(given, 40_000)
        stamp = self._workspace.ts()
        post = Post(ts=stamp, channel=channel.id, user=BOT_USER, text=text, to=given["user"])
        post.thread = given.get("thread_ts") or ""
        post.more = {"blocks": given["blocks"]} if given.get("blocks") else {}
        self._workspace.whispers.append(post)
        return {"message_ts": stamp}

    def _permalink(self, given: Arguments) -> Answer:
        channel = self._channel(given)
        if given["message_ts"] not in channel.posts:
            raise Failure("message_not_found")
        path = f"archives/{channel.id}/p{given['message_ts'].replace('.', '')}"
        thread = channel.posts[given["message_ts"]].thread
        path += f"?thread_ts={thread}&cid={channel.id}" if thread else ""
        return {"channel": channel.id, "permalink": f"https://fake.slack.com/{path}"}

    def _replies(self, given: Arguments) -> Answer:
        """Oldest first; the thread's first post comes whatever `oldest` says."""
        channel = self._channel(given)
        thread = self._workspace.thread(channel.id, given["ts"])
        if not thread:
            raise Failure("thread_not_found")
        return self._listed(given, [thread[0], *self._span(given, thread[1:])])

    def _history(self, given: Arguments) -> Answer:
        """Newest first, without the replies in threads."""
        posts = [post for post in self._channel(given).posts.values() if not post.thread]
        return self._listed(given, self._span(given, posts)[::-1])

    def _user(self, given: Arguments) -> Answer:
        user = given["user"]
        if user not in self._workspace.people:
            raise Failure("user_not_found")
        name = self._workspace.people[user]
        profile = {"display_name": name, "real_name": name.title()}
        found = {"id": user, "team_id": TEAM, "name": name, "profile": profile}
        return {"user": found | self._workspace.marks.get(user, {})}

    def _span(self, given: Arguments, posts: Sequence[Post]) -> Sequence[Post]:
        oldest, latest = given.get("oldest") or "0", given.get("latest") or "9" * 10
        seen = self._now() - self.lag
        inclusive = str(given.get("inclusive", "")).lower() in {"1", "true"}
        return [
            post
            for post in posts
            if oldest < post.ts < latest or (inclusive and post.ts in {oldest, latest})
            if not self.lag or float(post.ts) <= seen
        ]

    def _listed(self, given: Arguments, posts: Sequence[Post]) -> Answer:
        start, size = int(given.get("cursor") or 0), min(int(given.get("limit", 100)), self.page)
        end = start + size
        metadata = str(given.get("include_all_metadata", "")).lower() in {"1", "true"}
        return {
            "messages": [post.payload(metadata=metadata) for post in posts[start:end]],
            "has_more": end < len(posts),
            "response_metadata": {"next_cursor": str(end) if end < len(posts) else ""},
        }

    def _channel(self, given: Arguments) -> Channel:
        if given.get("channel") not in self._workspace.channels:
            raise Failure("channel_not_found")
        return self._workspace.channels[given["channel"]]

    def _own(self, given: Arguments, forbidden: str) -> tuple[Channel, Post]:
        channel = self._channel(given)
        post = channel.posts.get(given["ts"])
        if not post or post.tombstone:
            raise Failure("message_not_found")
        if not post.own:
            raise Failure(forbidden)
        return channel, post


def _auth_test(_: Arguments) -> Answer:
    url = "https://fake.slack.com/"
    return {"url": url, "team_id": TEAM, "user": BOT_NAME, "user_id": BOT_USER, "bot_id": BOT_ID}


def _text(given: Arguments, limit: int) -> str:
    """`markdown_text` holds 12,000 characters, `text` as many as the method allows."""
    if given.get("markdown_text") and (given.get("text") or given.get("blocks")):
        raise Failure("markdown_text_conflict")
    text: str = given.get("markdown_text") or given.get("text") or ""
    if not text.strip():
        raise Failure("no_text")
    if len(text) > (12_000 if given.get("markdown_text") else limit):
        raise Failure("msg_too_long")
    return text
