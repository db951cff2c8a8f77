"""Bots and store killed and disturbed while people talk: is every message answered once?"""

import argparse
import logging
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench import stopping
from tests.chaos.run import SETTLE, Plan, chaos


def main(options: Sequence[str] = ()) -> int:
    """Print what was found, a JSON object last; 1 if a promise broke."""
    parser = argparse.ArgumentParser(prog="python -m bench chaos")
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--replicas", type=int, default=1)
    parser.add_argument("--rate", type=float, default=25, help="acts of people a second")
    parser.add_argument("--readback", action="store_true", help="no platform that deduplicates")
    given = parser.parse_args(options)
    plan = Plan(
        seconds=given.seconds,
        seed=given.seed,
        replicas=given.replicas,
        rate=given.rate,
        readback=given.readback,
        settle=max(SETTLE, given.seconds / 4),
    )
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)  # who asked is dead, often
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        report, run = stopping.run(chaos(plan, Path(folder)))
        for point, times in sorted(run.traps.sprung.items()):
            print(f"killed {times} times {point}")
        print(
            f"{len(run.people.said)} messages in {time.monotonic() - began:.0f} s; "
            f"{run.people.forgot} conversations forgotten, {run.model.failed} model failures, "
            f"{run.weather.faults} platform faults; settled in {run.settled_in:.1f} s; "
            f"not acknowledged: {', '.join(run.people.awaited) or 'nothing'}"
        )
        print(f"the log's last lines:\n{run.home.err[-1500:]}" if report.broken else "")
    print(*report.reasons, report, sep="\n")
    return int(report.broken)
