"""The memory of conversations: what comes in, what a reply may build on, what is forgotten."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from memory.entry import PERSON, Description, Entry, Recollection, Segment
from memory.keys import Keys, sealed
from memory.seal import DataKey, Keyring, Randbytes, fingerprint
from memory.store import Arrival, Debris, Fold, Forgotten, Place, Store
from memory.summary import Summarise, accept, shortened, task, transcript
from memory.turn import Means, Terms, Turn, message_context, open_entries, open_segments
from memory.window import Marks, overflow

SCRUBS = 600.0  # seconds between rewrites after edits and deletions; /forget asks at once
MOST = 500  # messages read at once for upkeep and descriptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    marks: Marks = field(default_factory=Marks)
    segment: int = 500  # tokens of one summary
    batch: int = 8_000  # tokens of messages summarised at once
    follow: str = "one-on-one"  # or never, always: who need not call again in a joined thread
    terms: Terms = field(default_factory=Terms)


class Memory:
    """One engine for all platforms: it seals what it stores, and takes time from the messages."""

    def __init__(
        self,
        store: Store,
        keyring: Keyring,
        *,
        settings: Settings,
        measure: Callable[[str], Awaitable[int]],
        summarise: Summarise,
        randbytes: Randbytes,
    ) -> None:
        self._store, self._keyring, self._settings = store, keyring, settings
        self._keys, self._randbytes = Keys(keyring, randbytes), randbytes
        self._marks = _bounded(settings.marks)
        self._measure, self._summarise = measure, summarise
        self._means = Means(store=store, keys=self._keys, measure=measure, terms=settings.terms)
        self._pepper = b""
        self._unscrubbed, self._scrubbed = True, -SCRUBS  # a killed process may have left it to us

    async def open(self) -> None:
        """Read the store's own secret; raises UnknownKey if MEMORY_KEY does not fit the store."""
        candidate = self._keyring.wrap(DataKey.fresh(self._randbytes).raw, "pepper")
        self._pepper = self._keyring.unwrap(await self._store.pepper(candidate), "pepper")

    async def receive(self, place: Place, entry: Entry) -> bool:
        """Take a message in, once. Whether an answer is owed for it."""
        entry = replace(entry, tokens=await self._measure(entry.text))
        key = self._keys.current(place)
        while True:
            blob = sealed(key, entry.pack(), *message_context(place, entry.id, entry.version))
            got = await self._store.receive(place, self._arrival(place, entry), blob)
            if got.edit:
                entry = await self._edited(place, entry, *got.edit)
            elif got.rekey is not None:
                key = self._keys.learn(place, got.rekey)
            else:
                if got.owed or not key.fresh:  # else it may not have been stored at all
                    self._keys.keep(place, key)
                return got.owed

    async def claim(self, place: Place, message: str, twin: str) -> bool:
        """Whether this post came for the first time; it will not be stored as a message."""
        seen, other = self._seen(place, message), self._twin(place, twin)
        return await self._store.claim(place, seen, other, self._token())

    async def begin(self, place: Place) -> Turn | Debris | None:
        """Take the turn that is due here, if one is and nobody else holds it."""
        token, asked = self._token(), asyncio.get_running_loop().time()
        lease = await self._store.begin(place, token, self._token())
        if lease is None or isinstance(lease, Debris):
            return lease
        return Turn(self._means, place, lease, token=token, asked=asked)

    async def clear(self, place: Place, debris: Debris) -> None:
        await self._store.clear(place, debris)

    async def stop(self, place: Place, turn: str) -> None:
        await self._store.stop(place, turn)

    async def overdue(self) -> Sequence[Place]:
        return await self._store.overdue(MOST)

    def crowded(self, recollection: Recollection) -> bool:
        """Whether the window, as a turn saw it, is above its high mark."""
        entries = (*recollection.window, *recollection.question)
        return overflow(entries, self._marks, self._settings.batch) > 0

    async def settle(self, place: Place) -> int:
        """Fold what is above the window's high mark. How many messages were folded."""
        folded = 0
        while batch := await self._fold(place):
            folded += batch
        return folded

    async def amend(self, place: Place, message: str, text: str, at: int) -> None:
        """A post was edited at `at`; the newest edit wins, also before its message came."""
        self._unscrubbed, tokens = True, await self._measure(text)
        while not await self._amend(place, message, text, at, tokens):
            pass  # the message arrived, or its key changed, between two steps

    async def _amend(self, place: Place, message: str, text: str, at: int, tokens: int) -> bool:
        found = await self._store.locate(place, message)
        if found is None:
            alone = self._keys.seal_alone(_pending(place, message), text.encode())
            return await self._store.pend(place, message, self._seen(place, message), at, alone)
        home, key = found.place, self._keys.learn(found.place, found.wrapped)
        old = key.data.open(found.blob, *message_context(home, message, found.version))
        entry = replace(Entry.unpack(old, id=message, sent=0, version=at), text=text, tokens=tokens)
        blob = sealed(key, entry.pack(), *message_context(home, message, at))
        got = await self._store.amend(home, message, at, blob)
        return got.rekey is None

    async def retract(self, place: Place, messages: Sequence[str]) -> None:
        """Posts were deleted; a tombstone keeps those out that have not come yet."""
        self._unscrubbed = True
        await self._store.retract(place, {each: self._seen(place, each) for each in messages})

    async def describe(self, place: Place) -> Description:
        snapshot, messages, _ = await self._store.read(place, MOST)
        if not snapshot.wrapped:
            return Description(segments=(), window=(), messages=messages, tokens=0)
        key = self._keys.learn(place, snapshot.wrapped)
        entries = open_entries(place, key, snapshot)
        segments = open_segments(place, key, snapshot)
        tokens = sum(entry.tokens for entry in entries) + sum(each.tokens for each in segments)
        return Description(segments=segments, window=entries, messages=messages, tokens=tokens)

    async def forget(self, place: Place, until: int, *, channel: bool) -> Forgotten:
        """Forget this conversation up to a time, or the whole channel: a receipt with counts.

        What was said later stays, sealed under a new key; the old one is destroyed.
        """
        places = {each.key: each for each in (place, *await self._siblings(place, channel))}
        receipts = [await self._forget(each, until, channel) for each in places.values()]
        self._unscrubbed, self._scrubbed = True, -SCRUBS
        await self.scrub()
        return Forgotten(
            messages=sum(receipt.messages for receipt in receipts),
            segments=sum(receipt.segments for receipt in receipts),
        )

    async def scrub(self) -> None:
        """Have the server rewrite its file without what was deleted: now and then, if it was."""
        now = asyncio.get_running_loop().time()
        if self._unscrubbed and now - self._scrubbed >= SCRUBS:
            self._unscrubbed, self._scrubbed = False, now
            if not await self._store.scrub():
                self._unscrubbed, self._scrubbed = True, -SCRUBS

    async def _siblings(self, place: Place, channel: bool) -> Sequence[Place]:
        return await self._store.threads(place, 10_000) if channel else ()

    async def _forget(self, place: Place, until: int, channel: bool) -> Forgotten:
        fresh = self._keys.fresh(place)
        survivors: list[tuple[str, int, bytes]] = []
        while True:
            got = await self._store.forget(place, until, fresh.wrapped, survivors, channel=channel)
            if got.done:
                self._keys.learn(place, b"")
                return got
            old = self._keys.learn(place, got.wrapped)
            survivors = []
            for name, version, blob in got.survivors:
                context = message_context(place, name, version)
                again = fresh.data.seal(old.data.open(blob, *context), *context)
                survivors.append((name, version, again))

    async def _fold(self, place: Place) -> int:
        snapshot, _, _ = await self._store.read(place, MOST)
        if not snapshot.wrapped:
            return 0
        key = self._keys.learn(place, snapshot.wrapped)
        entries = open_entries(place, key, snapshot)
        entries = entries[: overflow(entries, self._marks, self._settings.batch)]
        if not entries:
            return 0
        question = task(await self._readable(transcript(entries)), self._settings.segment)
        text = (await self._summarise(question)).strip()
        if not accept(text, question.text):
            raise NotASummary
        covered = {entry.id: entry.version for entry in entries}
        segment = Segment(
            name=_name(covered),
            text=text,
            tokens=await self._measure(text),
            since=entries[-1].sent,
            covered=len(entries),
            authors=tuple({entry.author: None for entry in entries}),
        )
        blob = key.data.seal(segment.pack(), place.key, "segment", segment.name)
        fold = Fold(name=segment.name, covered=covered, blob=blob)
        done = await self._store.fold(place, fold, snapshot.wrapped)
        return len(entries) if done else 0

    async def _readable(self, text: str) -> str:
        """Two batches, names counted: a single message may be longer than the model's context."""
        most = 2 * self._settings.batch
        while (tokens := await self._measure(text)) > most:
            text = shortened(text, most / tokens)
        return text

    async def _edited(self, place: Place, entry: Entry, version: int, blob: bytes) -> Entry:
        text = self._keys.open_alone(_pending(place, entry.id), blob).decode()
        return replace(entry, text=text, version=version, tokens=await self._measure(text))

    def _arrival(self, place: Place, entry: Entry) -> Arrival:
        writer = fingerprint(self._pepper, "person", place.platform, place.space, entry.author)
        return Arrival(
            id=entry.id,
            fingerprint=self._seen(place, entry.id),
            twin=self._twin(place, entry.twin),
            writer=writer,
            sent=entry.sent,
            version=entry.version,
            called=entry.called,
            person=entry.kind == PERSON,
            follow=self._settings.follow if place.thread else "never",
        )

    def _seen(self, place: Place, message: str) -> bytes:
        return fingerprint(self._pepper, "seen", place.channel_key, message)

    def _twin(self, place: Place, twin: str) -> bytes:
        return fingerprint(self._pepper, "twin", place.channel_key, twin) if twin else b""

    def _token(self) -> str:
        return self._randbytes(10).hex()


class NotASummary(Exception):
    """The model's answer was no summary: the messages stay as they are."""


def _bounded(marks: Marks) -> Marks:
    """Short messages fold before there are more than are read at once: none falls out of sight."""
    high = min(marks.messages_high or MOST, MOST * 4 // 5)
    return replace(marks, messages_high=high, messages_low=min(marks.messages_low or high, high))


def _pending(place: Place, message: str) -> str:
    return f"{place.channel_key}:pending:{message}"


def _name(covered: Mapping[str, int]) -> str:
    """The same messages at the same versions make the same segment."""
    whole = "\n".join(f"{each} {version}" for each, version in covered.items())
    return hashlib.sha256(whole.encode()).hexdigest()[:16]
