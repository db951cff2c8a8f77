"""Forgetting: what was said up to a time goes; what came later is sealed under a new key."""

import asyncio
from collections.abc import Sequence

from memory.archiving import Archiving
from memory.keys import Keys, message_context
from memory.records import Forgotten, Place
from memory.store import Store

SCRUBS = 600.0  # seconds between rewrites after edits and deletions; /forget asks at once
THREADS = 10_000


class Forgetting:
    """Destroys records and their keys, and sees to it that the disk follows."""

    def __init__(self, store: Store, keys: Keys, archiving: Archiving | None = None) -> None:
        self._store, self._keys, self._archiving = store, keys, archiving
        self._unscrubbed, self._scrubbed = True, -SCRUBS  # a killed process may have left it to us

    async def forget(self, place: Place, until: int, *, channel: bool) -> Forgotten:
        """See Memory.forget."""
        cold = Forgotten()
        if self._archiving:
            scope = place.channel_key if channel else place.key
            cold = await self._archiving.forget(scope, until)
        # First here: nothing older enters any more.
        receipts = [await self.destroy(place, until, channel=channel)]
        siblings: Sequence[Place] = await self._store.threads(place, THREADS) if channel else ()
        others = [each for each in siblings if each.key != place.key]
        receipts += [await self.destroy(each, until, channel=channel) for each in others]
        await self.at_once()
        return Forgotten(
            messages=max(cold.messages, sum(receipt.messages for receipt in receipts)),
            segments=max(cold.segments, sum(receipt.segments for receipt in receipts)),
        )

    async def at_once(self) -> None:
        """Somebody asked to forget: the disk follows now."""
        self.deleted()
        self._scrubbed = -SCRUBS
        await self.scrub()

    def deleted(self) -> None:
        """The disk still holds something that memory does not."""
        self._unscrubbed = True

    async def scrub(self) -> None:
        """Have the server rewrite its file without what was deleted: now and then, if it was."""
        now = asyncio.get_running_loop().time()
        if self._unscrubbed and now - self._scrubbed >= SCRUBS:
            self._unscrubbed, self._scrubbed, done = False, now, False
            try:
                done = await self._store.scrub()
            finally:
                if not done:
                    self._unscrubbed, self._scrubbed = True, -SCRUBS

    async def destroy(self, place: Place, until: int, *, channel: bool) -> Forgotten:
        """One conversation; `channel`: nothing older enters any other of its channel either."""
        fresh = self._keys.fresh(place)
        survivors: list[tuple[str, int, bytes]] = []
        while True:
            got = await self._store.forget(place, until, fresh.wrapped, survivors, channel=channel)
            if got.done:
                self._keys.learn(place, b"")
                return got
            old = self._keys.learn(place, got.wrapped)
            survivors = []
            for name, version, blob in got.survivors:
                context = message_context(place, name, version)
                again = fresh.data.seal(old.data.open(blob, *context), *context)
                survivors.append((name, version, again))
