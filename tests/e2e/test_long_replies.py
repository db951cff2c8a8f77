"""A model that takes its time, or says nothing that can be seen: one reply, and none lost."""

import pytest

from tests.e2e.process import BRISK, Home
from tests.e2e.town import Corner, Town
from tests.servers.discord import Fault as DiscordFault
from tests.servers.openai import reply
from tests.servers.slack import Fault as SlackFault

pytestmark = pytest.mark.anyio

WORDS = "".join(f"word{number:02} " for number in range(28))
UNSEEN = {
    "white space": " \n\t\r\n  \n",
    "zero width": "\u200b\u200d \ufeff\u2060\n",
    "fillers": "\u2800\u3164 \u034f\ufe0f",
    "marks around nothing": "** **\n__ __",
}


async def test_a_reply_in_the_terminal_that_outlasts_its_lease_is_written_once(
    home: Home, model_town: Town
) -> None:
    """The lease is 1.5 seconds, a piece comes every 0.15, for four seconds."""
    model_town.model.script(reply(WORDS, size=7, every=0.15))
    ended = await home.run(
        "chat", "tell me a story\n", **BRISK, OPENAI_BASE_URL=model_town.model.url
    )
    assert ended.code == 0
    assert ended.out.count("word00") == ended.out.count("word27") == 1
    assert len(model_town.model.seen) == 1


async def test_a_reply_on_discord_that_begins_with_much_white_space_is_asked_for_once(
    busy_home: Home, model_town: Town
) -> None:
    direct = model_town.direct()
    model_town.model.script(reply(" " * 28 + "heron-7", size=1, every=0.13))
    async with busy_home.bot() as bot:
        await model_town.connected()
        direct.ask("what is the codeword?")
        await direct.until(lambda replies: list(replies) == ["heron-7"])
        await direct.until(lambda _: not direct.buttons())
        assert await bot.stop() == 0
    assert len(model_town.model.seen) == 1


@pytest.mark.parametrize("kind", UNSEEN)
@pytest.mark.parametrize("platform", ["slack", "discord"])
async def test_a_model_that_says_nothing_to_be_seen_costs_one_apology(
    busy_home: Home, model_town: Town, platform: str, kind: str
) -> None:
    corner: Corner = model_town.thread() if platform == "slack" else model_town.direct()
    model_town.model.script(*[reply(UNSEEN[kind], size=2)] * 2)
    async with busy_home.bot(THREADKEEPER_TURNS__ATTEMPTS="2") as bot:
        await model_town.connected()
        corner.ask("the codeword is heron-7")
        (apology,) = await corner.count(1)
        assert apology.startswith("Sorry, I could not answer this: ")
        assert "without a word" in apology
        corner.ask("what is the codeword?")
        assert (await corner.count(2))[1] == "It is heron-7."
        assert await bot.stop() == 0
    assert len(model_town.model.seen) == 3


@pytest.mark.parametrize("platform", ["slack", "discord"])
async def test_a_text_that_the_platform_finds_empty_is_owned_up_to(
    busy_home: Home, model_town: Town, platform: str
) -> None:
    corner: Corner = model_town.thread() if platform == "slack" else model_town.direct()
    model_town.model.script(reply("<!-- -->"))
    empty = DiscordFault(status=400, code=50006)
    model_town.slack.fail("chat.postMessage", SlackFault(error="no_text"))
    model_town.discord.fail("POST /channels/{channel_id}/messages", empty)
    async with busy_home.bot() as bot:
        await model_town.connected()
        corner.ask("what is the codeword?")
        (apology,) = await corner.count(1)
        assert apology.startswith("Sorry, I could not answer this: there is nothing to be seen")
        assert await bot.stop() == 0
    assert len(model_town.model.seen) == 1
