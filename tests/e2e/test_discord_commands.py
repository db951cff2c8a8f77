"""The bot's commands and buttons on Discord, in the process an operator runs."""

import asyncio
import json
from pathlib import Path

import pytest

from tests.e2e.conftest import check_log
from tests.e2e.process import BRISK, Home
from tests.e2e.town import WITHIN, Town, is_fold, remembering, town
from tests.servers.discord.world import Json
from tests.servers.openai import FakeOpenAI
from tests.servers.openai.server import Messages

pytestmark = pytest.mark.anyio

TINY = {  # windows: after a few messages the rest is folded, and its facts are learned
    "THREADKEEPER_MEMORY__WINDOW__HIGH": "200",
    "THREADKEEPER_MEMORY__WINDOW__LOW": "100",
}
FACT = {"person": "Ada", "key": "dog", "value": "Biscuit", "quote": "My dog is called Biscuit."}


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


def learning(messages: Messages) -> str:
    """As it remembers, but what Ada said of her dog it tells apart."""
    if is_fold(messages) and "Biscuit" in str(messages):
        return json.dumps({"summary": "- Ada has a dog", "facts": [FACT]})
    return remembering(messages)


async def test_pressing_a_facts_button_deletes_what_is_known(tmp_path: Path) -> None:
    async with town(model=FakeOpenAI(learning)) as place:
        home = Home(folder=tmp_path, environ=BRISK | TINY | place.environ)
        try:
            async with home.bot() as bot:
                await place.connected()
                await _learned_and_deleted(place)
                assert await bot.stop() == 0
        finally:
            home.close()
    check_log(home, *place.said)


async def _learned_and_deleted(place: Town) -> None:
    discord, ada = place.discord, place.direct()
    ada.ask(FACT["quote"])
    for number in range(2, 7):
        await ada.count(number - 1)
        ada.ask(f"Word {number}: " + "all of this is small talk, and the weather is fine. " * 6)
    await place.model.until(lambda: any("Collect what" in str(e.body) for e in place.model.seen))
    known = await _memory(place, "Delete dog")
    assert FACT["quote"] in known["content"]
    deleted = await seen(place, discord.press(known["id"], ada.person, label="Delete dog"))
    assert deleted["content"] == "Forgotten: your dog."
    known = await seen(place, discord.command(discord.direct(ada.person), ada.person, "memory"))
    assert "Biscuit" not in str(known)


async def _memory(place: Town, label: str) -> Json:
    """What is known, as soon as it has that button: learning goes on behind the replies."""
    ada = place.direct().person
    async with asyncio.timeout(WITHIN):
        while True:
            asked = place.discord.command(place.discord.direct(ada), ada, "memory")
            told = await seen(place, asked)
            if label in str(told["components"]):
                return told
