"""Servers, channels and threads that are left, hidden or opened on Discord."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from adapters.discord import gateway
from adapters.message import Audience, Conversation, Departure, Rescoped
from tests.adapters.inbox import Collected
from tests.adapters.running import connected, discord
from tests.servers.cluster import until
from tests.servers.discord import FakeDiscord
from tests.servers.discord.world import VIEW_CHANNEL

__all__ = ["discord"]

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway, "SETTLES", 0.02)


@pytest.fixture
async def inbox(discord: FakeDiscord) -> AsyncIterator[Collected]:
    """Of a platform that is connected."""
    inbox = Collected(discord.changed)
    async with connected(discord, inbox):
        yield inbox


async def heard(discord: FakeDiscord, inbox: Collected) -> None:
    """Until what happened before has arrived, as far as it arrives at all."""
    said = discord.dm(discord.person("Last"), "and that was all")
    await discord.until(lambda: said in [message.id for message in inbox.messages])


async def test_being_removed_from_a_server_is_a_departure_and_an_outage_is_none(
    discord: FakeDiscord, inbox: Collected
) -> None:
    here, there = discord.guild(), discord.guild()
    discord.outage(here)
    discord.kick(there)
    await discord.until(lambda: inbox.others)
    await heard(discord, inbox)
    assert inbox.others == [Departure(platform="discord", space=there)]


async def test_a_deleted_channel_and_a_deleted_thread_are_departures(
    discord: FakeDiscord, inbox: Collected
) -> None:
    guild = discord.guild()
    channel, other = discord.channel(guild), discord.channel(guild)
    thread = discord.thread(other)
    discord.remove_channel(channel)
    discord.remove_thread(thread)
    await discord.until(lambda: len(inbox.others) == 2)
    gone = Departure(platform="discord", space=guild, channel=channel)
    threads = Departure(platform="discord", space=guild, channel=other, thread=thread)
    assert set(inbox.others) == {gone, threads}


async def test_an_archived_thread_that_is_deleted_is_a_departure_too(
    discord: FakeDiscord, inbox: Collected
) -> None:
    guild = discord.guild()
    channel = discord.channel(guild)
    thread = discord.thread(channel, archived=True)
    discord.remove_thread(thread)
    await discord.until(lambda: inbox.others)
    assert inbox.others == [
        Departure(platform="discord", space=guild, channel=channel, thread=thread)
    ]


async def test_a_channel_that_turns_private_or_public_has_another_audience(
    discord: FakeDiscord, inbox: Collected
) -> None:
    guild = discord.guild()
    channel = discord.channel(guild)
    discord.see(channel, everyone=True)  # as before: nothing to tell
    await heard(discord, inbox)
    for number, everyone in enumerate((False, True), start=1):
        discord.see(channel, everyone=everyone)
        await discord.until(lambda: len(inbox.others) == number)  # noqa: B023
    await heard(discord, inbox)
    assert inbox.others == [
        Rescoped(platform="discord", space=guild, channel=channel, audience=audience)
        for audience in (Audience.PRIVATE, Audience.PUBLIC)
    ]


async def test_a_channel_hidden_from_the_bot_counts_as_private(
    discord: FakeDiscord, inbox: Collected
) -> None:
    guild = discord.guild()
    channel = discord.channel(guild)
    discord.hide(channel)
    await discord.until(lambda: inbox.others)
    assert inbox.others == [
        Rescoped(platform="discord", space=guild, channel=channel, audience=Audience.PRIVATE)
    ]


async def test_what_the_role_of_everyone_may_see_changes_every_channels_audience(
    discord: FakeDiscord, inbox: Collected
) -> None:
    guild = discord.guild()
    channels = [discord.channel(guild), discord.channel(guild)]
    discord.allow_everyone(guild, 0)
    await discord.until(lambda: len(inbox.others) == 2)
    discord.allow_everyone(guild, VIEW_CHANNEL)
    await discord.until(lambda: len(inbox.others) == 4)
    assert {each.channel for each in inbox.others if isinstance(each, Rescoped)} == set(channels)
    audiences = [each.audience for each in inbox.others if isinstance(each, Rescoped)]
    assert audiences == [Audience.PRIVATE] * 2 + [Audience.PUBLIC] * 2


async def test_a_role_of_some_changes_no_audience(discord: FakeDiscord, inbox: Collected) -> None:
    guild = discord.guild()
    discord.channel(guild)
    role = discord.world.guilds[guild]["roles"][0] | {"id": "77", "name": "some"}
    discord.gateway.emit("GUILD_ROLE_CREATE", {"guild_id": guild, "role": role})
    changed = {"guild_id": guild, "role": role | {"permissions": "0"}}
    discord.gateway.emit("GUILD_ROLE_UPDATE", changed)
    await heard(discord, inbox)
    assert inbox.others == []


async def returns(discord: FakeDiscord, held: list[tuple[str, str]], **options: Any) -> Collected:
    """To an inbox whose memory holds channels of servers."""
    inbox = Collected(discord.changed)
    inbox.known = [
        Conversation(platform="discord", space=space, channel=channel, audience=Audience.PUBLIC)
        for space, channel in held
    ]
    async with connected(discord, inbox, **options) as platform:
        await discord.until(lambda: inbox.asked)

        async def compared() -> bool:
            return bool(platform._delivery and not platform._delivery._waiting)

        async with asyncio.timeout(10):
            await until(compared)
    return inbox


async def test_servers_and_channels_that_went_while_nobody_listened_are_departures(
    discord: FakeDiscord,
) -> None:
    here, left = discord.guild(), discord.guild()
    kept, removed = discord.channel(here), discord.channel(here)
    away = discord.channel(left)
    discord.remove_channel(removed)
    discord.kick(left)
    direct = discord.direct(discord.person("Ada"))
    held = [(here, kept), (here, removed), (left, away), ("@me", direct)]
    inbox = await returns(discord, held)
    assert set(inbox.others) == {
        Departure(platform="discord", space=left),
        Departure(platform="discord", space=here, channel=removed),
        Rescoped(platform="discord", space=here, channel=kept, audience=Audience.PUBLIC),
    }
    assert len(inbox.others) == 3


async def test_a_channel_that_turned_private_while_nobody_listened_has_another_audience(
    discord: FakeDiscord,
) -> None:
    guild = discord.guild()
    channel = discord.channel(guild, private=True)
    inbox = await returns(discord, [(guild, channel)])
    assert inbox.others == [
        Rescoped(platform="discord", space=guild, channel=channel, audience=Audience.PRIVATE)
    ]


async def test_a_server_of_another_shard_is_not_left(discord: FakeDiscord) -> None:
    guild = discord.guild()
    other = 1 - (int(guild) >> 22) % 2
    inbox = await returns(discord, [(guild, "5")], shard_count=2, shard_ids=(other,))
    assert inbox.others == []


async def test_a_server_that_is_down_and_a_channel_that_is_hidden_are_not_left_and_it_is_private(
    discord: FakeDiscord,
) -> None:
    down, guild = discord.guild(), discord.guild()
    hidden = discord.channel(guild)
    discord.world.unavailable.add(down)
    discord.world.channels[hidden]["guild_id"] = down  # nowhere to be seen, but there
    inbox = await returns(discord, [(down, "5"), (guild, hidden)])
    assert inbox.others == [
        Rescoped(platform="discord", space=guild, channel=hidden, audience=Audience.PRIVATE)
    ]
