"""What goes wrong with a Web API call, as the test asks for it."""

from collections import defaultdict, deque
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Applies to one call, in this order: delay, retry_after, error, then cut or status.

    `stored`: the call took effect nevertheless. With `cut` the connection breaks without answer.
    """

    delay: float = 0.0  # seconds before anything happens, even when the caller has gone
    retry_after: int | None = None  # 429
    error: str = ""  # {"ok": false, "error": …}
    cut: bool = False
    status: int = 0
    stored: bool = False


class Faults:
    def __init__(self) -> None:
        self._queued: defaultdict[str, deque[Fault]] = defaultdict(deque)

    def add(self, method: str, *faults: Fault) -> None:
        self._queued[method].extend(faults)

    def take(self, method: str) -> Fault:
        return self._queued[method].popleft() if self._queued[method] else Fault()
