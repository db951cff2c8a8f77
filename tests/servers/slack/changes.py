"""What becomes of a post later: told late, edited, unfurled, without a file, deleted."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.servers.slack import payloads
from tests.servers.slack.api import Methods
from tests.servers.slack.delivery import Delivery
from tests.servers.slack.workspace import BOT_USER, Channel, Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Late:
    """A post whose event is late: `tell` sends it as the post was when it was written."""

    ts: str
    tell: Callable[[], Delivery]


class Changes:
    """Of the fake Slack, which tells the bot of it."""

    workspace: Workspace
    methods: Methods

    def _emit(self, event: dict[str, Any], channel: Channel | None = None) -> Delivery:
        raise NotImplementedError

    def edit(self, channel: str, ts: str, text: str, *, told: bool = True) -> None:
        """`told`: the event holds the post as it was."""
        place = self.workspace.channels[channel]
        post, stamp = place.posts[ts], self.workspace.ts()
        before = post.payload() if told else None
        post.text, post.edited = text, f"{stamp.partition('.')[0]}.000000"
        self._emit(payloads.changed(post, before, place, stamp), place)

    def unfurl(self, channel: str, ts: str, *, told: bool = True) -> None:
        """Show a link of a post: a change that nobody made."""
        place = self.workspace.channels[channel]
        post, stamp = place.posts[ts], self.workspace.ts()
        before = post.payload() if told else None
        card = {"from_url": "https://example.com", "title": "An example", "id": 1}
        post.more = post.more | {"attachments": [card]}
        self._emit(payloads.changed(post, before, place, stamp), place)

    def take_off(self, channel: str, ts: str, file: str) -> None:
        """Delete one of a post's files, by its id: https://docs.slack.dev/reference/objects/file-object"""
        place = self.workspace.channels[channel]
        post, stamp = place.posts[ts], self.workspace.ts()
        before, gone = post.payload(), {"id": file, "mode": "tombstone"}
        files = [gone if each["id"] == file else each for each in post.more["files"]]
        post.more = post.more | {"files": files}
        self._emit(payloads.changed(post, before, place, stamp), place)

    def write(self, channel: str, user: str, text: str, *, mention: bool = True) -> Late:
        """As `say`, but nobody is told yet."""
        place = self.workspace.channel(channel)
        text = f"<@{BOT_USER}> {text}" if mention else text
        post = self.workspace.add(channel, user, text, client_msg_id=str(uuid.uuid4()))
        event = payloads.said(post, place)
        return Late(ts=post.ts, tell=lambda: self._emit(event, place))

    def delete(self, channel: str, ts: str, *, told: bool = True) -> None:
        """By its author or an admin; `told`: the event holds what was deleted."""
        place = self.workspace.channels[channel]
        self.methods.remove(place, place.posts[ts], told=told)
