"""Named points to kill at: before and after every script of the store and every platform call."""

from collections import Counter
from collections.abc import Callable
from random import Random


class Traps:
    """Every point that is passed is known from then on, and can be armed."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self.kill: Callable[[], None] = lambda: None
        self._armed = ""
        self.passed: Counter[str] = Counter()
        self.sprung: Counter[str] = Counter()

    def arm(self) -> None:
        """The point that was least often killed at so far, by lot among equals."""
        if self.passed:
            least = min(self.sprung[point] for point in self.passed)
            equals = [point for point in sorted(self.passed) if self.sprung[point] == least]
            self._armed = self._chance.choice(equals)

    def disarm(self) -> None:
        self._armed = ""

    def met(self, point: str) -> bool:
        """Whether this was it: whoever asked is dead now."""
        self.passed[point] += 1
        if point != self._armed:
            return False
        self._armed = ""
        self.sprung[point] += 1
        self.kill()
        return True
