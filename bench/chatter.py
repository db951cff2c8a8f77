"""Messages to measure with: made of words as frequent, and as hard to compress, as real ones."""

import random
from itertools import accumulate

from memory.entry import Entry

WORDS = 8_000
LENGTH = 220  # characters
PEOPLE = ("Ada", "Grace", "Edsger")
BEGAN = 1_766_458_026  # seconds: in 2025
LATER = 100_000_000  # seconds: too late to be too old for an answer


class Chatter:
    """The same messages in every run; the n-th is always the same."""

    def __init__(self) -> None:
        source = random.Random(7)  # noqa: S311  no secret
        self._words = [_word(source) for _ in range(WORDS)]
        self._weights = list(accumulate(1 / rank for rank in range(20, WORDS + 20)))

    def text(self, number: int) -> str:
        """220 characters."""
        source = random.Random(number)  # noqa: S311
        words = source.choices(self._words, cum_weights=self._weights, k=LENGTH // 3)
        return f"{number} {' '.join(words)}"[:LENGTH]

    def entry(self, number: int, *, called: bool) -> Entry:
        name = PEOPLE[number % len(PEOPLE)]
        return Entry(
            id=f"{BEGAN + number}.{number * 7919 % 1_000_000:06}",
            author=f"U0{name.upper()}",
            name=name,
            kind="person",
            text=self.text(number),
            sent=(BEGAN + LATER + number) * 1_000_000,
            called=called,
        )


def _word(source: random.Random) -> str:
    return "".join(
        source.choice("bcdfghjklmnprstvwz")
        + source.choice("aeiou")
        + source.choice((*"nrstlmk", ""))
        for _ in range(source.choice((1, 1, 2, 2, 3)))
    )
