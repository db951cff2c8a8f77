"""What a model says in answer, as far as anybody still waits for it."""

import asyncio
from collections.abc import AsyncGenerator

from adapters.markup import blank
from bot.ports import WORDLESS, ModelFailed
from memory.turn import Turn

LOOK = 0.5  # seconds between looks whether a person said stop while the model is silent


async def heard(answer: AsyncGenerator[str, None], turn: Turn) -> AsyncGenerator[str, None]:
    """Its pieces, until its end or a person's stop; in all there is something to be seen.

    Raises what a renewal of the lease met.
    """
    said = list[str]()
    while not turn.stopped and (piece := await _next(answer, turn)) is not None:
        said.append(piece)
        yield piece
    if not turn.stopped and blank("".join(said)):
        raise ModelFailed("empty", WORDLESS)


async def _next(pieces: AsyncGenerator[str, None], turn: Turn) -> str | None:
    """A piece; None at the end, and once a person says stop: then the model is not waited for.

    Not by a TaskGroup: that would wrap the model's errors.
    """
    reading = asyncio.ensure_future(anext(pieces, None))
    try:
        while not (reading.done() or turn.stopped or turn.trouble):
            await asyncio.wait({reading}, timeout=LOOK)
        if turn.trouble:
            raise turn.trouble
        return reading.result() if reading.done() else None
    finally:
        if reading.cancel():  # else it is done
            await asyncio.wait({reading})
