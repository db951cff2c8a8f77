"""The port of cold storage: sealed records that outlive the store."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from memory.records import Forgotten

GONE = 2**62  # the version of a deleted post: none is newer


class ArchiveDown(Exception):
    """The archive cannot be used, in one line; what was asked may or may not have happened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cold:
    """A sealed message, or a summary. Times in microseconds since 1970."""

    place: str  # Place.key
    id: str  # of the message; the summary's name
    people: tuple[str, ...]  # fingerprints of who wrote it; of a reply: whom it answers
    covered: Mapping[str, int] = field(default_factory=dict)  # posts it quotes: their versions
    sent: int  # a summary: when its first message was sent
    version: int  # a summary: when its last message was sent
    wrapped: bytes
    blob: bytes


class ColdStore(Protocol):
    """Every call may be repeated; all raise ArchiveDown.

    A scope is a conversation (Place.key), a channel (Place.channel_key), `platform:space` escaped
    like these, or a person's fingerprint (no colon). What was forgotten cannot be saved again.
    """

    async def pepper(self, candidate: bytes) -> bytes:
        """The archive's own secret for fingerprints, wrapped; the candidate if it has none yet."""

    async def save(self, messages: Sequence[Cold], summaries: Sequence[Cold] = ()) -> int:
        """Keep the newest versions, and nothing forgotten or deleted: how many were fit to keep."""

    async def places(self) -> Sequence[str]:
        """The keys of all archived conversations."""

    async def messages_of(self, place: str) -> Sequence[Cold]:
        """A conversation's messages, oldest first."""

    async def summaries_of(self, place: str, limit: int) -> Sequence[Cold]:
        """A conversation's newest summaries, oldest first."""

    async def forget(self, scope: str, until: int) -> Forgotten:
        """What was sent in a scope up to a time, and every summary of it; then `scrub`."""

    async def retract(self, channel: str, posts: Mapping[str, int]) -> None:
        """Posts were edited, at that version, or deleted (GONE); what quotes them goes too."""

    async def scrub(self) -> None:
        """Rewrite the tables on disk without what was deleted (not PostgreSQL's log or backups)."""

    async def rewrap(self, again: Callable[[str, bytes], bytes]) -> int:
        """Replace wrapped keys by `again(Place.key, wrapped)`, the secret's with "pepper"."""
