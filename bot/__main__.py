"""The command line: `python -m bot run | chat | check | manifest | key | export | forget`."""

import argparse
import asyncio
import gc
import json
import os
import sys
from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from bot.app import Misfit, assembled, now, slack_manifest
from bot.config import Config, ConfigError, load
from bot.erase import NoSuchName, erase
from bot.export import lines
from bot.places import microseconds
from bot.rewrap import rewrap
from bot.telemetry import set_up_logs
from bot.web import PortTaken
from memory.cold import ArchiveDown
from memory.embedded import ServerProblem
from memory.seal import KeyProblem, Unreadable, fresh_key
from memory.store import StoreDown

Options = argparse.Namespace
CANNOT_START = (
    *(ArchiveDown, ConfigError, Misfit, NoSuchName, PortTaken, ServerProblem, StoreDown),
    *(KeyProblem, Unreadable),
)

GARBAGE = 10_000  # objects between looks for it: at Python's 700, a tenth of a turn goes into them


def main(arguments: list[str] | None = None) -> int:
    """Exit codes: 0 all is well, 2 it cannot start and said why."""
    options = _options().parse_args(arguments)
    try:
        return asyncio.run(VERBS[options.verb](options))
    except CANNOT_START as problem:
        return _refuse(problem)
    except ExceptionGroup as group:
        problems = group.subgroup(CANNOT_START)
        if problems is None or group.split(CANNOT_START)[1] is not None:
            raise
        return _refuse(problems.exceptions[0])
    except KeyboardInterrupt:
        return 130


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bot", description="A bot that remembers.")
    parser.add_argument("verb", choices=VERBS, nargs="?", default="run")
    parser.add_argument("--config", type=Path, default=Path("config.yaml"))
    only = parser.add_argument_group("manifest")
    only.add_argument("--address", default="", metavar="URL", help="where Slack reaches the bot")
    only = parser.add_argument_group("key")
    only.add_argument("--rewrap", action="store_true", help="all memory under MEMORY_KEY's first")
    only = parser.add_argument_group("export")
    only.add_argument("--person", default="", metavar="ID", help="only of this author, and replies")
    only.add_argument("--conversation", default="", metavar="KEY", help="only of this conversation")
    only = parser.add_argument_group("forget")
    only.add_argument("--yes", action="store_true", help="forget it; else it is only counted")
    return parser


async def _run(options: Options, *, console: bool = False) -> int:
    config = load(options.config, os.environ)
    set_up_logs(config.log_level.upper(), colours=sys.stderr.isatty())
    async with assembled(config, console=console) as bot:
        _say(*bot.status, *([bot.web.open()] if bot.web else []))
        gc.freeze()  # what is there by now stays
        gc.set_threshold(GARBAGE)
        await bot.run()
    return 0


async def _check(options: Options) -> int:
    """Say what is on and what is wrong with it; 2 if anything is."""
    async with assembled(_quietly(options), console=False) as bot:
        wrong = [
            f"{name}: {line}"
            for name, platform in bot.platforms.items()
            for line in await platform.check()
        ]
        _say(*bot.status, *wrong)
    return 2 if wrong else 0


async def _manifest(options: Options) -> int:
    app = slack_manifest(load(options.config, os.environ), options.address)
    print(json.dumps(app, indent=2))  # noqa: T201
    return 0


async def _key(options: Options) -> int:
    if options.rewrap:
        return await rewrap(_quietly(options))
    print(fresh_key())  # noqa: T201
    return 0


async def _export(options: Options) -> int:
    async with assembled(_quietly(options), console=True) as bot:
        async for line in lines(bot.memory, options.person, options.conversation):
            print(line)  # noqa: T201
    return 0


async def _forget(options: Options) -> int:
    until, whose = microseconds(now()), (options.person, options.conversation)
    async with assembled(_quietly(options), console=True) as bot:
        print(await erase(bot.memory, *whose, until, sure=options.yes))  # noqa: T201
    return 0


def _quietly(options: Options) -> Config:
    """For what answers once: the log has errors only."""
    set_up_logs("ERROR", colours=sys.stderr.isatty())
    return load(options.config, os.environ)


def _refuse(problem: BaseException) -> int:
    _say(str(problem))
    return 2


def _say(*lines: str) -> None:
    print(*lines, sep="\n", file=sys.stderr, flush=True)  # noqa: T201


VERBS: Mapping[str, Callable[[Options], Coroutine[Any, Any, int]]] = {
    "run": _run,
    "chat": partial(_run, console=True),
    "check": _check,
    "manifest": _manifest,
    "key": _key,
    "export": _export,
    "forget": _forget,
}

if __name__ == "__main__":
    sys.exit(main())
