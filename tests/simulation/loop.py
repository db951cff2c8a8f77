"""Virtual time in which a process can be frozen, and can die at any await without a last word."""

import asyncio
from collections.abc import Callable, Collection, Coroutine
from contextvars import Context, ContextVar, copy_context
from itertools import count
from typing import Any

from memory.turn import Turn
from tests.virtual import Inline, VirtualLoop

_PROCESS: ContextVar["Process"] = ContextVar("process")


class Process:
    """What runs in it hangs on its life: callbacks of a dead one are dropped, as by `kill -9`."""

    def __init__(self, name: str, skew: float) -> None:
        self.name, self.skew = name, skew  # of its wall clock, in seconds
        self.alive, self.frozen = True, 0.0  # until this loop time
        self.works_on: Collection[Turn] = ()
        self.crash: Callable[[], None] = lambda: None
        self._context = copy_context()
        self._context.run(_PROCESS.set, self)

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        return asyncio.get_running_loop().create_task(work, context=self._context.copy())

    def freeze(self, until: float) -> None:
        self.frozen = max(self.frozen, until)


class _Call:
    """A callback, which waits while its process is frozen."""

    handle: asyncio.Handle

    def __init__(self, loop: "ProcessLoop", callback: Callable[..., object], args: Any) -> None:
        self._loop, self._callback, self._args = loop, callback, args
        self._put_off = False

    def __call__(self) -> None:
        process = _PROCESS.get(None)
        if self._put_off and self.handle.cancelled():
            return
        if process is None or self._loop.ending:
            self._callback(*self._args)
        elif not process.alive:
            self._loop.left.append(self)
        elif process.frozen > self._loop.time():
            self._put_off = True
            self._loop.put_off(process.frozen, self)
        else:
            self._callback(*self._args)


class _Task(asyncio.Task[Any]):
    """In sets, tasks come in an order that does not depend on where they lie in memory."""

    def __init__(self, number: int, work: Any, **how: Any) -> None:
        self._number = number
        super().__init__(work, **how)

    def __hash__(self) -> int:
        return self._number


class ProcessLoop(VirtualLoop):
    """Starts at 0; in the end, what was dead has to run out, or it would as it is collected."""

    def __init__(self) -> None:
        super().__init__()
        self.ending = False
        self.left: list[_Call] = []  # what the dead did not come to
        self._outside = Context()
        self._count = 0
        self._selector.select = self._select  # type: ignore[attr-defined]
        self.set_default_executor(Inline())
        numbers = count()
        self.set_task_factory(
            lambda loop, work, **how: _Task(next(numbers), work, loop=loop, **how)
        )

    def end(self) -> None:
        self.ending = True
        for call in self.left:
            super().call_soon(call)
        for _ in range(3):
            if left := asyncio.all_tasks(self):
                for task in left:
                    task.cancel()
                self.run_until_complete(asyncio.wait(left, timeout=1.0))
        self.run_until_complete(self.shutdown_asyncgens())
        self.close()

    def outside(self, delay: float, callback: Callable[..., object], *args: Any) -> None:
        """Whatever becomes of the process that asks for it."""
        self.call_later(delay, callback, *args, context=self._outside)

    def _select(self, timeout: float | None) -> list[Any]:
        """There is nothing to listen to: the server is asked on the spot."""
        if timeout is None:
            raise RuntimeError("every task waits and no timer is set: the run is stuck")
        self._jump(timeout)
        return []

    def put_off(self, when: float, call: _Call) -> None:
        """In the order in which they came."""
        self._count += 1
        super().call_at(when + self._count * 1e-9, call)

    def call_soon(  # type: ignore[override]
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        call = _Call(self, callback, args)
        call.handle = super().call_soon(call, context=context)
        return call.handle

    def call_at(  # type: ignore[override]
        self,
        when: float,
        callback: Callable[..., object],
        *args: Any,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        call = _Call(self, callback, args)
        call.handle = handle = super().call_at(when, call, context=context)
        return handle
