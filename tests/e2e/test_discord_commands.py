"""The bot's commands and buttons on Discord, in the process an operator runs."""

import pytest

from tests.e2e.process import Home
from tests.e2e.town import WITHIN, Town
from tests.servers.discord.world import Json

pytestmark = pytest.mark.anyio


async def seen(town: Town, interaction: str) -> Json:
    await town.discord.until(lambda: town.discord.seen(interaction), within=WITHIN)
    return town.discord.seen(interaction)[0]


async def test_forgetting_is_previewed_confirmed_by_a_button_and_receipted(
    busy_home: Home, model_town: Town
) -> None:
    discord, ada = model_town.discord, model_town.direct()
    async with busy_home.bot() as bot:
        await model_town.connected()
        ada.ask("The spare key hangs behind the kettle")
        await ada.count(1)
        place = discord.direct(ada.person)
        held = await seen(model_town, discord.command(place, ada.person, "summary"))
        assert held["content"].startswith("I hold ")
        preview = await seen(model_town, discord.command(place, ada.person, "forget"))
        label = preview["components"][0]["components"][0]["label"]
        receipt = await seen(model_town, discord.press(preview["id"], ada.person, label=label))
        assert receipt["content"].startswith("Forgotten: ")
        held = await seen(model_town, discord.command(place, ada.person, "summary"))
        assert held["content"].startswith("I hold nothing")
        assert await bot.stop() == 0


async def test_a_message_nobody_called_the_bot_with_is_remembered_recalled_and_forgotten(
    busy_home: Home, model_town: Town
) -> None:
    discord = model_town.discord
    ada, channel = discord.person("Ada"), discord.channel(discord.guild())
    async with busy_home.bot() as bot:
        await model_town.connected()
        note = discord.say(channel, ada, "the codeword is heron-7")
        kept = await seen(model_town, discord.command(channel, ada, "Remember this", on=note))
        assert "emember" in kept["content"]
        discord.say(channel, ada, "what is the codeword?", mention=True)
        await discord.until(lambda: discord.texts(channel) == ["It is heron-7."], within=WITHIN)
        preview = await seen(model_town, discord.command(channel, ada, "Forget this", on=note))
        label = preview["components"][0]["components"][0]["label"]
        receipt = await seen(model_town, discord.press(preview["id"], ada, label=label))
        assert receipt["content"].startswith("Forgotten: 1 message")
        discord.say(channel, ada, "and now, what is the codeword?", mention=True)
        await discord.until(lambda: len(discord.texts(channel)) == 2, within=WITHIN)
        assert discord.texts(channel)[1] == "I do not know."
        assert await bot.stop() == 0
