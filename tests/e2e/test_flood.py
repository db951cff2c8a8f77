"""Very many call at once in one Discord channel: nobody elsewhere waits, and it recovers."""

import asyncio
from pathlib import Path

import pytest

from tests.e2e.process import BRISK, Home
from tests.e2e.test_discord_commands import seen
from tests.e2e.town import WITHIN, Town
from tests.servers.openai.act import reply

pytestmark = [pytest.mark.anyio, pytest.mark.long]

FLOOD = 8_300  # of mentions: redis scripts hand on at most about 8,000 values at once
PATIENCE = 240.0  # seconds until all of them were taken in, on a busy machine
AT_ONCE = 20  # mentions
STRETCH = {
    "THREADKEEPER_TURNS__LEASE_SECONDS": "10",
    "THREADKEEPER_TURNS__CALL_TIMEOUT_SECONDS": "5",
}


async def test_a_flood_of_mentions_leaves_everybody_else_their_answers(
    model_town: Town, tmp_path: Path, warm: Path
) -> None:
    discord, model = model_town.discord, model_town.model
    home = Home(folder=tmp_path, warm=warm, environ=BRISK | model_town.environ | STRETCH)
    ada, channel = discord.person("Ada"), discord.channel(discord.guild())
    eve = model_town.direct("Eve")
    model.script(reply("Sorry that it took so long.", before_text=PATIENCE, keepalive=True))
    try:
        async with home.bot() as bot:
            await model_town.connected()
            discord.say(channel, ada, "what is up?", mention=True)
            await model_town.asked(1)
            for number in range(FLOOD):
                discord.say(channel, ada, f"and {number}?", mention=True)
                if number % AT_ONCE == 0:
                    await asyncio.sleep(0.02)
                if number % 2_000 == 1_000:
                    answered = len(eve.replies())
                    eve.ask("hello")
                    await eve.count(answered + 1)
            held = ""
            async with asyncio.timeout(PATIENCE):
                while f"{FLOOD + 1:,} messages" not in held and f"{FLOOD + 1} messages" not in held:
                    told = await seen(model_town, discord.command(channel, ada, "summary"))
                    held = str(told["content"])
                    await asyncio.sleep(1)
            preview = await seen(model_town, discord.command(channel, ada, "forget", "channel"))
            label = preview["components"][0]["components"][0]["label"]
            pressed = discord.press(preview["id"], ada, label=label)
            receipt = await seen(model_town, pressed)
            assert receipt["content"].startswith(f"Forgotten: {FLOOD + 1}")
            before = len(discord.texts(channel))
            discord.say(channel, ada, "are you there?", mention=True)
            await discord.until(lambda: len(discord.texts(channel)) > before, within=WITHIN)
            eve.ask("and now?")
            await eve.count(5)
            assert await bot.stop() == 0
    finally:
        home.close()
    assert "the store does not answer" not in home.err, home.err[-2000:]
    assert "turn not begun" not in home.err, home.err[-2000:]
