"""Tasks that go from store call to store call as they are told, one at a time."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any


class Stage:
    """One task at a time is under way; the others wait before their next call."""

    def __init__(self) -> None:
        self.tasks: list[asyncio.Task[None]] = []
        self._waiting: dict[asyncio.Task[Any], asyncio.Future[bool]] = {}
        self._still = asyncio.Event()

    async def border(self) -> bool:
        """Wait to be let on. Whether the answer of the call that follows is to get lost."""
        task = asyncio.current_task()
        assert task is not None
        turn = asyncio.get_running_loop().create_future()
        self._waiting[task] = turn
        self._still.set()
        lost: bool = await turn
        return lost

    async def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Up to its first call."""
        task = asyncio.create_task(work)
        task.add_done_callback(lambda _: self._still.set())
        self.tasks.append(task)
        await self._settled(task)
        return task

    async def step(self, task: asyncio.Task[None], *, lost: bool = False) -> None:
        """Its call, and what follows up to the next one."""
        self._waiting.pop(task).set_result(lost)
        await self._settled(task)

    async def finish(self, task: asyncio.Task[None]) -> None:
        while not task.done():
            await self.step(task)

    async def kill(self, task: asyncio.Task[None]) -> None:
        """It stops where it is, as if its process died: nothing of it runs any more."""
        self._waiting.pop(task)
        self.tasks.remove(task)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    async def wake(self) -> None:
        """Whoever waits no longer than until now finds out."""
        for _ in range(10):
            await asyncio.sleep(0)
        self.tasks = [task for task in self.tasks if not task.done()]

    async def _settled(self, task: asyncio.Task[None]) -> None:
        while not (task.done() or task in self._waiting):
            self._still.clear()
            await self._still.wait()
        if task.done():
            self.tasks.remove(task)
            task.result()
