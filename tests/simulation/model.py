"""A model that is quick or slow, cut, silent or failing, and says what it was asked for."""

import asyncio
import hashlib
import json
import random
import re
from collections.abc import AsyncGenerator, Sequence

from bot.ports import ModelFailed, Request
from memory.records import Place
from memory.summary import MERGING, Task
from tests.simulation.loop import Process
from tests.simulation.network import Network
from tests.simulation.watch import END, Watch
from tests.simulation.weather import Weather

SAID = re.compile(r"^(\w+): I live in (\w+)$", re.MULTILINE)
SLOW = (20.0, 70.0)  # seconds
QUICK = (0.3, 4.0)
STEADY = 0.97  # above this fate


class SimulatedModel:
    """As one process asks it."""

    def __init__(
        self,
        process: Process,
        watch: Watch,
        network: Network,
        chance: random.Random,
        places: Sequence[Place],
        weather: Weather,
    ) -> None:
        self._process, self._watch, self._weather = process, watch, weather
        self._network, self._chance = network, chance
        self._places = {_cache_key(place): place.key for place in places}

    async def __call__(self, request: Request) -> AsyncGenerator[str, None]:
        chance, place = self._chance, self._places[request.cache_key]
        held = self._watch.holding(self._process, place)
        text = self._watch.prompted(held, [prompt.text for prompt in request.prompts])
        fate = chance.random() if self._network.faulty else 1.0
        if fate < 0.05:
            raise ModelFailed("unavailable", "the model is not there")
        if fate < 0.08:
            await asyncio.sleep(30)
            raise ModelFailed("timeout", "the model says nothing")
        await asyncio.sleep(chance.uniform(*(SLOW if fate > 0.9 else QUICK)))
        if (
            STEADY < fate < 1.0
        ):  # it never pauses, and for longer than a lease nothing is to be seen
            for _ in range(chance.randint(60, 140)):
                yield " "
                await asyncio.sleep(0.5)
        length = chance.choice(self._weather.lengths)
        pieces = [text, *chance.choices([" and", " so on,", " more\n"], k=length)]
        pieces.append(f" {END}")
        at = chance.randrange(len(pieces))
        for number, piece in enumerate(pieces):
            if number == at and fate < 0.12:
                raise ModelFailed("truncated", "the model stopped before its end")
            yield piece
            if chance.random() < 0.1:
                await asyncio.sleep(chance.uniform(0.4, 6))

    async def summarise(self, task: Task) -> str:
        """It tells all it read, and who lives where."""
        await asyncio.sleep(self._chance.uniform(0.5, 20) * self._weather.ponder)
        if self._network.faulty and self._chance.random() < 0.1:
            raise ModelFailed("unavailable", "the model is not there")
        if task.instruction == MERGING:
            return task.text
        facts = [
            {"person": name, "key": "home", "value": word, "quote": f"I live in {word}"}
            for name, word in SAID.findall(task.text)
        ]
        return json.dumps({"summary": task.text, "facts": facts})


def _cache_key(place: Place) -> str:
    return hashlib.sha256(place.key.encode()).hexdigest()[:16]
