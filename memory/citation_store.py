"""The Store port's part about citations: which replies took words from what."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from memory.records import Place
from memory.slots import Person
from memory.taken import Citation, Dependent, Sources


class CitationStore(Protocol):
    """See `Store`."""

    async def depending(
        self, place: Place, message: str
    ) -> tuple[Sequence[str], Sequence[Dependent]]:
        """The replies to a message of this channel and those that took words from it.

        All ids, and the first of them that are stored.
        """
        ...

    async def sources(self, place: Place, segments: Sequence[str]) -> Sources:
        """The stored messages that these segments tell of."""
        ...

    async def cite_reply(
        self, place: Place, reply: str, sources: Sequence[tuple[str, int]]
    ) -> None:
        """Note what a stored reply took words from; what does not stand any more takes it along."""
        ...

    async def lose(self, place: Place, messages: Sequence[str]) -> None:
        """What depended on these messages of the channel, which are gone, goes too."""
        ...

    async def take_back(self, place: Place, turn: str, reply: str) -> None:
        """A turn's reply goes; if the turn is running, what it wrote does not count.

        `reply` is empty while it has no post.
        """
        ...

    async def quote_person(
        self, person: Person, revision: int, reply: Citation, sources: Sequence[str]
    ) -> bool:
        """Note what a reply took from a slot read at `revision`; False: it has changed since."""
        ...

    async def quoting(self, person: Person, start: str) -> Mapping[str, Sequence[Citation]]:
        """Who took words from what is known of a person, by source; their names `start` so."""
        ...

    async def unquote(self, person: Person, source: str, replies: Sequence[Citation]) -> None:
        """These took their words back."""
        ...
