"""What was said before the bot was called is read."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from adapters.message import Author, Kind
from adapters.ports import Busy, Refused, Unclear
from bot.catchup import READERS
from bot.places import microseconds, place_of
from bot.ports import Role
from memory.window import Marks
from tests.bot.conftest import Bench
from tests.bot.gaps import BO, ME, TOLD, read, thread, told
from tests.bot.platform import HERE, START, FakePlatform, People
from tests.servers.cluster import until

pytestmark = pytest.mark.anyio
BUILDS = Author(id="B", name="Builds", kind=Kind.BOT)


async def test_who_is_called_into_a_thread_knows_what_was_said_there(bot: Bench) -> None:
    people = People()
    bot.platform.said = [
        *thread(people, 2),
        people.say("build 7 is red", author=BUILDS, called=False),
        people.say("", author=BUILDS, called=False, attachments=("a graph",)),
        people.say("I was here before", author=ME, called=False),
    ]
    async with bot.running() as intake:
        await intake.receive(people.say("so?"))
        await bot.answers(1)
    spoken = [(each.role, each.text) for each in bot.model.seen[0].prompts]
    assert spoken[1:-2] == [
        (Role.USER, "Bo: old 0"),
        (Role.USER, "Bo: old 1"),
        (Role.USER, "Builds (bot): build 7 is red"),
        (Role.USER, "Builds (bot): [attached: a graph]"),
        (Role.ASSISTANT, "I was here before"),
    ]
    assert bot.platform.shown == [TOLD + "so?"]


async def test_nothing_said_long_before_the_bot_was_called_is_answered(bot: Bench) -> None:
    people = People()
    bot.platform.said = [people.say("a call nobody heard"), people.say("/help"), people.say("hm")]
    async with bot.running() as intake:
        await intake.receive(people.say("so?"))
        await bot.answers(1)
    assert told(bot) == ["Ada: a call nobody heard", "Ada: hm"]
    assert not bot.platform.whispers


async def test_a_call_that_nobody_heard_is_answered_together_with_the_next(bot: Bench) -> None:
    people = People()
    bot.now = START + timedelta(minutes=10)
    hm, unheard = people.say("hm", author=BO, called=False), people.say("a call nobody heard")
    bot.platform.said = [hm, unheard, people.say("/help")]
    async with bot.running() as intake:
        await intake.receive(people.say("so?"))
        await bot.answers(1)
        await intake.receive(unheard)  # the platform sends it at last
        await intake.receive(people.say("and now?"))
        await bot.answers(2)
    asked = [each.text for each in bot.model.seen[0].prompts[-2:]]
    assert asked == ["Ada: a call nobody heard", "Ada: so?"]
    assert told(bot) == ["Bo: hm", "Ada: a call nobody heard", "Ada: so?", TOLD + "so?"]
    assert len(bot.platform.whispers) == 1  # to /help


async def test_what_was_answered_in_an_earlier_life_is_not_answered_again(bot: Bench) -> None:
    people = People()
    bot.now = START + timedelta(minutes=10)
    asked, answered = people.say("a call"), people.say("an answer", author=ME, called=False)
    bot.platform.said = [asked, answered, people.say("a call nobody heard")]
    async with bot.running() as intake:
        await intake.receive(people.say("so?"))
        await bot.answers(1)
    asked_now = [each.text for each in bot.model.seen[0].prompts[-2:]]
    assert asked_now == ["Ada: a call nobody heard", "Ada: so?"]
    assert told(bot)[:-1] == ["Ada: a call", "an answer"]  # behind them the clock


async def test_what_comes_after_the_call_needs_a_call_where_others_wrote_before(
    bot: Bench,
) -> None:
    """But one person alone with the bot since it was called need not call again."""
    people = People()
    bot.platform.said = thread(people)
    async with bot.running() as intake:
        await intake.receive(people.say("so?"))
        await bot.answers(1)
        await intake.receive(people.say("and then?", called=False))
        await bot.answers(2)


async def test_a_thread_that_begins_with_the_call_has_nothing_to_read(bot: Bench) -> None:
    where = replace(HERE, thread="m1")
    async with bot.running() as intake:
        await intake.receive(People().say("hello", where=where))
        await bot.answers(1)
    assert not bot.platform.readings


async def test_what_was_said_in_a_thread_before_its_first_post_came_is_read(bot: Bench) -> None:
    where, people = replace(HERE, thread="m1"), People()
    first, reply = people.say("hello", where=where), people.say("hm", author=BO, called=False)
    bot.now = datetime.now(UTC)  # the store's clock tells what is late
    first, reply = (
        replace(each, sent_at=bot.now - timedelta(minutes=1)) for each in (first, reply)
    )
    bot.platform.said = [first, replace(reply, conversation=where)]
    async with bot.running() as intake:
        await intake.receive(bot.platform.said[1])  # not for the bot, as far as it knows
        await intake.receive(first)
        await bot.answers(1)
        await intake.receive(replace(people.say("so?", where=where), sent_at=bot.now))
        await bot.answers(2)
    assert told(bot) == ["Ada: hello", "Bo: hm", "re: Bo: hm"]


async def test_an_answer_waits_for_what_was_said_before_but_not_for_ever(bot: Bench) -> None:
    people = People()
    bot.patience, bot.platform.library = 1.0, asyncio.Event()
    bot.platform.said = thread(people)
    async with bot.running() as intake:
        async with asyncio.timeout(0.8):
            await intake.receive(people.say("so?"))
        await bot.answers(1)
        assert told(bot) == []
        bot.platform.library.set()
        await read(bot, "read")
        await intake.receive(people.say("and now?"))
        await bot.answers(2)
    assert told(bot)[:3] == ["Bo: old 0", "Bo: old 1", "Bo: old 2"]


async def test_a_busy_platform_is_waited_for_and_read_on_from_there(bot: Bench) -> None:
    people = People()
    bot.platform.said = thread(people)
    bot.platform.failures = [Busy(0.05), Unclear("cut")]
    async with bot.running() as intake:
        await intake.receive(people.say("so?"))
        await bot.answers(1)
    assert told(bot) == ["Bo: old 0", "Bo: old 1", "Bo: old 2"]
    assert bot.platform.readings == ["", "m1", "m2"]


@pytest.mark.parametrize("error", [Refused("not in channel"), Busy(3600), ValueError("odd")])
async def test_without_what_was_said_before_the_call_is_answered_all_the_same(
    bot: Bench, error: Exception
) -> None:
    people = People()
    bot.patience, bot.platform.said, bot.platform.failures = 0.2, thread(people), [error]
    async with bot.running() as intake:
        await intake.receive(people.say("so?"))
        await bot.answers(1)
    assert told(bot) == []


async def test_another_process_reads_on_where_one_crashed(bot: Bench) -> None:
    people = People()
    bot.patience, bot.platform.library = 0.2, asyncio.Event()
    bot.platform.said = thread(people)
    async with bot.running() as intake:
        await intake.receive(people.say("so?"))
        await bot.answers(1)
        await bot.until(lambda: bot.platform.readings == [""])
    bot.platform.library = None
    await bot.lapse()
    async with bot.running() as intake:
        await read(bot, "read")
        await intake.receive(people.say("and now?"))
        await bot.answers(2)
    assert told(bot)[:3] == ["Bo: old 0", "Bo: old 1", "Bo: old 2"]


async def test_whoever_reads_a_gap_keeps_it_while_the_platform_is_slow(bot: Bench) -> None:
    people = People()
    bot.platform.library, bot.platform.said = asyncio.Event(), thread(people)
    async with bot.running() as intake:
        await intake.receive(people.say("so?"))
        await bot.until(lambda: bot.platform.readings == [""])
        begun = await bot.held()
        await until(later(bot, begun))
        bot.platform.library.set()
        await bot.answers(1)
    assert bot.platform.readings == [""]
    assert told(bot) == ["Bo: old 0", "Bo: old 1", "Bo: old 2"]


def later(bot: Bench, begun: float) -> Callable[[], Awaitable[bool]]:
    async def renewed() -> bool:
        return await bot.held() > begun

    return renewed


async def test_a_thread_of_1200_replies_is_known_from_its_beginning_on(bot: Bench) -> None:
    people = People()
    bot.marks, bot.sweep = Marks(high=6000, low=3600), 1.0
    bot.platform.said = [
        people.say(f"the code word is {'osprey' if number == 3 else f'w{number}'}", called=False)
        for number in range(1200)
    ]
    async with bot.running() as intake:
        await intake.receive(people.say("was it osprey?"))
        await bot.answers(1)
    read = "\n".join(task.text for task in bot.summaries)
    assert "osprey" in read
    assert "[Earlier]\n- folded" in told(bot)
    assert any("osprey" in each for each in told(bot))  # recalled word for word
    assert "Ada: the code word is w1199" in told(bot)


async def test_of_a_longer_thread_the_first_and_the_last_messages_are_read(bot: Bench) -> None:
    people = People()
    bot.reach = bot.reach.model_copy(update={"messages": 5, "tokens": 1000})
    bot.platform.said = thread(people, 40)
    async with bot.running() as intake:
        await intake.receive(people.say("so?"))
        await bot.answers(1)
    assert told(bot) == ["Bo: old 35", "Bo: old 36", "Bo: old 37", "Bo: old 38", "Bo: old 39"]


async def test_a_platform_that_is_slow_to_read_holds_up_no_other(bot: Bench) -> None:
    people, threads = People(), [replace(HERE, thread=f"T{number}") for number in range(8)]
    bot.patience, bot.platform.library = 0.2, asyncio.Event()
    bot.other = FakePlatform(name="other", said=thread(people))
    async with bot.running() as intake:
        for where in threads:
            await intake.receive(replace(people.say("so?"), conversation=where))
        await bot.until(lambda: len(bot.platform.readings) == READERS)
        await intake.receive(
            replace(people.say("so?"), conversation=replace(HERE, platform="other"))
        )
        await read(bot, "read")
    assert bot.other.readings == [""]


async def test_what_was_forgotten_is_not_read_again(bot: Bench) -> None:
    people = People()
    bot.platform.said = thread(people)
    async with bot.running() as intake:
        await intake.receive(first := people.say("a secret"))
        await bot.answers(1)
        bot.platform.said.append(first)
        await intake._memory.forget(
            place_of(HERE), microseconds(START + timedelta(hours=1)), channel=True
        )
        later = replace(people.say("so?"), sent_at=START + timedelta(hours=2))
        await intake.receive(later)
        await bot.answers(2)
    assert told(bot) == []
