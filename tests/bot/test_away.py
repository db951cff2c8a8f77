"""What was said while the bot was away is read, and answered if it is fresh."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.message import Message
from adapters.ports import Gone
from bot import catchup, reading
from bot.places import place_of
from bot.reply import AWAY
from tests.bot.conftest import NOW, Bench
from tests.bot.gaps import BO, ME, TOLD, back, called, read, told
from tests.bot.platform import ADA, HERE, START, People
from tests.servers.cluster import until

pytestmark = pytest.mark.anyio


async def test_what_called_while_the_bot_was_away_is_answered(bot: Bench) -> None:
    people = People()
    bot.now = START + timedelta(minutes=10)
    await called(bot, people)
    bot.platform.said += [people.say("aside", author=BO, called=False), people.say("and?")]
    async with bot.running() as intake:
        await intake.missed("fake", 0.0)
        await bot.answers(2)
    assert bot.platform.readings == ["", "m1"]
    assert told(bot) == ["Ada: hello", TOLD + "hello", "Bo: aside"]
    assert bot.platform.shown == [TOLD + "hello", TOLD + "and?"]


async def test_what_called_more_than_an_hour_ago_is_told_once_that_nobody_was_there(
    bot: Bench,
) -> None:
    people = People()
    await called(bot, people)
    bot.platform.said += [people.say("and?"), people.say("and this?")]  # 12 hours before now
    async with bot.running() as intake:
        await back(bot, intake)
        await bot.answers(2)
        await back(bot, intake)
        await intake.receive(people.say("so?"))
        await bot.answers(3)
    assert bot.platform.shown[1:] == [AWAY, TOLD + "so?"]
    assert told(bot) == ["Ada: hello", TOLD + "hello", "Ada: and?", "Ada: and this?", AWAY]


async def test_what_called_more_than_a_day_ago_is_overheard(bot: Bench) -> None:
    people = People()
    await called(bot, people)
    bot.platform.said.append(people.say("and?"))
    bot.now = NOW + timedelta(hours=13)
    async with bot.running() as intake:
        await back(bot, intake)
        await intake.receive(people.say("so?"))
        await bot.answers(2)
    assert told(bot) == ["Ada: hello", TOLD + "hello", "Ada: and?"]


async def test_processes_that_come_back_together_answer_once(bot: Bench) -> None:
    people = People()
    bot.now = START + timedelta(minutes=10)
    await called(bot, people)
    bot.platform.said.append(people.say("and?"))
    async with bot.running() as one, bot.running() as two:
        await asyncio.gather(
            one.missed("fake", 0.0), two.missed("fake", 0.0), one.missed("fake", 0.0)
        )
        await bot.answers(2)
    assert bot.platform.shown == [TOLD + "hello", TOLD + "and?"]


async def test_what_comes_first_after_the_gap_does_not_hide_it(bot: Bench) -> None:
    people = People()
    bot.now = START + timedelta(minutes=10)
    await called(bot, people)
    bot.platform.said.append(people.say("and?"))
    async with bot.running() as intake:
        await intake.receive(replace(people.say("I am back"), sent_at=bot.now))
        await bot.answers(2)
        await intake.missed("fake", 0.0)
        await bot.answers(3)
    assert bot.platform.shown[-1] == TOLD + "and?"


async def test_a_gap_half_read_in_a_crash_is_read_by_the_next_process(bot: Bench) -> None:
    people = People()
    bot.now = START + timedelta(minutes=10)
    await called(bot, people)
    bot.platform.said += [
        *(people.say(f"aside {number}", author=BO, called=False) for number in range(3)),
        people.say("and?"),
    ]
    bot.platform.failures = [asyncio.CancelledError()]
    async with bot.running() as intake:
        await intake.missed("fake", 0.0)
        await bot.until(lambda: bot.platform.readings == ["", "m1"])
    await bot.lapse()
    async with bot.running():
        await bot.answers(2)
    assert bot.platform.shown[-1] == TOLD + "and?"
    assert told(bot)[2:] == ["Bo: aside 0", "Bo: aside 1", "Bo: aside 2"]


async def test_who_reads_on_after_a_crash_begins_where_the_other_was(
    bot: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "ABREAST", 2)
    people, died = People(), asyncio.Event()
    bot.now = START + timedelta(minutes=10)
    await called(bot, people)
    missed = [people.say(f"and {number}?") for number in range(5)]
    bot.platform.said += missed
    async with bot.running() as intake:
        hear = intake.receive

        async def receive(message: Message) -> None:
            if message is missed[3]:
                died.set()
                raise asyncio.CancelledError
            await hear(message)

        monkeypatch.setattr(intake, "receive", receive)
        await intake.missed("fake", 0.0)
        await died.wait()
    await bot.lapse()
    async with bot.running():
        await read(bot, "read")
        await bot.until(lambda: TOLD + "and 4?" in bot.platform.shown)
    assert bot.platform.readings == ["", "m1", missed[1].id]
    prompt = "\n".join(each.text for each in bot.model.seen[-1].prompts)
    assert all(each.text in prompt for each in missed)


async def test_a_gap_that_nobody_lives_to_read_is_left_in_the_end(
    bot: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catchup, "READINGS", 1)
    people = People()
    bot.now = START + timedelta(minutes=10)
    await called(bot, people)
    bot.platform.said.append(people.say("and?"))
    bot.platform.failures = [asyncio.CancelledError()]
    async with bot.running() as intake:
        await intake.missed("fake", 0.0)
        await bot.until(lambda: bot.platform.readings == ["", "m1"])
    await bot.lapse()
    async with bot.running() as intake:
        await read(bot, "left")
        assert await intake._memory.gaps.open(1) == []
    assert bot.platform.readings == ["", "m1"]


async def test_own_posts_of_while_the_bot_was_away_are_remembered_once(bot: Bench) -> None:
    people = People()
    async with bot.running() as intake:
        await intake.receive(first := people.say("hello"))
        await bot.answers(1)
        mine = [people.say(text, author=ME, called=False) for text in (TOLD, "hello")]
        bot.platform.said = [first, *mine]
        await back(bot, intake)
        await intake.receive(people.say("so?"))
        await bot.answers(2)
    assert told(bot) == ["Ada: hello", TOLD + "hello"]


async def test_what_was_lost_long_before_what_is_heard_now_is_read(bot: Bench) -> None:
    people = People()
    bot.now = START + timedelta(minutes=10)
    await called(bot, people)
    lost, newer = people.say("and?"), people.say("so?")
    bot.platform.said += [lost, newer]
    async with bot.running() as intake:
        await intake.receive(newer)
        await bot.answers(2)
        await intake.missed("fake", 0.0)  # nothing older than half a minute
        await read(bot, "read")
        await intake.missed("fake", 600.0)
        await bot.answers(3)
    assert bot.platform.readings == ["", newer.id, "m1"]
    assert bot.platform.shown[-1] == TOLD + "and?"


async def test_where_nothing_was_said_of_late_nothing_is_read(bot: Bench) -> None:
    people = People()
    await called(bot, people)
    bot.platform.said.append(people.say("and?"))
    bot.now = NOW + timedelta(days=4)
    async with bot.running() as intake:
        await intake.missed("fake", 0.0)
        await intake.missed("elsewhere", 0.0)
    assert bot.platform.readings == [""]


async def test_somebody_may_have_a_message_kept_where_nobody_called_the_bot(bot: Bench) -> None:
    people = People()
    async with bot.running() as intake:
        note = people.say("the osprey nests in May", author=BO, called=False, kept=True)
        await intake.receive(note)
        await intake.receive(people.say("the osprey left", author=BO, called=False))
        elsewhere = replace(HERE, thread="m3")
        await intake.receive(people.say("when does the osprey nest?", where=elsewhere))
        await bot.answers(1)
    (recalled,) = told(bot)
    assert "Bo: the osprey nests in May" in recalled
    assert "left" not in recalled


async def test_a_call_later_joins_where_a_message_was_kept(bot: Bench) -> None:
    people = People()
    note = people.say("keep this", called=False, kept=True)
    bot.platform.said = [note, people.say("old", author=ADA, called=False)]
    async with bot.running() as intake:
        await intake.receive(note)
        await intake.receive(people.say("so?"))
        await bot.answers(1)
        await intake.receive(people.say("and this?", called=False))
        await bot.answers(2)
    assert told(bot, 0) == ["Ada: keep this", "Ada: old"]


async def test_a_conversation_that_went_while_the_bot_was_away_is_forgotten(bot: Bench) -> None:
    people = People()
    await called(bot, people)
    bot.platform.said.append(people.say("aside", author=BO, called=False))
    bot.platform.failures = [Gone("no such thread")]
    async with bot.running() as intake:
        assert (await intake._memory.describe(place_of(HERE))).messages == 2
        await intake.missed("fake", 0.0)

        async def forgotten() -> bool:
            return (await intake._memory.describe(place_of(HERE))).messages == 0

        async with asyncio.timeout(10):
            await until(forgotten)
