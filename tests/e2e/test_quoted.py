"""What the bot repeated goes with what it repeated: seen by a model that repeats all it is told."""

import pytest

from tests.e2e.process import BRISK, Home
from tests.e2e.scan import found, rewritten
from tests.e2e.town import WITHIN, SlackThread, Town, spoken
from tests.servers.openai.server import Messages, text_of

pytestmark = pytest.mark.anyio

SECRET = "the vault opens with Xk9!vw2 after nine"
RARE = "Xk9!vw2"


def repeating(messages: Messages) -> str:
    told = any(SECRET in text_of(message) for message in messages[1:])
    return f"Somebody said: {SECRET}." if told else "Nothing that I know of."


async def prompt(town: Town, thread: SlackThread) -> str:
    """What the model is told when somebody asks in this thread once more."""
    replies, asked = len(thread.replies()), len(town.model.seen)
    thread.ask("how does the vault open?")
    await thread.count(replies + 1)
    assert len(town.model.seen) > asked
    return "\n".join(spoken(town.model.seen[-1].body))


async def overheard(town: Town, thread: SlackThread) -> str:
    """Bob says the secret in a thread the bot was called into: the id of his post."""
    thread.ask("good day")
    await thread.count(1)
    said = town.slack.say("C1", "U2", SECRET, thread=thread.root, mention=False)
    await thread.taken()
    return said


@pytest.mark.parametrize("how", ["edited out", "deleted"])
async def test_a_password_that_is_taken_out_leaves_with_the_reply_that_repeats_it(
    busy_home: Home, model_town: Town, how: str
) -> None:
    town, thread = model_town, model_town.thread()
    town.model.answer = repeating
    async with busy_home.bot() as bot:
        await town.connected()
        said = await overheard(town, thread)
        assert RARE in await prompt(town, thread)
        assert RARE in thread.replies()[-1], "the bot has repeated it"
        if how == "deleted":
            town.slack.delete("C1", said)
        else:
            town.slack.edit("C1", said, "(taken out)")
        await thread.taken()
        assert RARE not in await prompt(town, thread)
        assert RARE in thread.replies()[1], "what people saw stays, as README says"
        assert await bot.stop() == 0


async def test_what_was_repeated_in_another_thread_goes_when_the_first_one_is_forgotten(
    busy_home: Home, model_town: Town
) -> None:
    town, first, second = model_town, model_town.thread(), model_town.thread()
    town.model.answer = repeating
    async with busy_home.bot() as bot:
        await town.connected()
        await overheard(town, first)
        second.ask("how does the vault open with Xk9!vw2 after nine?")
        await second.until(lambda replies: any(RARE in each for each in replies))
        first.ask("forget yes")
        await town.slack.until(
            lambda: any("Forgotten" in each.text for each in town.slack.whispers), within=WITHIN
        )
        await rewritten(busy_home.data)
        assert not found(busy_home.data, f"Somebody said: {SECRET}")
        assert await bot.stop() == 0


async def test_with_remove_the_posts_that_people_see_go_too(
    busy_home: Home, model_town: Town
) -> None:
    town, thread = model_town, model_town.thread()
    town.model.answer = repeating
    busy_home.environ = BRISK | town.environ | {"THREADKEEPER_FORGET__REPLIES": "remove"}
    async with busy_home.bot() as bot:
        await town.connected()
        said = await overheard(town, thread)
        await prompt(town, thread)
        town.slack.delete("C1", said)
        await thread.until(lambda replies: not any(RARE in each for each in replies))
        assert await bot.stop() == 0
