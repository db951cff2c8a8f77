"""One turn: the lease on a conversation, what it may build on, and what it ends with."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from memory.citing import Read
from memory.dependencies import Means
from memory.entry import ME, PERSON, Entry, Recollection, Segment
from memory.facts import shows
from memory.keys import Key, message_context, sealed
from memory.opened import Known
from memory.opening import recollect
from memory.records import Concluded, Lease, Place, Reply, Sealed
from memory.seal import Unreadable
from memory.siblings import as_entry, earlier
from memory.store import StoreDown
from memory.taken import Citation, Draft, Taken

AGAIN = 1.0  # seconds until a renewal that the store did not answer is tried again
ASKERS = 8  # of one turn, the last ones: so many people's facts are read
RECALLED = 4_000  # tokens of older messages that another process's prompt may have held


class Lost(Exception):
    """Another process holds this turn now, or it has ended."""


class Stale(Exception):
    """What the turn read was edited, deleted or forgotten: answer again, on the same posts."""


class Withdrawn(Exception):
    """Nothing is left to answer: take the posts back."""


class Turn:
    """Held by one process at a time; every step says when that is over (Lost)."""

    def __init__(
        self,
        means: Means,
        place: Place,
        lease: Lease,
        *,
        known: Known | None,
        token: str,
        asked: float,
    ) -> None:
        self._means, self._store, self._token = means, means.store, token
        self._mark = ""  # see Reply
        self._older: Sequence[Entry] | None = None  # as recalled here; None: not yet
        self._summaries: Sequence[tuple[Place, Segment]] = ()  # of earlier threads
        self.trouble: Lost | Stale | Withdrawn | None = None  # what a renewal met
        self.place = place
        self._take(lease, asked, known)

    def _take(self, lease: Lease, asked: float, known: Known | None = None) -> None:
        self._lease, self.stopped, self.changed = lease, lease.stopped, lease.changed
        self.trouble = None
        self.place = replace(self.place, audience=lease.snapshot.audience)
        self._asked = asked
        self._deadline = asked + self._means.terms.lease  # counted from before the store was asked
        self._open(lease, known)

    def _open(self, lease: Lease, known: Known | None) -> None:
        self.unreadable = ""  # else why: such a turn can end with an apology, and changes no memory
        key: Key | None = None
        self.recollection = Recollection(segments=(), window=(), question=())
        self._draft = Draft()
        try:
            self._key = key = self._means.keys.learn(self.place, lease.snapshot.wrapped)
            read = recollect(self.place, self._key, lease, known)
            self._means.opened.keep(self.place, lease.snapshot, read)
            self.recollection = read.named()
            if lease.text:
                draft = Draft.unpack(self._key.data.open(lease.text, *self._context()))
                self._draft = draft if shows(draft.text) else Draft()
        except Unreadable as error:
            self._key, self.unreadable = key or self._means.keys.fresh(self.place), str(error)

    async def acquaint(self) -> None:
        """Read what those who ask said of themselves; no round trip if it came with the lease."""
        asking = [each for each in self.recollection.question if each.id in self._lease.claims]
        askers = dict.fromkeys(each.author for each in asking if each.kind == PERSON)
        persons, read = self._means.persons, self._lease.slots
        facts = await persons.known(self.place, tuple(askers)[-ASKERS:], read)
        self.recollection = replace(self.recollection, facts=facts)

    @property
    def text(self) -> str:
        """The complete reply, if one was noted; else empty."""
        return self._draft.text

    @property
    def id(self) -> str:
        return self._lease.turn

    @property
    def fence(self) -> int:
        return self._lease.fence

    @property
    def anchor(self) -> str:
        return self._lease.anchor

    @property
    def typed(self) -> str:
        """What people wrote themselves, as far as it stands in the prompt word for word."""
        told = (*self.recollection.window, *self.recollection.question)
        return "\n".join(each.own for each in told if each.kind == PERSON)

    @property
    def attempt(self) -> int:
        return self._lease.attempt

    @property
    def failures(self) -> int:
        return self._lease.failures

    @property
    def began_at(self) -> datetime:
        return datetime.fromtimestamp(self._lease.began / 1_000_000, UTC)

    @property
    def posted(self) -> tuple[str, ...]:
        return self._lease.posted

    @property
    def withdrawn(self) -> bool:
        return self._lease.withdrawn

    @property
    def unfolded(self) -> int:
        """Messages in the window's run, those not read into this turn too."""
        return self._lease.snapshot.unfolded

    async def keep(self) -> None:
        """Renew the lease, a third of it after the last time: to be run beside all that is done.

        Whatever the turn waits for, and however often something comes. What a renewal meets is
        left in `trouble`.
        """
        third, now = self._means.terms.lease / 3, asyncio.get_running_loop().time
        while not isinstance(self.trouble, Lost):
            await asyncio.sleep(self._deadline - 2 * third - now())
            try:
                await self.note()
            except StoreDown:
                await asyncio.sleep(AGAIN)
            except (Lost, Stale, Withdrawn) as met:
                self.trouble = met

    async def secure(self) -> None:
        """Return once the lease outlasts a platform call that begins now."""
        if self.trouble:
            raise self.trouble
        while asyncio.get_running_loop().time() + self._means.terms.call >= self._deadline:
            await self.note()

    async def recall(self, room: int, without: Iterable[str]) -> Sequence[Entry]:
        """Older messages of this channel that match the question, within `room` tokens."""
        self._older, self._summaries = (), ()
        if self._means.recalling is None:
            return ()
        question = "\n".join(entry.text for entry in self.recollection.question)
        changes, began = self._lease.changes, self._lease.began
        self._summaries = await self._earlier(room // 2)
        told = [as_entry(*each) for each in self._summaries]
        room -= sum(each.tokens for each in told)
        self._older = await self._means.recalling.search(
            self.place, changes, question, room, without, asked=self._asked, now=began
        )
        return (*told, *self.recollection.labels.named(self._older))

    async def _earlier(self, room: int) -> Sequence[tuple[Place, Segment]]:
        """Of a direct message's earlier threads, when a new one begins."""
        begun = self.recollection.window or self.recollection.segments
        if begun or not (self.place.thread and self.place.audience == "direct"):
            return ()
        return await earlier(self._store, self._means.keys, self.place, room)

    async def _taken(self, text: str) -> Taken:
        """From what a reply of this text takes words: from what its prompt may have held."""
        if self._older is None and text:  # another process asked the model
            shown = [each.id for each in (*self.recollection.window, *self.recollection.question)]
            await self.recall(RECALLED, shown)
        read = Read(
            place=self.place,
            recollection=self.recollection,
            older=self._older or (),
            earlier=self._summaries,
            claims=self._lease.claims,
            at=self.began_at,
        )
        return await self._means.citing.taken(text, read)

    async def note(self, posted: Sequence[str] = (), text: str = "") -> None:
        """Renew the lease; record what is visible, and the complete text before its last edit."""
        draft, blob = Draft(), b""
        if shows(text) and not self.unreadable:
            draft = Draft(text, await self._taken(text))
            blob = self._key.data.seal(draft.pack(), *self._context())
        asked, read = asyncio.get_running_loop().time(), self._lease.snapshot
        noted = await self._store.note(self.place, self._lease, posted, blob)
        known = tuple(dict.fromkeys((*self._lease.posted, *posted)))
        self._lease = replace(self._lease, posted=known)
        if noted.lost:
            raise Lost
        self._deadline = asked + self._means.terms.lease
        self.stopped |= noted.stopped
        if self.withdrawn or read is not self._lease.snapshot:
            return  # that is known, or the record was read again meanwhile
        if noted.withdrawn:
            raise Withdrawn
        if noted.revision != read.revision:
            raise Stale
        if blob:
            self._draft = draft

    async def reload(self) -> None:
        """Read the record again, keeping the lease: it changed under this turn."""
        asked = asyncio.get_running_loop().time()
        seen = self._means.recalling.seen(self.place) if self._means.recalling else None
        people = [self.place.person(each.author) for each in self.recollection.question[-ASKERS:]]
        lease = await self._store.begin(self.place, self._token, self.id, seen, people)
        if not isinstance(lease, Lease) or lease.fence != self._lease.fence:
            raise Lost
        self._take(lease, asked)
        await self.acquaint()

    async def conclude(self, final: Sequence[str], removed: Sequence[str], text: str) -> Concluded:
        """End the turn with the reply as delivered; no posts: nothing could be said."""
        taken = self._draft.taken
        if text != self._draft.text and not self.unreadable:
            taken |= await self._taken(text)
        citation = Citation(place=self.place, turn=self.id, reply=final[0] if final else "")
        if taken.facts and final and not await self._means.persons.cite(citation, taken.facts):
            await self._store.take_back(self.place, self.id, "")  # nor the noted text
            return Concluded(verdict="stale")
        asked = [each.sent for each in self.recollection.question if each.id in self._lease.claims]
        entry = Entry(
            id=final[0] if final else self.id,
            author="",
            name="",
            kind=ME,
            text=text,
            sent=1 + max(asked, default=self._lease.began),  # stands behind what it answers
            tokens=await self._means.measure(text),
            answers=self._lease.claims,
            cites=taken.messages,
        )
        blob = sealed(self._key, entry.pack(), *message_context(self.place, entry.id, 0))
        sent = entry.sent
        final, removed = tuple(final), tuple(removed)
        reply = Reply(
            final=final,
            removed=removed,
            sent=sent,
            sealed=blob,
            mark=self._mark,
            sources=taken.messages,
        )
        if self.unreadable:
            there = Sealed(wrapped=self._lease.snapshot.wrapped, fresh=False, blob=b"")
            reply = replace(reply, final=(), removed=(*final, *removed), sealed=there)
        end = await self._store.conclude(self.place, self._lease, reply)
        self._mark = end.mark or self._mark
        return end

    async def withdraw(self, removed: Sequence[str]) -> Concluded:
        return await self._store.withdraw(self.place, self._lease, removed)

    async def release(self, *, clean: bool, failed: bool = False, wait: float = 0.0) -> None:
        """Give the lease back; `clean`: no platform call of ours can still be under way."""
        await self._store.release(self.place, self._lease, clean=clean, failed=failed, wait=wait)

    def _context(self) -> tuple[str, ...]:
        return (self.place.key, "text", self.id, str(self._lease.snapshot.revision))
