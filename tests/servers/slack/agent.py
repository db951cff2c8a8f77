"""The agent's methods of the fake's Web API: streams, sessions, threads, the App Home."""

from collections.abc import Callable, Mapping
from typing import Any

from tests.servers.slack import payloads
from tests.servers.slack.limits import Failure, blocks
from tests.servers.slack.workspace import BOT_USER, Channel, Post, Workspace

Arguments = Mapping[str, Any]
Answer = dict[str, Any]
LIFETIME = 306.0  # seconds of a stream, appends or not


class Agent:
    """`declared`: the app is an agent. What people see of it is in the attributes."""

    def __init__(
        self,
        workspace: Workspace,
        emit: Callable[[dict[str, Any], Channel], object],
        now: Callable[[], float],
    ) -> None:
        self.declared = True
        self.sessions: dict[tuple[str, str], str] = {}  # status by channel and thread
        self.titles: dict[tuple[str, str], str] = {}
        self.statuses: list[tuple[str, str, str]] = []  # channel, thread, what assistant.* showed
        self.prompts: dict[str, Any] = {}  # by channel
        self._workspace, self._emit, self._now = workspace, emit, now
        self.methods: dict[str, Callable[[Arguments], Answer]] = {
            "chat.startStream": self._start,
            "chat.appendStream": self._append,
            "chat.stopStream": self._stop,
            "agents.sessions.setStatus": self._session,
            "assistant.threads.setStatus": self._status,
            "assistant.threads.setSuggestedPrompts": self._prompts,
            "views.publish": self._home,
        }

    def streaming(self, post: Post) -> bool:
        return self._now() < post.streams_until

    def _start(self, given: Arguments) -> Answer:
        channel = self._channel(given["channel"])
        for argument in ("recipient_user_id", "recipient_team_id"):
            if not given.get(argument):
                raise Failure(f"missing_{argument}")
        post = self._workspace.add(
            channel.id, BOT_USER, _piece(given), thread=given["thread_ts"] or ""
        )
        post.streams_until = self._now() + LIFETIME
        self.sessions[channel.id, post.thread] = "processing"
        self._emit(payloads.said(post, channel), channel)
        return {"channel": channel.id, "ts": post.ts}

    def _append(self, given: Arguments) -> Answer:
        post = self._open(given)
        post.text += _piece(given)
        return {"channel": post.channel, "ts": post.ts}

    def _stop(self, given: Arguments) -> Answer:
        post = self._open(given)
        post.text += _piece(given)
        post.streams_until = 0.0
        post.metadata = given.get("metadata") or None
        if given.get("blocks"):
            post.more = {**post.more, "blocks": given["blocks"]}
        self.sessions[post.channel, post.thread] = given.get("session_status") or "active"
        return {"channel": post.channel, "ts": post.ts, "message": post.payload()}

    def _open(self, given: Arguments) -> Post:
        post = self._channel(given["channel"]).posts.get(given["ts"])
        if not post or post.tombstone:
            raise Failure("message_not_found")
        if post.halted:
            raise Failure("stopped_by_user")
        if not self.streaming(post):
            raise Failure("message_not_in_streaming_state")
        return post

    def _session(self, given: Arguments) -> Answer:
        if not self.declared:
            raise Failure("not_authorized")
        if given["status"] not in {"active", "processing", "suspended", "closed"}:
            raise Failure("invalid_status")
        place = (self._channel(given["channel_id"]).id, given["thread_ts"])
        self.sessions[place] = given["status"]
        if title := given.get("title"):
            if len(title) > 200:
                raise Failure("invalid_arguments")
            self.titles.setdefault(place, title)
        return {"status": given["status"]}

    def _status(self, given: Arguments) -> Answer:
        self._channel(given["channel_id"])
        self.statuses.append((given["channel_id"], given["thread_ts"], given["status"]))
        return {}

    def _prompts(self, given: Arguments) -> Answer:
        if not 0 < len(given["prompts"]) <= 4:
            raise Failure("invalid_arguments")
        self.prompts[self._channel(given["channel_id"]).id] = given["prompts"]
        return {}

    def _home(self, given: Arguments) -> Answer:
        view = given["view"]
        if view.get("type") != "home":
            raise Failure("invalid_arguments")
        blocks(view["blocks"], "home")
        self._workspace.homes[given["user_id"]] = view
        return {"view": view}

    def _channel(self, channel: str) -> Channel:
        if channel not in self._workspace.channels:
            raise Failure("channel_not_found")
        return self._workspace.channels[channel]


def _piece(given: Arguments) -> str:
    text: str = given.get("markdown_text") or ""
    if len(text) > 12_000:
        raise Failure("msg_too_long")
    return text
