"""Budgets of a day: cheaper answers first, one notice, then silence until midnight."""

import pytest

from adapters.message import Author
from bot.budget import Budgets, Limit, Limits, Standing
from bot.places import place_of
from bot.prompt import Budget
from memory.redis import RedisStore
from tests.bot.conftest import NOW, Bench
from tests.bot.platform import HERE, People

pytestmark = pytest.mark.anyio
BO = Author(id="U2", name="Bo")
PLACE = place_of(HERE)


async def test_a_person_beyond_their_limit_is_told_once_and_others_are_answered(bot: Bench) -> None:
    bot.limits = Limits(person=Limit(turns=1))
    people = People()
    async with bot.running() as intake:
        await intake.receive(people.say("one"))
        await bot.answers(1)
        await bot.rest()
        await intake.receive(people.say("two"))
        await bot.answers(2)
        await intake.receive(people.say("three"))
        await intake.receive(people.say("four", author=BO))
        await bot.answers(3)
    first, notice, other = bot.platform.shown
    assert first == "re: Ada: one"
    assert "today's limit for you (0 of 1 answers left)" in notice
    assert other.startswith("re: ")
    assert len(bot.model.seen) == 2


async def test_what_was_said_in_silence_is_remembered(bot: Bench) -> None:
    bot.limits = Limits(channel=Limit(turns=1))
    people = People()
    async with bot.running() as intake:
        await intake.receive(people.say("one"))
        await bot.answers(1)
        await bot.rest()
        await intake.receive(people.say("two"))
        await bot.answers(2)
        await intake.receive(people.say("three"))
        await bot.rest()
    bot.limits = Limits()
    async with bot.running() as intake:
        await intake.receive(people.say("four"))
        await bot.answers(3)
    assert "Ada: three" in [each.text for each in bot.model.seen[-1].prompts]
    assert len(bot.platform.shown) == 3


async def test_near_a_limit_the_summary_model_answers_from_a_smaller_window(bot: Bench) -> None:
    bot.limits = Limits(space=Limit(turns=4), soft=0.5)
    bot.budget = Budget(context=20_000, window=800)
    people = People()
    async with bot.running() as intake:
        for number in range(3):
            await intake.receive(people.say(f"question {number} {'x' * 100}"))
            await bot.answers(number + 1)
            await bot.rest()
    assert [each.cheap for each in bot.model.seen] == [False, False, True]
    assert bot.model.seen[2].stable < bot.model.seen[1].stable


async def test_tokens_of_prompt_and_reply_are_charged_once_a_turn(bot: Bench) -> None:
    bot.limits = Limits(space=Limit(tokens=1_000_000))
    async with bot.running() as intake:
        await intake.receive(People().say("hello"))
        await bot.answers(1)
        await bot.rest()
        store = RedisStore(bot.url)
        budgets = Budgets(store, bot.limits, lambda: NOW)
        (line,) = await budgets.left(PLACE, "U1")
        await store.close()
    spent = bot.model.seen[0].tokens + len("re: Ada: hello")
    assert line == f"Left today for this workspace: {1_000_000 - spent:,} of 1,000,000 tokens."


async def test_a_charge_that_is_repeated_counts_once_and_every_process_sees_it(
    any_redis_url: str,
) -> None:
    store = RedisStore(any_redis_url)
    limits = Limits(person=Limit(tokens=100), soft=0.5)
    one, other = (Budgets(store, limits, lambda: NOW) for _ in range(2))
    for _ in range(3):
        await one.charge(PLACE, ["U1"], "turn1", 60)
    assert (await one.standing(PLACE, ["U1"]))[0] is Standing.SOFT
    assert (await other.standing(PLACE, ["U1"]))[0] is Standing.SOFT
    assert (await other.standing(PLACE, ["U2"]))[0] is Standing.FREE
    await other.charge(PLACE, ["U1", "U2"], "turn2", 40)
    assert (await other.standing(PLACE, ["U1"]))[0] is Standing.HARD
    assert (await other.standing(PLACE, ["U1", "U2"]))[0] is Standing.FREE
    await store.close()


async def test_without_limits_no_store_is_asked(any_redis_url: str) -> None:
    store = RedisStore(any_redis_url)
    budgets = Budgets(store, Limits(), lambda: NOW)
    await budgets.charge(PLACE, ["U1"], "turn1", 60)
    assert await budgets.standing(PLACE, ["U1"]) == (Standing.FREE, "")
    assert not await budgets.left(PLACE, "U1")
    assert store.round_trips == 0
    await store.close()
