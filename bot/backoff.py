"""How a platform that is read back asks to be left alone, and for how long."""

import asyncio

from adapters.ports import Busy, Unclear

TRIES = 5  # calls without an answer
LONGEST_WAIT = 120.0  # seconds a platform may ask to wait


class Gate:
    """Opens when a platform may be asked again."""

    def __init__(self) -> None:
        self._opens = 0.0  # loop time

    def shut(self, seconds: float) -> None:
        self._opens = max(self._opens, asyncio.get_running_loop().time() + seconds)

    async def passed(self) -> None:
        await asyncio.sleep(self._opens - asyncio.get_running_loop().time())


def pause(error: Busy | Unclear, failures: int) -> float:
    """Seconds before the next try; raises the error when there is to be none."""
    wait = error.after if isinstance(error, Busy) else 2.0 ** (failures - 1)
    if failures == TRIES or wait > LONGEST_WAIT:
        raise error
    return wait
