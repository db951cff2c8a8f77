"""What people can tell the bot to do, and who may."""

from dataclasses import replace

import pytest

from adapters.message import Answer, Audience, Author, Command, Departure
from bot.commands import offers
from bot.settings import Commands as Names
from memory.window import Marks
from tests.bot.conftest import Bench
from tests.bot.platform import ADA, HERE, START, People

pytestmark = pytest.mark.anyio

DM = replace(HERE, channel="D", thread="", audience=Audience.DIRECT)
BO = Author(id="U2", name="Bo")


def told(name: str, argument: str = "", **fields: object) -> tuple[Command, list[Answer]]:
    answers: list[Answer] = []

    async def respond(answer: Answer) -> None:
        answers.append(answer)

    known = {"author": ADA, "conversation": DM, "given_at": START.replace(year=2028)}
    command = Command(name=name, argument=argument, respond=respond, **(known | fields))  # type: ignore[arg-type]
    return command, answers


async def test_summary_says_what_is_held(bot: Bench) -> None:
    bot.marks = Marks(high=200, low=100)
    people = People()
    async with bot.running() as intake:
        for number in range(8):
            await intake.receive(people.say(f"fact number {number}", where=DM))
            await bot.answers(number + 1)
        await bot.until(lambda: len(bot.summaries) > 0)
        await intake.receive(people.say("so?", where=DM))
        await bot.answers(9)
        command, answers = told("summary")
        await intake.command(command)
    assert "I hold 18 messages of this conversation" in answers[0].text
    assert "- folded" in answers[0].text


async def test_summary_leads_to_what_it_is_made_of_and_in_a_channel_to_its_threads(
    bot: Bench,
) -> None:
    bot.platform.address = "https://chat.example/"
    bot.platform.places = {"https://chat.example/m1": HERE}
    async with bot.running() as intake:
        await intake.receive(People().say("what shall we cook?"))
        await bot.answers(1)
        command, answers = told("summary", conversation=HERE)
        await intake.command(command)
        assert answers[0].text.splitlines()[-1] == (
            "Word for word, from [2027-01-01 00:00](https://chat.example/m1) "
            "to [2027-01-01 00:00](https://chat.example/p1)."
        )
        channel = replace(HERE, thread="")
        command, answers = told("summary", conversation=channel)
        await intake.command(command)
        assert answers[0].text == (
            "Threads I remember here, the newest first:\n"
            "- [2027-01-01 00:00](https://chat.example/p1): what shall we cook? (2 messages)"
        )
        for link, said in (("m1", "I hold 2 messages"), ("m9", "Say /summary, or /summary and")):
            command, answers = told("summary", f"https://chat.example/{link}", conversation=channel)
            await intake.command(command)
            assert answers[0].text.startswith(said)


async def test_summary_of_nothing_says_so(bot: Bench) -> None:
    async with bot.running() as intake:
        command, answers = told("summary")
        await intake.command(command)
    assert answers[0].text == "I hold nothing of this conversation."


async def test_forget_shows_what_goes_asks_once_and_gives_a_receipt(bot: Bench) -> None:
    people = People()
    async with bot.running() as intake:
        await intake.receive(people.say("a secret", where=DM))
        await bot.answers(1)
        command, answers = told("forget")
        await intake.command(command)
        (action,) = answers[0].actions
        assert answers[0].text == "I would forget this conversation: 2 messages."
        command, answers = told(action.name, action.argument)
        await intake.command(command)
        assert answers[0].text == "Forgotten: 2 messages."
        await intake.receive(replace(people.say("what did I say?", where=DM), sent_at=AFTER))
        await bot.answers(2)
    assert all("a secret" not in each.text for each in bot.model.seen[-1].prompts)


async def test_a_thread_is_forgotten_only_by_those_who_wrote_in_it(bot: Bench) -> None:
    people = People()
    async with bot.running() as intake:
        await intake.receive(people.say("ours"))
        await bot.answers(1)
        command, answers = told("forget", "yes", author=BO, conversation=HERE)
        await intake.command(command)
        assert "Only somebody who wrote in this thread" in answers[0].text
        command, answers = told("forget", "yes", conversation=HERE)
        await intake.command(command)
        assert answers[0].text.startswith("Forgotten: 2 messages")


async def test_a_mention_with_a_command_is_whispered_once_and_not_remembered(bot: Bench) -> None:
    message = People().say("summary", twin="c")
    async with bot.running() as intake:
        await intake.receive(message)
        await intake.receive(message)
        await intake.receive(replace(message, id="other"))
    assert [answer.text for answer in bot.platform.whispers] == [
        "I hold nothing of this conversation."
    ]
    assert bot.platform.posts == {}


async def test_a_sentence_that_begins_like_a_command_is_a_message(bot: Bench) -> None:
    async with bot.running() as intake:
        await intake.receive(People().say("forget about the budget for now"))
        await bot.answers(1)
    assert bot.platform.whispers == []


async def test_an_unknown_command_names_the_known_ones(bot: Bench) -> None:
    async with bot.running() as intake:
        command, answers = told("forgte")
        await intake.command(command)
    assert (
        answers[0].text
        == "There is no /forgte. There is /summary, /forget, /memory, /export, /help."
    )


async def test_help_lists_every_command_and_what_is_stored(bot: Bench) -> None:
    async with bot.running() as intake:
        command, answers = told("help")
        await intake.command(command)
    assert [line.split(" ")[0] for line in answers[0].text.splitlines()[:5]] == [
        "/summary",
        "/forget",
        "/memory",
        "/export",
        "/help",
    ]
    assert answers[0].text.endswith("I am a test.")


async def test_a_command_goes_by_the_name_it_is_given_and_by_its_own(bot: Bench) -> None:
    bot.names = Names(summary="tk-summary")
    assert [offer.name for offer in offers(bot.names)][:2] == ["tk-summary", "forget"]
    async with bot.running() as intake:
        for name in ("tk-summary", "summary"):
            command, answers = told(name)
            await intake.command(command)
            assert answers[0].text == "I hold nothing of this conversation."
        await intake.receive(People().say("tk-summary"))
        command, answers = told("help")
        await intake.command(command)
    assert bot.platform.whispers[0].text == "I hold nothing of this conversation."
    assert answers[0].text.startswith("/tk-summary [link] - ")


async def test_leaving_a_channel_forgets_it(bot: Bench) -> None:
    people = People()
    async with bot.running() as intake:
        await intake.receive(people.say("hello"))
        await bot.answers(1)
        await intake.leave(Departure(platform="fake", space="S", channel="C"))
        await bot.rest()
        command, answers = told("summary", conversation=HERE)
        await intake.command(command)
    assert answers[0].text == "I hold nothing of this conversation."


AFTER = START.replace(year=2029)
