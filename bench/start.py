"""How soon an unconfigured bot answers, and the memory it takes when idle."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

RUNS = 5
SECONDS, MEGABYTES = 4.0, 150


def main(options: Sequence[str] = ()) -> int:
    """Print both, with --json as one object too; 1 if design.md's bounds do not hold."""
    with tempfile.TemporaryDirectory() as folder:
        results = [_run(Path(folder, str(number))) for number in range(RUNS)]
    seconds = statistics.median(took for took, _ in results)
    megabytes = max(size for _, size in results)
    print(f"start to first answer, median of {RUNS}: {seconds:.2f} s (at most {SECONDS:g})")
    print(f"resident memory after it: {megabytes:.0f} MB (at most {MEGABYTES})")
    if "--json" in options:
        print(json.dumps({"seconds": round(seconds, 2), "megabytes": round(megabytes)}))
    return int(seconds > SECONDS or megabytes > MEGABYTES)


def _run(folder: Path) -> tuple[float, float]:
    environ = {"PATH": os.environ["PATH"], "THREADKEEPER_DATA": str(folder)}
    began = time.monotonic()
    bot = subprocess.Popen(
        [sys.executable, "-m", "bot", "chat"],
        env=environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert bot.stdin  # noqa: S101
    assert bot.stdout  # noqa: S101
    bot.stdin.write(b"My name is Ada\n")
    bot.stdin.flush()
    bot.stdout.readline()
    took = time.monotonic() - began
    status = Path(f"/proc/{bot.pid}/status").read_text()
    (size,) = [line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")]
    bot.communicate(timeout=20)
    return took, int(size) / 1024
