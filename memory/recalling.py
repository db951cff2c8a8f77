"""Recall for every channel: indexes that follow the store's log, off the event loop and bounded."""

import asyncio
import math
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache

import structlog

from memory.entry import Entry
from memory.keys import Keys, message_context
from memory.recall import Index
from memory.records import Changes, Place, Seen
from memory.seal import Unreadable
from memory.store import Store
from memory.words import Words

log = structlog.get_logger()

CHANNELS, HELD = 500, 200_000  # indexes, and messages in all of them: about 400 MB
PATIENCE = 2.0  # seconds a reply waits for an index to catch up, or does without


@dataclass(slots=True, kw_only=True)
class _Channel:
    index: Index
    seen: Seen = field(default_factory=Seen)
    behind: bool = False  # the log held more than was read at once
    guard: threading.Lock = field(default_factory=threading.Lock)


class Recalling:
    """Searches the messages of one channel: this conversation and its sibling threads."""

    def __init__(
        self,
        store: Store,
        keys: Keys,
        words: Callable[[], Words] = Words,
        *,
        kept: float = math.inf,  # seconds a conversation's messages outlive its last one
    ) -> None:
        self._store, self._keys, self._make, self._kept = store, keys, words, kept
        self._words: Words | None = None  # importing its stemmers takes time
        self._channels: OrderedDict[str, _Channel] = OrderedDict()
        self._outdated = -math.inf  # loop time: what was read before may be deleted by now

    def seen(self, place: Place) -> Seen:
        """How far the channel's index is."""
        channel = self._channels.get(place.channel_key)
        return channel.seen if channel else Seen()

    async def search(
        self,
        place: Place,
        changes: Changes,
        question: str,
        room: int,
        without: Iterable[str],
        *,
        asked: float,
        now: int,
    ) -> Sequence[Entry]:
        """The messages that match best within `room` tokens, by time; none of `without`.

        `asked` is loop time, `now` microseconds since 1970.
        """
        if self._words is None:
            self._words = await asyncio.to_thread(self._make)
        channel, loop = self._channel(place, self._words), asyncio.get_running_loop()
        end = loop.time() + PATIENCE
        if asked <= self._outdated:
            changes = await self._store.changes(place, channel.seen)

        def found() -> Sequence[Entry] | None:
            self._learn(channel, changes)
            if channel.behind:  # it may hold what is gone
                return None if loop.time() < end else ()
            live = now - self._kept * 1_000_000
            return self._search(channel, question, room, list(without), live)

        while (best := await asyncio.to_thread(found)) is None:
            changes = await self._store.changes(place, channel.seen)
        return best

    def outdate(self) -> None:
        """Something was changed or deleted: turns under way have to read the log again."""
        self._outdated = asyncio.get_running_loop().time()

    def drop(self, place: Place) -> None:
        """Keep nothing of this channel at hand, nor single words of anything."""
        self._channels.pop(place.channel_key, None)
        self.outdate()
        if self._words:
            self._words.clear()

    async def remove(self, place: Place, messages: Sequence[str]) -> None:
        """These are not to be found any more; the log says what became of them."""
        if channel := self._channels.get(place.channel_key):
            await asyncio.to_thread(self._remove, channel, messages)
        if self._words:
            self._words.clear()

    def _remove(self, channel: _Channel, messages: Sequence[str]) -> None:
        with channel.guard:
            for message in messages:
                channel.index.remove(message)

    def _channel(self, place: Place, words: Words) -> _Channel:
        known = self._channels.pop(place.channel_key, None) or _Channel(index=Index(words))
        self._channels[place.channel_key] = known
        sizes = [len(each.index) for each in self._channels.values()]
        if len(sizes) > CHANNELS or sum(sizes) > HELD:
            self._channels.popitem(last=False)
        return known

    def _learn(self, channel: _Channel, changes: Changes) -> None:
        with channel.guard:
            known, news = channel.seen, changes.seen
            if (news.epoch, news.number) <= (known.epoch, known.number):
                if news == known:  # nothing came after what was read
                    channel.behind = changes.more
                return  # another turn of this channel read as much before
            if news.epoch > known.epoch and self._words:
                channel.index, channel.seen = Index(self._words), Seen()
            if changes.after > channel.seen.number:
                channel.behind = True  # this index was made anew since they were asked for
                return
            self._add(channel.index, changes)
            for gone in changes.gone:
                channel.index.remove(gone)
            if changes.gone and self._words:
                self._words.clear()
            channel.seen, channel.behind = changes.seen, changes.more

    def _add(self, index: Index, changes: Changes) -> None:
        """What does not open cannot be found; the other conversations of the channel can."""
        unwrapped, closed = cache(self._keys.unwrapped), dict[str, str]()
        for place, kept in changes.kept:
            index.remove(kept.id)
            try:
                key = unwrapped(place.key, changes.wrapped[place.key])
                packed = key.open(kept.blob, *message_context(place, kept.id, kept.version))
            except Unreadable as error:
                closed[place.key] = str(error)
                continue
            entry = Entry.unpack(packed, id=kept.id, sent=kept.sent, version=kept.version)
            # A conversation that wakes up has lost what it said before, also here.
            index.expire(entry.sent - self._kept * 1_000_000, place.key)
            index.add(place.key, entry)
        for name, reason in closed.items():
            log.error("not recalled: memory does not open", conversation=name, reason=reason)

    def _search(
        self, channel: _Channel, question: str, room: int, without: Sequence[str], live: float
    ) -> Sequence[Entry]:
        with channel.guard:
            channel.index.expire(live)  # the store did so, and its log does not tell
            return channel.index.search(question, room, without)
