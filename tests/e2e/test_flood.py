"""Very many call at once in one Discord channel: nobody elsewhere waits, and it recovers."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from redis.asyncio import Redis

from tests.e2e.conftest import check_log
from tests.e2e.process import BRISK, Home
from tests.e2e.test_discord_commands import seen
from tests.e2e.town import WITHIN, Town
from tests.servers.cluster import until
from tests.servers.openai.act import Act

pytestmark = [pytest.mark.anyio, pytest.mark.long]

FLOOD = 8_300  # of mentions: a Redis script hands on about 8,000 values at most
PATIENCE = 240.0  # seconds until all of them were taken in, on a busy machine
AT_ONCE, HELLO = 20, 2_000  # mentions; so many between two of somebody else's messages
SLOW = Act(text="Let me think about it.", after_pieces=1, then="stall", keepalive=True)
PATIENT = {
    "THREADKEEPER_MODEL__IDLE_SECONDS": "600",
    "THREADKEEPER_MODEL__TOTAL_SECONDS": "900",
    "THREADKEEPER_TURNS__LEASE_SECONDS": "10",
    "THREADKEEPER_TURNS__CALL_TIMEOUT_SECONDS": "5",
}


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """In memory: else this measures how busy the disk is."""
    shm = Path("/dev/shm")
    with TemporaryDirectory(dir=shm if shm.is_dir() else tmp_path) as folder:
        yield Path(folder)


@pytest.fixture
async def home(folder: Path, model_town: Town, warm: Path) -> AsyncIterator[Home]:
    home = Home(folder=folder, warm=warm, environ=BRISK | model_town.environ | PATIENT)
    try:
        yield home
    finally:
        home.close()
    check_log(home, *model_town.said)
    assert "does not answer" not in home.err, home.err[-2000:]
    assert "not begun" not in home.err, home.err[-2000:]


async def test_a_flood_of_mentions_leaves_everybody_else_their_answers(
    home: Home, model_town: Town
) -> None:
    discord = model_town.discord
    ada, eve = discord.person("Ada"), model_town.direct("Eve")
    channel = discord.channel(discord.guild())

    async def answers(number: int) -> None:
        await discord.until(lambda: len(discord.texts(channel)) >= number, within=WITHIN)

    async def greet() -> None:
        answered = len(eve.replies())
        eve.ask("hello")
        await eve.count(answered + 1)

    model_town.model.script(SLOW)
    async with home.bot() as bot:
        await model_town.connected()
        discord.say(channel, ada, "what is up?", mention=True)
        await answers(1)
        for number in range(FLOOD):
            discord.say(channel, ada, f"and {number}?", mention=True)
            if number % AT_ONCE == 0:
                await asyncio.sleep(0.01)
            if number % HELLO == 0:
                await greet()
        await taken_in(home, FLOOD + 1)
        (slow,) = [post["id"] for post in discord.posts(channel) if post["components"]]
        discord.press(slow, ada)  # Stop
        await answers(3)
        preview = await seen(model_town, discord.command(channel, ada, "forget", "channel"))
        label = preview["components"][0]["components"][0]["label"]
        receipt = await seen(model_town, discord.press(preview["id"], ada, label=label))
        told = re.match(r"Forgotten: ([\d,]+) messages", receipt["content"])
        assert told, receipt["content"]
        assert int(told[1].replace(",", "")) > FLOOD
        before = len(discord.texts(channel))
        discord.say(channel, ada, "are you there?", mention=True)
        await answers(before + 1)
        await greet()
        assert await bot.stop() == 0


async def taken_in(home: Home, messages: int) -> None:
    """Until the store holds so many of one conversation."""
    socket = str(home.data / "server.sock")

    async def all_are() -> bool:
        keys = [str(key, "utf-8") async for key in store.scan_iter("*/msg")]
        return max([await store.hlen(key) for key in keys]) >= messages

    async with asyncio.timeout(PATIENCE), Redis(unix_socket_path=socket) as store:
        await until(all_are)
