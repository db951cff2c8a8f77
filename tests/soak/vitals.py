"""What a process takes up while it lives."""

import asyncio
import json
import os
import re
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median

PROBE, ROOT = Path(__file__).parent / "probe", Path(__file__).parents[2]
WITHIN = 60.0  # seconds for the process to count
MANY = 9  # looks
ALLOWED = {"rss": 0.0, "tasks": 8.0, "files": 8.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitals:
    """`rss`: MB of resident memory; `objects`: what the garbage collector knows."""

    rss: float
    tasks: int
    files: int
    threads: int
    objects: int

    def __str__(self) -> str:
        held = (f"{self.rss:.1f} MB", f"{self.tasks} tasks", f"{self.files} files")
        return ", ".join((*held, f"{self.threads} threads", f"{self.objects} objects"))


def grown(looks: Sequence[Vitals]) -> Sequence[str]:
    """What was not flat from the first look to the last; of many, in their second half.

    A leak goes on and on: a burst takes memory once and for all, and files until it is over. So it
    is the usual step from look to look that counts, and what is left when least is under way.
    """
    few = len(looks) < MANY
    allowed = ALLOWED | {"rss": (0.15 if few else 0.05) * looks[0].rss}
    rows = {name: [float(getattr(look, name)) for look in looks] for name in ALLOWED}
    growth = {name: row[-1] - row[0] if few else _usual(row) for name, row in rows.items()}
    return [name for name in ALLOWED if growth[name] > allowed[name]]


def _usual(row: Sequence[float]) -> float:
    """Of the second half: by its steps, and by the lowest of the last two thirds."""
    third, late = len(row) // 3, row[len(row) // 2 :]
    steps = (len(late) - 1) * median(after - before for before, after in pairwise(late))
    return min(steps, 1.5 * (min(row[-third:]) - min(row[third:-third])))


def probed(folder: Path, *, small: bool = False) -> dict[str, str]:
    """Environment of a bot whose tasks can be counted from outside; `small`: so are its caches."""
    environ = {"PYTHONPATH": f"{PROBE}{os.pathsep}{ROOT}", "PROBE": str(folder / "probe")}
    return environ | ({"PROBE_SMALL": "1"} if small else {})


async def vitals(process: int, folder: Path) -> Vitals:
    """Of a process with that environment, and this id."""
    told = folder / "probe"
    told.unlink(missing_ok=True)
    os.kill(process, signal.SIGUSR1)
    async with asyncio.timeout(WITHIN):
        while not told.exists():  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    status = Path(f"/proc/{process}/status").read_text()  # noqa: ASYNC240
    return Vitals(
        rss=round(_number(status, "VmRSS") / 1024, 1),
        files=len(os.listdir(f"/proc/{process}/fd")),
        threads=_number(status, "Threads"),
        **json.loads(told.read_text()),
    )


def _number(status: str, name: str) -> int:
    found = re.search(rf"^{name}:\s+(\d+)", status, re.MULTILINE)
    assert found
    return int(found[1])
