"""Power cuts and kills of the private server under traffic: is what it acknowledged there after?"""

import argparse
import asyncio
import json
import random
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.durability.cuts import Cut, Machine
from tests.servers.power import possible
from tests.servers.redis import Binary, find_servers

POLICIES = ("always", "everysec")
MESSAGES = 100
LONGEST = 2.5  # seconds until a cut; everysec has its rhythm


def main(words: Sequence[str] = ()) -> int:
    """Print what was lost; 1 if that is anything with `appendfsync always`, or after a kill."""
    parser = argparse.ArgumentParser(prog="python -m bench durability")
    parser.add_argument("--cuts", type=int, default=20, help="of each kind, for each server (20)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="the last line is one JSON object")
    given = parser.parse_args(words)
    if not possible():
        print(
            "this machine lets no process be traced (ptrace): run this on another", file=sys.stderr
        )
        return 2
    chance, found = random.Random(given.seed), dict[str, Any]()  # noqa: S311
    for binary in find_servers():
        for policy in POLICIES:
            for power in (True, False):
                name = f"{binary}, {policy}, {'power cut' if power else 'kill -9'}"
                cuts = asyncio.run(_cuts(binary, policy, given.cuts, chance, power=power))
                found[name] = _totals(cuts)
                print(f"{name}: {', '.join(f'{key} {n}' for key, n in found[name].items())}")
    if given.json:
        print(json.dumps(found))
    return int(any(each["lost"] for name, each in found.items() if "everysec, power" not in name))


async def _cuts(
    binary: Binary, policy: str, number: int, chance: random.Random, *, power: bool
) -> Sequence[Cut]:
    """One after the other, in one folder."""
    with tempfile.TemporaryDirectory(prefix="tk-") as folder:
        machine = Machine(binary, Path(folder), policy, chance)
        return [
            await machine.cut(MESSAGES, chance.uniform(0, LONGEST), power=power)
            for _ in range(number)
        ]


def _totals(cuts: Sequence[Cut]) -> dict[str, float]:
    return {
        "cuts": len(cuts),
        "acknowledged": sum(each.acknowledged for each in cuts),
        "lost": sum(each.lost for each in cuts),
        "most_at_once": max(each.lost for each in cuts),
        "most_bytes_unsynced": max(each.unsynced for each in cuts),
        "most_seconds_lost": max(each.seconds for each in cuts),
    }
