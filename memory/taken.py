"""What replies took words from, and which of them go when those do."""

import json
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple
from urllib.parse import quote

from memory.records import Kept, Place

_MARK = b"\0"  # what a draft begins with, and no text
EXPIRED = -1  # in the place of a version: this is a segment


class FactSource(NamedTuple):
    """A message, as it was read, through which something is known of a person."""

    person: str  # their id
    channel: str  # its key
    message: str
    version: int
    audience: str

    @property
    def start(self) -> str:
        """How the name of this message begins in any version, before any audience."""
        return f"{self.channel} {quote(self.message, safe='')} "

    @property
    def name(self) -> str:
        return f"{self.start}{self.version} {self.audience}"


@dataclass(frozen=True, slots=True)
class Taken:
    """Messages of the channel with the versions that were read, and sources of facts."""

    messages: tuple[tuple[str, int], ...] = ()
    facts: tuple[FactSource, ...] = ()

    def __or__(self, other: "Taken") -> "Taken":
        return Taken(
            tuple(dict.fromkeys((*self.messages, *other.messages))),
            tuple(dict.fromkeys((*self.facts, *other.facts))),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """A reply that took words from what is known of a person."""

    place: Place
    turn: str
    reply: str  # id of its first post


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependent:
    """A stored reply, with the conversation's key."""

    place: Place
    wrapped: bytes
    kept: Kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """The messages of segments; `closed`: names of those of which some are not stored any more."""

    wrapped: bytes
    messages: tuple[Kept, ...]
    closed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Going:
    """The replies that depended on a message when it was looked at, and those that go."""

    known: tuple[str, ...] = ()
    going: tuple[str, ...] = ()


class Amended(Enum):
    """What came of an edit."""

    DONE = "done"
    AGAIN = "again"  # the key, or who depends on it, is another by now: read it once more


@dataclass(frozen=True, slots=True)
class Draft:
    """A complete reply that is noted before its last edit, with what it took words from."""

    text: str = ""
    taken: Taken = Taken()

    def pack(self) -> bytes:
        """To be sealed."""
        fields = [self.text, self.taken.messages, self.taken.facts]
        dense = json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
        return _MARK + dense.encode("utf-8", "surrogatepass")

    @classmethod
    def unpack(cls, packed: bytes) -> "Draft":
        if not packed.startswith(_MARK):  # an older version noted the text alone
            return cls(packed.decode("utf-8", "surrogatepass"))
        rest = packed.removeprefix(_MARK).decode("utf-8", "surrogatepass")
        text, messages, facts = json.loads(rest)
        cited = tuple((post, version) for post, version in messages)
        return cls(text, Taken(cited, tuple(FactSource(*each) for each in facts)))


def of_segment(place: Place, name: str) -> tuple[str, int]:
    """A segment among what was taken from, some of whose messages are not stored any more."""
    return f"%{quote(place.thread, safe='')}/{name}", EXPIRED
