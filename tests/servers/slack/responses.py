"""Where answers to a `response_url` go: five within thirty minutes, then no more."""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from tests.servers.slack.limits import Failure, blocks

LIFETIME, MOST = 1_800.0, 5


class Responses:
    """An address lives from its first use here; that is close enough to when it was given."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.taken: list[tuple[str, dict[str, Any]]] = []
        self.status = 0  # another one than 200, from now on
        self._now = now
        self._first: dict[str, float] = {}
        self._uses: Counter[str] = Counter()

    def take(self, serial: str, body: dict[str, Any]) -> tuple[int, str]:
        """The HTTP status and text."""
        first = self._first.setdefault(serial, self._now())
        if self.status:
            return self.status, "no_service"
        if self._now() - first > LIFETIME:
            return 404, "expired_url"
        self._uses[serial] += 1
        if self._uses[serial] > MOST:
            return 404, "used_url"
        try:
            _check(body)
        except Failure as failure:
            return 400, str(failure)
        self.taken.append((serial, body))
        return 200, "ok"


def _check(body: Mapping[str, Any]) -> None:
    blocks(body.get("blocks") or (), "message")
    if not body.get("text") and not body.get("blocks") and not body.get("delete_original"):
        raise Failure("no_text")
