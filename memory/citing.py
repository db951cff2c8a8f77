"""Citations: which messages and facts a reply took words from, and what goes when those do."""

import asyncio
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from memory.entry import ME, Entry, Recollection, Segment
from memory.facts import Fact
from memory.keys import Keys, message_context
from memory.opening import open_contents
from memory.quotes import Prints, Quotes, Reply
from memory.records import Place
from memory.store import Store
from memory.taken import EXPIRED, FactSource, Going, Taken, of_segment

LARGE = 8_000  # characters of a text that is compared in a thread
PAST = 2_000  # messages before an old reply that it is compared with
PRINTS = 50_000  # texts whose prints are kept: about 250 bytes each


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What a reply was made from; `earlier` are summaries of other threads."""

    place: Place
    recollection: Recollection
    older: Sequence[Entry] = ()
    earlier: Sequence[tuple[Place, Segment]] = ()
    claims: Sequence[str] = ()  # what it answers: the record knows that these belong together
    at: datetime

    @property
    def entries(self) -> Sequence[Entry]:
        recollected = (*self.recollection.window, *self.recollection.question, *self.older)
        return [entry for entry in recollected if entry.id not in self.claims]

    @property
    def names(self) -> set[str]:
        recollected = (*self.recollection.window, *self.recollection.question, *self.older)
        return {entry.name for entry in recollected}


class Citing:
    """Compares texts while their words are at hand. What it keeps of them is hashes alone."""

    def __init__(self, store: Store, keys: Keys, quotes: Quotes) -> None:
        self._store, self._keys, self._quotes = store, keys, quotes
        self._prints: OrderedDict[tuple[str, str, int], Prints] = OrderedDict()

    def clear(self) -> None:
        """Something was deleted: keep nothing of it at hand."""
        self._prints.clear()

    async def taken(self, text: str, read: Read) -> Taken:
        """From which messages and facts a reply of this text took words."""
        texts = (text, *(entry.text for entry in read.entries))
        if max(map(len, texts)) > LARGE:  # takes longer than others may wait
            reply, messages = await asyncio.to_thread(self._compared, text, read)
        else:
            reply, messages = self._compared(text, read)
        segments = [(read.place, each) for each in read.recollection.segments]
        for place, names in self._segments(reply, [*segments, *read.earlier]).items():
            messages += await self._sources(reply, place, names)
        facts = tuple(self._facts(reply, read.recollection.facts))
        return Taken(tuple(dict.fromkeys(messages)), facts)

    def _compared(self, text: str, read: Read) -> tuple[Reply, list[tuple[str, int]]]:
        reply = self._quotes.reply(text, read.names, self._quotes.rare.all(dated(read.at)))
        return reply, list(self._messages(reply, read.place, read.entries))

    async def past(self, place: Place) -> None:
        """Find out what the bot's replies that were read from the platform took words from.

        Those of its own turns tell it themselves.
        """
        held = await self._store.held(place)
        if not held.wrapped:
            return
        contents = open_contents(place, self._keys.learn(place, held.wrapped), held)
        found = await asyncio.to_thread(self._past, contents.entries)
        for reply, sources in found:
            await self._store.cite_reply(place, reply, sources)

    def _past(self, entries: Sequence[Entry]) -> Sequence[tuple[str, Sequence[tuple[str, int]]]]:
        """Replies with the messages before them that they took words from, oldest first."""
        names = {entry.name for entry in entries}
        printed = list[tuple[Entry, Prints]]()
        found = []
        for entry in entries:
            if entry.kind == ME and not entry.answers:
                reply = self._quotes.reply(entry.text, names)
                likely = reply.likely(printed[-PAST:])
                sources = [(each.id, each.version) for each in likely if reply.taken(each.text)]
                if sources:
                    found.append((entry.id, sources))
            printed.append((entry, self._quotes.prints(entry.text)))
        return found

    async def going(self, place: Place, message: str, old: str, new: str) -> Going:
        """Which replies took words from a message that an edit removes."""
        known, stored = await self._store.depending(place, message)
        going = set(known) - {each.kept.id for each in stored}  # too many to look at: they go
        for each in stored:
            key = self._keys.learn(each.place, each.wrapped)
            context = message_context(each.place, each.kept.id, each.kept.version)
            packed = key.data.open(each.kept.blob, *context)
            text = Entry.unpack(packed, id=each.kept.id, sent=0, version=0).text
            reply = self._quotes.reply(text)
            if reply.taken(old) - reply.taken(new):
                going.add(each.kept.id)
        return Going(tuple(known), tuple(going))

    def _messages(
        self, reply: Reply, place: Place, entries: Sequence[Entry]
    ) -> Iterator[tuple[str, int]]:
        printed = [(each, self._printed(place, each)) for each in entries]
        for entry in reply.likely(printed):
            if reply.taken(entry.text):
                yield entry.id, entry.version

    def _printed(self, place: Place, told: Entry | Segment) -> Prints:
        name = (place.channel_key, *_named(told))
        prints = self._prints.get(name)
        if prints is None:
            self._prints[name] = prints = self._quotes.prints(told.text)
            if len(self._prints) > PRINTS:
                self._prints.popitem(last=False)
        return prints

    def _facts(self, reply: Reply, facts: Sequence[Fact]) -> Iterator[FactSource]:
        for fact in facts:
            source = fact.sources[0]
            if reply.taken(f"{fact.value}\n{source.quote}"):
                yield source.cited(fact.person)

    def _segments(
        self, reply: Reply, segments: Sequence[tuple[Place, Segment]]
    ) -> dict[Place, list[str]]:
        """The names of those whose words the reply has, by conversation."""
        found: dict[Place, list[str]] = {}
        printed = [(each, self._printed(*each)) for each in segments]
        for place, segment in reply.likely(printed):
            if reply.taken(segment.text):
                found.setdefault(place, []).append(segment.name)
        return found

    async def _sources(
        self, reply: Reply, place: Place, names: Sequence[str]
    ) -> Sequence[tuple[str, int]]:
        """Of the messages that segments tell of, those whose words they are."""
        sources = await self._store.sources(place, names)
        key = self._keys.learn(place, sources.wrapped)
        found = [of_segment(place, name) for name in sources.closed]
        for kept in sources.messages:
            packed = key.data.open(kept.blob, *message_context(place, kept.id, kept.version))
            entry = Entry.unpack(packed, id=kept.id, sent=kept.sent, version=kept.version)
            if reply.taken(entry.text):
                found.append((entry.id, entry.version))
        return found


def _named(told: Entry | Segment) -> tuple[str, int]:
    return (told.id, told.version) if isinstance(told, Entry) else (told.name, EXPIRED)


def dated(at: datetime) -> str:
    """The day in several ways: the prompt's clock tells it, nobody gave it away."""
    numbers = f"{at.day}.{at.month}.{at.year} {at.month}/{at.day}/{at.year}"
    return f"{at:%Y %Y-%m-%d %A %B} {numbers}"
