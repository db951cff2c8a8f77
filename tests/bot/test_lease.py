"""A turn is its holder's for as long as they work at it, whatever they wait for, in minutes."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, replace

import pytest
from structlog.testing import capture_logs

from adapters.console import Console
from adapters.message import Message
from adapters.ports import Busy
from bot.ports import Request
from tests.adapters.terminal import Terminal
from tests.bot.conftest import Bench
from tests.bot.hours import Bot, PacedPlatform, Script, lived
from tests.bot.platform import People
from tests.simulation.replica import moment

MINUTES = 400.0  # seconds


def streaming(pieces: list[str], every: float) -> Script:
    async def stream(_: Request) -> AsyncGenerator[str, None]:
        for piece in pieces:
            yield piece
            await asyncio.sleep(every)

    return stream


@dataclass
class Typed:
    """What a person types, and then the end of input."""

    lines: list[bytes]

    async def read(self, n: int) -> bytes:
        return self.lines.pop(0) if self.lines else b""


def talked(url: str, script: Script, *lines: bytes) -> tuple[str, Bot]:
    """What the terminal shows of it, and the bot."""
    terminal, kept = Terminal(), list[Bot]()
    console = Console(
        person="ann", source=Typed([*lines]), write=terminal.write, now=lambda: moment(1.0)
    )

    async def live(bot: Bot) -> None:
        kept.append(bot)
        async with asyncio.timeout(MINUTES):
            await console.run(bot.intake)

    lived(url, script, console, live)
    return terminal.shown, kept[0]


def said(text: str) -> Message:
    return replace(People().say(text), sent_at=moment(1.0))


def posted(url: str, script: Script, live: Callable[[Bot, PacedPlatform], Awaitable[None]]) -> Bot:
    platform, kept = PacedPlatform(), list[Bot]()

    async def run(bot: Bot) -> None:
        kept.append(bot)
        await live(bot, platform)

    lived(url, script, platform, run)
    return kept[0]


def test_a_minute_of_pieces_in_the_terminal_is_one_reply(any_server: str) -> None:
    pieces = [f"word{number} " for number in range(120)]
    shown, bot = talked(any_server, streaming(pieces, 0.5), b"tell me a story\n")
    assert shown == "".join(pieces) + "\n"
    assert (len(bot.asked), bot.ended("done"), bot.ended("lost")) == (1, 1, 0)


@pytest.mark.parametrize("piece", [" ", "\n", "\u200b"])
def test_a_minute_of_what_cannot_be_seen_before_the_first_word_is_one_reply(
    any_server: str, piece: str
) -> None:
    async def live(bot: Bot, platform: PacedPlatform) -> None:
        await bot.intake.receive(said("what is the codeword?"))
        await asyncio.sleep(MINUTES)
        assert [text.strip(" \n\u200b") for text in platform.paced.visible] == ["heron-7"]

    bot = posted(any_server, streaming([piece] * 120 + ["heron-7"], 0.5), live)
    assert (len(bot.asked), bot.ended("done"), bot.ended("lost")) == (1, 1, 0)


def test_a_turn_whose_platform_asks_to_wait_for_minutes_is_not_taken_from_who_waits(
    any_server: str,
) -> None:
    """Slow mode, or a rate limit of the whole channel."""

    async def live(bot: Bot, platform: PacedPlatform) -> None:
        platform.paced.fail("post", *[Busy(70.0)] * 3)
        await bot.intake.receive(said("hello"))
        await asyncio.sleep(MINUTES)
        assert platform.paced.visible == ["hi there"]

    bot = posted(any_server, streaming(["hi ", "there"], 0.5), live)
    assert (len(bot.asked), bot.ended("done"), bot.ended("lost")) == (1, 1, 0)


def test_a_model_that_is_silent_for_minutes_keeps_its_turn(any_server: str) -> None:
    shown, bot = talked(any_server, streaming(["one ", "two"], 150.0), b"count to two\n")
    assert (shown, len(bot.asked), bot.ended("lost")) == ("one two\n", 1, 0)


@pytest.mark.anyio
async def test_a_reply_that_breaks_off_because_its_lease_was_lost_says_so_in_the_log(
    bot: Bench,
) -> None:
    bot.model.gate = asyncio.Event()
    with capture_logs() as logs:
        async with bot.running() as intake:
            await intake.receive(People().say("hello"))
            await bot.until(lambda: len(bot.platform.posts) > 0)
            await bot.expire()
            await bot.until(lambda: len(bot.model.seen) == 2)
            bot.model.gate.set()
            await bot.answers(1)
            await bot.rest()
    (told,) = [each for each in logs if "lease was lost" in each["event"]]
    assert told["log_level"] == "warning"
    assert {"conversation", "turn", "attempt"} <= told.keys()
