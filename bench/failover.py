"""Failovers of replicated stores under traffic: how long is nothing acknowledged, what is lost?"""

import argparse
import asyncio
import json
from collections.abc import Sequence

from tests.durability.failover import Failover, Kind, cluster, crash, failover, paused, planned
from tests.servers.redis import Binary, find_servers
from tests.servers.sentinel import SILENCE

SECONDS = 12.0  # longer than Sentinels let a replaced primary take writes
KINDS: Sequence[tuple[str, Kind, int]] = (
    ("Sentinel, kill -9", crash, 0),
    ("Sentinel, kill -9, store.replicas 1", crash, 1),
    ("Sentinel, planned", planned, 0),
    ("Sentinel, planned, store.replicas 1", planned, 1),
    ("Sentinel, planned, writes paused", paused, 0),
    ("Cluster, kill -9", cluster, 0),
)


def main(words: Sequence[str] = ()) -> int:
    """Print all; 1 if a crash lost what a replica had, or a paused failover anything."""
    parser = argparse.ArgumentParser(prog="python -m bench failover")
    parser.add_argument("--runs", type=int, default=3, help="of each kind, for each server (3)")
    parser.add_argument("--json", action="store_true", help="the last line is one JSON object")
    given = parser.parse_args(words)
    print(f"a primary and two replicas; Sentinels and nodes wait {SILENCE / 1000:g} s for a sign")
    found, broken = dict[str, dict[str, object]](), 0
    for binary in find_servers():
        for name, kind, replicas in KINDS:
            runs = [asyncio.run(_run(kind, binary, replicas)) for _ in range(given.runs)]
            found[f"{binary}, {name}"] = said = {
                "acknowledged": [each.acknowledged for each in runs],
                "lost": [each.lost for each in runs],
                "gap_s": [each.gap for each in runs],
            }
            promised = kind is paused or (kind is crash and replicas)
            broken += any(each.lost for each in runs) and bool(promised)
            print(f"{binary}, {name}: {said}", flush=True)
    if given.json:
        print(json.dumps(found))
    return int(broken > 0)


async def _run(kind: Kind, binary: Binary, replicas: int) -> Failover:
    async with kind(binary) as (url, happen):
        return await failover(url, happen, replicas, SECONDS)
