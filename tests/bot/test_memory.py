"""What people said about themselves reaches the prompts it may reach, and no others."""

import json
from dataclasses import replace

import pytest

from adapters.message import Audience, Author, Conversation, Deletion
from bot.ports import Request
from memory.summary import Task
from memory.window import Marks
from tests.bot.conftest import Bench
from tests.bot.platform import ADA, HERE, People
from tests.bot.test_commands import told

pytestmark = pytest.mark.anyio

PUBLIC = replace(HERE, channel="P", thread="1")
PRIVATE = replace(HERE, channel="Q", thread="2", audience=Audience.PRIVATE)
SHARED = replace(HERE, channel="X", thread="3", audience=Audience.SHARED)
DIRECT = replace(HERE, channel="D", thread="", audience=Audience.DIRECT)
PLACES = (PUBLIC, PRIVATE, SHARED, DIRECT)
HEARD = {  # where a fact was told -> where else it may be used
    PUBLIC: {PRIVATE, SHARED, DIRECT},
    PRIVATE: {DIRECT},
    SHARED: set(),
    DIRECT: set(),
}
BO = Author(id="U2", name="Bo")


def canary(where: Conversation) -> str:
    return f"canary{where.channel}"


class Folding(Bench):
    """A bot whose summariser claims every canary somebody has."""

    async def _summarise(self, task: Task) -> str:
        await super()._summarise(task)
        rows = [
            {"person": "Ada", "key": "pet", "value": canary(place), "quote": quoted(place)}
            for place in PLACES
            if quoted(place) in task.text
        ]
        return json.dumps({"summary": "- talk", "facts": rows})


def quoted(where: Conversation) -> str:
    return f"I have a {canary(where)} at home."


@pytest.fixture
async def folding(bot: Bench) -> Folding:
    return Folding(
        url=bot.url,
        keyring=bot.keyring,
        platform=bot.platform,
        model=bot.model,
        marks=Marks(high=100, low=20),
    )


@pytest.fixture
def people(folding: Folding) -> People:
    folding.model.script = lambda _: "noted"
    return People()


def prompt(request: Request) -> str:
    return "\n".join(each.text for each in request.prompts)


async def tell(bot: Folding, people: People, intake: object, where: Conversation) -> None:
    """Said and folded: from then on it stands in no window and no summary."""
    folds = len(bot.summaries)
    for text in (quoted(where), "x" * 90):
        await say(bot, people, intake, where, text)
    await bot.until(lambda: len(bot.summaries) > folds)


async def say(
    bot: Folding,
    people: People,
    intake: object,
    where: Conversation,
    text: str,
    author: Author = ADA,
) -> str:
    """The prompt that this was answered with."""
    before = len(bot.model.seen)
    done = sum(post.complete for post in bot.platform.posts.values())
    await intake.receive(people.say(text, where=where, author=author))  # type: ignore[attr-defined]
    await bot.answers(done + 1)
    assert len(bot.model.seen) == before + 1
    return prompt(bot.model.seen[-1])


@pytest.mark.parametrize("there", PLACES, ids=lambda place: place.audience.value)
async def test_a_fact_is_used_where_the_audience_rule_allows_and_nowhere_else(
    folding: Folding, people: People, there: Conversation
) -> None:
    async with folding.running() as intake:
        await tell(folding, people, intake, there)
    async with folding.running() as intake:
        for here in PLACES:
            shown = await say(folding, people, intake, here, "what is new?")
            assert (canary(there) in shown) is (here in HEARD[there] | {there})
            assert canary(there) not in await say(folding, people, intake, here, "me?", BO)
        elsewhere = replace(PUBLIC, space="S2")
        assert canary(there) not in await say(folding, people, intake, elsewhere, "hm?")


async def test_what_is_known_stands_behind_the_prefix_and_leaves_the_prefix_as_it_is(
    folding: Folding, people: People
) -> None:
    async with folding.running() as intake:
        await tell(folding, people, intake, PUBLIC)
    async with folding.running() as intake:
        await say(folding, people, intake, DIRECT, "one")
        await say(folding, people, intake, DIRECT, "two")
    first, second = folding.model.seen[-2:]
    assert first.prompts[: first.stable] == second.prompts[: first.stable]
    assert [each.text.split("\n")[0] for each in second.prompts[second.stable :]] == [
        "[Ada said about themselves earlier]",
        "It is Friday, 2027-01-01 12:00 UTC.",
        "Ada: two",
    ]


async def test_a_deleted_message_is_not_known_in_the_next_prompt_elsewhere(
    folding: Folding, people: People
) -> None:
    async with folding.running() as intake:
        await tell(folding, people, intake, PUBLIC)
    async with folding.running() as intake:
        assert canary(PUBLIC) in await say(folding, people, intake, DIRECT, "one")
        await intake.retract(Deletion(platform="fake", space="S", channel="P", ids=("m1",)))
        shown = await say(folding, people, intake, DIRECT, "two")
    assert canary(PUBLIC) not in shown


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
