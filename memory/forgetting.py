"""Forgetting: what was said up to a time goes; what came later is sealed under a new key."""

import asyncio
import json
from collections.abc import Container, Sequence

from memory.archiving import Archiving
from memory.keys import Keys, message_context
from memory.records import Forgotten, Place
from memory.seal import Unreadable
from memory.store import Store

SCRUBS = 600.0  # seconds between rewrites after edits and deletions; /forget asks at once
THREADS = 10_000
CONVERSATION, CHANNEL = "forget", "forget channel"  # what is written down


class Forgetting:
    """Destroys records and their keys, and sees to it that the disk follows."""

    def __init__(self, store: Store, keys: Keys, archiving: Archiving | None = None) -> None:
        self._store, self._keys, self._archiving = store, keys, archiving
        self._unscrubbed, self._scrubbed = True, -SCRUBS  # a killed process may have left it to us

    async def forget(self, place: Place, until: int, *, channel: bool) -> Forgotten:
        """See Memory.forget. It is written down until it is done: a crash does not end it."""
        what = CHANNEL if channel else CONVERSATION
        line = json.dumps([until, what, place.key, place.audience])
        await self._store.plan(line, done=False)
        try:
            receipt = await self.carry_out(place, until, channel=channel)
        except Unreadable:  # nobody could do it later either
            await self._store.plan(line, done=True)
            raise
        await self._store.plan(line, done=True)
        return receipt

    async def carry_out(self, place: Place, until: int, *, channel: bool) -> Forgotten:
        """What is written down already; may be done twice, and by several at once."""
        cold = Forgotten()
        if self._archiving:
            scope = place.channel_key if channel else place.key
            cold = await self._archiving.forget(scope, until)
        # First here: nothing older enters any more.
        receipts = {place.key: await self.destroy(place, until, channel=channel)}
        while channel and (others := await self._others(place, receipts)):
            for each in others:
                receipts[each.key] = await self.destroy(each, until, channel=True)
        await self._store.prune(place, until, channel=channel)
        await self.at_once()
        return Forgotten(
            messages=max(cold.messages, sum(receipt.messages for receipt in receipts.values())),
            segments=max(cold.segments, sum(receipt.segments for receipt in receipts.values())),
        )

    async def _others(self, place: Place, known: Container[str]) -> Sequence[Place]:
        """Threads of the channel that are not looked at yet, of those that are left."""
        threads = await self._store.threads(place, THREADS)
        return [each for each in threads if each.key not in known]

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
        fresh, got = self._keys.fresh(place), Forgotten(done=False)
        while True:
            again = await asyncio.to_thread(self._anew, place, got) if got.survivors else ()
            got = await self._store.forget(
                *(place, until, fresh.wrapped, again),
                channel=channel,
                under=got.following,
                cursor=got.cursor,
            )
            if got.done:
                self._keys.learn(place, b"")
                return got

    def _anew(self, place: Place, got: Forgotten) -> Sequence[tuple[str, int, bytes]]:
        """What stays, sealed under the key that is to follow."""
        old = self._keys.unwrapped(place.key, got.wrapped)
        new = self._keys.unwrapped(place.key, got.following)
        sealed = []
        for name, version, blob in got.survivors:
            context = message_context(place, name, version)
            sealed.append((name, version, new.seal(old.open(blob, *context), *context)))
        return sealed
