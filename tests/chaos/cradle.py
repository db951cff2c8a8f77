"""The process that `nursery` forks bots from: `python -m tests.chaos.cradle`.

A line on its input holds one bot's log, arguments and environment as JSON; it answers with the
process id. Its bots end with it, whatever ends it.
"""

import ctypes
import importlib
import json
import os
import random
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from bot.__main__ import main as run

DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG
LATER = ("adapters.discord.platform", "adapters.slack.platform", "bot.model")  # what it imports


def main() -> None:
    for name in LATER:
        importlib.import_module(name)
    for line in sys.stdin.buffer:
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        if pid := os.fork():
            print(pid, flush=True)
        else:
            sys.exit(live(json.loads(line)))


def live(given: Mapping[str, Any]) -> int:
    """In the child."""
    ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGKILL)
    nothing = os.open(os.devnull, os.O_RDWR)
    log = os.open(given["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    for source, target in ((nothing, 0), (nothing, 1), (log, 2)):
        os.dup2(source, target)
    os.environ.clear()
    os.environ.update(given["environ"])
    random.seed()
    return run(given["arguments"])


if __name__ == "__main__":
    main()
