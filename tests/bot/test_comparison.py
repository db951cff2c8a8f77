"""What went or changed while nobody listened leaves memory as soon as somebody does."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.message import Edit, Message
from adapters.ports import Busy, Page, Refused
from bot.places import microseconds, place_of
from memory.window import Marks
from tests.bot.conftest import Bench
from tests.bot.gaps import BO, TOLD, back, called, told
from tests.bot.platform import HERE, START, People
from tests.servers.cluster import until

pytestmark = pytest.mark.anyio


async def overheard(bot: Bench, people: People, *texts: str) -> list[Message]:
    """Behind a call that was answered."""
    await called(bot, people)
    said = [people.say(each, author=BO, called=False) for each in texts]
    async with bot.running() as intake:
        for each in said:
            await intake.receive(each)
    bot.platform.said += said
    return said


async def asked(bot: Bench, people: People) -> Sequence[str]:
    """What the model is told once the bot is back."""
    answers = len(bot.platform.posts)
    async with bot.running() as intake:
        await back(bot, intake)
        await intake.receive(people.say("so?"))
        await bot.answers(answers + 1)
    return told(bot)


async def test_what_is_missing_between_two_others_was_deleted(bot: Bench) -> None:
    people = People()
    _, secret, _ = await overheard(bot, people, "one", "a secret", "three")
    bot.platform.said.remove(secret)
    bot.platform.elsewhere.add(secret.id)  # asked for alone, it would be there
    assert await asked(bot, people) == ["Ada: hello", TOLD + "hello", "Bo: one", "Bo: three"]


async def test_a_question_that_is_gone_takes_its_answer_with_it(bot: Bench) -> None:
    people = People()
    await overheard(bot, people, "one")
    bot.platform.said.pop(0)
    assert await asked(bot, people) == ["Bo: one"]


@pytest.mark.parametrize(("there", "seen"), [(True, ["Bo: one", "Bo: two"]), (False, ["Bo: one"])])
async def test_what_is_missing_at_the_end_is_asked_for_alone(
    bot: Bench, there: bool, seen: list[str]
) -> None:
    people = People()
    _, last = await overheard(bot, people, "one", "two")
    bot.platform.said.remove(last)
    bot.platform.elsewhere |= {last.id} if there else set()
    bot.platform.posts.clear()  # or the reply would stand behind it
    bot.platform.elsewhere.add("p1")
    assert (await asked(bot, people))[2:] == seen


async def test_what_may_not_be_listed_yet_is_asked_for_alone(bot: Bench) -> None:
    people = People()
    _, young, _ = await overheard(bot, people, "one", "two", "three")
    bot.now = START + timedelta(seconds=10)
    bot.platform.said.remove(young)
    bot.platform.elsewhere.add(young.id)
    assert (await asked(bot, people))[2:] == ["Bo: one", "Bo: two", "Bo: three"]


async def test_what_a_page_does_not_reach_is_not_deleted(
    bot: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor what a platform keeps no longer."""
    people = People()
    said = await overheard(bot, people, "one", "two", "three")
    bot.platform.elsewhere |= {each.id for each in (*bot.platform.said, *said)}

    async def stretch(first: str, last: str) -> AsyncIterator[Page]:
        yield Page(ids=(said[1].id,))
        yield Page(ids=())

    monkeypatch.setattr(bot.platform.__class__, "stretch", lambda _, *ends: stretch(*ends))
    assert (await asked(bot, people))[2:] == ["Bo: one", "Bo: two", "Bo: three"]


@pytest.mark.parametrize("refusal", [Refused("a scope is missing"), Busy(1_000.0)])
async def test_a_platform_that_refuses_to_show_it_proves_nothing(
    bot: Bench, monkeypatch: pytest.MonkeyPatch, refusal: Exception
) -> None:
    people = People()
    await overheard(bot, people, "one", "two")
    bot.platform.said.clear()

    async def stretch(first: str, last: str) -> AsyncIterator[Page]:
        for _ in range(1):
            raise refusal
        yield Page(ids=())

    monkeypatch.setattr(bot.platform.__class__, "stretch", lambda _, *ends: stretch(*ends))
    end = bot.metrics.gaps.labels("refused" if isinstance(refusal, Refused) else "failed")._value
    async with bot.running() as intake:
        await intake.missed("fake", 0.0)

        async def ended() -> bool:
            return bool(end.get())

        await until(ended)
        held = await intake._memory.describe(place_of(HERE))
    assert held.messages == 4


