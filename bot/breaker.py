"""A breaker before a model endpoint: what keeps failing is left alone for a while."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import structlog

from bot.ports import Model, ModelFailed, Request

_log = structlog.get_logger()

OURS = {"refused", "rejected", "invalid", "empty"}  # of one request: the next may fare better


class Breaker:
    """Itself a Model. After `failures` in a row, or a lasting one, it refuses for `rest` seconds.

    Then one request goes through, and what becomes of it decides.
    """

    def __init__(self, model: Model, *, failures: int = 5, rest: float = 30.0) -> None:
        self._model, self._most, self._rest = model, failures, rest
        self._failures, self._until = 0, 0.0
        self.trouble = ""  # why it refuses, for the operator; empty: it does not

    async def __call__(self, request: Request) -> AsyncGenerator[str, None]:
        now = asyncio.get_running_loop().time()
        if self.trouble and now < self._until:
            raise ModelFailed("resting", self.trouble, after=self._until - now)
        self._until = now + self._rest  # one at a time, while there is trouble
        try:
            async with aclosing(self._model(request)) as pieces:
                async for piece in pieces:
                    yield piece
        except ModelFailed as failed:
            self._fail(failed)
            raise
        self._failures, self.trouble = 0, ""

    def _fail(self, failed: ModelFailed) -> None:
        if failed.reason in OURS:
            return
        self._failures += 1
        if failed.lasting or self._failures >= self._most:
            if not self.trouble:
                _log.error("model left alone for a while", reason=failed.reason)
            self.trouble = str(failed)
            self._until = asyncio.get_running_loop().time() + self._rest
