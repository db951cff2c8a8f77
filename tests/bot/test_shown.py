"""What is shown to somebody is what they may read where it was said, today."""

import json
from collections.abc import Sequence

import pytest

from adapters.message import Answer, Conversation
from bot.desk import UNSEEN
from bot.intake import Intake
from tests.bot.facts import (
    BO,
    DIRECT,
    PRIVATE,
    PUBLIC,
    Folding,
    canary,
    folding,
    people,
    say,
    tell,
)
from tests.bot.platform import ADA, People
from tests.bot.test_commands import told

__all__ = ["folding", "people"]

pytestmark = pytest.mark.anyio

LATER = "said after she left"


async def removed(bot: Folding, people: People, *places: Conversation) -> None:
    """Ada told a fact in each, was removed from the private one, and they talk on."""
    async with bot.running() as intake:
        for where in places:
            await tell(bot, people, intake, where)
    async with bot.running() as intake:
        for where in places:
            await say(bot, people, intake, where, LATER, BO)
    bot.platform.shut.add((ADA.id, PRIVATE.channel))


async def asked(
    intake: Intake, name: str, argument: str = "", where: Conversation = DIRECT
) -> Answer:
    command, answers = told(name, argument, conversation=where)
    await intake.command(command)
    return answers[-1]


def all_of(answers: Sequence[Answer]) -> str:
    return " ".join(
        [
            *(each.text + each.document for each in answers),
            *(f"{one.label} {one.argument}" for each in answers for one in each.actions),
        ]
    )


async def test_a_person_removed_from_a_private_channel_is_shown_nothing_of_it(
    folding: Folding, people: People
) -> None:
    await removed(folding, people, PUBLIC, PRIVATE)
    folding.platform.places = {"https://chat.example/x": PRIVATE}
    async with folding.running() as intake:
        anywhere = [await asked(intake, name) for name in ("home", "memory", "export")]
        there = [
            await asked(intake, name, argument, where=PRIVATE)
            for name, argument in (
                ("summary", ""),
                ("summary", "https://chat.example/x"),
                ("forget", ""),
                ("forget", "here"),
                ("forget", "https://chat.example/x"),
                ("forget", f"thread {PRIVATE.thread}"),
                ("forget", "channel"),
                ("forget", "post m1"),
                ("memory", ""),
            )
        ]
    shown = all_of([*anywhere, *there])
    assert canary(PRIVATE) not in shown
    assert PRIVATE.channel not in {
        each["conversation"].split(":")[2] for each in json.loads(anywhere[2].document)["messages"]
    }
    assert all(canary(PUBLIC) in all_of([each]) for each in anywhere)
    assert {each.text for each in there[:-1]} == {UNSEEN}


async def test_what_is_left_out_is_counted_and_said_how_it_goes_all_the_same(
    folding: Folding, people: People
) -> None:
    await removed(folding, people, PRIVATE)
    why = "as I cannot see that you may read it now. /forget me takes everything of yours."
    async with folding.running() as intake:
        home, memory, export = [await asked(intake, name) for name in ("home", "memory", "export")]
    fact, talk = f"Left out: 1 fact, {why}", f"Left out: 1 conversation, {why}"
    assert memory.text.splitlines()[1:] == [fact]
    assert home.text.splitlines()[1:5] == [
        *(fact, "", "I remember no conversation with you.", talk)
    ]
    assert export.text.splitlines()[1:] == [talk, fact]
    assert (memory.actions, [each.name for each in home.actions]) == ((), ["export", "forget"])


async def test_an_old_button_takes_nothing_from_where_one_no_longer_is(
    folding: Folding, people: People
) -> None:
    await removed(folding, people, PRIVATE)
    async with folding.running() as intake:
        for argument in ("here yes", f"thread {PRIVATE.thread} yes", "post m1 yes", "channel yes"):
            assert (await asked(intake, "forget", argument, PRIVATE)).text == UNSEEN
        command, answers = told("summary", conversation=PRIVATE, author=BO)
        await intake.command(command)
    assert answers[0].text.startswith("I hold 6 messages")


async def test_what_is_ones_own_goes_when_told_also_from_where_one_no_longer_is(
    folding: Folding, people: People
) -> None:
    await removed(folding, people, PRIVATE)
    async with folding.running() as intake:
        assert (await asked(intake, "memory", "correct pet Cat")).text.startswith("Say /memory")
        assert (await asked(intake, "memory", "delete pet")).text == "Forgotten: your pet."
        assert (await asked(intake, "memory")).text == "I know nothing about you that counts here."
        preview = (await asked(intake, "forget", "me")).text
        assert preview.endswith("1 conversation: 4 messages, 1 summary.")
        assert (await asked(intake, "forget", "me yes")).text.startswith("Forgotten: 4 messages")
        assert (await asked(intake, "export")).text.endswith("0 messages and 0 facts.")


async def test_where_nothing_can_be_checked_a_direct_message_shows_itself_alone(
    folding: Folding, people: People
) -> None:
    await removed(folding, people, PUBLIC, DIRECT)
    folding.platform.silent = True
    async with folding.running() as intake:
        shown = all_of(
            [await asked(intake, name) for name in ("home", "memory", "export", "summary")]
        )
        assert canary(PUBLIC) not in shown
        assert canary(DIRECT) in shown
        assert (await asked(intake, "summary", where=PUBLIC)).text == UNSEEN
        assert "Left out" not in (await asked(intake, "help", where=PUBLIC)).text


async def test_a_mention_that_commands_is_checked_too(folding: Folding, people: People) -> None:
    await removed(folding, people, PRIVATE)
    async with folding.running() as intake:
        await intake.receive(people.say("summary", where=PRIVATE))
    assert [each.text for each in folding.platform.whispers] == [UNSEEN]


async def test_an_answer_asks_the_platform_once(folding: Folding, people: People) -> None:
    await removed(folding, people, PUBLIC, PRIVATE)
    async with folding.running() as intake:
        for name in ("home", "memory", "export"):
            folding.platform.looks.clear()
            await asked(intake, name)
            assert folding.platform.looks == [ADA.id]
