"""What becomes of a message's text when its post is edited, also before it came."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from memory.entry import UNREADABLE, Entry
from memory.keys import Keys, message_context
from memory.records import Found

Present = Callable[[int], Awaitable[Entry | None]]
"""A post as its platform shows it now, from the edit of this time or a later one; None: unknown.

Asked where an edit came before its message: of that edit only the time is kept.
"""


async def edited(
    entry: Entry, at: int, present: Present | None, measure: Callable[[str], Awaitable[int]]
) -> Entry:
    """As it was edited then, or later, as far as anybody can still read it."""
    now = await present(at) if present else None
    text, version = (now.text, max(at, now.version)) if now else (UNREADABLE, at)
    return replace(entry, text=text, version=version, tokens=await measure(text))


def opened(keys: Keys, found: Found, message: str) -> Entry:
    """A message that is held. Raises Unreadable."""
    context = message_context(found.place, message, found.version)
    packed = keys.learn(found.place, found.wrapped).data.open(found.blob, *context)
    return Entry.unpack(packed, id=message, sent=0, version=found.version)
