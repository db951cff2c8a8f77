"""Which messages stay word for word, and which are to be folded into the summary."""

from collections.abc import Sequence
from dataclasses import dataclass

from memory.entry import ME, Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """Above a high mark the oldest messages fold, down to the low one. Zero: no such limit.

    A high mark as large as the model's context is the plain message buffer; marks by messages
    alone are the classic sliding window.
    """

    high: int = 6_000  # tokens
    low: int = 3_600
    messages_high: int = 0
    messages_low: int = 0


EVERYTHING = Marks(high=-1, low=-1)  # no window is that small


def overflow(entries: Sequence[Entry], marks: Marks, most: int) -> int:
    """How many of the oldest entries to fold now, at most `most` tokens of them.

    The cut falls between exchanges: what stays begins with somebody else's message, so that no
    reply of ours is parted from what it answers.
    """
    tokens, messages = sum(entry.tokens for entry in entries), len(entries)
    if not _above(tokens, marks.high) and not _above(messages, marks.messages_high):
        return 0
    cut, left = 0, tokens
    for index, entry in enumerate(entries):
        left -= entry.tokens
        rest = messages - index - 1
        if cut and tokens - left > most:
            break
        if rest and entries[index + 1].kind == ME:
            continue
        cut = index + 1
        if not _above(left, marks.low) and not _above(rest, marks.messages_low):
            break
    return cut


def _above(size: int, mark: int) -> bool:
    return bool(mark) and size > mark
