"""Calls that came while nobody listened, in places that nobody knew of, are found and answered."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from redis.asyncio import Redis

from adapters.message import Conversation, Message
from adapters.ports import Busy, Call, Refused, Unclear
from bot import absence
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


async def test_one_time_for_each_space_is_stored_and_nothing_for_a_channel(away: Bench) -> None:
    away.platform.spaces = ("S", "T")
    async with away.running() as intake:
        await intake.missed("fake", 0.0)
        await written(away)
    async with Redis.from_url(away.url) as redis:
        keys: list[Any] = await redis.keys("tk:*")
        names = {key.decode() for key in keys} - {"tk:pepper"}
        assert all([await redis.ttl(name) > 0 for name in names])
    assert names == {"tk:heard:fake:S", "tk:heard:fake:T"}


async def test_where_it_never_listened_before_nothing_is_looked_for(away: Bench) -> None:
    """It may have answered there in an earlier life, and where only one person saw it."""
    away.platform.spaces = ("T",)
    async with away.running() as intake:
        await intake.missed("fake", 0.0)

        async def known() -> bool:
            return "tk:heard:fake:T" in await heard(away)

        async with asyncio.timeout(10):
            await until(known)
    assert away.platform.sought == []


async def test_it_is_looked_for_from_where_all_had_come_in_and_at_most_a_day_back(
    away: Bench,
) -> None:
    async with away.running() as intake:
        await intake.missed("fake", 0.0)
        await written(away)
    away.now = NOW + timedelta(minutes=7)
    async with away.running() as intake:
        await intake.missed("fake", 0.0)
        await away.until(sought(away, 2))
    away.now = NOW + timedelta(days=3)
    async with away.running() as intake:
        await intake.missed("fake", 0.0)
        await away.until(sought(away, 3))
    day, overlap = timedelta(hours=24), timedelta(minutes=2)
    assert away.platform.sought == [NOW - day, NOW - overlap, away.now - day]


async def test_what_a_platform_held_back_is_looked_for_too(away: Bench) -> None:
    """A gap is opened in the space, such as after Slack's last try."""
    async with away.running() as intake:
        await intake.missed("fake", 0.0)
        await written(away)
        await intake.missed("fake", 400.0)
        await away.until(sought(away, 2))
    assert away.platform.sought[-1] == NOW - timedelta(seconds=400) - timedelta(minutes=2)


async def test_while_it_listens_the_time_moves_on(
    away: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(absence, "BEAT", 0.0)
    monkeypatch.setattr(absence, "LOOK", 0.01)
    async with away.running() as intake:
        await intake.missed("fake", 0.0)
        await written(away)
        away.now = later = NOW + timedelta(hours=1)

        async def moved() -> bool:
            return set((await heard(away)).values()) == {_micros(later)}

        async with asyncio.timeout(10):
            await until(moved)
        away.platform.trouble = "reconnecting"
        watch = intake._catchup._absence._watches["fake"]

        async def deaf() -> bool:
            return watch.listened is None

        await until(deaf)
        away.now, watch.written = later + timedelta(hours=1), 0.0

        for _ in range(20):  # looks
            await held(intake, HERE)
        assert await moved()


async def test_what_fails_is_tried_again_and_the_time_stays(
    away: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(absence, "AGAIN", 0.05)
    monkeypatch.setattr(absence, "LOOK", 0.01)
    people = People()
    away.platform.missed = [[Call(message=call(people, "hello"))]]
    away.platform.outages = [Unclear("no answer"), Busy(500.0), ConnectionError()]
    async with away.running() as intake:
        await intake.missed("fake", 0.0)
        await away.answers(1)
    assert len(set(away.platform.sought)) == 1
    assert len(away.platform.sought) == 4


async def test_what_the_platform_refuses_is_left_and_said(
    away: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    away.platform.missed, away.platform.outages = [[]], [Refused("add the scope im:history")]
    async with away.running() as intake:
        await intake.missed("fake", 0.0)
        await written(away)
    assert "add the scope im:history" in capsys.readouterr().out
    assert len(away.platform.sought) == 1


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
