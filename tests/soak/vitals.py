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

    There it is the rule that counts, not the exception: a burst takes memory once and for all, and
    files until it is over; a leak goes on and on.
    """
    if few := len(looks) < MANY:
        growth = {name: _of(looks[-1], name) - _of(looks[0], name) for name in ALLOWED}
    else:
        late = looks[len(looks) // 2 :]
        growth = {
            name: (len(late) - 1) * median(_of(b, name) - _of(a, name) for a, b in pairwise(late))
            for name in ALLOWED
        }
    allowed = ALLOWED | {"rss": (0.15 if few else 0.05) * looks[0].rss}
    return [name for name in ALLOWED if growth[name] > allowed[name]]


def _of(look: Vitals, name: str) -> float:
    return float(getattr(look, name))


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
