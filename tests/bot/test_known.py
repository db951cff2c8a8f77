"""What is known of people is shown to them, corrected, exported and forgotten, by them alone."""

import json

import pytest

from tests.bot.facts import BO, DIRECT, PUBLIC, Folding, canary, folding, people, quoted, say, tell
from tests.bot.platform import ADA, People
from tests.bot.test_commands import told

__all__ = ["folding", "people"]

pytestmark = pytest.mark.anyio


async def test_memory_shows_each_fact_with_its_quote_and_corrects_and_deletes_it(
    folding: Folding, people: People
) -> None:
    async with folding.running() as intake:
        await tell(folding, people, intake, PUBLIC)
    async with folding.running() as intake:
        command, answers = told("memory", conversation=DIRECT)
        await intake.command(command)
        row = f'- pet: {canary(PUBLIC)} ("{quoted(PUBLIC)}", 2027-01-01)'
        assert answers[0].text == f"What you said about yourself:\n{row}"
        (delete,) = answers[0].actions
        assert (delete.label, delete.name, delete.argument) == (
            "Delete pet",
            "memory",
            "delete pet",
        )

        command, answers = told("memory", "correct pet Old Dog", conversation=DIRECT)
        await intake.command(command)
        assert answers[0].text == "Corrected: your pet is Old Dog."
        shown = await say(folding, people, intake, DIRECT, "one")
        assert 'pet: Old Dog ("Old Dog", 2028-01-01)' in shown
        assert canary(PUBLIC) not in shown

        await intake.command(told(delete.name, delete.argument, conversation=DIRECT)[0])
        assert "Old Dog" not in await say(folding, people, intake, DIRECT, "two")


async def test_memory_shows_in_a_channel_only_what_may_be_used_there(
    folding: Folding, people: People
) -> None:
    async with folding.running() as intake:
        await tell(folding, people, intake, DIRECT)
    async with folding.running() as intake:
        for where, author, text in (
            (PUBLIC, ADA, "1 more told elsewhere: ask me in a direct message."),
            (PUBLIC, BO, "I know nothing about you that counts here."),
        ):
            command, answers = told("memory", conversation=where, author=author)
            await intake.command(command)
            assert answers[0].text.endswith(text)
            assert canary(DIRECT) not in answers[0].text
            assert answers[0].actions == ()
        command, answers = told("memory", "delete pet", conversation=PUBLIC)
        await intake.command(command)
        assert answers[0].text.startswith("Say /memory delete KEY")


@pytest.mark.parametrize(
    "argument", ["delete", "delete name", "correct pet", "correct pet https://x.example", "more"]
)
async def test_what_memory_cannot_do_is_answered_with_what_it_can(
    folding: Folding, people: People, argument: str
) -> None:
    async with folding.running() as intake:
        await tell(folding, people, intake, PUBLIC)
    async with folding.running() as intake:
        command, answers = told("memory", argument, conversation=DIRECT)
        await intake.command(command)
    assert answers[0].text.startswith("Say /memory delete KEY or /memory correct KEY VALUE")


async def test_a_mention_can_delete_and_correct_without_a_slash(
    folding: Folding, people: People
) -> None:
    async with folding.running() as intake:
        await tell(folding, people, intake, PUBLIC)
    async with folding.running() as intake:
        await intake.receive(people.say("memory correct pet Old Dog", where=PUBLIC))
        await intake.receive(people.say("Memory delete pet", where=PUBLIC))
        await say(folding, people, intake, PUBLIC, "memory is what I need")
    assert [answer.text for answer in folding.platform.whispers] == [
        "Corrected: your pet is Old Dog.",
        "Forgotten: your pet.",
    ]


async def test_each_fact_leads_to_what_says_it(folding: Folding, people: People) -> None:
    folding.platform.address = "https://chat.example/"
    async with folding.running() as intake:
        await tell(folding, people, intake, PUBLIC)
    async with folding.running() as intake:
        command, answers = told("memory", conversation=DIRECT)
        await intake.command(command)
    assert answers[0].text.endswith('", 2027-01-01), [source](https://chat.example/m1)')


