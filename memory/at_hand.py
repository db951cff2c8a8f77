"""What a process keeps at hand of conversations, and lets go of once something is forgotten."""

from collections.abc import Callable, Sequence

from memory.citing import Citing
from memory.opened import Opened
from memory.recalling import Recalling
from memory.records import Place


class AtHand:
    """Decrypted messages, indexes and prints. `deleted`: the disk holds what memory does not."""

    def __init__(
        self, recalling: Recalling | None, citing: Citing, deleted: Callable[[], None]
    ) -> None:
        self.opened, self.recalling, self.citing = Opened(), recalling, citing
        self._deleted = deleted

    async def hide(self, place: Place, posts: Sequence[str]) -> None:
        """These are changing: until they have, nobody is to recall them."""
        self._forget()
        if self.recalling:
            await self.recalling.remove(place, posts)

    def outdate(self) -> None:
        """They have: what was read of any channel before may be gone by now."""
        if self.recalling:
            self.recalling.outdate()

    def let_go(self, place: Place) -> None:
        """Something was forgotten: keep nothing of this channel."""
        self._forget()
        if self.recalling:
            self.recalling.drop(place)

    def _forget(self) -> None:
        self._deleted()
        self.opened.clear()
        self.citing.clear()
