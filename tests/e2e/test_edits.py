"""What an edit took away: nobody finds it in a prompt again, nor does anybody with the key."""

from collections.abc import Sequence

import pytest

from tests.e2e.process import Home
from tests.e2e.scan import found
from tests.e2e.town import WITHIN, Town, spoken
from tests.servers.slack import Fault

pytestmark = pytest.mark.anyio

UNREADABLE = "(edited, not readable)"
READ = "conversations.replies"
REFUSED = Fault(error="channel_not_found")
PLAN = {"id": "F1", "title": "the-plan.pdf", "pretty_type": "PDF", "mode": "hosted"}
MAP = {"id": "F2", "title": "the-map.pdf", "pretty_type": "PDF", "mode": "hosted"}


async def asked(town: Town, thread: str, text: str) -> Sequence[str]:
    """All texts of the prompt that this question in a Slack thread leads to."""
    corner = town.thread()
    corner.root = thread
    before = len(corner.replies())
    corner.ask(text)
    await corner.count(before + 1)
    return spoken(town.model.seen[-1].body)


async def taken(town: Town) -> None:
    await town.thread().taken()


async def test_an_edit_where_nobody_called_the_bot_leaves_no_text(
    busy_home: Home, model_town: Town
) -> None:
    slack, discord = model_town.slack, model_town.discord
    quiet = discord.channel(discord.guild())
    busy_home.environ["THREADKEEPER_DISCORD__MESSAGE_CONTENT"] = "true"
    async with busy_home.bot() as bot:
        await model_town.connected()
        slack.edit("C9", slack.say("C9", "U1", "draft", mention=False), "the magpie flies tonight")
        discord.edit(discord.say(quiet, discord.person("Bob"), "draft"), "the magpie flies tonight")
        await taken(model_town)
        direct = model_town.direct()
        direct.ask("the kettle whistles")
        await direct.until(bool)
        assert found(busy_home.data, "kettle whistles")
        assert not found(busy_home.data, "magpie flies")
        direct.ask("/forget me yes")
        await direct.until(lambda replies: len(replies) > 1)
        assert not found(busy_home.data, "magpie flies")
        assert await bot.stop() == 0


async def test_a_message_that_comes_after_its_edit_says_what_the_platform_shows_now(
    busy_home: Home, model_town: Town
) -> None:
    slack = model_town.slack
    slack.channel("C1")
    async with busy_home.bot() as bot:
        await model_town.connected()
        late = slack.write("C1", "U1", "my number is 5551")
        slack.edit("C1", late.ts, f"<@{slack.bot}> my number is a secret")
        await taken(model_town)
        late.tell()
        await slack.until(lambda: slack.replies("C1", late.ts), within=WITHIN)
        assert any(
            "my number is a secret" in each for each in spoken(model_town.model.seen[-1].body)
        )
        assert not found(busy_home.data, "is 5551")
        assert await bot.stop() == 0


@pytest.mark.parametrize("fault", [REFUSED, Fault(status=500), Fault(retry_after=30), None])
async def test_a_message_that_comes_after_its_edit_and_cannot_be_read_says_so(
    busy_home: Home, model_town: Town, fault: Fault | None
) -> None:
    """None: it was deleted meanwhile, and nobody told."""
    slack = model_town.slack
    slack.channel("C1")
    async with busy_home.bot() as bot:
        await model_town.connected()
        late = slack.write("C1", "U1", "my number is 5551")
        slack.edit("C1", late.ts, f"<@{slack.bot}> my number is 7772")
        await taken(model_town)
        if fault:
            slack.fail(READ, fault)
        else:
            del slack.workspace.channels["C1"].posts[late.ts]
        late.tell()
        await slack.until(lambda: slack.replies("C1", late.ts), within=WITHIN)
        (question,) = [each for each in spoken(model_town.model.seen[-1].body) if "ada:" in each]
        assert UNREADABLE in question
        for text in ("is 5551", "is 7772"):
            assert not found(busy_home.data, text)
        assert await bot.stop() == 0


async def test_a_call_edited_out_of_sight_leaves_memory(busy_home: Home, model_town: Town) -> None:
    discord = model_town.discord
    channel, ada = discord.channel(discord.guild()), discord.person("Ada")
    async with busy_home.bot() as bot:
        await model_town.connected()
        call = discord.say(channel, ada, "my number is 5551", mention=True)
        await discord.until(lambda: len(discord.texts(channel)) == 1, within=WITHIN)
        discord.edit(call, "never mind")  # without the mention, Discord shows no text
        discord.say(channel, ada, "what is it?", mention=True)
        await discord.until(lambda: len(discord.texts(channel)) == 2, within=WITHIN)
        prompt = spoken(model_town.model.seen[-1].body)
        assert not any("5551" in each for each in prompt if not each.startswith("You said"))
        assert f"Ada: {UNREADABLE}" in "\n".join(prompt)
        assert await bot.stop() == 0


async def test_a_file_taken_off_a_slack_post_leaves_memory_with_its_name(
    busy_home: Home, model_town: Town
) -> None:
    slack = model_town.slack
    model_town.model.answer = lambda _: "yes"
    async with busy_home.bot() as bot:
        await model_town.connected()
        call = slack.say("C1", "U1", "look", subtype="file_share", files=[PLAN, MAP])
        await slack.until(lambda: slack.replies("C1", call), within=WITHIN)
        assert "the-plan.pdf" in "\n".join(await asked(model_town, call, "what is there?"))
        slack.take_off("C1", call, "F1")
        await taken(model_town)
        prompt = "\n".join(await asked(model_town, call, "and now?"))
        assert "the-plan.pdf" not in prompt
        assert "the-map.pdf" in prompt
        assert await bot.stop() == 0


@pytest.mark.parametrize("how", ["edit", "no edit"])
async def test_a_file_taken_off_a_discord_post_leaves_memory_with_its_name(
    busy_home: Home, model_town: Town, how: str
) -> None:
    discord = model_town.discord
    model_town.model.answer = lambda _: "yes"
    channel, ada = discord.channel(discord.guild()), discord.person("Ada")
    plan, chart = (
        discord.file(name, b"%PDF", "application/pdf") for name in ("plan.pdf", "map.pdf")
    )
    async with busy_home.bot() as bot:
        await model_town.connected()
        call = discord.say(channel, ada, "look", mention=True, attachments=[plan, chart])
        await discord.until(lambda: len(discord.texts(channel)) == 1, within=WITHIN)
        assert "plan.pdf" in "\n".join(spoken(model_town.model.seen[-1].body))
        if how == "edit":
            discord.edit(call, f"<@{discord.me}> look", attachments=[chart])
        else:
            discord.take_off(call, plan)
        discord.say(channel, ada, "and now?", mention=True)
        await discord.until(lambda: len(discord.texts(channel)) == 2, within=WITHIN)
        prompt = "\n".join(spoken(model_town.model.seen[-1].body))
        assert "plan.pdf" not in prompt
        assert "map.pdf" in prompt
        assert await bot.stop() == 0
