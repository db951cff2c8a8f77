"""A stop ends the turn it names, in every attempt, and what was shown stays."""

import asyncio
from copy import copy
from dataclasses import replace

import pytest

from adapters.message import Stop
from bot.places import place_of
from tests.bot.conftest import Bench
from tests.bot.platform import HERE, People

pytestmark = pytest.mark.anyio


async def test_a_stop_keeps_what_was_shown(bot: Bench) -> None:
    message = People().say("count to ten")
    bot.model.gate = asyncio.Event()
    bot.model.script = lambda _: "one two three four"
    async with bot.running() as intake:
        await intake.receive(message)
        await bot.until(lambda: len(bot.platform.posts) > 0)
        (post,) = bot.platform.posts.values()
        await intake.stop(Stop(conversation=HERE, turn=post.turn))
        bot.model.gate.set()
    assert len(bot.platform.shown) == 1
    assert "one two th".startswith(bot.platform.shown[0][:9])


async def test_a_stop_before_the_first_word_says_that_it_stopped(bot: Bench) -> None:
    bot.model.door = asyncio.Event()
    async with bot.running() as intake:
        await intake.receive(People().say("count to ten"))
        await bot.until(lambda: len(bot.model.seen) > 0)
        (turn,) = intake._turns._live
        await intake.stop(Stop(conversation=HERE, turn=turn.id))
        await bot.answers(1)  # though the model never says a word
    assert bot.platform.shown == ["(stopped)"]
    assert len(bot.model.seen) == 1


async def test_a_stop_that_names_no_turn_ends_what_runs_there_and_nothing_elsewhere(
    bot: Bench,
) -> None:
    bot.model.gate = asyncio.Event()
    elsewhere = replace(HERE, thread="other")
    async with bot.running() as intake:
        await intake.receive(People().say("count to ten"))
        await bot.until(lambda: len(bot.platform.posts) > 0)
        await intake.stop(Stop(conversation=elsewhere))
        (live,) = intake._turns._live
        assert not live.stopped
        await intake.stop(Stop(conversation=HERE))
        await bot.answers(1)  # the model is not waited for
    assert bot.platform.shown == ["re: Ada: c"]


async def test_a_stop_reaches_an_attempt_though_an_earlier_one_of_its_turn_has_ended(
    bot: Bench,
) -> None:
    bot.model.gate = asyncio.Event()
    async with bot.running() as intake:
        await intake.receive(People().say("count to ten"))
        await bot.until(lambda: len(bot.platform.posts) > 0)
        (earlier,) = intake._turns._live
        later = copy(earlier)
        intake._turns._live.add(later)
        bot.model.gate.set()
        await intake._turns.drain()
        await intake.stop(Stop(conversation=HERE, turn=later.id))
        assert (earlier.stopped, later.stopped) == (False, True)


async def test_a_stopped_reply_is_not_kept_if_what_it_quotes_is_gone(bot: Bench) -> None:
    people, first = People(), asyncio.Event()
    async with bot.running() as intake:
        gone = people.say("my code is otter")
        await intake.receive(gone)
        await bot.answers(1)
        bot.model.gate, bot.model.script = first, lambda _: "the code is otter"
        await intake.receive(people.say("what is my code?"))
        await bot.until(lambda: len(bot.platform.posts) == 2)
        *_, post = bot.platform.posts.values()
        await intake._memory.retract(place_of(HERE), [gone.id])
        await intake._memory.stop(place_of(HERE), post.turn)
    async with bot.running() as intake:
        await bot.answers(2)
        held = await intake._memory.describe(place_of(HERE))
    assert [bot.platform.shown[-1], held.window[-1].text] == ["(stopped)"] * 2


async def test_a_stopped_turn_is_not_made_again_by_the_next_process(bot: Bench) -> None:
    bot.model.gate = asyncio.Event()
    async with bot.running() as intake:
        await intake.receive(People().say("count to ten"))
        await bot.until(lambda: len(bot.platform.posts) > 0)
        (post,) = bot.platform.posts.values()
        await intake._memory.stop(place_of(HERE), post.turn)
        shown = post.text
    bot.model.gate = None
    async with bot.running():
        await bot.answers(1)
    assert bot.platform.shown == [shown]
    assert len(bot.model.seen) == 1
