"""People who talk in several conversations at once, and remember what was acknowledged when."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from memory.engine import Memory
from memory.records import Place
from memory.redis import RedisStore
from memory.store import StoreDown
from tests.memory.conftest import World

AGAIN = 0.05  # seconds until what was not acknowledged is sent again

Acknowledged = Mapping[Place, Mapping[str, float]]  # ids with the loop's time


def places(number: int) -> Sequence[Place]:
    """Direct messages, in partitions of their own."""
    return [
        Place(platform="slack", space="T1", channel=f"D{each}", audience="direct")
        for each in range(number)
    ]


@dataclass(slots=True, kw_only=True)
class Talk:
    """`stubborn`: what is not acknowledged is sent again, as platforms do; else it ends."""

    world: World
    memory: Memory
    stubborn: bool = False
    acknowledged: dict[Place, dict[str, float]] = field(default_factory=dict)
    over: bool = False

    async def everywhere(self, number: int, heard: Callable[[], None]) -> None:
        """Until it is over; `heard` is called after each acknowledgement."""
        async with asyncio.TaskGroup() as tasks:
            for place in places(number):
                tasks.create_task(self._in(place, heard))

    async def _in(self, place: Place, heard: Callable[[], None]) -> None:
        now = asyncio.get_running_loop().time
        done = self.acknowledged.setdefault(place, {})
        while not self.over:
            message = self.world.say("what I say is to be remembered, whatever happens")
            while not self.over:
                try:
                    await self.memory.receive(place, message)
                except StoreDown:
                    self.over |= not self.stubborn
                    await asyncio.sleep(AGAIN)
                    continue
                done[message.id] = now()
                heard()
                break


async def lost(world: World, acknowledged: Acknowledged) -> Mapping[str, float]:
    """What was acknowledged and is not there, by a store of its own."""
    store = RedisStore(world.url)
    try:
        gone = dict[str, float]()
        for place, said in acknowledged.items():
            there = {each.id for each in (await store.held(place)).messages}
            gone |= {each: when for each, when in said.items() if each not in there}
        return gone
    finally:
        await store.close()
