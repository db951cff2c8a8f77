"""/forget: every scope of it, what it shows before, who may, and what is left."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.message import Answer, Author, Conversation
from bot.intake import Intake
from tests.bot.conftest import Bench
from tests.bot.platform import ADA, HERE, START, People
from tests.bot.test_commands import DM, told

pytestmark = pytest.mark.anyio

BO = Author(id="U2", name="Bo")
CHANNEL = replace(HERE, thread="")
SECOND = replace(HERE, thread="T2")
NEXT = replace(DM, thread="T9")


class Told:
    """People who talk and give commands, one after the other."""

    def __init__(self, bot: Bench, intake: Intake) -> None:
        self.bot, self.intake, self.people = bot, intake, People()
        self.at = START.replace(year=2028)

    async def say(self, text: str, author: Author = ADA, where: Conversation = HERE) -> None:
        answered = sum(post.complete for post in self.bot.platform.posts.values())
        await self.intake.receive(self.people.say(text, author=author, where=where))
        await self.bot.answers(answered + 1)

    async def ask(self, argument: str, name: str = "forget", **fields: object) -> Answer:
        self.at += timedelta(seconds=1)
        known = {"conversation": HERE, "given_at": self.at}
        command, answers = told(name, argument, **(known | fields))
        await self.intake.command(command)
        (answer,) = answers
        return answer

    async def held(self, where: Conversation) -> str:
        return (await self.ask("", "summary", conversation=where)).text


async def test_a_thread_is_previewed_confirmed_and_its_end_is_seen_by_all(bot: Bench) -> None:
    async with bot.running() as intake:
        told = Told(bot, intake)
        await told.say("ours")
        await told.say("and his", BO)
        preview = await told.ask("")
        assert preview.text == "I would forget this conversation: 4 messages."
        (action,) = preview.actions
        assert (action.name, action.argument) == ("forget", "here yes")
        assert bot.platform.announced == []
        assert (await told.ask(action.argument)).text == "Forgotten: 4 messages."
        assert bot.platform.announced == [
            "Ada had me forget this conversation: I hold nothing said before now."
        ]
        assert await told.held(HERE) == "I hold nothing of this conversation."


async def test_a_direct_message_goes_with_all_its_threads_and_nobody_is_told(bot: Bench) -> None:
    async with bot.running() as intake:
        told = Told(bot, intake)
        for where in (DM, NEXT):
            await told.say("mine", where=where)
        preview = await told.ask("", conversation=NEXT)
        assert preview.text == "I would forget this conversation: 4 messages."
        assert (await told.ask("yes", conversation=NEXT)).text == "Forgotten: 4 messages."
        assert await told.held(DM) == await told.held(NEXT)
    assert bot.platform.announced == []


async def test_in_a_channel_its_threads_are_there_to_choose_from_newest_first(bot: Bench) -> None:
    bot.platform.address = "https://chat.example/"
    async with bot.running() as intake:
        told = Told(bot, intake)
        await told.say("the first thread")
        await told.say(
            "the second thread " + "is about much more than fits into a button " * 3, where=SECOND
        )
        choice = await told.ask("", conversation=CHANNEL)
        assert [each.argument for each in choice.actions] == ["thread T2", "thread T"]
        assert choice.actions[1].label == "Forget: the first thread"
        assert len(choice.actions[0].label) < 60
        assert "- [2027-01-01 00:00](https://chat.example/p1): the first thread (2 messages)" in (
            choice.text
        )
        preview = await told.ask("thread T", conversation=CHANNEL)
        (action,) = preview.actions
        assert action.argument == "thread T yes"
        await told.ask(action.argument, conversation=CHANNEL)
        assert await told.held(HERE) == "I hold nothing of this conversation."
        assert "I hold 2 messages" in await told.held(SECOND)


async def test_a_channel_of_which_nothing_is_remembered_offers_nothing(bot: Bench) -> None:
    async with bot.running() as intake:
        choice = await Told(bot, intake).ask("", conversation=CHANNEL)
    assert (choice.text, choice.actions) == ("I hold nothing of this channel.", ())


async def test_a_link_means_the_conversation_of_its_post(bot: Bench) -> None:
    elsewhere = replace(SECOND, channel="other")
    bot.platform.places = {"https://x.example/2": SECOND, "https://x.example/3": elsewhere}
    async with bot.running() as intake:
        told = Told(bot, intake)
        await told.say("the second thread", where=SECOND)
        preview = await told.ask("<https://x.example/2>", conversation=CHANNEL)
        assert preview.actions[0].argument == "thread T2 yes"
        for unknown in ("https://x.example/1", "https://x.example/3", "everything"):
            answer = await told.ask(unknown)
            assert answer.text.startswith("I can forget this conversation (/forget), all of you")
            assert answer.actions == ()


async def test_only_who_wrote_in_a_thread_or_manages_the_channel_has_it_forgotten(
    bot: Bench,
) -> None:
    async with bot.running() as intake:
        told = Told(bot, intake)
        await told.say("ours")
        for argument in ("", "yes", "thread T yes"):
            answer = await told.ask(argument, author=BO)
            assert answer.text.startswith("Only somebody who wrote in this thread")
        assert (await told.ask("yes", author=BO, manages=True)).text == "Forgotten: 2 messages."


async def test_who_still_waits_for_an_answer_took_part_too(bot: Bench) -> None:
    bot.model.door = asyncio.Event()
    async with bot.running() as intake:
        told = Told(bot, intake)
        await intake.receive(told.people.say("mine"))
        assert (await told.ask("", author=BO)).text.startswith("Only somebody who wrote")
        assert (await told.held(HERE)).startswith("I hold 1 messages of this conversation (1 word")
        assert (await told.ask("yes")).text == "Forgotten: 1 message."
        bot.model.door.set()


async def test_a_channel_is_forgotten_only_by_who_manages_it(bot: Bench) -> None:
    async with bot.running() as intake:
        told = Told(bot, intake)
        for where in (HERE, SECOND, CHANNEL):
            await told.say("ours", where=where)
        for argument, manager in (("channel yes", False), ("main yes", False)):
            answer = await told.ask(argument, manages=manager)
            assert answer.text.startswith("Only those who manage this channel")
        preview = await told.ask("channel", manages=True)
        assert preview.text == "I would forget this channel with all its threads: 6 messages."
        assert (await told.ask("main yes", manages=True)).text == "Forgotten: 2 messages."
        assert (await told.ask("channel yes", manages=True)).text == "Forgotten: 4 messages."
        assert await told.held(SECOND) == "I hold nothing of this conversation."
    assert bot.platform.announced[-1].startswith("Ada had me forget this channel")


async def test_everything_of_me_goes_from_everywhere_and_others_stay(bot: Bench) -> None:
    async with bot.running() as intake:
        told = Told(bot, intake)
        await told.say("his", BO)
        await told.say("mine")
        await told.say("mine too", where=DM)
        preview = await told.ask("me")
        assert preview.text == (
            "I would forget what you said here and elsewhere in this space, your messages and my "
            "replies to them in 2 conversations: 4 messages."
        )
        assert preview.actions[0].argument == "me yes"
        assert (await told.ask("me yes")).text == "Forgotten: 4 messages."
        assert await told.held(DM) == "I hold nothing of this conversation."
        assert "I hold 2 messages" in await told.held(HERE)
    assert bot.platform.announced == []


async def test_one_message_is_forgotten_by_its_author_or_a_manager(bot: Bench) -> None:
    async with bot.running() as intake:
        told = Told(bot, intake)
        await told.say("a slip of the tongue")
        await told.say("his", BO)
        assert (await told.ask("post none")).text == "I hold nothing of this message."
        refused = await told.ask("post m1 yes", author=BO)
        assert refused.text.startswith("A message is forgotten only for who wrote it")
        preview = await told.ask("post m1", conversation=CHANNEL)
        assert preview.text == "I would forget this message, and my reply to it."
        assert (await told.ask(preview.actions[0].argument)).text == "Forgotten: 1 message."
        assert "I hold 2 messages" in await told.held(HERE)
        assert (await told.ask("post m2 yes", manages=True)).text == "Forgotten: 1 message."
    assert bot.platform.announced == []


async def test_a_mention_takes_every_form_of_the_command(bot: Bench) -> None:
    async with bot.running() as intake:
        told = Told(bot, intake)
        await told.say("ours")
        for text in ("forget", "/forget here", "forget me", "forget thread T", "forget post m1"):
            await intake.receive(told.people.say(text))
        await told.say("forget me not, my dear")
        await told.say("export the logs")
    assert [each.text[:24] for each in bot.platform.whispers] == [
        "I would forget this conv",
        "I would forget this conv",
        "I would forget what you ",
        "I would forget this conv",
        "I would forget this mess",
    ]


async def test_what_cannot_be_announced_is_forgotten_all_the_same(bot: Bench) -> None:
    async with bot.running() as intake:
        told = Told(bot, intake)
        await told.say("ours")
        bot.platform.mute = True
        assert (await told.ask("yes")).text == "Forgotten: 2 messages."
