"""What a process takes up while it lives."""

import asyncio
import json
import os
import re
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PROBE, ROOT = Path(__file__).parent / "probe", Path(__file__).parents[2]
WITHIN = 60.0  # seconds for the process to count
MANY = 9  # looks


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
    """What was not flat from the first look to the last; of many, in the last third.

    Of a third the lowest counts: what a burst took is given back, a leak is not.
    """
    third = len(looks) // 3
    few = len(looks) < MANY
    early, late = (looks[:1], looks[-1:]) if few else (looks[third:-third], looks[-third:])
    rss = (1.15 if few else 1.03) * min(each.rss for each in early)
    found = {
        "rss": min(each.rss for each in late) > rss,
        "tasks": min(each.tasks for each in late) > min(each.tasks for each in early) + 8,
        "files": min(each.files for each in late) > min(each.files for each in early) + 8,
    }
    return [name for name, flag in found.items() if flag]


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
