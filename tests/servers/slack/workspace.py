"""What the fake workspace holds: people, channels and posts, with Slack's own timestamps."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

TEAM, APP = "T00FAKE00AA", "A00FAKEAPP01"
BOT_USER, BOT_ID, BOT_NAME = "U00FAKEBOT01", "B00FAKEBOT01", "threadkeeper"


@dataclass(slots=True, kw_only=True)
class Post:
    ts: str
    channel: str
    user: str
    text: str
    thread: str = ""  # thread_ts; empty at channel level
    client_msg_id: str = ""
    metadata: dict[str, Any] | None = None
    edited: str = ""  # ts of the last edit
    replied: bool = False  # others answered in its thread
    tombstone: bool = False
    more: dict[str, Any] = field(default_factory=dict)  # subtype, blocks, attachments, files, …
    to: str = ""  # an ephemeral post: who sees it
    streams_until: float = 0.0
    halted: bool = False  # a person stopped the stream

    @property
    def own(self) -> bool:
        return self.user == BOT_USER

    def payload(self, *, metadata: bool = False) -> dict[str, Any]:
        """As events and conversations.* show it."""
        if self.tombstone:
            shown = {"type": "message", "subtype": "tombstone", "user": "USLACKBOT", "hidden": True}
            return shown | {"text": "This message was deleted.", "ts": self.ts}
        shown = {"type": "message", "user": self.user, "ts": self.ts, "text": self.text}
        shown["team"] = TEAM
        shown |= self.more
        if self.client_msg_id:
            shown["client_msg_id"] = self.client_msg_id
        if self.thread or self.replied:
            shown["thread_ts"] = self.thread or self.ts
        if self.edited:
            shown["edited"] = {"user": BOT_ID if self.own else self.user, "ts": self.edited}
        if self.own:
            shown |= {"bot_id": BOT_ID, "app_id": APP, "bot_profile": _profile()}
        if metadata and self.metadata:
            shown["metadata"] = self.metadata
        return shown


def _profile() -> dict[str, Any]:
    profile = {"id": BOT_ID, "app_id": APP, "user_id": BOT_USER, "name": BOT_NAME}
    return profile | {"deleted": False, "team_id": TEAM}


@dataclass(slots=True, kw_only=True)
class Channel:
    id: str
    type: str  # channel, group, im or mpim, as events say it
    shared: bool = False  # Slack Connect
    creator: str = ""
    member: bool = True  # the bot is one
    posts: dict[str, Post] = field(default_factory=dict)
    name: str = ""
    without: set[str] = field(default_factory=set)  # people who are not in it; all others are

    def info(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": self.name or self.id.lower(),
            "is_mpim": self.type == "mpim",
            "is_private": self.type != "channel",
            "is_im": self.type == "im",
            "is_ext_shared": self.shared,
            "creator": self.creator,
            "is_member": self.member,
            **({"user": self.id[1:]} if self.type == "im" else {}),
        }


class Workspace:
    def __init__(self, now: Callable[[], float]) -> None:
        self.organisation = ""  # the app is installed for all of it
        self.people = {"U1": "ada", "U2": "bob", BOT_USER: BOT_NAME}
        self.marks: dict[str, dict[str, Any]] = {}  # users.info besides: is_restricted, team_id, …
        self.hidden: set[str] = set()  # people of whom users.info says nothing
        self.channels: dict[str, Channel] = {}
        self.whispers: list[Post] = []
        self.homes: dict[str, dict[str, Any]] = {}  # the published view by user
        self._now, self._last = now, dict[str, int]()
        self._serial = itertools.count(1)

    def channel(self, channel: str, kind: str = "channel", *, shared: bool = False) -> Channel:
        """The channel, made on first use."""
        fresh = Channel(id=channel, type=kind, shared=shared)
        return self.channels.setdefault(channel, fresh)

    def ts(self, channel: str = "") -> str:
        """Strictly increasing within the channel, in microseconds as Slack's are."""
        last = max(self._last.get(channel, 0) + 1, int(self._now() * 1_000_000))
        self._last[channel] = last
        return f"{last // 1_000_000}.{last % 1_000_000:06d}"

    def serial(self) -> int:
        return next(self._serial)

    def appears(self, user: str) -> str:
        """Whoever does something here is known here, if by no other name."""
        self.people.setdefault(user, user)
        return user

    def user(self, user: str) -> dict[str, Any]:
        """As users.info and `user_change` show them."""
        name = self.people[user]
        profile = {"display_name": name, "real_name": name.title()}
        found = {"id": user, "team_id": TEAM, "name": name, "profile": profile}
        return found | self.marks.get(user, {})

    def team(self, author: Any) -> str:
        """The workspace somebody belongs to."""
        marks = self.marks.get(author, {}) if isinstance(author, str) else {}
        return str(marks.get("team_id", TEAM))

    def joined(self, user: str) -> list[Channel]:
        """The channels somebody is in, direct messages aside."""
        rooms = (each for each in self.channels.values() if each.type != "im")
        return [each for each in rooms if not {user, BOT_USER} & each.without]

    def add(self, channel: str, user: str, text: str, **rest: Any) -> Post:
        if user:
            self.appears(user)
        post = Post(ts=self.ts(channel), channel=channel, user=user, text=text, **rest)
        posts = self.channels[channel].posts
        posts[post.ts] = post
        if post.thread in posts:
            posts[post.thread].replied = True
        return post

    def remove(self, post: Post) -> None:
        """A thread's first post leaves a tombstone while there are replies."""
        posts = self.channels[post.channel].posts
        if any(reply.thread == post.ts and reply is not post for reply in posts.values()):
            post.tombstone = True
        else:
            del posts[post.ts]

    def thread(self, channel: str, ts: str) -> list[Post]:
        """The thread that this post belongs to, oldest first; empty when there is none."""
        posts = self.channels[channel].posts
        root = (posts[ts].thread or ts) if ts in posts else ts
        return [post for post in posts.values() if root in (post.ts, post.thread)]

    def answers(self, post: Post) -> dict[str, Any]:
        """What the listing of a thread's first post tells of those that answer it."""
        posts = self.channels[post.channel].posts.values()
        replies = [each for each in posts if each.thread == post.ts and each is not post]
        if not replies:
            return {}
        users = list(dict.fromkeys(each.user for each in replies))[:5]
        return {
            "thread_ts": post.ts,
            "reply_count": len(replies),
            "reply_users": users,
            "latest_reply": replies[-1].ts,
        }
