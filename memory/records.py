"""The records that go in and out of a store: sealed bytes, and the names they go by."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import quote, unquote

from memory.slots import Person, Slot


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a conversation happens. `key` names its record, `channel_key` its channel's."""

    platform: str
    space: str
    channel: str
    thread: str = ""
    audience: str = ""
    key: str = field(init=False, repr=False, compare=False)
    channel_key: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        parts = (self.platform, self.space, self.channel)
        channel = ":".join(quote(part, safe="") for part in parts)
        object.__setattr__(self, "channel_key", channel)
        object.__setattr__(self, "key", f"{channel}:{quote(self.thread, safe='')}")

    @classmethod
    def parse(cls, key: str, audience: str = "") -> "Place":
        platform, space, channel, thread = (unquote(part) for part in key.split(":"))
        return cls(
            platform=platform, space=space, channel=channel, thread=thread, audience=audience
        )

    def sibling(self, thread: str) -> "Place":
        return replace(self, thread=thread)

    @property
    def space_key(self) -> str:
        return self.channel_key.rpartition(":")[0]

    def person(self, author: str) -> Person:
        return Person(platform=self.platform, space=self.space, id=author)


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
    how: str = ""  # it came: just now; past, or mine: a past reply of ours; kept: it is to be
    patience: int = 0  # ms a turn waits for what was said before; 0: that is not to be read


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A stored message: state is o (overheard), c (called) or m (mine)."""

    id: str
    state: str
    version: int
    sent: int
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
    """Unfolded messages and segments: all are named, and those the reader lacks are there."""

    wrapped: bytes
    revision: int
    order: tuple[str, ...]  # ids by time
    owed: frozenset[str]
    messages: tuple[Kept, ...]
    summary: tuple[str, ...]  # names of segments; a turn gets the newest
    folds: tuple[Folded, ...]
    unfolded: int  # messages in the window's run, beyond those read too
    audience: str
    fresh: frozenset[str] = frozenset()  # not asked about for facts yet; the upkeep reads them


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
    changed: bool  # what it reads is not what it was when the turn was first begun
    text: bytes  # sealed; empty: not complete yet, or no longer true
    posted: tuple[str, ...]
    claims: tuple[str, ...]
    snapshot: Snapshot
    changes: Changes
    slots: Mapping[str, Slot] = field(default_factory=dict)  # by key: of those that were asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class Expunged:
    """What goes of one person in one conversation, or a part of it: then it is not the last."""

    person: Person
    writer: bytes  # their fingerprint
    water: int  # nothing they wrote up to then enters any more (microseconds since 1970)
    messages: tuple[str, ...] = ()  # theirs, and the bot's that quote them
    leaves: tuple[str, ...] = ()  # names of the segments that tell of them
    call: str = ""  # the last message with which somebody else called
    last: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Debris:
    """Posts of a finished turn that should not be there."""

    turn: str
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoiled:
    """Posts of a finished turn that show what an older holder wrote, and the reply as it was."""

    turn: str
    mark: str  # another one: spoiled once more
    fence: int
    ids: tuple[str, ...]
    wrapped: bytes
    version: int
    sent: int
    blob: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """`owed`, or what must be done before the message can be taken: then call again."""

    owed: bool = False
    joined: bool = False  # this message made the bot join, or join again
    gap: bool = False  # what was said before, or meanwhile, is yet to be read
    rekey: bytes | None = None  # seal under this key; empty: under a fresh one
    edit: int | None = None  # an edit came first, at this time: its text is to be read
    held: bool = False  # the message is remembered, or was
    water: int | None = None  # up to when its writer is forgotten; None: that was not asked


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
    mark: str = ""  # of the last time that its posts were written again
    sources: tuple[tuple[str, int], ...] = ()  # what it took words from: see Taken.messages


@dataclass(frozen=True, slots=True, kw_only=True)
class Concluded:
    """`verdict` is done, lost, withdrawn, stale (answer again), unknown (remove `ids` first) or
    dirty (write the posts again: they may show what an older holder wrote).
    """

    verdict: str
    more: bool = False
    ids: tuple[str, ...] = ()
    mark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """A receipt; or, not done, where to go on (`cursor`) and `survivors`, sealed under `wrapped`.

    Those are to be sealed anew, under the key `following`, and given back.
    """

    done: bool = True
    messages: int = 0
    segments: int = 0
    facts: int = 0
    survivors: tuple[tuple[str, int, bytes], ...] = ()  # id, version, sealed
    wrapped: bytes = b""
    following: bytes = b""  # wrapped too
    cursor: str = ""
