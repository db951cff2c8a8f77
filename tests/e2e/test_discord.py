"""The bot on Discord: two processes on one shard, what was said before, what was said meanwhile."""

import asyncio
import base64
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.conftest import check_log
from tests.e2e.process import BRISK, Home
from tests.e2e.town import WITHIN, remembering
from tests.servers.discord import FakeDiscord
from tests.servers.openai import FakeOpenAI

pytestmark = pytest.mark.anyio


@dataclass(slots=True)
class Guild:
    """A server with people in it, and a folder for the bot."""

    discord: FakeDiscord
    home: Home
    ada: str
    channel: str
    model: FakeOpenAI

    async def replies(self, channel: str, number: int) -> list[str]:
        """Until there are so many."""
        await self.discord.until(lambda: len(self.finished(channel)) >= number, within=WITHIN)
        return self.finished(channel)

    def finished(self, channel: str) -> list[str]:
        return [post["content"] for post in self.discord.posts(channel) if not post["components"]]


@pytest.fixture
async def guild(tmp_path: Path, warm: Path) -> AsyncIterator[Guild]:
    async with FakeDiscord() as discord, FakeOpenAI(remembering) as model:
        environ = {
            "DISCORD_API_URL": discord.api_url,
            "DISCORD_TOKEN": discord.token,
            "OPENAI_BASE_URL": model.url,
            "OPENAI_API_KEY": "sk-made-up-and-secret",
        }
        home = Home(folder=tmp_path, warm=warm, environ=BRISK | environ)
        channel = discord.channel(discord.guild())
        try:
            yield Guild(discord, home, discord.person("Ada"), channel, model)
        finally:
            home.close()
        said = [
            str(post["content"])
            for posts in discord.world.messages.values()
            for post in posts.values()
            if post["author"]["id"] != discord.me
        ]
        check_log(home, *said)


async def test_two_processes_on_one_shard_answer_everything_once(guild: Guild) -> None:
    discord, direct = guild.discord, guild.discord.direct(guild.ada)
    async with guild.home.bot() as first:
        await discord.until(lambda: len(discord.gateway.live) == 1, within=WITHIN)
        async with guild.home.bot() as second:
            await discord.until(lambda: len(discord.gateway.live) == 2, within=WITHIN)
            for number in range(1, 11):
                discord.dm(guild.ada, f"message {number}")
                discord.say(guild.channel, guild.ada, f"call {number}", mention=True)
                assert len(await guild.replies(direct, number)) == number
                assert len(await guild.replies(guild.channel, number)) == number
            assert await second.stop() == 0
        discord.dm(guild.ada, "message 11")
        assert len(await guild.replies(direct, 11)) == 11
        assert await first.stop() == 0
    assert len(discord.posts(direct)) == 11
    assert len(discord.posts(guild.channel)) == 10


async def test_a_bot_called_in_a_thread_knows_what_it_was_made_on(guild: Guild) -> None:
    discord = guild.discord
    start = discord.say(guild.channel, discord.person("Bob"), "the codeword is heron-7")
    thread = discord.thread(guild.channel, on=start)
    async with guild.home.bot():
        await discord.until(lambda: discord.gateway.live, within=WITHIN)
        discord.say(thread, guild.ada, "what is the codeword?", mention=True)
        assert await guild.replies(thread, 1) == ["It is heron-7."]


async def test_what_was_asked_while_the_bot_was_away_is_answered(guild: Guild) -> None:
    discord, direct = guild.discord, guild.discord.direct(guild.ada)
    async with guild.home.bot() as bot:
        await discord.until(lambda: discord.gateway.live, within=WITHIN)
        discord.world.ids.begin(ago=60)  # what came just now needs no catching up
        discord.dm(guild.ada, "the codeword is otter-3")
        await guild.replies(direct, 1)
        discord.world.ids.begin(ago=0)
        assert await bot.stop() == 0
    discord.gateway.sessions.clear()
    discord.dm(guild.ada, "what is the codeword?")
    async with guild.home.bot() as bot:
        assert (await guild.replies(direct, 2))[1] == "It is otter-3."
        assert await bot.stop() == 0
    assert len(discord.posts(direct)) == 2


async def test_what_is_attached_is_answered_from(guild: Guild) -> None:
    discord = guild.discord
    file = discord.file("message.txt", b"the codeword is plover-9", "text/plain")
    async with guild.home.bot():
        await discord.until(lambda: discord.gateway.live, within=WITHIN)
        discord.say(guild.channel, guild.ada, "read this", mention=True, attachments=[file])
        await guild.replies(guild.channel, 1)
        discord.say(guild.channel, guild.ada, "what is the codeword?", mention=True)
        assert (await guild.replies(guild.channel, 2))[1] == "It is plover-9."


async def test_images_are_shown_to_a_model_that_takes_them_and_kept_nowhere(guild: Guild) -> None:
    discord, home = guild.discord, guild.home
    file = discord.file("cat.png", b"\x89PNG a cat", "image/png")
    async with home.bot(THREADKEEPER_MODEL__IMAGES="true"):
        await discord.until(lambda: discord.gateway.live, within=WITHIN)
        discord.say(guild.channel, guild.ada, "who is it?", mention=True, attachments=[file])
        await guild.replies(guild.channel, 1)
        discord.say(guild.channel, guild.ada, "and now?", mention=True)
        await guild.replies(guild.channel, 2)
    shown, later = (str(seen.body) for seen in guild.model.seen)
    cat = base64.b64encode(b"\x89PNG a cat").decode()
    assert f"data:image/png;base64,{cat}" in shown
    assert "cat.png (image/png)" in later
    assert cat not in later
    assert cat not in (await home.run("export")).out


async def test_a_server_that_the_bot_was_removed_from_while_it_was_away_leaves_memory(
    guild: Guild,
) -> None:
    discord, home = guild.discord, guild.home
    async with home.bot() as bot:
        await discord.until(lambda: discord.gateway.live, within=WITHIN)
        discord.say(guild.channel, guild.ada, "the codeword is heron-7", mention=True)
        discord.dm(guild.ada, "the codeword is otter-3")
        await guild.replies(guild.channel, 1)
        await guild.replies(discord.direct(guild.ada), 1)
        assert await bot.stop() == 0
    discord.kick(discord.world.channels[guild.channel]["guild_id"])
    async with home.bot() as bot:
        async with asyncio.timeout(3 * WITHIN):
            while "heron-7" in (held := (await home.run("export")).out):
                pass
        assert "otter-3" in held
        assert await bot.stop() == 0
