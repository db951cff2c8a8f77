"""Two processes on one store against one, and against two with a store each: turns a second."""

import argparse
import asyncio
import json
import os
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from redis.asyncio import Redis

from bench.slack import ABREAST, START, THREADS, process, throughput, used
from bench.workspace import Workspace
from memory.seal import fresh_key
from tests.servers.redis import find_servers, running

RATIO = 1.8  # of two to one, where the store and the stand-in for Slack are not the limit
PERIOD = 100_000  # microseconds in which a process gets its share: the kernel's default
# https://docs.kernel.org/scheduler/sched-bwc.html
CAPS = Path("/sys/fs/cgroup/cpu")
DURABLE = ("--appendonly", "yes", "--appendfsync", "always")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Turns a second; of one core, the shares that were taken."""

    rate: float
    bots: float
    store: float
    fakes: float

    def __str__(self) -> str:
        return (
            f"{self.rate:.0f} turns a second; of a core: bots {self.bots:.2f}, "
            f"store {self.store:.2f}, stand-in for Slack {self.fakes:.2f}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """What shares a store: a stand-in for Slack, processes of bots, and the store's own."""

    workspace: Workspace
    bots: Sequence[int]
    store: int


def main(words: Sequence[str] = ()) -> int:
    """Print each round and what came of them; 1 if sharing a store costs more than the bound."""
    parser = argparse.ArgumentParser(prog="python -m bench scale")
    parser.add_argument("--processes", type=int, default=2, help="against one (2)")
    parser.add_argument("--rounds", type=int, default=3, help="of all; the medians count (3)")
    parser.add_argument(
        "--share", type=float, help="of a core, the most for each: as root, by cgroup v1"
    )
    parser.add_argument("--no-recall", action="store_true", help="nobody indexes what is said")
    parser.add_argument("--json", action="store_true", help="the last line is one JSON object")
    given = parser.parse_args(words)
    more = {"THREADKEEPER_MEMORY__RECALL_TOKENS": "0"} if given.no_recall else {}
    many = given.processes
    shapes = {"one": (1, 1), "together": (1, many), "apart": (many, 1)}
    rates: dict[str, list[float]] = {shape: [] for shape in shapes}
    for _ in range(given.rounds):
        for shape, (stores, bots) in shapes.items():
            figures = asyncio.run(_measured(stores, bots, given.share, more))
            rates[shape].append(figures.rate)
            print(f"{shape}: {figures}", flush=True)
    found = {shape: round(median(measured), 1) for shape, measured in rates.items()}
    found["ratio"] = round(found["together"] / found["one"], 2)
    found["of_apart"] = round(found["together"] / found["apart"], 2)
    print(json.dumps(found) if given.json else ", ".join(f"{k} {v}" for k, v in found.items()))
    return int(found["ratio"] < RATIO * many / 2 and found["of_apart"] < RATIO / 2)


async def _measured(
    stores: int, bots: int, share: float | None, more: Mapping[str, str]
) -> Figures:
    """So many bots on each of so many stores, each store with a Slack of its own."""
    async with AsyncExitStack() as stack:
        groups = [await stack.enter_async_context(_group(bots, more)) for _ in range(stores)]
        if share:
            stack.enter_context(capped([pid for group in groups for pid in group.bots], share))
        return await _taken(groups)


@asynccontextmanager
async def _group(bots: int, more: Mapping[str, str]) -> AsyncIterator[Group]:
    binary = find_servers()[0]
    with tempfile.TemporaryDirectory() as folder:
        async with running(binary, *DURABLE) as url, Workspace(bots=bots) as workspace:
            async with Redis.from_url(url) as client:
                store = int((await client.info("server"))["process_id"])
            environ = {"REDIS_URL": url, "MEMORY_KEY": fresh_key(), **more}
            with started(workspace, Path(folder), environ) as pids:
                async with asyncio.timeout(START):
                    await workspace.verified()
                await asyncio.gather(*(workspace.ask(thread) for thread in range(THREADS)))  # joins
                yield Group(workspace=workspace, bots=pids, store=store)


@contextmanager
def started(
    workspace: Workspace, folder: Path, environ: Mapping[str, str]
) -> Iterator[Sequence[int]]:
    """A bot behind each of the workspace's ports, all on one store: their processes."""
    with ExitStack() as stack:
        bots = []
        for port in workspace.ports:
            home = folder / str(port)
            home.mkdir()
            bot = process(workspace, home, ("-m", "bot", "run"), **environ, PORT=str(port))
            bots.append(stack.enter_context(bot).pid)
        yield bots


async def _taken(groups: Sequence[Group]) -> Figures:
    stores = [group.store for group in groups]
    everybody = (os.getpid(), *stores, *(pid for group in groups for pid in group.bots))
    before = [used(pid) for pid in everybody]
    asked = (throughput(each.workspace, ABREAST * len(each.bots)) for each in groups)
    rates = await asyncio.gather(*asked)
    seconds = max(replies / rate for rate, replies in rates)
    own, *rest = (
        (used(pid) - so_far) / seconds for pid, so_far in zip(everybody, before, strict=True)
    )
    return Figures(
        rate=sum(rate for rate, _ in rates),
        bots=sum(rest[len(stores) :]),
        store=sum(rest[: len(stores)]),
        fakes=own,
    )


@contextmanager
def capped(pids: Sequence[int], share: float) -> Iterator[None]:
    """So much of a core for each, and no more, as if it had a slower core of its own."""
    made = [CAPS / f"threadkeeper-{pid}" for pid in pids]
    try:
        for pid, cap in zip(pids, made, strict=True):
            cap.mkdir()
            (cap / "cpu.cfs_period_us").write_text(str(PERIOD))
            (cap / "cpu.cfs_quota_us").write_text(str(int(share * PERIOD)))
            (cap / "cgroup.procs").write_text(str(pid))
        yield
    finally:
        for pid, cap in zip(pids, made, strict=True):
            (CAPS / "cgroup.procs").write_text(str(pid))
            cap.rmdir()