async def test_what_was_edited_reads_as_it_does_now(bot: Bench) -> None:
    people = People()
    first, second = await overheard(bot, people, "a secret", "two")
    at = START + timedelta(minutes=1)
    bot.platform.said[-2] = replace(first, text="nothing", edited_at=at)
    bot.platform.said[-1] = replace(second, edited_at=at)  # it reads as before
    assert (await asked(bot, people))[2:] == ["Bo: nothing", "Bo: two"]
    async with bot.running() as intake:
        heads = await intake._memory.gaps.heads(place_of(HERE), 100)
    versions = {each.id: each.version for each in heads}
    assert (versions[first.id], versions[second.id]) == (microseconds(at), 0)


async def test_an_edit_that_was_heard_is_not_undone_by_an_older_list(bot: Bench) -> None:
    people = People()
    (said,) = await overheard(bot, people, "one")
    heard = Edit(
        platform="fake", space="S", channel="C", id=said.id, text="three",
        edited_at=START + timedelta(minutes=2),
    )  # fmt: skip
    async with bot.running() as intake:
        await intake.amend(heard)
    bot.platform.said[-1] = replace(said, text="two", edited_at=START + timedelta(minutes=1))
    assert (await asked(bot, people))[2:] == ["Bo: three"]


async def test_two_edits_in_one_second_are_told_apart_by_what_they_say(bot: Bench) -> None:
    """Slack lists edits with whole seconds; events tell theirs exactly."""
    people = People()
    (said,) = await overheard(bot, people, "one")
    second = START + timedelta(minutes=1)
    heard = Edit(
        platform="fake", space="S", channel="C", id=said.id, text="two",
        edited_at=second + timedelta(milliseconds=200),
    )  # fmt: skip
    async with bot.running() as intake:
        await intake.amend(heard)
    bot.platform.said[-1] = replace(said, text="three", edited_at=second)
    assert (await asked(bot, people))[2:] == ["Bo: three"]


async def test_what_is_folded_is_compared_too_and_its_summary_made_anew(bot: Bench) -> None:
    bot.marks = Marks(high=0, low=0, messages_high=4, messages_low=2)
    people = People()
    said = await overheard(bot, people, *(f"note {number}" for number in range(6)))
    async with bot.running() as intake:
        assert await intake._memory.settle(place_of(HERE)) > 0
        before = await intake._memory.describe(place_of(HERE))
    assert before.segments
    bot.platform.said.remove(said[1])
    async with bot.running() as intake:
        await back(bot, intake)
        after = await intake._memory.describe(place_of(HERE))
        assert after.messages == before.messages - 1
        await intake._memory.settle(place_of(HERE))
    assert "note 2" in bot.summaries[-1].text
    assert "note 1" not in bot.summaries[-1].text


async def test_a_reply_that_was_deleted_leaves_memory(bot: Bench) -> None:
    people = People()
    await overheard(bot, people, "one")
    bot.platform.posts.clear()
    assert await asked(bot, people) == ["Ada: hello", "Bo: one"]


async def test_a_question_of_right_after_the_start_waits_for_the_comparison(bot: Bench) -> None:
    people = People()
    _, secret, _ = await overheard(bot, people, "one", "a secret", "three")
    bot.platform.said.remove(secret)
    async with bot.running() as intake:
        await intake.missed("fake", 0.0)
        await intake.receive(people.say("so?"))
        await bot.answers(2)
    assert "a secret" not in "\n".join(each.text for each in bot.model.seen[-1].prompts)


async def test_a_question_taken_back_while_its_process_was_dead_is_not_asked_again(
    bot: Bench,
) -> None:
    people = People()
    bot.platform.refuse = asyncio.CancelledError()
    async with bot.running() as intake:
        await intake.receive(people.say("a secret"))
        await bot.until(lambda: bot.platform.refuse is None)
    await bot.expire()
    asked_before = len(bot.model.seen)
    async with bot.running() as intake:
        await intake.missed("fake", 0.0)
        await intake.receive(people.say("hello"))
        await bot.answers(1)
    texts = [each.text for seen in bot.model.seen[asked_before:] for each in seen.prompts]
    assert not any("a secret" in each for each in texts)
    assert bot.platform.shown == [TOLD + "hello"]


async def test_where_the_bot_was_called_just_now_nothing_is_compared(bot: Bench) -> None:
    people = People()
    bot.platform.said = [people.say("old", author=BO, called=False)]
    async with bot.running() as intake:
        await intake.receive(people.say("so?"))
        await bot.answers(1)
    assert bot.platform.readings == [""]
    assert bot.platform.pages == 0


async def test_a_message_that_somebody_had_kept_is_compared_where_nobody_called(
    bot: Bench,
) -> None:
    people = People()
    kept = people.say("keep this", author=BO, called=False, kept=True)
    async with bot.running() as intake:
        await intake.receive(kept)
    async with bot.running() as intake:
        await intake.missed("fake", 0.0)

        async def gone() -> bool:
            return (await intake._memory.describe(place_of(HERE))).messages == 0

        await until(gone)
