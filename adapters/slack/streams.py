"""Native streams: the same posts as post-and-edit writes, growing word by word."""

import asyncio
import re
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from adapters.markup import blank
from adapters.ports import Busy, Hold, Refused, Unclear
from adapters.slack.posts import SlackPosts

# Slack ends a stream after five minutes, appends or not, and says so nowhere:
# https://github.com/slackapi/python-slack-sdk/issues/1859
LIFETIME = 240.0  # seconds after which we end it ourselves
# Tier 2 allows 20 calls a minute of chat.startStream, and as many of chat.stopStream:
# https://docs.slack.dev/apis/web-api/rate-limits#tier_t2
STARTS = 18  # a minute
_REST = 600.0  # seconds without streams once Slack declined one
_FENCE = re.compile(r"[ \t]*(`{3,}|~{3,})")


class Starts:
    """How many streams this process may still begin; other replicas find out by a 429."""

    def __init__(self) -> None:
        self._began: deque[float] = deque(maxlen=STARTS)
        self._rests_until = 0.0

    @property
    def left(self) -> bool:
        now = asyncio.get_running_loop().time()
        spent = len(self._began) == STARTS and self._began[0] > now - 60
        return not spent and now >= self._rests_until

    def spend(self) -> None:
        self._began.append(asyncio.get_running_loop().time())

    def rest(self, seconds: float = _REST) -> None:
        self._rests_until = asyncio.get_running_loop().time() + seconds


@dataclass(slots=True, kw_only=True)
class _Stream:
    post: str
    text: str  # what it was sent
    since: float
    certain: bool = True  # every call was answered: it shows `text`


@dataclass(slots=True, kw_only=True)
class StreamedPosts:
    """What draft.py writes one reply on; whatever a stream refuses, post-and-edit does instead.

    A stream carries no metadata before it stops. Until then its post is the only one of ours in
    the thread without a mark: so it is found by a takeover (`SlackPosts.carrying`).
    """

    posts: SlackPosts
    starts: Starts
    recipient: Callable[[], Awaitable[tuple[str, str]]]  # who reads along: user and team
    _stream: _Stream | None = field(default=None, init=False)
    _reader: tuple[str, str] | None = field(default=None, init=False)

    @property
    def limit(self) -> int:
        return self.posts.limit

    @property
    def repeats_safely(self) -> bool:
        return self.posts.repeats_safely

    async def post(self, turn: Hold, slot: int, text: str, *, live: bool) -> str:
        """A call that did not end with a post is followed by Busy: the turn's hold may be over."""
        sent = settled(text)
        if blank(sent) or not (live and self.starts.left):
            return await self.posts.post(turn, slot, text, live=live)
        began, post = asyncio.get_running_loop().time(), ""
        try:
            if self._reader:
                user, team = self._reader
                self.starts.spend()
                post = await self.posts.start(sent, user=user, team=team)
            else:
                self._reader = await self.recipient()
        except Refused:
            self.starts.rest()
        except Busy as busy:
            self.starts.rest(busy.after)
        if not post:
            raise Busy(0.0)
        self._stream = _Stream(post=post, text=sent, since=began)
        return post

    async def edit(self, turn: Hold, post: str, text: str, *, live: bool) -> bool:
        stream = self._stream
        if not stream or stream.post != post:
            return await self.posts.edit(turn, post, text, live=live)
        sent = settled(text) if live else text
        old = asyncio.get_running_loop().time() - stream.since > LIFETIME
        grows = stream.certain and sent.startswith(stream.text)
        try:
            if live and stream.certain and not old:
                if stream.text.startswith(sent):
                    return True  # nothing new that is settled; the end of a text is never live
                if grows:
                    await self.posts.append(post, sent[len(stream.text) :])
                    stream.text = sent
                    return True
            await self.posts.stop(turn, post, sent[len(stream.text) :] if grows else "", live=live)
        except Unclear:
            stream.certain = False  # it may show less than it was sent, or this piece twice
            raise
        except Refused:
            grows = False  # it ended before: after five minutes, or because a person stopped it
        self._stream = None
        if not (grows and sent == text):
            raise Busy(0.0)
        return True

    async def delete(self, post: str) -> None:
        await self.posts.delete(post)

    async def find(self, turn: str, since: datetime) -> Sequence[str]:
        return await self.posts.find(turn, since)


def settled(text: str) -> str:
    """The part of an unfinished text that more of it will not change; it ends in white space.

    Held back are the last word, a link's label that is still open, and a line that may only close
    a code block for now.
    """
    end = len(text)
    start = text.rfind("\n") + 1
    while _FENCE.match(text, start, end):
        end = max(start - 1, 0)
        start = text.rfind("\n", 0, end) + 1
    label = text.rfind("[", start, end)
    if label >= 0 and text.find(")", label, end) < 0:
        end = label
    return text[: max(text.rfind(" ", start, end) + 1, start)]
