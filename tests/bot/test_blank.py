"""What shows nothing is no reply, no summary and no fact; and no turn is tried for ever."""

import asyncio
import sys
from collections.abc import AsyncGenerator
from datetime import datetime

import pytest

from adapters.markup import blank
from adapters.message import Author
from adapters.ports import Blank, Hold, Posted, Refused, Unclear
from bot.places import place_of
from bot.ports import ModelFailed
from memory.claims import sound
from memory.facts import shows
from memory.summary import accept
from memory.turn import Turn
from tests.bot.conftest import Bench
from tests.bot.platform import HERE, FakePlatform, People, Post

pytestmark = pytest.mark.anyio
SORRY = "Sorry, I could not answer this: "
NOTHING = [" \n\t ", "\u200b\u2060", "\ufeff \u2800", "\x1b\x07", "** **", "||\u200b||\n~~ ~~"]


@pytest.mark.parametrize("text", NOTHING)
async def test_an_answer_that_shows_nothing_is_tried_again_and_then_owned_up_to(
    bot: Bench, text: str
) -> None:
    people = People()
    bot.model.script = lambda _: text
    async with bot.running() as intake:
        await intake.receive(people.say("hello"))
        await bot.until(lambda: any(post.text.startswith(SORRY) for post in _posts(bot)))
        await bot.answers(1)
        assert len(bot.model.seen) == 2  # as often as it may
        bot.model.script = lambda _: "here"
        await intake.receive(people.say("and me?", author=Author(id="U2", name="Bo")))
        await bot.until(lambda: bot.platform.shown[-1] == "here")


@pytest.mark.parametrize("text", ["*", "…", "👍", "\u200bhi", "_ _ a _ _", "`**`", "0", "。"])
async def test_what_shows_a_single_sign_is_a_reply(bot: Bench, text: str) -> None:
    bot.model.script = lambda _: text
    async with bot.running() as intake:
        await intake.receive(People().say("hello"))
        await bot.answers(1)
    assert bot.platform.shown == [text]


async def test_a_blank_that_an_older_version_recorded_is_no_reply(bot: Bench) -> None:
    bot.model.script = lambda _: ModelFailed("unavailable", "made up")
    async with bot.running() as intake:
        await intake.receive(People().say("hello"))
        await bot.until(lambda: len(bot.model.seen) > 0)
        held: list[Turn] = []
        while not held:
            await bot.expire()
            found = await intake._memory.begin(place_of(HERE))
            held += [found] if isinstance(found, Turn) else []
        (turn,) = held
        assert turn._key
        blob = turn._key.data.seal(b" \n", *turn._context())
        await turn._store.note(turn.place, turn._lease, (), blob)
        bot.model.script = lambda _: "here"
        await bot.expire()
        await bot.until(lambda: bot.platform.shown == ["here"])
        await bot.answers(1)


async def test_no_blank_is_recorded_as_a_reply(bot: Bench) -> None:
    bot.model.door = asyncio.Event()
    async with bot.running() as intake:
        await intake.receive(People().say("hello"))
        await bot.until(lambda: len(bot.model.seen) == 1)
        (live,) = intake._turns._live
        await live.note(text=" \u200b\n")
        await live.reload()
        assert live.text == ""
        bot.model.door.set()


class Refusing(FakePlatform):
    """Says of a text that it holds none, whatever the core thinks of it."""

    async def reply(
        self, turn: Hold, text: AsyncGenerator[str, None], onto: Posted
    ) -> AsyncGenerator[Posted, None]:
        whole = "".join([piece async for piece in text])
        if "#" in whole:
            raise Blank("chat.postMessage: no_text")
        async for posted in super().reply(turn, _says(whole), onto):
            yield posted


async def test_a_reply_that_the_platform_finds_empty_becomes_an_apology(bot: Bench) -> None:
    bot.platform, bot.model.script = Refusing(), lambda _: "# "
    async with bot.running() as intake:
        await intake.receive(People().say("hello"))
        await bot.answers(1)
    assert bot.platform.shown[0].startswith(SORRY)
    assert len(bot.model.seen) == 1


