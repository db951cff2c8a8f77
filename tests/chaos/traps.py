"""Named points to kill at: before and after every script of the store and every platform call."""

import os
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

ABREAST = 3  # points armed at once: many are seldom passed
_TCP = Path("/proc/net/tcp")


class Traps:
    """Every point that is passed is known from then on, and can be armed.

    `strike` is told the caller's port; 0: not known.
    """

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self.strike: Callable[[int], None] = lambda port: None
        self._armed: frozenset[str] = frozenset()
        self.passed: Counter[str] = Counter()
        self.sprung: Counter[str] = Counter()

    def arm(self) -> None:
        """The points that were least often killed at so far, by lot among equals."""
        points = sorted(self.passed)
        self._chance.shuffle(points)
        self._armed = frozenset(sorted(points, key=self.sprung.__getitem__)[:ABREAST])

    def disarm(self) -> None:
        self._armed = frozenset()

    def met(self, point: str, caller: Any) -> bool:
        """Whether this was it: no answer goes to the caller, who is known by its transport."""
        self.passed[point] += 1
        if point not in self._armed:
            return False
        self.disarm()
        self.sprung[point] += 1
        peer = caller.get_extra_info("peername") if caller else None
        self.strike(peer[1] if peer else 0)
        return True


def owner(port: int, processes: Mapping[int, int]) -> int | None:
    """Which of these (number -> process id) has a connection from this port; Linux tells."""
    rows = [row.split() for row in _TCP.read_text().splitlines()[1:]]
    own = {f"socket:[{row[9]}]" for row in rows if int(row[1].partition(":")[2], 16) == port}
    held = {number: _sockets(process) for number, process in processes.items()}
    return next((number for number, sockets in held.items() if sockets & own), None)


def _sockets(process: int) -> set[str]:
    found = set()
    for handle in Path(f"/proc/{process}/fd").glob("*"):
        with suppress(OSError):  # closed meanwhile
            found.add(os.readlink(handle))
    return found
