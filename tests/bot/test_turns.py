"""Every conversation that owes an answer gets exactly one, whatever fails on the way."""

import asyncio

import pytest

from adapters.message import Author, Deletion, Edit, Kind
from adapters.ports import Refused, Unclear
from bot.ports import ModelFailed, Role
from memory.window import Marks
from tests.bot.conftest import Bench, ScriptedModel
from tests.bot.platform import START, People

pytestmark = pytest.mark.anyio
TOLD = "re: Ada: "


async def test_a_message_is_answered_once_however_often_it_comes(bot: Bench) -> None:
    message = People().say("hello", twin="c")
    async with bot.running() as intake:
        await asyncio.gather(*(intake.receive(message) for _ in range(5)))
        await bot.until(lambda: len(bot.platform.posts) > 0)
        await intake.receive(message)
    assert bot.platform.shown == [TOLD + "hello"]


async def test_the_model_is_told_who_said_what_and_its_own_replies(bot: Bench) -> None:
    people = People()
    async with bot.running() as intake:
        await intake.receive(people.say("hello"))
        await bot.answers(1)
        robot = Author(id="B", name="Builds", kind=Kind.BOT)
        await intake.receive(people.say("build 7 is red", author=robot, called=False))
        await intake.receive(people.say("what broke?", author=Author(id="U2", name="Bo")))
        await bot.answers(2)
    spoken = [(each.role, each.text) for each in bot.model.seen[-1].prompts]
    assert spoken[1:-2] == [
        (Role.USER, "Ada: hello"),
        (Role.ASSISTANT, TOLD + "hello"),
        (Role.USER, "Builds (bot): build 7 is red"),
    ]
    assert spoken[-1] == (Role.USER, "Bo: what broke?")


async def test_between_folds_each_prompt_begins_with_the_one_before(bot: Bench) -> None:
    people = People()
    async with bot.running() as intake:
        for number in range(6):
            await intake.receive(people.say(f"question {number}"))
            await bot.answers(number + 1)
    for earlier, later in zip(bot.model.seen, bot.model.seen[1:], strict=False):
        assert later.prompts[: earlier.stable] == earlier.prompts[: earlier.stable]
        assert later.stable > earlier.stable


async def test_messages_that_come_during_a_turn_get_the_next_one(bot: Bench) -> None:
    people = People()
    bot.model.gate = asyncio.Event()
    async with bot.running() as intake:
        await intake.receive(people.say("one"))
        await bot.until(lambda: len(bot.platform.posts) > 0)
        await intake.receive(people.say("two"))
        await intake.receive(people.say("three"))
        bot.model.gate.set()
        await bot.answers(2)
    assert len(bot.model.seen) == 2
    texts = [each.text for each in bot.model.seen[1].prompts[bot.model.seen[1].stable + 1 :]]
    assert texts == ["Ada: two", "Ada: three"]


async def test_an_edit_while_the_answer_is_written_is_answered_on_the_same_post(
    bot: Bench,
) -> None:
    message = People().say("seven")
    bot.model.gate = asyncio.Event()
    async with bot.running() as intake:
        await intake.receive(message)
        await bot.until(lambda: len(bot.platform.posts) > 0)
        await intake.amend(
            Edit(platform="fake", space="S", channel="C", id="m1", text="eight", edited_at=START)
        )
        bot.model.gate.set()
        await bot.until(lambda: bot.platform.shown == [TOLD + "eight"])
    assert list(bot.platform.posts) == ["p1"]


async def test_the_answer_to_a_deleted_message_is_taken_back(bot: Bench) -> None:
    message = People().say("never mind")
    bot.model.gate = asyncio.Event()
    async with bot.running() as intake:
        await intake.receive(message)
        await bot.until(lambda: len(bot.platform.posts) > 0)
        await intake.retract(Deletion(platform="fake", space="S", channel="C", ids=("m1",)))
        bot.model.gate.set()
    assert bot.platform.posts == {}


async def test_a_turn_that_crashed_after_its_first_post_ends_on_that_post(bot: Bench) -> None:
    bot.platform.crash = Unclear("cut")
    async with bot.running() as intake:
        await intake.receive(People().say("hello"))
        await bot.until(lambda: bot.platform.shown == [TOLD + "hello"])
    assert list(bot.platform.posts) == ["p1"]


async def test_a_model_that_fails_lastingly_ends_in_one_visible_apology(bot: Bench) -> None:
    bot.model.script = lambda _: ModelFailed("auth", "the key is refused", lasting=True)
    async with bot.running() as intake:
        await intake.receive(People().say("hello"))
        await bot.answers(1)
    assert "the key is refused" in bot.platform.shown[0]
    assert len(bot.model.seen) == 1


