"""Two processes against one, on one store: turns a second, and what of the processors they took."""

import argparse
import asyncio
import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from redis.asyncio import Redis

from bench.slack import START, THREADS, process, throughput, used
from bench.workspace import Workspace
from memory.seal import fresh_key
from tests.servers.redis import find_servers, running

RATIO = 1.8  # at least, where the store and the stand-in for Slack are not the limit
PERIOD = 10_000  # microseconds in which a process gets its share
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


def main(words: Sequence[str] = ()) -> int:
    """Print both and their ratio; 1 if that is below the bound."""
    parser = argparse.ArgumentParser(prog="python -m bench scale")
    parser.add_argument("--processes", type=int, default=2, help="against one (2)")
    parser.add_argument(
        "--share", type=float, help="of a core, the most for each: as root, by cgroup v1"
    )
    parser.add_argument("--no-recall", action="store_true", help="nobody indexes what is said")
    parser.add_argument("--json", action="store_true", help="the last line is one JSON object")
    given = parser.parse_args(words)
    more = {"THREADKEEPER_MEMORY__RECALL_TOKENS": "0"} if given.no_recall else {}
    one, many = (asyncio.run(_measured(each, given.share, more)) for each in (1, given.processes))
    ratio = many.rate / one.rate
    print(f"1 process: {one}", f"{given.processes} processes: {many}", sep="\n")
    print(f"ratio {ratio:.2f}, bound {RATIO * given.processes / 2:.1f}; {os.cpu_count()} cores")
    if given.json:
        print(json.dumps({"one": one.rate, "many": many.rate, "ratio": round(ratio, 2)}))
    return int(ratio < RATIO * given.processes / 2)


async def _measured(number: int, share: float | None, more: Mapping[str, str]) -> Figures:
    binary = find_servers()[0]
    with tempfile.TemporaryDirectory() as folder:
        async with running(binary, *DURABLE) as url, Workspace(bots=number) as workspace:
            environ = {"REDIS_URL": url, "MEMORY_KEY": fresh_key(), **more}
            with started(workspace, Path(folder), environ) as bots:
                async with asyncio.timeout(START):
                    await workspace.verified()
                await asyncio.gather(*(workspace.ask(thread) for thread in range(THREADS)))  # joins
                with capped(bots, share) if share else nullcontext():
                    return await _taken(workspace, url, bots)


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


async def _taken(workspace: Workspace, url: str, bots: Sequence[int]) -> Figures:
    async with Redis.from_url(url) as client:
        store = int((await client.info("server"))["process_id"])
    everybody = (*bots, store, os.getpid())
    before = [used(pid) for pid in everybody]
    rate, replies = await throughput(workspace)
    seconds = replies / rate
    *of_bots, of_store, own = (
        (used(pid) - so_far) / seconds for pid, so_far in zip(everybody, before, strict=True)
    )
    return Figures(rate=rate, bots=sum(of_bots), store=of_store, fakes=own)


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
