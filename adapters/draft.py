"""Paced post-and-edit: a reply that grows before people's eyes, on the same posts to the end."""

import asyncio
import math
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Protocol, TypeVar

from adapters.markup import blank, neutralise, split
from adapters.ports import Busy, Hold, Posted, Refused, Unclear

T = TypeVar("T")
TRIES = 8
LONGEST_PAUSE = 8.0  # seconds


class Posts(Protocol):
    """What post-and-edit needs of a platform; `live`: more text will follow.

    Every call has its own timeout; the errors are Unclear, Busy and Refused of message.py.
    An edit is False when the post is gone. What `post` answers with shows `text`, unless the call
    repeats one that was unclear.
    """

    @property
    def limit(self) -> int: ...  # characters a post may hold
    @property
    def repeats_safely(self) -> bool: ...  # the same turn and slot again is the same post (a nonce)
    async def post(self, turn: Hold, slot: int, text: str, *, live: bool) -> str: ...  # its id
    async def edit(self, turn: Hold, post: str, text: str, *, live: bool) -> bool: ...
    async def delete(self, post: str) -> None: ...  # gone already is no error
    async def find(self, turn: str, since: datetime) -> Sequence[str]: ...  # own, oldest first


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Seconds."""

    first: float = 1.0  # a reply complete by then is posted at once, whole
    every: float = 1.5  # between edits
    late: float = 8.0  # the latest a call that timed out may still take effect after it was sent
    listed: float = 5.0  # how late a post may show up when read back


async def write(
    posts: Posts, turn: Hold, text: AsyncGenerator[str, None], onto: Posted, pace: Pace
) -> AsyncGenerator[Posted, None]:
    """Show the reply as it comes, as `Chat.reply` promises; the last edits follow the text's end.

    Raises what `text` and `turn.secure` raise, Refused, the last Unclear or Busy after eight
    tries, and ValueError for a blank text.
    """
    source, reply = _Source(text, turn.typed), _Reply(posts, turn, onto, pace)
    alone = False  # nothing that follows here could meet a call that is still under way
    try:
        await source.ended(pace.first)
        while await source.grew():
            parts = split(source.so_far(), posts.limit)
            while await reply.lay(parts, live=True):
                yield reply.posted()
            await source.ended(pace.every)
        parts = split(whole := await source.whole(), posts.limit)
        # An unclear call of the first pass may land after it. Those of the second need no third:
        # they carry the words that stand there already. Only the next reply must not meet them.
        for _ in range(2):
            await reply.calm()
            while await reply.lay(parts, live=False):
                yield reply.posted()
            await reply.trim(len(parts))
            if not reply.unclear:
                break
        await reply.calm()
        alone = True
        yield replace(reply.posted(), text=whole, complete=True)
    except asyncio.CancelledError:
        alone = True  # whoever takes over waits the grace
        raise
    finally:
        await source.close()
        if not alone:
            await reply.calm(pace.listed)


class _Source:
    """The text of a reply, read while its posts wait."""

    def __init__(self, text: AsyncGenerator[str, None], typed: str) -> None:
        # A TaskGroup would cancel the consumer of `write` at a yield; an error waits for `whole`.
        self._typed = typed
        self._text, self._pieces, self._more = text, list[str](), asyncio.Event()
        self._reader = asyncio.create_task(self._read())
        self._reader.add_done_callback(lambda _: self._more.set())

    async def _read(self) -> None:
        async for piece in self._text:
            self._pieces.append(piece)
            if not blank(piece):
                self._more.set()

    async def ended(self, seconds: float) -> None:
        """Wait for the end, so long at most."""
        await asyncio.wait({self._reader}, timeout=seconds)

    async def grew(self) -> bool:
        """Wait for more text; False: it has ended."""
        await self._more.wait()
        self._more.clear()
        return not self._reader.done()

    def so_far(self) -> str:
        return neutralise("".join(self._pieces).strip(), self._typed)

    async def whole(self) -> str:
        await self._reader
        if blank(text := self.so_far()):
            raise ValueError("a reply needs text: its stream ended without any")
        return text

    async def close(self) -> None:
        self._reader.cancel()
        await asyncio.gather(self._reader, return_exceptions=True)
        await self._text.aclose()


class _Reply:
    """The posts of one reply, and what they are known to show."""

    def __init__(self, posts: Posts, turn: Hold, onto: Posted, pace: Pace) -> None:
        self.unclear = False  # a call ended without an answer since the last `calm`
        self._posts, self._turn, self._pace = posts, turn, pace
        self._ids, self._removed = list(onto.ids), list(onto.removed)
        self._shown: dict[str, tuple[str, bool]] = {}
        self._repeats = 0  # posts that turned out to be ones we knew
        self._patience = len(onto.ids) + TRIES  # with posts that are gone
        self._sent = -math.inf  # loop time by which the last unclear call was sent

    def posted(self) -> Posted:
        known = (self._shown[post][0] for post in self._ids if post in self._shown)
        return Posted(ids=tuple(self._ids), removed=tuple(self._removed), text="".join(known))

    async def lay(self, parts: Sequence[str], *, live: bool) -> bool:
        """Bring the posts to these parts; True: posts were added, tell people and call again."""
        done = 0
        while done < len(parts):
            show = (parts[done], live and done == len(parts) - 1)
            if done == len(self._ids):
                # A nonce cannot be read back: until such a post is noted, it has to be live.
                await self._post((show[0], show[1] or self._posts.repeats_safely))
                return True
            if await self._edit(self._ids[done], show):
                done += 1
        return False

    async def trim(self, length: int) -> None:
        """Delete the posts that a shorter reply no longer needs."""
        while len(self._ids) > length:
            await self._call(partial(self._posts.delete, self._ids[-1]))
            self._removed.append(self._ids.pop())

    async def calm(self, longer: float = 0.0) -> None:
        """After an unclear call: wait until it can no longer take effect, and trust no post."""
        if self.unclear:
            await self._wait(self._pace.late + longer)
            self._shown.clear()
            self.unclear = False

    async def _post(self, show: tuple[str, bool]) -> None:
        """Add a post, or adopt what an unclear one left."""
        safely, find = self._posts.repeats_safely, partial(self._posts.find, self._turn.id)
        for left in reversed(range(TRIES)):
            known = (*self._ids, *self._removed)
            slot = len(known) + self._repeats
            send = partial(self._posts.post, self._turn, slot, show[0], live=show[1])
            sent = self._sent
            try:
                found: Sequence[str] = [await self._call(send, again=safely)]
                self._repeats += found[0] in known
            except Unclear:
                if safely or not left:
                    raise
                await self._wait(self._pace.late + self._pace.listed)
                found = await self._call(partial(find, self._turn.began_at))
            if new := [post for post in found if post not in known]:
                self._ids += new
                if self._sent == sent:  # else it may show something older
                    self._shown[new[0]] = show
                return
        raise Refused("the platform answers new posts with old ones: see its status page")

    async def _edit(self, post: str, show: tuple[str, bool]) -> bool:
        text, live = show
        if self._shown.get(post) == show:
            return True
        there = await self._call(partial(self._posts.edit, self._turn, post, text, live=live))
        if there:
            self._shown[post] = show
            return True
        self._ids.remove(post)
        self._removed.append(post)
        self._patience -= 1
        if not self._patience:
            raise Refused("somebody deletes the reply as it is written: see which app or person")
        return False

    async def _call(self, send: Callable[[], Awaitable[T]], *, again: bool = True) -> T:
        """Send until the platform answers; `again`: an unclear call may be repeated at once."""
        left = TRIES
        while True:
            await self._turn.secure()
            left -= 1
            try:
                return await send()
            except Busy as busy:
                pause = busy.after
                if not left:
                    raise
            except Unclear:  # a process that stood still may have sent it only just now
                self.unclear, self._sent = True, asyncio.get_running_loop().time()
                pause = min(LONGEST_PAUSE, 2.0 ** (TRIES - left - 2))
                if not (left and again):
                    raise
            await asyncio.sleep(pause)

    async def _wait(self, seconds: float) -> None:
        """Until so long after the last unclear call was sent, at the latest."""
        await asyncio.sleep(self._sent + seconds - asyncio.get_running_loop().time())