async def test_a_model_that_fails_for_a_while_is_asked_again(bot: Bench) -> None:
    answers: list[str | Exception] = [ModelFailed("unavailable", "nothing answers"), "here I am"]
    bot.model = ScriptedModel(lambda _: answers.pop(0))
    async with bot.running() as intake:
        await intake.receive(People().say("hello"))
        await bot.until(lambda: bot.platform.shown == ["here I am"])


async def test_a_platform_that_refuses_ends_the_turn_and_the_next_one_runs(bot: Bench) -> None:
    people = People()
    bot.platform.refuse = Refused("chat.postMessage: is_archived")
    async with bot.running() as intake:
        await intake.receive(people.say("hello"))
        await bot.until(lambda: bot.platform.refuse is None)
        await intake.receive(people.say("again"))
        await bot.answers(1)
    assert bot.platform.shown == [TOLD + "again"]


async def test_a_stopping_bot_finishes_the_turn_it_is_in(bot: Bench) -> None:
    bot.model.gate = asyncio.Event()
    async with bot.running() as intake:
        await intake.receive(People().say("hello"))
        await bot.until(lambda: len(bot.platform.posts) > 0)
        asyncio.get_running_loop().call_later(0.05, bot.model.gate.set)
    assert bot.platform.shown == [TOLD + "hello"]


async def test_another_process_finishes_what_a_stopped_one_could_not(bot: Bench) -> None:
    bot.model.gate = asyncio.Event()
    async with bot.running() as intake:
        await intake.receive(People().say("hello"))
        await bot.until(lambda: len(bot.platform.posts) > 0)
    bot.model.gate = None
    async with bot.running():
        await bot.until(lambda: bot.platform.shown == [TOLD + "hello"])


async def test_a_process_may_take_over_its_own_turn(bot: Bench) -> None:
    bot.model.gate = asyncio.Event()
    async with bot.running() as intake:
        await intake.receive(People().say("hello"))
        await bot.until(lambda: len(bot.platform.posts) > 0)
        await bot.expire()
        await bot.until(lambda: len(bot.model.seen) == 2)
        bot.model.gate.set()
        await bot.answers(1)
        await bot.rest()
    assert bot.platform.shown == [TOLD + "hello"]
    ends = {end: bot.metrics.turns.labels(end)._value.get() for end in ("done", "lost", "failed")}
    assert ends == {"done": 1, "lost": 1, "failed": 0}


async def test_a_long_conversation_folds_and_the_model_reads_the_summary(bot: Bench) -> None:
    bot.marks = Marks(high=400, low=200)
    people = People()
    async with bot.running() as intake:
        for number in range(20):
            await intake.receive(people.say(f"fact number {number}"))
            await bot.answers(number + 1)
        await bot.until(lambda: len(bot.summaries) > 0)
        await intake.receive(people.say("so?"))
        await bot.answers(21)
    texts = [each.text for each in bot.model.seen[-1].prompts]
    assert texts[1] == "[Earlier]\n- folded"
    assert "Ada: fact number 0" not in texts
    assert "Ada: fact number 0" in bot.summaries[0].text


async def test_a_message_too_long_for_the_model_is_answered_and_says_so(bot: Bench) -> None:
    async with bot.running() as intake:
        await intake.receive(People().say("x" * 1_000_000))
        await bot.answers(1)
    assert bot.platform.shown[0].startswith("(Your message is longer than I can read at once")
    sent = sum(len(each.text) for each in bot.model.seen[0].prompts)
    assert sent < bot.budget.context - bot.budget.reply


@pytest.mark.parametrize("text", ["<|endoftext|>", "a\0b", "\ud800 half", "\u202e", "   "])
async def test_odd_text_is_answered(bot: Bench, text: str) -> None:
    async with bot.running() as intake:
        await intake.receive(People().say(text))
        await bot.answers(1)
    bot.model.seen[0].prompts[-1].text.encode()


async def test_the_sweep_folds_what_is_about_to_expire(bot: Bench) -> None:
    async with bot.running() as intake:
        await intake.receive(People().say("the boiler is serviced on the ninth of March"))
        await bot.answers(1)
    await bot.age()
    async with bot.running():
        await bot.until(lambda: len(bot.summaries) == 1)
    assert "ninth of March" in bot.summaries[0].text


async def test_only_links_to_hosts_that_people_typed_may_be_live(bot: Bench) -> None:
    people = People()
    robot = Author(id="B", name="Builds", kind=Kind.BOT)
    async with bot.running() as intake:
        await intake.receive(people.say("look at docs.test"))
        await bot.answers(1)
        await intake.receive(people.say("red: https://evil.test", author=robot, called=False))
        await intake.receive(people.say("what is new?"))
        await bot.answers(2)
    assert bot.platform.typed == "look at docs.test\nwhat is new?"
