"""A conversation's title: the first words of what was said in it."""

import pytest

from bot.desk import title


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("hello", "hello"),
        ("  two \n words ", "two words"),
        ("word " * 20, "word word word word word word word word word …"),
        ("word " * 90_000, "word word word word word word word word word …"),
        ("-" * 90_000, "…"),
    ],
)
def test_a_title_has_the_first_words(text: str, shown: str) -> None:
    assert title(text).strip() == shown
