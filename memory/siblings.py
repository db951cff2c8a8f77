"""What a new thread of a direct message knows of the earlier ones: their newest summaries."""

from collections.abc import Sequence

from memory.entry import BOT, Entry, Segment
from memory.keys import Keys
from memory.opening import open_segments
from memory.records import Place
from memory.seal import Unreadable
from memory.store import Store

THREADS = 3  # the newest ones
NAME = "Summary of an earlier thread"


async def earlier(
    store: Store, keys: Keys, place: Place, room: int
) -> Sequence[tuple[Place, Segment]]:
    """With their threads, within `room` tokens, by time; what does not open is left out."""
    found: list[tuple[Place, Segment]] = []
    siblings = [each for each in await store.threads(place, THREADS + 1) if each.key != place.key]
    for each in siblings[:THREADS]:
        snapshot, _, _ = await store.read(each, 1)
        try:
            key = keys.learn(each, snapshot.wrapped)
            segments = open_segments(each, key, snapshot) if snapshot.folds else ()
        except Unreadable:
            continue
        for segment in segments[-1:]:
            if segment.tokens <= room:
                room -= segment.tokens
                found.append((each, segment))
    return sorted(found, key=lambda told: told[1].since)


def as_entry(place: Place, segment: Segment) -> Entry:
    """As a prompt quotes it."""
    return Entry(
        id=f"{place.key} {segment.name}",
        author="",
        name=NAME,
        kind=BOT,
        text=segment.text,
        sent=segment.since,
        tokens=segment.tokens,
    )
