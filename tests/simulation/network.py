"""Calls over a wire: lost, late, answered or not, as the seed will have it."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar, cast

from tests.simulation.loop import Process, ProcessLoop
from tests.simulation.weather import Weather

T = TypeVar("T")


class Lost(Exception):
    """No answer came; the call may have taken effect, or still will."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Seconds; `risk`: of so many calls the answer is lost."""

    risk: float
    least: float
    most: float  # one way
    patience: float  # of the caller
    late: float  # the latest a call may take effect after it was sent
    deadly: float  # of so many calls the caller dies, before or after they took effect


STORE = Line(risk=0.03, least=0.0005, most=0.01, patience=1.9, late=4.0, deadly=0.004)
PLATFORM = Line(risk=0.06, least=0.05, most=0.35, patience=5.0, late=8.0, deadly=0.015)


class Network:
    def __init__(self, chance: random.Random, weather: Weather) -> None:
        self.faulty = True
        self._worse = weather.worse or chance.choice([1, 1, 1, 4])
        self._deadly = weather.deadly
        self.lost = 0
        self.chance = chance

    async def call(self, line: Line, effect: Callable[[], T], process: Process) -> T:
        """Raises Lost, and what `effect` raises."""
        chance, loop = self.chance, cast("ProcessLoop", asyncio.get_running_loop())
        if loop.ending:
            raise asyncio.CancelledError
        fate = chance.random() / (line.risk * self._worse) if self.faulty else 1.0
        way = chance.uniform(line.least, line.most)
        if self.faulty and chance.random() < line.deadly * self._deadly:
            loop.outside(chance.choice([0, way + 1e-6, 2 * way]), process.crash)
            await asyncio.sleep(chance.choice([0, 1e-9]))
        elif self.faulty and chance.random() < line.deadly * min(self._deadly, 1.0):
            process.freeze(loop.time() + chance.choice([5, 20, 27, 50]))  # its answer comes later
        if fate >= 0.9:  # the most
            answer: asyncio.Future[T] = loop.create_future()
            loop.outside(way, partial(_answer, answer, effect))
            return await answer
        self.lost += 1
        wait = chance.uniform(0.05, line.patience)
        if fate >= 0.6:  # it took effect, and nobody hears of it
            loop.outside(way, partial(_answer, None, effect))
            wait = max(wait, way)
        elif fate >= 0.3:  # it will, later
            loop.outside(chance.uniform(wait, line.late), partial(_answer, None, effect))
        await asyncio.sleep(wait)
        raise Lost


def _answer(answer: asyncio.Future[T] | None, effect: Callable[[], T]) -> None:
    try:
        result = effect()
    except Exception as error:  # noqa: BLE001 - the caller's
        if answer and not answer.done():
            answer.set_exception(error)
        return
    if answer and not answer.done():
        answer.set_result(result)
