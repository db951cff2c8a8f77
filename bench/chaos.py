"""Bots and store killed and disturbed while people talk: is every message answered once?"""

import argparse
import logging
import tempfile
import time
from bisect import bisect
from collections.abc import Iterable, Sequence
from pathlib import Path

from bench import stopping
from tests.chaos.people import RUSH
from tests.chaos.run import SETTLE, Plan, Run, chaos
from tests.chaos.told import WAITING, Report, Said


def main(options: Sequence[str] = ()) -> int:
    """Print what was found, a JSON object last; 1 if a promise broke."""
    parser = argparse.ArgumentParser(prog="python -m bench chaos")
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--replicas", type=int, default=1)
    parser.add_argument("--rate", type=float, default=25, help="acts of people a second")
    parser.add_argument(
        "--rush", type=float, default=300, help="acts a second in 5 s of each minute"
    )
    parser.add_argument("--many", type=int, default=4, help="times as many conversations as 36")
    parser.add_argument("--readback", action="store_true", help="no platform that deduplicates")
    parser.add_argument(
        "--sentinel", action="store_true", help="a primary and its replica, which take turns"
    )
    parser.add_argument("--log", type=Path, help="file for what the bots logged")
    parser.add_argument(
        "--strict", action="store_true", help="also what waits for the product breaks a run"
    )
    parser.add_argument("--json", action="store_true", help="nothing but the last line")
    given = parser.parse_args(options)
    plan = Plan(
        seconds=given.seconds,
        seed=given.seed,
        replicas=given.replicas,
        rate=given.rate,
        rush=given.rush,
        many=given.many,
        readback=given.readback,
        sentinel=given.sentinel,
        settle=max(SETTLE, given.seconds / 4),
    )
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)  # who asked is dead, often
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        report, run = stopping.run(chaos(plan, Path(folder)))
        if given.log:
            given.log.write_text(run.home.err)
        if not given.json:
            print(*told(report, run, time.monotonic() - began), sep="\n")
    print(report)
    return int(report.broken or bool(given.strict and report.waiting))


def told(report: Report, run: Run, seconds: float) -> Sequence[str]:
    """Where it killed, what else it did, and of every broken promise how."""
    killed = [f"killed {times} times {point}" for point, times in sorted(run.traps.sprung.items())]
    people, model, weather = run.people, run.model, run.weather
    changed, called = len(run.absence.changed), len(run.absence.called)
    lines = [
        *killed,
        f"{len(people.said)} messages in {seconds:.0f} s, settled in {run.settled_in:.0f} s",
        f"{busiest(people.said.values()):.0f} messages a second in the busiest {RUSH:.0f}",
        f"{people.forgot} times something was forgotten",
        f"while no bot was there {changed} messages changed, {called} calls were made",
        f"failures of the model {model.failed}, of the platforms {weather.faults}",
    ]
    lines += [
        f"{name.replace('_', ' ')} {times}: waits for item {WAITING[name]}"
        for name, times in report.waiting.items()
    ]
    if report.broken or report.waiting:
        missing = ", ".join(people.awaited) or "nothing"
        lines += [f"not acknowledged: {missing}", run.home.err[-3000:], *report.reasons]
    return lines


def busiest(said: Iterable[Said]) -> float:
    """Messages a second in the RUSH seconds that had most of them."""
    times = sorted(each.said for each in said)
    return max((bisect(times, at + RUSH) - i for i, at in enumerate(times)), default=0) / RUSH
