"""What a departure, or a channel's new audience, leaves to do: written down until it is done."""

import asyncio
import json
from collections.abc import Callable, Sequence

import structlog

from memory.archiving import Archiving
from memory.forgetting import CHANNEL, THREADS, Forgetting
from memory.left import Left
from memory.persons import Persons
from memory.records import Place, Sealed
from memory.seal import Unreadable
from memory.slots import Person
from memory.store import Store

log = structlog.get_logger()

AT_WORK = 60.0  # seconds in which what began before a departure has ended


class Departing:
    """May be done twice, and by several at once; `changed` is told of each conversation."""

    def __init__(
        self,
        store: Store,
        persons: Persons,
        forgetting: Forgetting,
        archiving: Archiving | None,
        *,
        left: Left,
        changed: Callable[[Place], None],
    ) -> None:
        self._store, self._persons, self._forgetting = store, persons, forgetting
        self._archiving, self._changed, self.left = archiving, changed, left
        self._wiped: dict[str, float] = {}  # lines of spaces, and when each was done first

    async def leave(self, place: Place, until: int) -> None:
        """Forget up to a time the place's thread, or its whole channel, or all of its space."""
        if not place.channel:
            await self.left.leave(place, until)
        await self._plan("leave", place, until)

    async def rescope(self, place: Place, at: int) -> None:
        """From a time on, the place's channel has the place's audience."""
        await self._plan("rescope", place, at)

    async def finish(self) -> None:
        """Do what is written down, in order; what a crash interrupts is done by the next one."""
        lines = [(json.loads(line), line) for line in await self._store.planned()]
        for (at, what, key, audience), line in sorted(lines):
            place = Place.parse(key, audience)
            if what == "rescope":
                await self._rescope(place, at)
            elif place.channel:
                whole = what == CHANNEL or (what == "leave" and not place.thread)
                await self._forgetting.carry_out(place, at, channel=whole)
                self._changed(place)
                await self._persons.recheck(place)
            else:
                await self._wipe(place, at)
                if not await self._over(place, line):
                    continue
            await self._store.plan(line, done=True)

    async def _over(self, space: Place, line: str) -> bool:
        """Whether all that began before the bot left has ended: it would leave traces."""
        now = asyncio.get_running_loop().time()
        since = self._wiped.setdefault(line, now)
        if now - since < AT_WORK and not await self.left.back(space):
            return False
        del self._wiped[line]
        return True

    async def _plan(self, what: str, place: Place, at: int) -> None:
        await self._store.plan(json.dumps([at, what, place.key, place.audience]), done=False)

    async def _rescope(self, place: Place, at: int) -> None:
        """First what is read, then the facts that rest on it: they are checked against that."""
        for each in await self._channel(place):
            await self._store.rescope(each, place.audience, at)
            self._changed(each)
        await self._store.doubt(place)
        await self._persons.recheck(place)

    async def _channel(self, place: Place) -> Sequence[Place]:
        threads = await self._store.threads(place, THREADS)
        return [place, *(each for each in threads if each.key != place.key)]

    async def _wipe(self, space: Place, until: int) -> None:
        """Conversation by conversation, person by person, whatever the server names of it."""
        if self._archiving:
            await self._archiving.depart(space, until)
        channels = dict[str, Place]()
        async for found in self._store.inventory(space):
            if isinstance(found, Person):
                await self._part(found, until)
                continue
            channels[found.channel_key] = found
            try:
                await self._forgetting.destroy(found, until, channel=True)
            except Unreadable as error:  # it came later, and nobody can seal it anew
                log.error("not forgotten", conversation=found.key, reason=str(error))
            self._changed(found)
        for each in channels.values():
            await self._store.prune(each, until, channel=True)
        await self._persons.settle(space)
        await self._store.vanish(space, until)
        await self._forgetting.at_once()

    async def _part(self, person: Person, until: int) -> None:
        try:
            await self._persons.leave(person, until)
        except Unreadable:
            slot = (await self._store.persons([person]))[person.key]
            nothing = Sealed(wrapped=slot.wrapped, fresh=False, blob=b"")
            await self._store.know(person, slot.revision, nothing)
