"""The bot is removed from a workspace or a server: nothing that is left there names anyone."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from redis.asyncio import Redis

from tests.e2e.process import Home
from tests.e2e.town import WITHIN, Town
from tests.memory.test_left import stored
from tests.servers.cluster import until

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def store_of(home: Home) -> AsyncIterator[Redis]:
    async with Redis(unix_socket_path=str(home.data / "server.sock")) as store:
        yield store


async def gone(store: Redis, *names: str) -> None:
    """Until none of these stands in any key or value."""

    async def nothing() -> bool:
        left = [text async for text in stored(store)]
        return not [text for text in left if any(name.encode() in text for name in names)]

    async with asyncio.timeout(WITHIN):
        await until(nothing)


async def test_an_uninstalled_app_names_nobody_in_slack_and_works_when_installed_again(
    busy_home: Home, model_town: Town
) -> None:
    slack, thread = model_town.slack, model_town.thread()
    async with busy_home.bot() as bot:
        await model_town.connected()
        thread.ask("the codeword is heron-7")
        await thread.count(1)
        thread.chat("by the way")
        slack.delete("C1", thread.root)
        await thread.taken()
        async with store_of(busy_home) as store:
            assert [text async for text in stored(store) if b"C1" in text]
            slack.admin.uninstall()
            await gone(store, "C1", "U1", "U2", thread.root)
            assert len([key async for key in store.scan_iter("tk:left:*")]) == 1
        again = model_town.thread()
        again.ask("what is the codeword?")
        assert await again.count(1) == ["I do not know."]
        assert await bot.stop() == 0


async def test_of_a_discord_server_that_removed_the_bot_one_mark_is_left(
    busy_home: Home, model_town: Town
) -> None:
    discord = model_town.discord
    ada, guild = discord.person("Ada"), discord.guild()
    channel = discord.channel(guild)
    async with busy_home.bot() as bot:
        await model_town.connected()
        first = discord.say(channel, ada, "the codeword is heron-7", mention=True)
        await discord.until(lambda: discord.texts(channel), within=WITHIN)
        second = discord.say(channel, ada, "by the way")
        discord.delete(second)
        async with store_of(busy_home) as store:
            assert [text async for text in stored(store) if channel.encode() in text]
            discord.kick(guild)
            await gone(store, channel, ada, first, second)
            assert [key async for key in store.scan_iter("tk:left:*")] == [
                f"tk:left:discord:{guild}".encode()
            ]
        assert await bot.stop() == 0
