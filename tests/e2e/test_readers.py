"""Who may read and be read, in the process an operator runs: guests, and people who left."""

import asyncio

import pytest

from tests.e2e.process import Home
from tests.e2e.town import WITHIN, Town
from tests.servers.slack import Fault, Slack

pytestmark = pytest.mark.anyio

LATER = "the merger is called osprey"


def settled(slack: Slack) -> bool:
    return all(each.acked for each in slack.deliveries)


async def home_of(slack: Slack, user: str) -> str:
    """What the App Home shows, opened afresh."""
    slack.workspace.homes.pop(user, None)
    slack.hands.home(user)
    await slack.until(lambda: user in slack.workspace.homes, within=WITHIN)
    return str(slack.workspace.homes[user]["blocks"])


async def whisper(slack: Slack, user: str) -> str:
    """The next that only this person sees."""
    before = len(slack.responses)
    slack.hands.command("G1", user, "summary")
    await slack.until(lambda: len(slack.responses) > before, within=WITHIN)
    return str(slack.responses[-1][1])


@pytest.mark.parametrize("fault", [Fault(status=500), Fault(retry_after=30)], ids=str)
async def test_a_guest_of_whom_slack_says_nothing_is_neither_answered_nor_remembered(
    busy_home: Home, model_town: Town, fault: Fault
) -> None:
    slack = model_town.slack
    slack.workspace.marks["U2"] = {"is_restricted": True}
    async with busy_home.bot() as bot:
        await model_town.connected()
        ask = model_town.thread("C1")
        ask.ask("hello")
        await ask.count(1)
        slack.fail("users.info", *[fault] * 40)
        alone = slack.say("C1", "U2", "is it heron-6?")
        slack.say("C1", "U2", "guests know heron-7", thread=ask.root, mention=False)
        await slack.until(lambda: len(slack.calls("users.info")) >= 5, within=WITHIN)
        slack._faults._queued.clear()
        await slack.redeliver()
        await slack.until(lambda: settled(slack), within=WITHIN)
        ask.ask("what do guests know?")
        await ask.count(2)
        assert await bot.stop() == 0
    assert slack.replies("C1", alone) == []
    assert "heron" not in str([each.body for each in model_town.model.seen])


async def test_a_member_removed_from_a_private_channel_is_shown_nothing_of_it_on_slack(
    busy_home: Home, model_town: Town
) -> None:
    slack = model_town.slack
    slack.channel("G1", "group")
    async with busy_home.bot() as bot:
        await model_town.connected()
        ask = model_town.thread("G1")
        ask.ask("what is our plan?")
        await ask.count(1)
        assert "what is our plan?" in await home_of(slack, "U1")
        slack.workspace.channels["G1"].without.add("U1")  # and nobody tells the bot
        slack.say("G1", "U2", LATER, thread=ask.root)
        await ask.count(2)
        await asyncio.sleep(5)
        shown = await home_of(slack, "U1")
        assert "our plan" not in shown
        assert "Left out: 1 conversation" in shown
        assert "our plan" not in await whisper(slack, "U1")
        assert "our plan" in await whisper(slack, "U2")
        slack.fail("users.conversations", *[Fault(status=503)] * 9)
        await asyncio.sleep(5)
        assert "our plan" not in await whisper(slack, "U2")
        assert await bot.stop() == 0


async def told(town: Town, interaction: str) -> str:
    await town.discord.until(lambda: town.discord.seen(interaction), within=WITHIN)
    return "\n".join(str(each["content"]) for each in town.discord.seen(interaction))


async def test_who_left_a_server_or_may_not_see_its_channel_is_shown_nothing_of_it_on_discord(
    busy_home: Home, model_town: Town
) -> None:
    discord = model_town.discord
    guild = discord.guild()
    channel, ada = discord.channel(guild), discord.person("Ada")
    other, bo = discord.channel(guild), discord.person("Bo")
    async with busy_home.bot() as bot:
        await model_town.connected()
        for place in (channel, other):
            discord.say(place, ada, "what is our plan?", mention=True)
            await discord.until(lambda: discord.posts(place), within=WITHIN)  # noqa: B023
        link = f"https://discord.com/channels/{guild}/{channel}/1"
        for argument in ("", link):
            assert "I hold " in await told(
                model_town, discord.command(channel, ada, "summary", argument)
            )
        discord.say(channel, ada, "forget", mention=True)
        direct = discord.direct(ada)
        await discord.until(lambda: discord.posts(direct), within=WITHIN)
        old = discord.posts(direct)[0]
        discord.bar(channel, ada)
        for name, argument in (("summary", ""), ("summary", link), ("forget", "")):
            shown = await told(model_town, discord.command(channel, ada, name, argument))
            assert shown.startswith("I cannot see that you may read this")
        mine = discord.command(other, ada, "export")
        await discord.until(lambda: discord.seen(mine), within=WITHIN)
        assert "Left out: 1 conversation" in discord.seen(mine)[0]["content"]
        discord.part(guild, ada)
        label = old["components"][0]["components"][0]["label"]
        pressed = discord.press(old["id"], ada, label=label)
        assert (await told(model_town, pressed)).startswith("I cannot see")
        assert "I hold " in await told(model_town, discord.command(channel, bo, "summary"))
        assert await bot.stop() == 0
