"""No text stops the loop: each function that is given one takes time in proportion, and little.

All patterns: `python -m bench text`. Here some, and those that once were quadratic.
"""

import time

import aiohttp
import pytest

from bench.hostile import few, patterns
from bench.surfaces import surfaces
from bench.text import BEST, SIZES, Measured, judged
from tests.adapters.inbox import Collected
from tests.attacks.test_requests import inbox, message, port, post, signed, slack

__all__ = ["inbox", "port", "slack"]

EVERY = 71  # of the patterns, one of so many
ONCE_SLOW = (
    *(
        "'\\n' again and again",
        "'* ' again and again",
        "'a_' again and again",
        "'_a' again and again",
    ),
    *("'http://b.c ' again and again", "'[' again and again", "'`http://b.c`' again and again"),
    *(
        "'[a](', then ' ' again and again, then '`)|x'",
        "'~~~', then ' ' again and again, then '`)|x'",
    ),
    *("'|\\n' again and again", "'\u0301\u0323' again and again", "'\\u3000' again and again"),
    *("'\\n| ' again and again", "'```\\n' again and again", "'\ufdfa' again and again"),
)
MADE = patterns()
SOME = {**few(MADE, EVERY), **{name: MADE[name] for name in ONCE_SLOW}}
HEAVY = 25.0  # seconds that some functions once took for one such text


@pytest.mark.alone
@pytest.mark.parametrize("name", surfaces())
def test_hostile_texts_take_time_in_proportion_and_little(name: str) -> None:
    # A busy machine may double a time: only what is slow three times is.
    for _ in range(3):
        slow = [each for each in judged(name, surfaces()[name], SOME) if each.fails]
        if not slow:
            return
    raise AssertionError("\n".join(map(str, slow)))


def test_there_are_a_hundred_patterns_and_more_of_every_size() -> None:
    assert len(MADE) >= 100
    assert all(len(made(size)) == size for made in SOME.values() for size in (1_000, *SIZES[:1]))


def test_a_pattern_is_the_same_every_time() -> None:
    assert {name: made(500) for name, made in patterns().items()} == {
        name: made(500) for name, made in MADE.items()
    }


@pytest.mark.parametrize(
    ("times", "fails"),
    [
        ((1.0, 2.0, 4.9), False),
        ((5.0, 10.0, 20.0), False),
        ((1.0, 4.0, 20.0), True),
        ((12.0, 22.0, 31.0), True),
        ((0.1, 0.4, 1.6), False),
        ((400.0,), True),
    ],
)
def test_what_is_too_slow_is_told_by_growth_from_five_milliseconds_on_and_by_the_longest(
    times: tuple[float, ...], fails: bool
) -> None:
    assert Measured(surface="a", pattern="b", times=times).fails is fails


@pytest.mark.alone
def test_a_function_that_looks_at_each_pair_of_characters_is_found_out() -> None:
    def pairs(text: str) -> None:
        for at in range(0, len(text), 20):
            text.count("kumquat", at)

    (worst,) = judged("pairs", pairs, few(MADE, 1_000))[-1:]
    assert worst.fails
    assert BEST == 5


@pytest.mark.anyio
@pytest.mark.parametrize(
    "text", ["x" + "\n" * 39_998 + "y", "* " * 20_000, "<@U1> " + "_a" * 19_000]
)
async def test_a_hostile_text_that_slack_sends_is_taken_at_once(
    port: aiohttp.ClientSession, inbox: Collected, text: str
) -> None:
    body = message(text)
    began = time.process_time()
    assert await post(port, body, signed(body)) == 200
    assert time.process_time() - began < 1.0
    assert len(inbox.messages) == 1
