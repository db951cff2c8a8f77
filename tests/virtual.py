"""An event loop whose clock jumps to the next timer, so that waiting takes no time."""

import asyncio
import selectors
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

Ready = list[tuple[selectors.SelectorKey, int]]
STUCK = 5.0  # real seconds


class _Jumping(selectors.DefaultSelector):
    def __init__(self, jump: Callable[[float], None], patience: float) -> None:
        super().__init__()
        self._jump, self._patience = jump, patience

    def select(self, timeout: float | None = None) -> Ready:
        if timeout is None:
            ready: Ready = super().select(STUCK)
            if not ready:
                raise RuntimeError("every task waits and no timer is set: the test is stuck")
            return ready
        ready = super().select(min(timeout, self._patience))
        if not ready:
            self._jump(timeout)
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """`anyio_backend` returns `("asyncio", {"loop_factory": VirtualLoop})`; the clock starts at 0.

    `patience`: real seconds that sockets and threads get to answer before the clock jumps.
    """

    def __init__(self, patience: float = 0.0) -> None:
        self._now = 0.0
        super().__init__(selector=_Jumping(self._jump, patience))

    def time(self) -> float:
        return self._now

    def _jump(self, seconds: float) -> None:
        self._now += seconds


class Inline(ThreadPoolExecutor):
    """Threads would make every run another one."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001
            future.set_exception(error)
        return future
