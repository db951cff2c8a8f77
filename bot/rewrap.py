"""`python -m bot key --rewrap`: a change of MEMORY_KEY brought to an end, with progress."""

import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack

from bot.app import storage
from bot.config import Config
from memory.rotation import Tally
from memory.seal import Keyring


async def rewrap(config: Config) -> int:
    """0, or 2 if something still needs another key than the first. Raises StoreDown, Misfit."""
    async with AsyncExitStack() as stack:
        store, keyring = await storage(config, stack)
        done = Tally()
        async for done in store.rotation(keyring).run():
            _show(done)
        await store.scrub()  # the disk held them as they were wrapped before
    for line in _outcome(done, keyring):
        print(line, file=sys.stderr)  # noqa: T201
    return 0 if done.complete else 2


def _show(done: Tally) -> None:
    """One line that moves; where nobody looks on, one after the other."""
    start, end = ("\r", "") if sys.stderr.isatty() else ("", "\n")
    told = f"looked at {done.rewrapped + done.kept:,} keys, wrapped {done.rewrapped:,} anew"
    print(start + told, end=end, file=sys.stderr, flush=True)  # noqa: T201


def _outcome(done: Tally, keyring: Keyring) -> Iterator[str]:
    first, *others = keyring.ids
    if sys.stderr.isatty():
        yield ""
    yield f"under key {first}: {done.rewrapped:,} wrapped anew, {done.kept:,} were already"
    if done.broken:
        yield f"damaged, no key opens them: {done.broken:,}"
    for key_id in done.unknown:
        yield f"some need key {key_id}, which MEMORY_KEY does not list: add it, run this again"
    if done.changing:
        yield "some changed meanwhile: give every bot this MEMORY_KEY, run this again"
    elif others and not done.unknown:
        named = ", ".join(f"{key_id} (number {at})" for at, key_id in enumerate(others, start=2))
        yield f"no longer needed in MEMORY_KEY: {named}"
