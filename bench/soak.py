"""A long talk on both platforms in bad weather: no reply lost, doubled or misplaced, all flat."""

import argparse
import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.soak.run import Plan, soak


def main(words: Sequence[str] = ()) -> int:
    """Print what was found; 1 if a promise broke or something grew."""
    parser = argparse.ArgumentParser(prog="python -m bench soak")
    parser.add_argument("--seconds", type=float, default=1_800)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--http", action="store_true", help="Slack over HTTP, not sockets")
    parser.add_argument("--json", action="store_true", help="the last line is one JSON object")
    given = parser.parse_args(words)
    chapters = max(4, int(given.seconds / 60))
    plan = Plan(seconds=given.seconds, seed=given.seed, http=given.http, chapters=chapters)
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(soak(plan, Path(folder)))
    if given.json:
        print(found)
    else:
        print(*found.vitals, found.report, sep="\n")
        print(f"{found.said} messages, {found.faults} faults, lost: {list(found.lost) or 'none'}")
        print(f"{len(found.answers)} of {found.typed} commands answered")
        print(f"grown: {', '.join(found.grown) or 'nothing'}")
    return int(found.broken)
