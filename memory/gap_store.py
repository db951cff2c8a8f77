"""The Store port's part about gaps: what was said while nobody listened, and is yet to be read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from memory.records import Kept, Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """What was said after a post is yet to be read here, by whom it was given to."""

    after: str  # id of the post; empty: from the start
    mark: str  # another one once more may be missing
    joined: int  # when the message was sent with which the bot joined (microseconds since 1970)
    audience: str
    readings: int  # how often it was begun


class GapStore(Protocol):
    """See `Store`."""

    async def live(self, platform: str, limit: int) -> Sequence[Place]:
        """Conversations there whose messages have not expired, those of late first."""
        ...

    async def mark(
        self, place: Place, token: str, before: int, since: int, wait: float = 0.0
    ) -> int:
        """Open a gap after the newest message before a time, if something was said since another.

        1: it is open; 2: it is, and nobody called the bot here; 0: there is nothing to read.

        Times in microseconds since 1970; for so many seconds turns wait until it was read.
        """
        ...

    async def heads(self, place: Place, most: int) -> Sequence[Kept]:
        """The newest messages held of a conversation, folded ones too, oldest first; no texts."""
        ...

    async def heard(self, space: Place) -> int:
        """Up to when all that called in a space came in (microseconds since 1970); 0: never."""
        ...

    async def hear(self, spaces: Sequence[Place], at: int) -> None:
        """Up to now all that called in these spaces came in; kept for 90 days."""
        ...

    async def behind(self, limit: int) -> Sequence[Place]:
        """Conversations with a gap that nobody reads."""
        ...

    async def read_on(self, place: Place, token: str, lease: float, after: str) -> Gap | None:
        """Take a gap to read it, or keep it for so many seconds more; None: another has it.

        `after`: the message up to which all was taken in; empty: what was said before.
        """
        ...

    async def caught_up(self, place: Place, token: str, gap: Gap, *, wait: float) -> None:
        """A gap was read; or not, and is put off by so many seconds."""
        ...
