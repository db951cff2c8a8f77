"""/summary: what is held of a conversation, with its sources; of a channel, its conversations."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from adapters.message import Answer, Command
from bot.desk import BUTTONS, NOTHING, UNSEEN, Desk, closed, count, day, direct
from bot.places import place_of
from memory.entry import Description, Entry
from memory.records import Place


async def summary(desk: Desk, command: Command) -> Answer:
    place = place_of(command.conversation)
    if command.argument:
        there = desk.meant(command, command.argument)
        if there is None:
            return Answer(text="Say /summary, or /summary and the link of a post of this channel.")
        place = there
    if not await desk.sees(command, place):
        return Answer(text=UNSEEN)
    held = await desk.memory.describe(place)
    if held.unreadable:
        return closed(place, held.unreadable)
    lines = []
    if held.messages or held.segments:
        entries = (await desk.memory.upkeep.of(place)).entries
        lines = [*_account(held), *_sources(desk, place, held, entries)]
    if not (command.argument or place.thread or direct(command)):
        threads = await desk.memory.holdings.threads(place, BUTTONS)
        rows = [each.row for each in await desk.threads([each for each in threads if each.thread])]
        lines += ["Threads I remember here, the newest first:", *rows] if rows else []
    return Answer(text="\n".join(lines or [NOTHING]))


def _account(held: Description) -> Iterator[str]:
    folded = sum(segment.covered for segment in held.segments)
    words = f"{len(held.window)} word for word, {folded} summarised"
    yield f"I hold {held.messages} messages of this conversation ({words}): {held.tokens:,} tokens."


def _sources(
    desk: Desk, place: Place, held: Description, entries: Sequence[Entry]
) -> Iterator[str]:
    """Each summary and the window, with links to the first and last message they are made of."""
    ends = [0, *(segment.since for segment in held.segments)]
    for segment, (after, until) in zip(held.segments, pairwise(ends), strict=True):
        told = [entry for entry in entries if after < entry.sent <= until]
        span = _span(desk, place, told)
        yield f"\nSummary of {count(segment.covered, 'message')}{span}:\n{segment.text}"
    if not held.segments:
        yield "Nothing is summarised yet: all of it is word for word."
    if held.window:
        yield f"Word for word{_span(desk, place, held.window)}."


def _span(desk: Desk, place: Place, entries: Sequence[Entry]) -> str:
    if not entries:
        return ""
    first, last = (desk.link(place, each.id, day(each.sent)) for each in (entries[0], entries[-1]))
    return f", from {first} to {last}"
