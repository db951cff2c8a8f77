"""Calls that came while nobody listened, in places that nobody knew of, are found and answered."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from redis.asyncio import Redis

from adapters.message import Conversation, Message
from adapters.ports import Call
from bot.intake import Intake
from bot.places import place_of
from bot.reply import AWAY
from tests.bot.conftest import NOW, Bench
from tests.bot.gaps import BO, TOLD, called, told
from tests.bot.platform import HERE, People
from tests.servers.cluster import until

pytestmark = pytest.mark.anyio

ROOM = replace(HERE, channel="ROOM", thread="R")


@pytest.fixture
async def away(bot: Bench) -> Bench:
    """A bot that listened two days ago, and whose platform can be read back."""
    bot.platform.keeps_history, bot.platform.spaces = True, ("S",)
    async with Redis.from_url(bot.url) as redis:
        await redis.set("tk:heard:fake:S", _micros(NOW - timedelta(days=2)), ex=90 * 86_400)
    return bot


def call(
    people: People, text: str, ago: timedelta = timedelta(minutes=5), where: Conversation = ROOM
) -> Message:
    return replace(people.say(text, where=where), sent_at=NOW - ago)


def sought(bot: Bench, times: int = 1) -> Callable[[], bool]:
    return lambda: len(bot.platform.sought) == times


async def heard(bot: Bench) -> dict[str, int]:
    async with Redis.from_url(bot.url) as redis:
        keys: list[Any] = await redis.keys("tk:heard:*")
        return {key.decode(): int(await redis.get(key) or 0) for key in keys}


async def written(bot: Bench) -> None:
    """Until it is written down that all came in up to now."""

    async def one() -> bool:
        return set((await heard(bot)).values()) == {_micros(bot.now)}

    async with asyncio.timeout(10):
        await until(one)


async def held(intake: Intake, where: Conversation) -> int:
    return (await intake._memory.describe(place_of(where))).messages


async def test_a_call_in_a_place_nobody_knew_is_answered(away: Bench) -> None:
    people = People()
    away.platform.missed = [[Call(message=call(people, "are you there?"))]]
    async with away.running() as intake:
        await intake.missed("fake", 0.0)
        await away.answers(1)
        await away.rest()
        assert await held(intake, ROOM) == 2
    assert away.platform.shown == [TOLD + "are you there?"]


async def test_what_a_call_replies_to_is_kept_with_it(away: Bench) -> None:
    people = People()
    earlier = replace(
        people.say("the osprey nests in May", author=BO, where=ROOM, called=False, kept=True),
        sent_at=NOW - timedelta(minutes=6),
    )
    away.platform.missed = [[Call(message=call(people, "really?"), earlier=earlier)]]
    async with away.running() as intake:
        await intake.missed("fake", 0.0)
        await away.answers(1)
    assert "Bo: the osprey nests in May" in told(away)


async def test_calls_of_more_than_an_hour_ago_get_one_word_for_each_conversation(
    away: Bench,
) -> None:
    people, other = People(), replace(HERE, channel="OTHER")
    hours = [call(people, f"call {each}", timedelta(hours=5 - each)) for each in range(3)]
    elsewhere = call(people, "and here", timedelta(hours=20), other)
    away.platform.missed = [[Call(message=each) for each in hours], [Call(message=elsewhere)]]
    async with away.running() as intake:
        await intake.missed("fake", 0.0)
        await away.answers(2)
        await intake.missed("fake", 0.0)
        await away.until(sought(away, 2))
        await away.rest()
    assert away.platform.shown == [AWAY, AWAY]
    assert not away.model.seen


async def test_an_old_call_beside_a_fresh_one_gets_no_word(away: Bench) -> None:
    people = People()
    old, fresh = call(people, "old", timedelta(hours=5)), call(people, "fresh")
    away.platform.missed = [[Call(message=old), Call(message=fresh)]]
    async with away.running() as intake:
        await intake.missed("fake", 0.0)
        await away.answers(1)
        await away.rest()
    assert away.platform.shown == [TOLD + "fresh"]


async def test_a_question_to_the_word_that_nobody_was_there_is_a_question(away: Bench) -> None:
    people = People()
    away.platform.missed = [[Call(message=call(people, "old", timedelta(hours=5)))]]
    async with away.running() as intake:
        await intake.missed("fake", 0.0)
        await away.answers(1)
        await intake.receive(replace(people.say("still", where=ROOM), sent_at=NOW))
        await away.answers(2)
    assert away.platform.shown == [AWAY, TOLD + "still"]
    assert told(away) == ["Ada: old", AWAY]


async def test_what_was_answered_before_is_not_answered_again(away: Bench) -> None:
    people = People()
    said = call(people, "hello")
    async with away.running() as intake:
        await intake.receive(said)
        await away.answers(1)
    away.platform.missed = [[Call(message=said)]]
    async with away.running() as intake:
        await intake.missed("fake", 0.0)
        await away.until(sought(away))
        await away.rest()
    assert away.platform.shown == [TOLD + "hello"]


async def test_what_was_answered_in_an_earlier_life_is_not_answered_again(away: Bench) -> None:
    """Memory is new, but our own posts are there, in a place where it never was called."""
    people = People()
    answered, open_ = call(people, "hello"), call(people, "and now?")
    away.platform.missed = [[Call(message=answered, reply="p0"), Call(message=open_)]]
    async with away.running() as intake:
        await intake.missed("fake", 0.0)
        await away.answers(1)
        await away.rest()
    assert away.platform.shown == [TOLD + "and now?"]


async def test_where_it_is_at_home_memory_alone_knows_what_was_answered(away: Bench) -> None:
    people = People()
    await called(away, people)
    missed = call(people, "and?", where=HERE)
    away.platform.said.append(missed)
    away.platform.missed = [[Call(message=missed, reply="p1")]]
    async with away.running() as intake:
        await intake.missed("fake", 0.0)
        await away.answers(2)
    assert away.platform.shown[-1] == TOLD + "and?"


async def test_what_was_forgotten_is_not_found_again(away: Bench) -> None:
    people = People()
    said = call(people, "a secret")
    away.platform.missed = [[Call(message=said)]]
    async with away.running() as intake:
        until_ = int((NOW - timedelta(minutes=1)).timestamp() * 1_000_000)
        await intake._memory.forget(place_of(ROOM), until_, channel=True)
        await intake.missed("fake", 0.0)
        await away.until(sought(away))
        await away.rest()
        assert await held(intake, ROOM) == 0
    assert not away.platform.posts


async def test_a_command_of_a_while_ago_is_run_once(away: Bench) -> None:
    people = People()
    away.platform.missed = [[Call(message=call(people, "/help"))]]
    async with away.running() as intake:
        await intake.missed("fake", 0.0)
        await away.until(sought(away))
        await intake.missed("fake", 0.0)
        await away.until(sought(away, 2))
    assert len(away.platform.whispers) == 1


async def test_processes_that_come_back_together_find_a_call_once(away: Bench) -> None:
    people = People()
    away.platform.missed = [[Call(message=call(people, "hello"))]]
    async with away.running() as one, away.running() as two:
        await asyncio.gather(one.missed("fake", 0.0), two.missed("fake", 0.0))
        await away.until(sought(away, 2))
        await away.answers(1)
        await away.rest()
    assert away.platform.shown == [TOLD + "hello"]


async def test_a_call_where_the_bot_was_long_ago_knows_what_was_said_meanwhile(
    away: Bench,
) -> None:
    people = People()
    await called(away, people)
    away.now = NOW + timedelta(days=10)
    aside = replace(people.say("aside", author=BO, called=False), sent_at=away.now)
    missed = replace(people.say("and?"), sent_at=away.now)
    away.platform.said += [aside, missed]
    away.platform.missed = [[Call(message=missed)]]
    async with away.running() as intake:
        await intake.missed("fake", 0.0)
        await away.answers(2)
    assert "Bo: aside" in told(away)


def _micros(at: datetime) -> int:
    return int(at.timestamp() * 1_000_000)
