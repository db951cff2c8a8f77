"""Slack in HTTP mode: turns a second from signed request to posted reply, and time to ack."""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.workspace import Workspace

TURNS, ACK = 250, 100.0  # a second, at least; milliseconds, below
SECONDS = 8.0  # of each measurement
ABREAST = 48  # threads that wait for a reply at the same time
THREADS = 192
START = 30.0  # seconds
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    rate: float  # replies a second
    busy: float  # milliseconds of processor time for each, all threads
    acks: Sequence[float]  # milliseconds to each acknowledgement, at half that rate

    @property
    def p50(self) -> float:
        return statistics.median(self.acks)

    @property
    def p99(self) -> float:
        return statistics.quantiles(self.acks, n=100)[-1]


def main(options: Sequence[str] = ()) -> int:
    """Print both, with --json as one object too; 1 if design.md's bounds do not hold.

    The bot and the echo are one process each; the store and the stand-in for Slack are others.
    """
    echo, bot = _measured("-m", "bench.echo"), _measured("-m", "bot", "run")
    ratio = bot.rate / echo.rate
    for name, each in (("a bare Bolt echo", echo), ("the bot", bot)):
        print(
            f"{name}: {each.rate:.0f} replies a second, {each.busy:.1f} ms of processor time each; "
            f"acknowledged, at half that rate, p50 {each.p50:.1f} ms, p99 {each.p99:.1f} ms"
        )
    print(f"the bot answers at {ratio:.2f} of the echo's rate")
    print(f"bounds: at least {TURNS} a second, p99 below {ACK:g} ms")
    if "--json" in options:
        figures = {"echo": echo.rate, "turns": bot.rate, "p50": bot.p50, "p99": bot.p99}
        print(json.dumps({name: round(value, 1) for name, value in figures.items()}))
    return int(bot.rate < TURNS or bot.p99 >= ACK)


def _measured(*command: str) -> Figures:
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_run(Workspace(), Path(folder), command))


async def _run(workspace: Workspace, folder: Path, command: Sequence[str]) -> Figures:
    async with workspace:
        with process(workspace, folder, command) as running:
            async with asyncio.timeout(START):
                await workspace.verified()
            await asyncio.gather(*(workspace.ask(thread) for thread in range(THREADS)))  # joins
            before = used(running.pid)
            rate, replies = await throughput(workspace)
            busy = (used(running.pid) - before) / replies
            acks = await _acknowledged(workspace, rate / 2)
            return Figures(rate=rate, busy=1000 * busy, acks=acks)


async def throughput(workspace: Workspace, abreast: int = ABREAST) -> tuple[float, int]:
    """As many as can be answered, with so many threads waiting at the same time."""
    until = time.perf_counter() + SECONDS

    async def keep_asking(first: int) -> int:
        asked = 0
        while time.perf_counter() < until:
            await workspace.ask((first + asked * abreast) % THREADS)
            asked += 1
        return asked

    began = time.perf_counter()
    replies = sum(await asyncio.gather(*map(keep_asking, range(abreast))))
    return replies / (time.perf_counter() - began), replies


async def _acknowledged(workspace: Workspace, rate: float) -> Sequence[float]:
    began, times = time.perf_counter(), list[float]()

    async def send(number: int) -> None:
        sent = time.perf_counter()
        await workspace.post(number % THREADS)
        times.append(1000 * (time.perf_counter() - sent))

    async with asyncio.TaskGroup() as tasks:
        for number in range(int(rate * SECONDS)):
            await asyncio.sleep(began + number / rate - time.perf_counter())
            tasks.create_task(send(number))
    return times


@contextmanager
def process(
    workspace: Workspace, folder: Path, command: Sequence[str], **more: str
) -> Iterator[subprocess.Popen[bytes]]:
    """That serves this workspace, with its data in this folder; `more`: of its environment."""
    environ = {
        "PATH": os.environ["PATH"],
        "PORT": str(workspace.ports[0]),
        "SLACK_API_URL": workspace.api_url,
        "SLACK_BOT_TOKEN": "xoxb-bench",
        "SLACK_SIGNING_SECRET": workspace.secret,
        "THREADKEEPER_DATA": str(folder),
        "THREADKEEPER_LOG_LEVEL": "error",
        **more,
    }
    with (folder / "log").open("wb") as log:
        running = subprocess.Popen([sys.executable, *command], env=environ, stderr=log, stdout=log)
    try:
        yield running
    except BaseException:
        print((folder / "log").read_text(), file=sys.stderr)
        raise
    finally:
        running.terminate()
        running.wait(30)


def used(pid: int) -> float:
    """Seconds of processor time so far, of all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS
