"""What goes wrong on the way to the store, or in it."""

import asyncio
from random import Random

from tests.chaos.gate import Gate
from tests.chaos.pair import Pair
from tests.chaos.store import Server


async def disturb(store: Server | Pair, way: Gate, chance: Random) -> None:
    """One trouble, to its end."""
    match chance.randrange(6):
        case 0:
            way.lose += 3
        case 1:
            way.delay = chance.choice((0.01, 0.05, 0.2))
            await asyncio.sleep(1.0)
            way.delay = 0.0
        case 2:
            way.hang()
            await asyncio.sleep(1.0)
            way.resume()
        case 3:
            way.half_open()
        case 4:
            await store.fill(full=True)
            await asyncio.sleep(0.5)
            await store.fill(full=False)
        case _:
            await store.freeze(readonly=True)
            await asyncio.sleep(0.5)
            await store.freeze(readonly=False)
