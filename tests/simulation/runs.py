"""Many seeds, on as many processes as there are cores, each with a server of its own."""

import asyncio
import multiprocessing
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any

import structlog

from tests.servers.redis import find_servers, running
from tests.simulation.mutants import MUTANTS, NONE, Mutant
from tests.simulation.run import Outcome, Simulation

Job = tuple[Any, ...]  # a function that takes the address of a server, and what else it takes
PLATFORMS = ("slack", "discord")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hunted:
    """A planted defect, and the problem that told of it after so many seeds; none: it was not."""

    what: str
    seeds: int
    seconds: float
    problem: str


@contextmanager
def quiet() -> Iterator[None]:
    """What goes wrong on purpose is not logged."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    try:
        yield
    finally:
        structlog.configure(**before)


def play(
    url: str, platform: str, seeds: Sequence[int], mutant: Mutant, *, first: bool
) -> list[Outcome]:
    """`first`: no further than to the first problem."""
    simulation = Simulation(url, platform, mutant.changes, mutant.weather)
    outcomes = list[Outcome]()
    try:
        with quiet(), mutant.planted():
            for seed in seeds:
                outcomes.append(simulation.run(seed))
                if first and mutant.noticed(outcomes[-1].problems):
                    break
    finally:
        simulation.close()
    return outcomes


async def trace(seed: int, platform: str) -> Outcome:
    """One seed, told step by step on standard output."""
    async with running(find_servers()[0]) as url:
        simulation = Simulation(url, platform, {})
        with quiet():
            return await asyncio.to_thread(simulation.run, seed, trace=True)


async def simulate(seeds: Sequence[int], platforms: Sequence[str] = PLATFORMS) -> list[Outcome]:
    """All seeds on all platforms."""
    jobs = [(_play, platform, part) for platform in platforms for part in _parts(seeds)]
    outcomes = [outcome async for part in _spread(jobs) for outcome in part]
    return sorted(outcomes, key=lambda each: (each.platform, each.seed))


def hunt(mutants: Sequence[Mutant], seeds: int) -> AsyncIterator[Hunted]:
    """What became of each planted defect within so many seeds, in this order."""
    return _spread([(_hunt, each.what, seeds) for each in mutants])


async def _spread(jobs: Sequence[Job]) -> AsyncIterator[Any]:
    """What they give, in order and as soon as can be, each run on a process and a server."""
    number = min(len(jobs), os.cpu_count() or 1)
    loop, free = asyncio.get_running_loop(), asyncio.Queue[str]()
    async with AsyncExitStack() as stack:
        for _ in range(number):
            free.put_nowait(await stack.enter_async_context(running(find_servers()[0])))
        context = multiprocessing.get_context("spawn")
        pool = stack.enter_context(ProcessPoolExecutor(number, mp_context=context))

        async def run(work: Callable[..., Any], *words: object) -> Any:
            url = await free.get()
            try:
                return await loop.run_in_executor(pool, work, url, *words)
            finally:
                free.put_nowait(url)

        async with asyncio.TaskGroup() as tasks:
            for result in [tasks.create_task(run(*job)) for job in jobs]:
                yield await result


def _parts(seeds: Sequence[int]) -> Iterator[Sequence[int]]:
    size = 25
    for start in range(0, len(seeds), size):
        yield seeds[start : start + size]


def _play(url: str, platform: str, seeds: Sequence[int]) -> list[Outcome]:
    return play(url, platform, seeds, NONE, first=False)


def _hunt(url: str, what: str, seeds: int) -> Hunted:
    """Only what does not happen without the defect, under the same seed, tells of it."""
    mutant, began = next(each for each in MUTANTS if each.what == what), time.monotonic()
    whole, played, problem = replace(mutant, changes={}, methods={}), 0, ""
    while played < seeds and not problem:
        rest = range(played, seeds)
        outcomes = play(url, mutant.platform, rest, mutant, first=True)
        played, problem = played + len(outcomes), mutant.noticed(outcomes[-1].problems)
        if problem:
            (control,) = play(url, mutant.platform, [played - 1], whole, first=False)
            problem = "" if mutant.noticed(control.problems) else problem
    took = time.monotonic() - began
    return Hunted(what=what, seeds=played, seconds=took, problem=problem)
