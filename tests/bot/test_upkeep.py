"""Behind the replies: folding and learning, and that neither is ever waited for."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace

import pytest

from adapters.message import Conversation
from bot import turns
from bot.figures import sizes
from bot.ports import Request
from bot.prompt import OLDER, Budget
from bot.settings import Config
from memory.summary import Task
from memory.window import Marks
from tests.bot.conftest import Bench
from tests.bot.platform import HERE, People

pytestmark = pytest.mark.anyio

SMALL = Marks(high=60, low=30)


class Hanging(Bench):
    """A bot whose summariser never answers."""

    async def _summarise(self, task: Task) -> str:
        await super()._summarise(task)
        await asyncio.Event().wait()
        return ""


class Listening(Bench):
    """A bot whose summariser claims where Ada lives, from whatever tells it."""

    async def _summarise(self, task: Task) -> str:
        await super()._summarise(task)
        quote = "I live in Lisbon"
        row = {"person": "Ada", "key": "home", "value": "Lisbon", "quote": quote}
        return json.dumps({"summary": "- talk", "facts": [row] * (quote in task.text)})


class Broken(Bench):
    """A bot whose summariser fails."""

    async def _summarise(self, task: Task) -> str:
        await super()._summarise(task)
        raise RuntimeError


def like(bot: Bench, kind: type[Bench], marks: Marks = SMALL, **fields: object) -> Bench:
    parts = {"url": bot.url, "keyring": bot.keyring, "platform": bot.platform, "model": bot.model}
    return kind(**parts, marks=marks, **fields)  # type: ignore[arg-type]


def configured(**window: int) -> Marks:
    return sizes(Config.model_validate({"memory": {"window": window}})).marks


def texts(request: Request) -> Sequence[str]:
    return [each.text for each in request.prompts]


async def talk(
    bot: Bench, people: People, intake: object, number: int, where: Conversation = HERE
) -> None:
    for _ in range(number):
        done = sum(post.complete for post in bot.platform.posts.values())
        text = f"fact number {len(bot.model.seen)} of many"
        await intake.receive(people.say(text, where=where))  # type: ignore[attr-defined]
        await bot.answers(done + 1)


async def test_replies_go_on_while_the_summariser_hangs_and_it_is_asked_once_a_conversation(
    bot: Bench,
) -> None:
    bot = like(bot, Hanging)
    people = People()
    places = [replace(HERE, thread=f"T{number}") for number in range(turns.FOLDS + 2)]
    async with bot.running() as intake:
        for where in places:
            await talk(bot, people, intake, 6, where)
        await bot.until(lambda: len(bot.summaries) == turns.FOLDS)
        await talk(bot, people, intake, 3, places[0])
    firsts = {task.text.partition("\n")[0] for task in bot.summaries}
    assert len(firsts) == len(bot.summaries) == turns.FOLDS
    assert len(bot.platform.posts) == 6 * len(places) + 3


async def test_what_folding_left_behind_is_out_of_the_prompt_and_recalled(bot: Bench) -> None:
    bot = like(bot, Hanging, budget=Budget(window=300))
    people = People()
    async with bot.running() as intake:
        await intake.receive(people.say("my parrot is called Kafka"))
        await bot.answers(1)
        await talk(bot, people, intake, 12)
        await intake.receive(people.say("what is my parrot called?"))
        await bot.answers(14)
        shown = texts(bot.model.seen[-1])
        spoken = [text for text in shown if not text.startswith(OLDER)]
        assert not [text for text in spoken if "Kafka" in text]
        assert [text for text in shown if text.startswith(OLDER) and "Kafka" in text]
        assert sum(map(len, spoken[1:-2])) <= 300


async def test_replies_go_on_when_the_summariser_fails_and_nothing_is_lost(bot: Bench) -> None:
    bot = like(bot, Broken)
    async with bot.running() as intake:
        await talk(bot, People(), intake, 8)
        await bot.until(lambda: len(bot.summaries) > 1)
    for number in range(7):
        assert f"Ada: fact number {number} of many" in texts(bot.model.seen[-1])


async def test_a_high_mark_near_the_models_context_is_the_plain_message_buffer(bot: Bench) -> None:
    bot = like(bot, Bench, configured(high=120_000, low=100_000))
    async with bot.running() as intake:
        await talk(bot, People(), intake, 25)
    assert bot.summaries == []
    shown = texts(bot.model.seen[-1])
    assert all(f"Ada: fact number {number} of many" in shown for number in range(25))


def test_a_mark_by_messages_alone_is_a_setting() -> None:
    marks = configured(high=100_000, low=99_999, messages_high=6, messages_low=5)
    assert (marks.messages_high, marks.messages_low) == (6, 5)


async def test_what_was_said_before_a_restart_is_learned_in_silence_and_used_elsewhere(
    bot: Bench,
) -> None:
    bot = like(bot, Listening, Marks())
    people = People()
    elsewhere = replace(HERE, channel="C2", thread="T2")
    async with bot.running() as intake:
        await intake.receive(people.say("I live in Lisbon"))
        await bot.answers(1)
    assert bot.summaries == []
    bot.silence = 0.0
    async with bot.running() as intake:
        async with asyncio.timeout(10):
            while not any("home: Lisbon" in text for text in texts(bot.model.seen[-1])):
                await talk(bot, people, intake, 1, elsewhere)
    assert [task.facts for task in bot.summaries if "Lisbon" in task.text] == [True]


async def test_a_stopped_bot_does_not_wait_for_what_it_learns(bot: Bench) -> None:
    bot = like(bot, Hanging, Marks(), silence=0.0)
    async with bot.running() as intake:
        await intake.receive(People().say("I live in Lisbon"))
        await bot.answers(1)
    async with asyncio.timeout(5), bot.running():
        await bot.until(lambda: len(bot.summaries) > 0)