async def test_facts_are_counted_before_they_go_and_when_they_went(
    folding: Folding, people: People
) -> None:
    async with folding.running() as intake:
        await tell(folding, people, intake, PUBLIC)
    async with folding.running() as intake:
        for argument, said in (
            ("", "I would forget this conversation: 4 messages, 1 summary, 1 fact."),
            ("me", ": 4 messages, 1 summary, 1 fact."),
            ("yes", "Forgotten: 4 messages, 1 summary, 1 fact."),
        ):
            command, answers = told("forget", argument, conversation=PUBLIC)
            await intake.command(command)
            assert answers[0].text.endswith(said)
        command, answers = told("memory", conversation=DIRECT)
        await intake.command(command)
    assert answers[0].text == "I know nothing about you that counts here."


async def test_forgetting_me_drops_what_is_known_of_me_and_says_how_much(
    folding: Folding, people: People
) -> None:
    async with folding.running() as intake:
        await tell(folding, people, intake, PUBLIC)
    async with folding.running() as intake:
        command, answers = told("forget", "me yes", conversation=DIRECT)
        await intake.command(command)
        assert answers[0].text == "Forgotten: 4 messages, 1 summary, 1 fact."
        assert canary(PUBLIC) not in await say(folding, people, intake, PUBLIC, "well?", BO)


async def test_everything_of_mine_is_exported_and_nothing_of_others(
    folding: Folding, people: People
) -> None:
    async with folding.running() as intake:
        await tell(folding, people, intake, PUBLIC)
    async with folding.running() as intake:
        await say(folding, people, intake, PUBLIC, "his own words", BO)
        await say(folding, people, intake, DIRECT, "my own words")
        command, answers = told("export", conversation=DIRECT)
        await intake.command(command)
    held = json.loads(answers[0].document)
    assert answers[0].text == "Everything of yours in this space: 6 messages and 1 fact."
    assert [each["text"] for each in held["messages"]] == [
        *("my own words", "noted"),
        *(quoted(PUBLIC), "noted", "x" * 90, "noted"),
    ]
    assert {each["conversation"] for each in held["messages"]} == {str(PUBLIC), str(DIRECT)}
    (fact,) = held["facts"]
    assert (fact["key"], fact["sources"][0]["quote"]) == ("pet", quoted(PUBLIC))


async def test_the_page_about_me_shows_it_all_and_offers_to_forget_it(
    folding: Folding, people: People
) -> None:
    folding.platform.address = "https://chat.example/"
    async with folding.running() as intake:
        await tell(folding, people, intake, PUBLIC)
    async with folding.running() as intake:
        await say(folding, people, intake, DIRECT, "hello")
        command, answers = told("home", conversation=DIRECT)
        await intake.command(command)
        await intake.receive(people.say("home", where=DIRECT, author=BO))
        await folding.answers(4)
    (page,) = answers
    assert canary(PUBLIC) in page.text
    assert "[source](https://chat.example/m1)" in page.text
    assert "- before: - talk (4 messages)" in page.text
    assert "- [2027-01-01 00:00](https://chat.example/p3): hello (2 messages)" in page.text
    assert page.text.endswith("I am a test.")
    assert [(each.name, each.argument) for each in page.actions] == [
        ("memory", "delete pet"),
        ("export", ""),
        ("forget", "me"),
    ]


async def test_an_opinion_is_counted_and_not_answered(folding: Folding) -> None:
    async with folding.running() as intake:
        for opinion in ("good", "bad", "bad", "else"):
            command, answers = told("feedback", opinion)
            await intake.command(command)
            assert answers == []
    counted = folding.metrics.registry.get_sample_value
    assert counted("threadkeeper_feedback_total", {"opinion": "bad"}) == 2.0
    assert counted("threadkeeper_feedback_total", {"opinion": "good"}) == 1.0
