"""What the fake shows of its channels: which there are, their posts, and the posts of a thread."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tests.servers.slack.limits import Failure
from tests.servers.slack.workspace import BOT_USER, Channel, Post, Workspace

Arguments = Mapping[str, Any]
Answer = dict[str, Any]
SCOPE = {"channel": "channels", "group": "groups", "im": "im", "mpim": "mpim"}
TYPES = {"public_channel": "channel", "private_channel": "group", "im": "im", "mpim": "mpim"}


class Listing:
    """`scopes`: what the app may; posts younger than `lag` are not listed; `page`: most a page."""

    def __init__(
        self, workspace: Workspace, scopes: Callable[[], str], now: Callable[[], float]
    ) -> None:
        self.lag, self.page = 0.0, 1_000
        self._workspace, self._scopes, self._now = workspace, scopes, now
        self.methods: dict[str, Callable[[Arguments], Answer]] = {
            "conversations.replies": self._replies,
            "conversations.history": self._history,
            "users.conversations": self._mine,
        }

    def _mine(self, given: Arguments) -> Answer:
        """The channels that the bot is a member of, and its direct messages; or a user's channels.

        Of private ones only those that the bot is in as well.
        """
        user = str(given.get("user") or "")
        every = self._workspace.channels.values()
        rooms = [each for each in every if each.member and BOT_USER not in each.without]
        if self._workspace.organisation and not given.get("team_id"):
            raise Failure("missing_argument")
        types = str(given.get("types") or "public_channel").split(",")
        if unknown := set(types) - set(TYPES):
            raise Failure("invalid_types", ",".join(unknown))
        kinds = {TYPES[each] for each in types}
        for kind in sorted(kinds):
            self._needs(f"{SCOPE[kind]}:read")
        mine = [
            each.info()
            for each in (self._workspace.joined(user) if user else rooms)
            if each.type in kinds
        ]
        page, metadata = self._cut(given, mine)
        return {"channels": page, "response_metadata": metadata}

    def _replies(self, given: Arguments) -> Answer:
        """Oldest first; the thread's first post comes whatever `oldest` says."""
        channel = self._channel(given)
        thread = self._workspace.thread(channel.id, given["ts"])
        if not thread:
            raise Failure("thread_not_found")
        return self._listed(given, [thread[0], *self._span(given, thread[1:])])

    def _history(self, given: Arguments) -> Answer:
        """Newest first, without replies in threads, unless they were sent to the channel too."""
        posts = [
            post
            for post in self._channel(given).posts.values()
            if not post.thread or post.more.get("subtype") == "thread_broadcast"
        ]
        return self._listed(given, self._span(given, posts)[::-1])

    def _span(self, given: Arguments, posts: Sequence[Post]) -> Sequence[Post]:
        oldest, latest = float(given.get("oldest") or 0), float(given.get("latest") or 9e9)
        within = str(given.get("inclusive", "")).lower() in {"1", "true"}
        seen = self._now() - self.lag
        return [
            post
            for post in posts
            if oldest < float(post.ts) < latest or (within and float(post.ts) in (oldest, latest))
            if not self.lag or float(post.ts) <= seen
        ]

    def _listed(self, given: Arguments, posts: Sequence[Post]) -> Answer:
        page, metadata = self._cut(given, posts)
        told = str(given.get("include_all_metadata", "")).lower() in {"1", "true"}
        return {
            "messages": [
                post.payload(metadata=told) | self._workspace.answers(post) for post in page
            ],
            "has_more": bool(metadata["next_cursor"]),
            "response_metadata": metadata,
        }

    def _cut(self, given: Arguments, rows: Sequence[Any]) -> tuple[Sequence[Any], Answer]:
        start, size = int(given.get("cursor") or 0), min(int(given.get("limit", 100)), self.page)
        end = start + size
        return rows[start:end], {"next_cursor": str(end) if end < len(rows) else ""}

    def _channel(self, given: Arguments) -> Channel:
        if given.get("channel") not in self._workspace.channels:
            raise Failure("channel_not_found")
        channel = self._workspace.channels[given["channel"]]
        self._needs(f"{SCOPE[channel.type]}:history")
        if not channel.member:
            raise Failure("not_in_channel" if channel.type == "channel" else "channel_not_found")
        return channel

    def _needs(self, scope: str) -> None:
        if scope not in self._scopes().split(","):
            raise Failure("missing_scope", scope)
