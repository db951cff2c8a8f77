"""Draws small defects over all rooms and scripts, and tells which of them no test notices.

`python -m bench mutate --seed COMMIT [--count 60] [--minutes M] [--state FILE] [--again] [--json]`

On two cores some minutes for each; before the first, twice what `make test` takes. After a test was
added, `--again` tries those once more that nothing noticed.
"""

import argparse
import hashlib
import json
import math
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bench.mutants import Mutant, compiles, python
from bench.mutants_lua import lua
from bench.proving import Copy, Record, Told, copied, lanes, steps

TREE = Path(__file__).parents[1]
ROOMS = ("bot", "adapters", "memory", "memory/scripts")
NEEDED = 57 / 60
RECORD = 7_200.0  # seconds the recording may take


@dataclass(slots=True, kw_only=True)
class State:
    """What is done already, in a file: whoever is interrupted goes on where it was."""

    path: Path
    record: Record = field(default_factory=Record)
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)  # by what was planted, and where

    def load(self) -> None:
        if self.path.exists():
            known = json.loads(self.path.read_text())
            self.record, self.rows = Record(**known["record"]), known["rows"]

    def save(self) -> None:
        known = {"record": asdict(self.record), "rows": self.rows}
        draft = self.path.with_suffix(".new")
        draft.write_text(json.dumps(known))
        draft.replace(self.path)


def main(words: Sequence[str]) -> int:
    """0: enough were noticed; 1: too few; 3: time is up, say it again to go on."""
    options = _options().parse_args(words)
    state = State(path=options.state or _place(options.seed))
    state.load()
    files = sources(TREE)
    mutants = {name(each, files): each for each in draw(options.seed, options.count, files)}
    done = {known for known, told in state.rows.items() if told["by"] or not options.again}
    left = [mutant for known, mutant in mutants.items() if known not in done]
    until = time.monotonic() + 60 * options.minutes
    with copied(TREE) as copy:
        if not state.record.touched:
            state.record = recorded(copy, options.tests)
            state.save()
        for mutant in left:
            if time.monotonic() > until:
                break
            told = row(mutant, copy.prove(mutant, steps(mutant, state.record, options.tests)))
            state.rows[name(mutant, files)] = told
            state.save()
            print(_line(told), file=sys.stderr, flush=True)
    rows = [state.rows[known] for known in mutants if known in state.rows]
    return report(options.seed, options.count, rows, as_json=options.json)


def name(mutant: Mutant, files: Mapping[str, bytes]) -> str:
    """Another one when its file has changed since."""
    content = hashlib.sha256(files[mutant.path]).hexdigest()[:8]
    return f"{mutant.path}@{content}:{mutant.start}:{mutant.end}:{mutant.new}"


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench mutate")
    parser.add_argument("--seed", required=True, help="a commit's hash, or any other text")
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--minutes", type=float, default=math.inf, help="begin none after that")
    parser.add_argument("--state", type=Path, help="a file; else one in the temporary folder")
    parser.add_argument("--again", action="store_true", help="also what nothing noticed before")
    parser.add_argument("--tests", nargs="*", default=[], help="only these; else the short lanes")
    parser.add_argument("--json", action="store_true")
    return parser


def _place(seed: str) -> Path:
    return Path(tempfile.gettempdir(), f"threadkeeper-mutate-{seed[:12]}.json")


def sources(tree: Path) -> Mapping[str, bytes]:
    """The product's files by their paths."""
    files = sorted(file for room in ROOMS[:3] for file in (tree / room).rglob("*"))
    return {
        file.relative_to(tree).as_posix(): file.read_bytes()
        for file in files
        if file.suffix in (".py", ".lua")
    }


def draw(seed: str, count: int, files: Mapping[str, bytes]) -> Sequence[Mutant]:
    """The same for the same seed and files: each room in turn, then a kind, then one of it."""
    chance = random.Random(seed)  # noqa: S311
    rooms: dict[str, dict[str, list[Mutant]]] = {room: {} for room in ROOMS}
    for path, source in files.items():
        found = lua(path, source) if path.endswith(".lua") else python(path, source)
        room = max((each for each in ROOMS if path.startswith(f"{each}/")), key=len)
        for mutant in found:
            rooms[room].setdefault(mutant.kind, []).append(mutant)
    drawn: list[Mutant] = []
    while len(drawn) < count and any(map(any, rooms.values())):
        kinds = rooms[ROOMS[len(drawn) % len(ROOMS)]] or next(filter(None, rooms.values()))
        kind = chance.choice(sorted(kinds))
        mutant = kinds[kind].pop(chance.randrange(len(kinds[kind])))
        if not kinds[kind]:
            del kinds[kind]
        elsewhere = all(_where(mutant) != _where(each) for each in drawn)
        scripted = mutant.path.endswith(".lua")
        if elsewhere and (scripted or compiles(mutant.apply(files[mutant.path]))):
            drawn.append(mutant)
    return drawn


def _where(mutant: Mutant) -> tuple[str, int]:
    return mutant.path, mutant.line


def recorded(copy: Copy, tests: Sequence[str]) -> Record:
    """Once, by running all of them. What fails as it is recorded may do so for being slow."""
    folder, record = copy.root / ".touching", Record()
    folder.mkdir()
    for lane in lanes(tests):
        copy.run(("-p", "bench.touching", *lane), RECORD, TOUCHING=str(folder))
    for file in sorted(folder.glob("*.json")):
        record.add(**json.loads(file.read_text()))
    shutil.rmtree(folder)
    return record


def row(mutant: Mutant, told: Told) -> dict[str, Any]:
    return {**asdict(mutant), "planted": mutant.planted, "by": told.by, "seconds": told.seconds}


def _line(known: Mapping[str, Any]) -> str:
    where, by = f"{known['path']}:{known['line']}", known["by"] or "NOT NOTICED"
    return f"{where:36} {known['planted']:80} {by} {known['seconds']:.0f} s"


def report(seed: str, count: int, rows: Sequence[Mapping[str, Any]], *, as_json: bool) -> int:
    """Print the table; the exit code."""
    print(*map(_line, rows), sep="\n")
    noticed, needed = sum(bool(known["by"]) for known in rows), math.ceil(NEEDED * count)
    print(f"{noticed} of {len(rows)} noticed (at least {needed} of {count}; seed {seed})")
    left = count - len(rows)
    if left:
        print(f"{left} are left: say it again to go on")
    if as_json:
        print(json.dumps({"seed": seed, "count": count, "noticed": noticed, "rows": list(rows)}))
    if left:
        return 3
    return 0 if noticed >= needed else 1
