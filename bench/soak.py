"""A long talk on both platforms in bad weather: no reply lost, doubled or misplaced, all flat."""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench import stopping
from tests.soak.run import Plan, soak

CHAPTER = 60.0  # seconds


def main(words: Sequence[str] = ()) -> int:
    """Print what was found; 1 if a promise broke or something grew."""
    parser = argparse.ArgumentParser(prog="python -m bench soak")
    parser.add_argument("--seconds", type=float, default=1_800)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--chapters", type=int, help="how often it is looked at (once a minute)")
    parser.add_argument("--http", action="store_true", help="Slack over HTTP, not sockets")
    parser.add_argument("--json", action="store_true", help="the last line is one JSON object")
    given = parser.parse_args(words)
    chapters = given.chapters or max(4, int(given.seconds / CHAPTER))
    plan = Plan(seconds=given.seconds, seed=given.seed, http=given.http, chapters=chapters)
    with tempfile.TemporaryDirectory() as folder:
        found = stopping.run(soak(plan, Path(folder), _tell))
    if given.json:
        print(found)
    else:
        print(found.report)
        print(f"{found.said} messages, {found.faults} faults, lost: {list(found.lost) or 'none'}")
        print(f"{len(found.answers)} of {found.typed} commands answered")
        print(f"grown: {', '.join(found.grown) or 'nothing'}")
        print(f"kept for good: {', '.join(found.lasting) or 'nothing'}")
    return int(found.broken)


def _tell(line: str) -> None:
    """While it runs; standard output is for what was found."""
    print(line, file=sys.stderr, flush=True)
