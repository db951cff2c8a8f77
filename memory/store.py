"""The Store port: the atomic steps a conversation goes through."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Protocol

from memory.citation_store import CitationStore
from memory.gap_store import GapStore
from memory.opened import Known
from memory.records import (
    Arrival,
    Changes,
    Concluded,
    Debris,
    Expunged,
    Fold,
    Forgotten,
    Found,
    Held,
    Leaf,
    Lease,
    Noted,
    Place,
    Received,
    Reply,
    Sealed,
    Seen,
    Snapshot,
    Spoiled,
)
from memory.slots import NOTHING, Account, Doubt, Person, Slot, Spent
from memory.taken import Amended, Going


class Store(CitationStore, GapStore, Protocol):
    """Every step is atomic and leaves the same state when it runs twice.

    Raises `StoreDown` when the store gave no answer: the caller may repeat the step.
    """

    async def receive(
        self, place: Place, arrival: Arrival, sealed: Sealed, writer: Person | None = None
    ) -> Received:
        """Take a message in; in the same round trip note that its writer wrote here."""
        ...

    async def claim(
        self, place: Place, fingerprint: bytes, twin: bytes, token: str, *, done: bool
    ) -> str:
        """See Memory.claim; `done`: it was run."""
        ...

    async def begin(
        self,
        place: Place,
        token: str,
        candidate: str,
        seen: Seen | None,
        people: Sequence[Person] = (),
        known: Known | None = None,
    ) -> Lease | Debris | Spoiled | None:
        """Take the lease; in the same round trip read the slots of those who probably ask."""
        ...

    async def changes(self, place: Place, seen: Seen) -> Changes: ...
    async def note(
        self, place: Place, lease: Lease, posted: Sequence[str], text: bytes
    ) -> Noted: ...
    async def conclude(self, place: Place, lease: Lease, reply: Reply) -> Concluded: ...
    async def withdraw(self, place: Place, lease: Lease, removed: Sequence[str]) -> Concluded: ...
    async def release(
        self, place: Place, lease: Lease, *, clean: bool, failed: bool, wait: float
    ) -> None: ...
    async def clear(self, place: Place, debris: Debris) -> None: ...
    async def echo(self, place: Place, post: str, turn: str, fence: int, mark: str) -> None:
        """A platform shows a post that this turn's holder of this fence (0: some) wrote."""
        ...

    async def restored(self, place: Place, spoiled: Spoiled) -> None: ...
    async def rescope(self, place: Place, audience: str, at: int) -> None:
        """This conversation, and its channel, has another audience since a time."""
        ...

    async def doubt(self, place: Place) -> None:
        """Open a doubt about every fact that rests on a message of the place's channel."""
        ...

    def inventory(self, space: Place) -> AsyncIterator[Place | Person]:
        """All conversations, channels and people of the place's space, some more than once."""
        ...

    async def vanish(self, space: Place, until: int) -> None:
        """Take away whatever is left of the place's space, unless something newer is there."""
        ...

    async def doubted(self, space: Place) -> Sequence[Doubt]:
        """Some of the doubts about what was said in the place's space, due or not."""
        ...

    async def left(self, spaces: Sequence[str]) -> Sequence[tuple[int, bool]]:
        """Until when the bot was in each (microseconds; 0: it did not leave), and if it is back."""
        ...

    async def mark_left(self, space: str, until: int, *, back: bool, kept: int) -> None:
        """`kept`: seconds that the mark stays."""
        ...

    async def plan(self, line: str, *, done: bool) -> None:
        """Keep a line until it is done: what has yet to be forgotten, or read by others only."""
        ...

    async def planned(self) -> Sequence[str]: ...
    async def stop(self, place: Place, turn: str) -> None: ...
    async def overdue(self, limit: int) -> Sequence[Place]: ...
    async def expiring(self, limit: int) -> Sequence[Place]:
        """Conversations to look after before their messages expire."""
        ...

    async def defer(self, place: Place, seconds: float) -> bool:
        """Look again after that; 0: done, if nothing is left unfolded. Whether time is short."""
        ...

    async def held(self, place: Place) -> Held: ...
    async def revive(self, place: Place, wrapped: bytes, leaves: Sequence[Leaf]) -> None:
        """Give archived segments back to a conversation without any, or take them away."""
        ...

    def places(self) -> AsyncIterator[Place]: ...
    async def owe(self, line: str, *, done: bool) -> None:
        """Keep a line until it is done: what has yet to reach the archive."""
        ...

    async def owing(self) -> Sequence[str]: ...

    async def spend(
        self, account: Account, names: Sequence[str], what: str = "", cost: Spent = NOTHING
    ) -> Mapping[str, Spent]:
        """Charge for what was done, once; what each name has spent today."""
        ...

    async def tell(self, account: Account, place: Place, turn: str) -> bool:
        """Whether this turn is to tell the conversation that a budget is used up: one a day is."""
        ...

    async def read(self, place: Place, limit: int, *, owed: int = 0) -> tuple[Snapshot, int, int]:
        """The record, how many messages it holds, and its watermark (microseconds).

        Up to `limit` unfolded messages, and to the first owed one beyond so many.
        """
        ...

    async def fold(self, place: Place, fold: Fold, wrapped: bytes) -> bool: ...
    async def silent(self, limit: int, token: str, silence: float) -> Sequence[Place]:
        """Conversations with fresh messages in which nobody said more for so many seconds.

        Each is given to one caller, and again after twice the time if nothing was learned.
        """
        ...

    async def learned(self, place: Place, asked: Mapping[str, int]) -> None:
        """These messages are not fresh any more, unless their versions are others by now."""
        ...

    async def locate(self, place: Place, message: str) -> Found | None:
        """A remembered post, in whichever thread of the channel it stands."""
        ...

    async def pend(self, place: Place, message: str, fingerprint: bytes, version: int) -> bool:
        """Keep the time of an edit whose message is not held; False: it is by now."""
        ...

    async def amend(
        self, place: Place, message: str, version: int, sealed: Sealed, replies: Going
    ) -> Amended:
        """Change a message; with it go replies that took words from it which it has no more."""
        ...

    async def retract(self, place: Place, posts: Mapping[str, bytes]) -> None: ...
    async def forget(
        self,
        place: Place,
        water: int,
        wrapped: bytes,
        survivors: Sequence[tuple[str, int, bytes]],
        *,
        channel: bool,
        under: bytes = b"",
        cursor: str = "",
    ) -> Forgotten:
        """Some of it: until it is done, go on at the cursor it names; `wrapped`: a fresh key.

        Nothing older is read or enters from the first step on. `survivors` are sealed `under` a
        key; see Forgotten. `channel`: nothing older enters any other conversation of it either.
        """
        ...

    async def prune(
        self, place: Place, water: int, *, channel: bool, person: Person | None = None
    ) -> None:
        """Facts and more that rest on what was forgotten go: of all that, or of one person's."""
        ...

    async def threads(self, place: Place, limit: int) -> Sequence[Place]:
        """The channel's remembered conversations, newest first."""
        ...

    async def persons(self, people: Sequence[Person]) -> Mapping[str, Slot]:
        """Their slots by key; reading keeps them from expiring."""
        ...

    async def know(
        self, person: Person, revision: int, sealed: Sealed, forgotten: Sequence[str] = ()
    ) -> bool:
        """Put a slot in the place of the one read at `revision`; False: it has changed since.

        `forgotten`: sources through which no reply may quote this person any more.
        """
        ...

    async def cite(
        self, place: Place, token: str, sources: Sequence[tuple[str, int, str]]
    ) -> Sequence[str]:
        """Which messages (id, version, person's key) may yield facts: they stand, and did not yet.

        Opens a doubt about each, for the sweep to find should the facts never be written.
        """
        ...

    async def cited(self, place: Place, *, channel: bool) -> Mapping[str, str]:
        """The messages facts rest on, here or in the whole channel, and whose they are (keys)."""
        ...

    async def doubts(self, place: Place | None) -> Sequence[Doubt]:
        """Open doubts: of a channel those that edits and deletions left, else all that are due."""
        ...

    async def settle(self, doubt: Doubt) -> None: ...
    async def wrote(self, person: Person, place: Place, at: int) -> int:
        """Note that somebody wrote here: up to when they are forgotten (microseconds), or 0."""
        ...

    async def whereabouts(self, person: Person) -> Sequence[Place]:
        """The conversations in which somebody wrote, newest first; some may have expired."""
        ...

    async def disown(self, person: Person, water: int, gone: Sequence[Place] | None = None) -> None:
        """A person is to be forgotten up to a time; with `gone`, conversations to drop, is so."""
        ...

    async def leaving(self, limit: int) -> Sequence[tuple[Person, int]]:
        """Whom somebody began to forget, and up to when; not those of the last minute."""
        ...

    async def expunge(self, place: Place, what: Expunged) -> None: ...
    async def scrub(self) -> bool:
        """Ask the server to rewrite what it keeps on disk without what was deleted.

        False: it is at it, perhaps since before the deletion; ask again.
        """
        ...

    async def pepper(self, candidate: bytes) -> bytes:
        """The store's own secret, wrapped; the candidate if it has none yet."""
        ...

    async def ping(self) -> None: ...


class StoreDown(Exception):
    """The store did not answer; what was asked may or may not have happened."""
