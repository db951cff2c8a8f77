"""Runs first in the bot's process, by PYTHONPATH: a signal makes it count what it holds.

The counts go into the file PROBE, as one JSON object.
"""

import asyncio
import gc
import json
import os
import signal
from pathlib import Path


def tell(*_: object) -> None:
    """Inside the running loop, which a signal interrupts."""
    told = {"tasks": len(asyncio.all_tasks()), "objects": len(gc.get_objects())}
    file = Path(os.environ["PROBE"])
    draft = file.with_suffix(".draft")
    draft.write_text(json.dumps(told))
    draft.rename(file)


if "PROBE" in os.environ:
    signal.signal(signal.SIGUSR1, tell)
