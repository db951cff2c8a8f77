"""Runs a bench so that it ends whole: with SIGTERM, SIGHUP or Ctrl-C its processes end too."""

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any, TypeVar

Found = TypeVar("Found")


def run(work: Coroutine[Any, Any, Found]) -> Found:
    """What it found; SystemExit if it was stopped before."""
    try:
        return asyncio.run(_stoppable(work))
    except (asyncio.CancelledError, KeyboardInterrupt):
        raise SystemExit("stopped") from None


async def _stoppable(work: Coroutine[Any, Any, Found]) -> Found:
    running = asyncio.create_task(work)
    for each in (signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(each, running.cancel)
    return await running
