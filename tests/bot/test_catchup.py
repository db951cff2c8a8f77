"""What was said before the bot was called, and while it was away, is read."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.message import Author, Kind, Message
from adapters.ports import Busy, Gone, Refused, Unclear
from bot.intake import Intake
from bot.places import microseconds, place_of
from bot.ports import Role
from memory.window import Marks
from tests.bot.conftest import NOW, Bench
from tests.bot.platform import ADA, HERE, START, People
from tests.servers.cluster import until

pytestmark = pytest.mark.anyio
BO, BUILDS = Author(id="U2", name="Bo"), Author(id="B", name="Builds", kind=Kind.BOT)
ME = Author(id="ME", name="bot", kind=Kind.ME)
TOLD = "re: Ada: "


def thread(people: People, number: int = 3) -> list[Message]:
    return [people.say(f"old {each}", author=BO, called=False) for each in range(number)]


def told(bot: Bench, turn: int = -1) -> list[str]:
    """What the model was given, but for persona, clock and question."""
    return [each.text for each in bot.model.seen[turn].prompts[1:-2]]


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
        await _read(bot, "read")
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
        await _read(bot, "read")
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


async def _called(bot: Bench, people: People) -> None:
    """Once, and answered."""
    async with bot.running() as intake:
        await intake.receive(first := people.say("hello"))
        await bot.answers(1)
    bot.platform.said = [first]


async def _back(bot: Bench, intake: Intake) -> None:
    await intake.missed("fake")
    await _read(bot, "read")


async def _read(bot: Bench, end: str) -> None:
    """Until one more gap came to an end that way."""
    ended = bot.metrics.gaps.labels(end)._value
    before = ended.get()

    async def one_more() -> bool:
        return bool(ended.get() > before)

    async with asyncio.timeout(10):
        await until(one_more)


async def test_what_called_while_the_bot_was_away_is_answered(bot: Bench) -> None:
    people = People()
    bot.now = START + timedelta(minutes=10)
    await _called(bot, people)
    bot.platform.said += [people.say("aside", author=BO, called=False), people.say("and?")]
    async with bot.running() as intake:
        await intake.missed("fake")
        await bot.answers(2)
    assert bot.platform.readings == ["", "m1"]
    assert told(bot) == ["Ada: hello", TOLD + "hello", "Bo: aside"]
    assert bot.platform.shown == [TOLD + "hello", TOLD + "and?"]


async def test_what_called_more_than_an_hour_ago_is_overheard(bot: Bench) -> None:
    people = People()
    await _called(bot, people)
    bot.platform.said.append(people.say("and?"))  # 12 hours before now
    async with bot.running() as intake:
        await _back(bot, intake)
        await intake.receive(people.say("so?"))
        await bot.answers(2)
    assert told(bot) == ["Ada: hello", TOLD + "hello", "Ada: and?"]


async def test_processes_that_come_back_together_answer_once(bot: Bench) -> None:
    people = People()
    bot.now = START + timedelta(minutes=10)
    await _called(bot, people)
    bot.platform.said.append(people.say("and?"))
    async with bot.running() as one, bot.running() as two:
        await asyncio.gather(one.missed("fake"), two.missed("fake"), one.missed("fake"))
        await bot.answers(2)
    assert bot.platform.shown == [TOLD + "hello", TOLD + "and?"]


async def test_what_comes_first_after_the_gap_does_not_hide_it(bot: Bench) -> None:
    people = People()
    bot.now = START + timedelta(minutes=10)
    await _called(bot, people)
    bot.platform.said.append(people.say("and?"))
    async with bot.running() as intake:
        await intake.receive(replace(people.say("I am back"), sent_at=bot.now))
        await bot.answers(2)
        await intake.missed("fake")
        await bot.answers(3)
    assert bot.platform.shown[-1] == TOLD + "and?"


async def test_a_gap_half_read_in_a_crash_is_read_by_the_next_process(bot: Bench) -> None:
    people = People()
    bot.now = START + timedelta(minutes=10)
    await _called(bot, people)
    bot.platform.said += [
        *(people.say(f"aside {number}", author=BO, called=False) for number in range(3)),
        people.say("and?"),
    ]
    bot.platform.failures = [asyncio.CancelledError()]
    async with bot.running() as intake:
        await intake.missed("fake")
        await bot.until(lambda: bot.platform.readings == ["", "m1"])
    await bot.lapse()
    async with bot.running():
        await bot.answers(2)
    assert bot.platform.shown[-1] == TOLD + "and?"
    assert told(bot)[2:] == ["Bo: aside 0", "Bo: aside 1", "Bo: aside 2"]


async def test_own_posts_of_while_the_bot_was_away_are_remembered_once(bot: Bench) -> None:
    people = People()
    async with bot.running() as intake:
        await intake.receive(first := people.say("hello"))
        await bot.answers(1)
        mine = [people.say(text, author=ME, called=False) for text in (TOLD, "hello")]
        bot.platform.said = [first, *mine]
        await _back(bot, intake)
        await intake.receive(people.say("so?"))
        await bot.answers(2)
    assert told(bot) == ["Ada: hello", TOLD + "hello"]


async def test_where_nothing_was_said_of_late_nothing_is_read(bot: Bench) -> None:
    people = People()
    await _called(bot, people)
    bot.platform.said.append(people.say("and?"))
    bot.now = NOW + timedelta(days=4)
    async with bot.running() as intake:
        await intake.missed("fake")
        await intake.missed("elsewhere")
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
    await _called(bot, people)
    bot.platform.said.append(people.say("aside", author=BO, called=False))
    bot.platform.failures = [Gone("no such thread")]
    async with bot.running() as intake:
        assert (await intake._memory.describe(place_of(HERE))).messages == 2
        await intake.missed("fake")

        async def forgotten() -> bool:
            return (await intake._memory.describe(place_of(HERE))).messages == 0

        async with asyncio.timeout(10):
            await until(forgotten)
