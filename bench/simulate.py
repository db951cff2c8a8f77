"""The whole core in virtual time: what fails, and when, is up to a seed; promises must hold."""

import argparse
import asyncio
import json
import time
from collections import Counter
from collections.abc import Sequence

from tests.simulation.mutants import ELSEWHERE, MUTANTS
from tests.simulation.run import Outcome
from tests.simulation.runs import PLATFORMS, hunt, simulate, trace


def main(words: Sequence[str]) -> int:
    """Prints failing seeds and totals; 1 if any promise broke."""
    parser = argparse.ArgumentParser(prog="python -m bench simulate")
    parser.add_argument("--seeds", type=int, default=100, help="how many (100)")
    parser.add_argument("--seed", type=int, help="this one alone, told step by step")
    parser.add_argument("--start", type=int, default=0, help="the first of them (0)")
    parser.add_argument("--platform", choices=PLATFORMS, action="append", help="both, if none")
    parser.add_argument("--mutants", action="store_true", help="every rule switched off")
    parser.add_argument("--json", action="store_true", help="the last line is one JSON object")
    asked = parser.parse_args(words)
    platforms = asked.platform or PLATFORMS
    if asked.mutants:
        return asyncio.run(_mutants(asked.seeds))
    if asked.seed is not None:
        return max(_alone(asked.seed, platform) for platform in platforms)
    began = time.monotonic()
    seeds = range(asked.start, asked.start + asked.seeds)
    outcomes = asyncio.run(simulate(seeds, platforms))
    failing = [each for each in outcomes if each.problems]
    for outcome in failing:
        print(f"--seed {outcome.seed} --platform {outcome.platform}: {outcome.problems[0]}")
    totals = _totals(outcomes) | {
        "failing": len(failing),
        "seconds": round(time.monotonic() - began, 1),
    }
    print(json.dumps(totals) if asked.json else _line(totals))
    return int(bool(failing))


async def _mutants(seeds: int) -> int:
    """A table: rule, what was planted, after how many seeds and seconds it was noticed, and how."""
    missed, rules = 0, {each.what: each for each in MUTANTS}
    async for each in hunt(MUTANTS, seeds):
        mutant = rules[each.what]
        missed += not each.problem
        after = (
            f"{each.seeds:>4} seeds {each.seconds:>5.1f} s" if each.problem else f"{'missed':>18}"
        )
        what = f"{mutant.rule:>2}  {mutant.what:<55}{mutant.platform:<8}"
        print(f"{what}{after}  {each.problem[:60]}", flush=True)
    for what, test in ELSEWHERE.items():
        print(f"{what:<59}{test}")
    print(f"{len(MUTANTS) - missed} of {len(MUTANTS)} noticed here, {len(ELSEWHERE)} elsewhere")
    return int(bool(missed))


def _alone(seed: int, platform: str) -> int:
    """One seed, in this process."""
    outcome = asyncio.run(trace(seed, platform))
    print(f"{platform}, seed {seed}:", *(outcome.problems or ["all promises held"]), sep="\n  ")
    return int(bool(outcome.problems))


def _totals(outcomes: Sequence[Outcome]) -> dict[str, float]:
    totals = Counter[str]({"seeds": len(outcomes)})
    for outcome in outcomes:
        totals.update(outcome.counts)
    return dict(totals)


def _line(totals: dict[str, float]) -> str:
    return ", ".join(f"{number:,} {name}" for name, number in totals.items())
