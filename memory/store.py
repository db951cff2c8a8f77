"""The Store port: records of sealed bytes, and the atomic steps a conversation goes through."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from memory.place import Place as Place  # noqa: PLC0414 - everybody has it from here


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """Bytes under a data key; `fresh` if that key was made for them and may become the record's."""

    wrapped: bytes
    fresh: bool
    blob: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """What a store may know of a message to decide about it. Times in microseconds since 1970."""

    id: str
    fingerprint: bytes
    twin: bytes  # empty: none
    writer: bytes  # fingerprint of the author
    sent: int
    version: int  # time of the edit the text is from; 0: as posted
    called: bool
    person: bool
    follow: str  # never, one-on-one, always: whose message is owed without calling


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A stored message: state is o (overheard), c (called) or m (mine)."""

    id: str
    state: str
    version: int
    sent: int
    owed: bool
    blob: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """A segment to stand for two others, which stay stored behind it."""

    name: str
    children: tuple[str, ...]
    blob: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold:
    """A segment to store: the covered ids with the versions that were summarised."""

    name: str
    covered: Mapping[str, int]
    blob: bytes
    merges: tuple[Merge, ...] = ()  # in the same commit: the prompt's prefix breaks there anyway


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """A stored segment, and how many messages it covers."""

    name: str
    covered: int
    blob: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """A segment of messages, with their versions; its time is that of its last message."""

    name: str
    since: int = 0
    covered: Mapping[str, int]
    blob: bytes  # to be revived; empty: to be taken away again


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """All messages of a conversation, unsorted, and the segments made of messages."""

    wrapped: bytes
    messages: tuple[Kept, ...]
    leaves: tuple[Leaf, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    wrapped: bytes
    revision: int
    messages: tuple[Kept, ...]
    folds: tuple[Folded, ...]  # a turn gets the newest
    unfolded: int  # messages in the window's run, beyond those read too
    audience: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """How far an index of a channel has followed its log."""

    epoch: int = 0
    number: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What an index has to learn: messages that came or changed, ids that went.

    They follow on `after`; in another epoch than the index's it begins anew.
    """

    seen: Seen
    after: int
    more: bool = False
    kept: tuple[tuple[Place, Kept], ...] = ()
    gone: tuple[str, ...] = ()
    wrapped: Mapping[str, bytes]  # by place key


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A running turn, as the store holds it."""

    turn: str
    fence: int
    attempt: int  # how often it was begun
    failures: int  # how often its holder gave up
    anchor: str
    began: int
    withdrawn: bool
    stopped: bool
    text: bytes  # sealed; empty: not complete yet, or no longer true
    posted: tuple[str, ...]
    claims: tuple[str, ...]
    snapshot: Snapshot
    changes: Changes


@dataclass(frozen=True, slots=True, kw_only=True)
class Debris:
    """Posts of a finished turn that should not be there."""

    turn: str
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """`owed`, or what must be done before the message can be taken: then call again."""

    owed: bool = False
    joined: bool = False  # this message made the bot join, or join again
    rekey: bytes | None = None  # seal under this key; empty: under a fresh one
    edit: tuple[int, bytes] | None = None  # an edit came first: its version and sealed text


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    place: Place
    wrapped: bytes
    version: int
    blob: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    lost: bool
    withdrawn: bool = False
    stopped: bool = False
    revision: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a turn ends with."""

    final: tuple[str, ...]
    removed: tuple[str, ...]
    sent: int
    sealed: Sealed


@dataclass(frozen=True, slots=True, kw_only=True)
class Concluded:
    """`verdict` is done, lost, withdrawn, stale (answer again) or unknown (remove `ids` first)."""

    verdict: str
    more: bool = False
    ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """A receipt; or `survivors`, sealed under `wrapped`, to be sealed anew and given back."""

    done: bool = True
    messages: int = 0
    segments: int = 0
    survivors: tuple[tuple[str, int, bytes], ...] = ()  # id, version, sealed
    wrapped: bytes = b""


class Store(Protocol):
    """Every step is atomic and leaves the same state when it runs twice.

    Raises `StoreDown` when the store gave no answer: the caller may repeat the step.
    """

    async def receive(self, place: Place, arrival: Arrival, sealed: Sealed) -> Received: ...
    async def claim(self, place: Place, fingerprint: bytes, twin: bytes, token: str) -> bool: ...
    async def begin(
        self, place: Place, token: str, candidate: str, seen: Seen | None
    ) -> Lease | Debris | None: ...
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
    async def journal(self, line: str, *, done: bool) -> None:
        """Keep a line until it is done: what has yet to reach the archive."""
        ...

    async def journaled(self) -> Sequence[str]: ...

    async def read(self, place: Place, limit: int) -> tuple[Snapshot, int, int]:
        """The record, how many messages it holds, and its watermark (microseconds)."""
        ...

    async def fold(self, place: Place, fold: Fold, wrapped: bytes) -> bool: ...
    async def locate(self, place: Place, message: str) -> Found | None:
        """A remembered post, in whichever thread of the channel it stands."""
        ...

    async def pend(
        self, place: Place, message: str, fingerprint: bytes, version: int, blob: bytes
    ) -> bool: ...
    async def amend(self, place: Place, message: str, version: int, sealed: Sealed) -> Received: ...
    async def retract(self, place: Place, posts: Mapping[str, bytes]) -> None: ...
    async def forget(
        self,
        place: Place,
        water: int,
        wrapped: bytes,
        survivors: Sequence[tuple[str, int, bytes]],
        *,
        channel: bool,
    ) -> Forgotten: ...
    async def threads(self, place: Place, limit: int) -> Sequence[Place]:
        """The channel's remembered conversations, newest first."""
        ...

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
