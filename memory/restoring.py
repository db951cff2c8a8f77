"""A finished reply whose posts show something else: how it was remembered, to be written again."""

from dataclasses import dataclass
from datetime import UTC, datetime

from memory.entry import Entry
from memory.keys import Keys, message_context
from memory.records import Place, Spoiled


@dataclass(frozen=True, slots=True, kw_only=True)
class Restoration:
    """To a platform it is the turn that ended, under the fence that ended it.

    `text` is empty where the reply itself is not remembered any more.
    """

    place: Place
    spoiled: Spoiled
    text: str
    anchor: str = ""
    typed: str = ""  # no link is live any more

    @property
    def id(self) -> str:
        return self.spoiled.turn

    @property
    def fence(self) -> int:
        return self.spoiled.fence

    @property
    def began_at(self) -> datetime:
        return datetime.fromtimestamp(self.spoiled.sent / 1_000_000, UTC)

    async def secure(self) -> None:
        """Whoever writes it writes the same: it needs no lease."""


def restoration(place: Place, keys: Keys, spoiled: Spoiled) -> Restoration:
    if not spoiled.blob:
        return Restoration(place=place, spoiled=spoiled, text="")
    key, post = keys.learn(place, spoiled.wrapped), spoiled.ids[0]
    packed = key.data.open(spoiled.blob, *message_context(place, post, spoiled.version))
    text = Entry.unpack(packed, id=post, sent=0, version=spoiled.version).text
    return Restoration(place=place, spoiled=spoiled, text=text)
