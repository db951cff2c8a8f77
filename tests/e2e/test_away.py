"""The bot is stopped, people go on, it is started again: what it finds then."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from tests.e2e.conftest import check_log
from tests.e2e.process import BRISK, Home
from tests.e2e.town import Town, spoken, town
from tests.servers.openai import HANG, reply
from tests.servers.slack import Slack

pytestmark = pytest.mark.anyio

DELETED, EDITED, ANSWERED = "otter-seven-deleted", "heron-three-edited", "plover-nine-answered"
LAST = "bittern-two-said-last"


@pytest.fixture
async def place() -> AsyncIterator[Town]:
    """Where Slack gives up at once what nobody takes."""
    async with town(slack=Slack(retries=())) as place:
        yield place


@pytest.fixture
async def house(tmp_path: Path, warm: Path, place: Town) -> AsyncIterator[Home]:
    home = Home(folder=tmp_path, warm=warm, environ=BRISK | place.environ)
    try:
        yield home
    finally:
        home.close()
    check_log(home, *place.said)


def prompts(place: Town) -> Sequence[str]:
    """All that the last prompt told."""
    return spoken(place.model.seen[-1].body)


async def test_what_went_or_changed_on_slack_while_the_bot_was_stopped_is_not_in_its_prompts(
    place: Town, house: Home
) -> None:
    thread, slack = place.thread(), place.slack
    async with house.bot() as bot:
        await place.connected()
        thread.ask("hello, listen")
        await thread.count(1)
        deleted, edited, kept = (
            slack.say("C1", "U2", text, thread=thread.root, mention=False)
            for text in (DELETED, EDITED, "curlew-five-kept")
        )
        thread.ask(ANSWERED)
        asked = slack.posts("C1", thread.root)[-1].ts
        await thread.count(2)
        last = slack.say("C1", "U2", LAST, thread=thread.root, mention=False)
        await thread.taken()
        assert await bot.stop() == 0
    slack.delete("C1", deleted)
    slack.delete("C1", asked)
    slack.edit("C1", edited, "it reads otherwise now")
    slack.delete("C1", last)
    async with house.bot() as bot:
        await place.connected()
        thread.ask("what do you know?")
        await thread.count(3)
        told = "\n".join(prompts(place))
        assert await bot.stop() == 0
    assert [each for each in (DELETED, EDITED, ANSWERED, LAST) if each in told] == []
    assert "curlew-five-kept" in told
    assert "it reads otherwise now" in told
    assert kept


async def test_what_went_or_changed_on_discord_while_the_bot_was_stopped_is_not_in_its_prompts(
    place: Town, house: Home
) -> None:
    direct, discord = place.direct(), place.discord
    place.model.script(*[reply("Noted.")] * 3)  # it quotes nothing
    async with house.bot() as bot:
        await place.connected()
        said = []
        for number, text in enumerate((DELETED, EDITED, "curlew-five-kept"), start=1):
            said.append(discord.dm(direct.person, text))
            await direct.count(number)
        assert await bot.stop() == 0
    discord.delete(said[0])
    discord.edit(said[1], "it reads otherwise now")
    async with house.bot() as bot:
        await place.connected()
        direct.ask("what do you know?")
        await direct.count(4)
        told = "\n".join(prompts(place))
        assert await bot.stop() == 0
    assert DELETED not in told
    assert EDITED not in told
    assert "it reads otherwise now" in told
    assert "curlew-five-kept" in told


async def test_a_question_that_is_taken_back_while_the_bot_is_dead_is_not_answered(
    place: Town, house: Home
) -> None:
    thread, slack = place.thread(), place.slack
    place.model.script(HANG)
    async with house.bot() as bot:
        await place.connected()
        thread.ask(DELETED)
        await place.asked(1)
        bot.kill()
    slack.delete("C1", thread.root)
    asked = len(place.model.seen)
    other = place.thread("C2")
    async with house.bot() as bot:
        await place.connected()
        for number in range(1, 5):  # for longer than a lease and its grace
            place.model.script(reply(f"Still here, {number}.", before_text=1.0))
            other.ask("are you there?")
            await other.count(number)
        assert await bot.stop() == 0
    assert not thread.replies()
    assert not any(DELETED in text for each in place.model.seen[asked:] for text in each.texts)


async def test_calls_of_while_the_bot_was_stopped_are_answered_wherever_they_came(
    place: Town, house: Home
) -> None:
    slack, discord = place.slack, place.discord
    guild, ada = discord.guild(), discord.person("Ada")
    rooms = [discord.channel(guild, f"room{number}") for number in range(2)]
    async with house.bot() as bot:
        await place.connected()
        known = place.thread("C0")
        known.ask("I was heard")
        await known.count(1)
        assert await bot.stop() == 0
    root = slack.say("C1", "U1", "a new mention")
    others = slack.say("C2", "U1", "among ourselves", mention=False)
    slack.say("C2", "U2", "what do you think of it?", thread=others)
    slack.dm("U2", "a first direct message")
    slack.say("C3", "U1", "nobody calls here", mention=False)
    asked = discord.say(rooms[0], ada, "a mention on Discord", mention=True)
    discord.say(rooms[1], ada, "nobody calls here either")
    async with house.bot() as bot:
        await place.connected()
        await slack.until(lambda: len(slack.replies("C1", root)) == 1, within=20)
        await slack.until(lambda: len(slack.replies("C2", others)) == 1, within=20)
        await slack.until(lambda: len(slack.replies("DU2")) == 1, within=20)
        await discord.until(lambda: len(discord.texts(rooms[0])) == 1, within=20)
        assert await bot.stop() == 0
    assert "a new mention" in slack.replies("C1", root)[0].casefold()
    assert asked
    ended = await house.run("export")
    assert "nobody calls here" not in ended.out
    async with house.bot() as bot:  # once more: all of it was answered
        await place.connected()
        ask = place.thread("C0")
        ask.ask("still there?")
        await ask.count(1)
        assert await bot.stop() == 0
    posts = [slack.replies("C1"), slack.replies("C2"), slack.replies("DU2"), slack.replies("C3")]
    assert [len(each) for each in posts] == [1, 1, 1, 0]
    assert [len(discord.texts(each)) for each in rooms] == [1, 0]