class Poisoned(FakePlatform):
    """Something in it falls over this text, every time."""

    async def reply(
        self, turn: Hold, text: AsyncGenerator[str, None], onto: Posted
    ) -> AsyncGenerator[Posted, None]:
        whole = "".join([piece async for piece in text])
        if "poison" in whole:
            raise ValueError
        async for posted in super().reply(turn, _says(whole), onto):
            yield posted


async def test_a_text_that_nothing_can_show_ends_in_an_apology(bot: Bench) -> None:
    bot.platform, bot.model.script = Poisoned(), lambda _: "poison"
    async with bot.running() as intake:
        await intake.receive(People().say("hello"))
        await bot.answers(1)
    assert "it failed several times" in bot.platform.shown[0]
    assert len(bot.model.seen) == 1


class Down(FakePlatform):
    """Takes no whole reply for so many tries."""

    tries = 4

    async def reply(
        self, turn: Hold, text: AsyncGenerator[str, None], onto: Posted
    ) -> AsyncGenerator[Posted, None]:
        whole = "".join([piece async for piece in text])
        if self.tries:
            self.tries -= 1
            raise Unclear("no answer")
        async for posted in super().reply(turn, _says(whole), onto):
            yield posted


async def test_a_whole_reply_outlives_a_platform_that_is_down_for_more_attempts_than_it_has(
    bot: Bench,
) -> None:
    bot.platform = Down()
    async with bot.running() as intake:
        await intake.receive(People().say("hello"))
        async with asyncio.timeout(60), bot.platform.changed:
            await bot.platform.changed.wait_for(lambda: bot.platform.shown)
    assert bot.platform.shown == ["re: Ada: hello"]
    assert len(bot.model.seen) == 1


class Secretive(FakePlatform):
    """Lets nobody read back."""

    async def find(self, turn: str, since: datetime) -> Posted:
        raise Refused("Discord refused (403, code 50001)")


async def test_a_platform_that_lets_nothing_be_read_back_ends_no_attempt_for_ever(
    bot: Bench,
) -> None:
    bot.platform = Secretive()
    bot.model.script = lambda _: ModelFailed("unavailable", "nothing answers")
    async with bot.running() as intake:
        await intake.receive(People().say("hello"))
        await bot.answers(1)
    assert bot.platform.shown[0].startswith(SORRY)


async def test_a_reply_without_words_that_memory_holds_is_in_no_prompt(bot: Bench) -> None:
    """Endpoints refuse an assistant's message that is empty, for good."""
    people = People()
    async with bot.running() as intake:
        await intake.receive(people.say("hello"))
        await bot.until(lambda: len(bot.model.seen) == 1)
        await bot.rest()
        await intake._memory.amend(place_of(HERE), "p1", " \u200b", 2_000_000_000_000_000)
        await intake.receive(people.say("again"))
        await bot.answers(2)
    assert all(shows(each.text) for each in bot.model.seen[-1].prompts)


@pytest.mark.parametrize("text", NOTHING[:4])
def test_no_blank_is_a_summary_or_a_fact(text: str) -> None:
    assert not accept(text, "Ada: hello " * 9)
    assert not sound("home city", text)


def test_both_rooms_agree_on_what_shows_nothing() -> None:
    signs = map(chr, range(sys.maxunicode + 1))
    assert [sign for sign in signs if blank(sign) == shows(sign)] == []


def test_looking_for_something_to_be_seen_takes_one_pass() -> None:
    for text in (
        "** " * 100_000 + "x",
        "** **" * 100_000 + "x",
        " " * 500_000 + "x",
        "*_~|" * 99_999,
    ):
        assert not blank(text)


async def _says(text: str) -> AsyncGenerator[str, None]:
    yield text


def _posts(bot: Bench) -> list[Post]:
    return [*bot.platform.posts.values()]
