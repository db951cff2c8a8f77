"""A private thread on Discord: who reads only the channel it is in learns nothing of it."""

from collections.abc import AsyncIterator

import pytest

from adapters.discord.platform import DiscordPlatform
from adapters.message import Audience, Conversation, Departure
from bot.places import place_of
from memory.engine import Memory
from tests.adapters.inbox import Collected
from tests.adapters.running import discord, inbox, platform
from tests.attacks.test_canaries import Parrot
from tests.laws.test_audiences import MARKS, ROOM
from tests.servers.discord import FakeDiscord

__all__ = ["discord", "inbox", "platform"]

pytestmark = pytest.mark.anyio

SECRET = "The topic is said0001, and I live in fact0001"


@pytest.fixture
async def memory(any_redis_url: str) -> AsyncIterator[tuple[Memory, Parrot]]:
    town = Parrot(any_redis_url)
    store = town.store()
    memory = town.memory(store, MARKS, segment=ROOM)
    await memory.open()
    yield memory, town
    await store.close()


async def said_in(discord: FakeDiscord, inbox: Collected, *channels: str) -> list[Conversation]:
    """Where it is that somebody calls the bot in these."""
    ada, before = discord.person("Ada"), len(inbox.messages)
    for channel in channels:
        discord.say(channel, ada, "hello", mention=True)
    await discord.until(lambda: len(inbox.messages) == before + len(channels))
    return [each.conversation for each in inbox.messages[before:]]


async def test_what_is_said_there_reaches_no_prompt_of_its_channel_nor_of_another_such_thread(
    discord: FakeDiscord,
    inbox: Collected,
    platform: DiscordPlatform,
    memory: tuple[Memory, Parrot],
) -> None:
    channel = discord.channel(discord.guild())
    private, other = (discord.thread(channel, private=True) for _ in range(2))
    public = discord.thread(channel)
    secret, *elsewhere = [
        place_of(each) for each in await said_in(discord, inbox, private, other, public, channel)
    ]
    assert (secret.audience, elsewhere[0].audience) == (Audience.PRIVATE, Audience.PRIVATE)
    remembering, town = memory
    for text in (SECRET, "so much for that", "and that"):
        await town.tell(remembering, secret, "U0", text)
    for place in elsewhere:
        met, _ = await town.tell(remembering, place, "U0", "which topic, and where do I live?")
        assert met == [], place
        held = await remembering.holdings.threads(place, 9)
        assert secret.key not in [each.key for each in held]
    met, _ = await town.tell(remembering, secret, "U0", "which topic, and where do I live?")
    assert {*met} == {"said0001", "fact0001"}


async def test_a_link_into_it_tells_nothing_to_who_gives_it_in_the_channel(
    discord: FakeDiscord, inbox: Collected, platform: DiscordPlatform
) -> None:
    guild = discord.guild()
    channel = discord.channel(guild)
    private = discord.thread(channel, private=True)
    secret, public = await said_in(discord, inbox, private, channel)
    meant = platform.chat(public).linked(f"https://discord.com/channels/{guild}/{private}/1")
    assert meant is None or str(meant) != str(secret)
    assert platform.chat(secret).linked(platform.chat(secret).link("1")) == secret


async def test_it_leaves_memory_when_it_or_its_channel_is_deleted(
    discord: FakeDiscord, inbox: Collected, platform: DiscordPlatform
) -> None:
    guild = discord.guild()
    channel = discord.channel(guild)
    one, two = (discord.thread(channel, private=True) for _ in range(2))
    await said_in(discord, inbox, one, two)
    discord.remove_thread(one)
    discord.remove_channel(channel)
    gone = {Departure(platform="discord", space=guild, channel=each) for each in (one, two)}
    await discord.until(lambda: gone <= {*inbox.others})
