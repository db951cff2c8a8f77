"""Many seeds, on as many processes as there are cores, each with a server of its own."""

import asyncio
import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AsyncExitStack, contextmanager

import structlog

from tests.servers.redis import find_servers, running
from tests.simulation.mutants import NONE, Mutant
from tests.simulation.run import Outcome, Simulation

PLATFORMS = ("slack", "discord")


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
    simulation, outcomes = Simulation(url, platform, mutant.changes), list[Outcome]()
    try:
        with quiet(), mutant.patch():
            for seed in seeds:
                outcomes.append(simulation.run(seed))
                if first and outcomes[-1].problems:
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
    jobs = [(platform, part) for platform in platforms for part in _parts(seeds)]
    context, number = multiprocessing.get_context("spawn"), min(len(jobs), os.cpu_count() or 1)
    loop, free = asyncio.get_running_loop(), asyncio.Queue[str]()
    async with AsyncExitStack() as stack:
        for _ in range(number):
            server = running(find_servers()[0])
            free.put_nowait(await stack.enter_async_context(server))
        pool = stack.enter_context(ProcessPoolExecutor(number, mp_context=context))

        async def run(platform: str, part: Sequence[int]) -> list[Outcome]:
            url = await free.get()
            try:
                return await loop.run_in_executor(pool, _play, url, platform, part)
            finally:
                free.put_nowait(url)

        found = await asyncio.gather(*(run(*job) for job in jobs))
    return sorted(
        (outcome for part in found for outcome in part), key=lambda it: (it.platform, it.seed)
    )


def _parts(seeds: Sequence[int]) -> Iterator[Sequence[int]]:
    size = 25
    for start in range(0, len(seeds), size):
        yield seeds[start : start + size]


def _play(url: str, platform: str, seeds: Sequence[int]) -> list[Outcome]:
    return play(url, platform, seeds, NONE, first=False)
