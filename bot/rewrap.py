"""`python -m bot key --rewrap`: a change of MEMORY_KEY brought to an end, with progress."""

import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack

from bot.app import archive, storage
from bot.config import Config
from memory.rotation import Rotation
from memory.watching import Watch


async def rewrap(config: Config) -> int:
    """0, or 2 if something still needs another key. Raises Misfit, StoreDown, ArchiveDown."""
    async with AsyncExitStack() as stack:
        store, keyring = await storage(config, stack, Watch())
        rotation = store.rotation(keyring)
        async for _ in rotation.run():
            _show(rotation)
        if cold := archive(config):
            await cold.rewrap(rotation.again)
            _show(rotation)
        await store.scrub()  # the disk holds them as they were wrapped before
    moves = sys.stderr.isatty()
    print("\n" * moves + "\n".join(_outcome(rotation, keyring.ids)), file=sys.stderr)  # noqa: T201
    return 2 if rotation.needed.keys() - {keyring.ids[0]} else 0


def _show(rotation: Rotation) -> None:
    """One line that moves; where nobody looks on, one after the other."""
    start, end = ("\r", "") if sys.stderr.isatty() else ("", "\n")
    told = f"{rotation.needed.total():,} keys seen, {rotation.rewrapped:,} wrapped anew"
    print(start + told, end=end, file=sys.stderr, flush=True)  # noqa: T201


def _outcome(rotation: Rotation, ids: tuple[str, ...]) -> Iterator[str]:
    needed, anew, first = rotation.needed, rotation.rewrapped, ids[0]
    kept = {first, *needed}
    yield f"{needed[first]:,} keys are under {first} now, {anew:,} of them wrapped anew"
    for key_id in sorted(kept - {first}):
        why = "damaged, or changed meanwhile" if key_id in ids else "MEMORY_KEY does not list it"
        yield f"{needed[key_id]:,} still need {key_id} ({why}): see to that and run this again"
    if old := [f"{each} (number {at})" for at, each in enumerate(ids, 1) if each not in kept]:
        yield f"MEMORY_KEY no longer needs {', '.join(old)}"
