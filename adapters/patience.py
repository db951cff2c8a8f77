"""Asking a platform for much, in the background: as fast as it allows, and no faster."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import TypeVar

from adapters.ports import Busy, Unclear

TRIES = 5  # of one question
LONGEST = 120.0  # seconds that a platform may ask to wait

Answer = TypeVar("Answer")


class Patience:
    """After `burst` questions of a kind, one in `every` seconds: others have to ask too."""

    def __init__(self, *, burst: int, every: float) -> None:
        self._burst, self._every = burst, every
        self._asked = Counter[str]()

    async def ask(self, kind: str, question: Callable[[], Awaitable[Answer]]) -> Answer:
        """Again where the platform asks to wait, or gives no answer. Raises its last word."""
        for failures in range(1, TRIES + 1):
            self._asked[kind] += 1
            await asyncio.sleep(self._every if self._asked[kind] > self._burst else 0.0)
            try:
                return await question()
            except (Busy, Unclear) as error:
                wait = error.after if isinstance(error, Busy) else 2.0**failures
                if failures == TRIES or wait > LONGEST:
                    raise
                await asyncio.sleep(wait)
        raise AssertionError
