"""No more sessions are begun on Discord's gateway than it allows, and each shard has its own."""

import asyncio

import pytest

from adapters.discord import sessions
from adapters.discord.options import Options
from adapters.discord.platform import DiscordPlatform
from adapters.discord.sessions import Starts
from tests.adapters.inbox import Collected
from tests.adapters.running import QUICK, _impatient, connected, discord, inbox
from tests.adapters.test_discord_gateway import asks, heard
from tests.servers.discord import FakeDiscord
from tests.servers.discord.gateway import Op

__all__ = ["_impatient", "discord", "inbox"]

pytestmark = pytest.mark.anyio


async def test_a_gateway_that_turns_every_session_away_is_asked_ever_more_rarely(
    discord: FakeDiscord, inbox: Collected
) -> None:
    discord.gateway.closing = 4000
    platform = DiscordPlatform(
        token=discord.token, api_url=discord.api_url, pace=QUICK, options=Options()
    )
    running = asyncio.create_task(platform.run(inbox))
    await discord.until(lambda: heard(discord, Op.IDENTIFY) == 6)
    assert platform.trouble
    discord.gateway.closing = 0
    await discord.connected()
    await asks(discord, inbox, "at last")
    assert platform.trouble == ""
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


def test_a_shard_that_never_stays_begins_less_than_a_thousand_sessions_a_day(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sessions, "_SOON", 1.0)
    now, begun = 0.0, 0
    starts = Starts(lambda: now)
    while now < 86_400:
        now += starts.pause + 0.1
        starts.note()
        begun += 1
    assert 200 < begun <= 220
    now += 3601
    assert starts.pause == 0


async def test_no_session_is_begun_when_discord_has_none_left(
    discord: FakeDiscord, inbox: Collected
) -> None:
    discord.gateway.left, discord.gateway.reset_after = 20, 50
    platform = DiscordPlatform(
        token=discord.token, api_url=discord.api_url, pace=QUICK, options=Options()
    )
    running = asyncio.create_task(platform.run(inbox))

    def asked() -> int:
        return sum(each.route == "GET /gateway/bot" for each in discord.requests)

    await discord.until(lambda: asked() > 2)
    assert "no new session" in platform.trouble
    assert heard(discord, Op.IDENTIFY) == 0
    discord.gateway.left = 1000
    await discord.connected()
    await asks(discord, inbox, "hello")
    assert discord.gateway.left == 999
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_an_invalid_session_is_not_replaced_when_discord_has_none_left(
    discord: FakeDiscord, inbox: Collected
) -> None:
    discord.gateway.interval = 20
    async with connected(discord, inbox) as platform:
        discord.gateway.left, discord.gateway.reset_after = 3, 20
        discord.gateway.invalidate()
        await discord.until(lambda: "no new session" in platform.trouble)
        assert heard(discord, Op.IDENTIFY) == 1
        discord.gateway.left = 1000
        await discord.connected()
        await asks(discord, inbox, "hello")
        assert platform.trouble == ""


async def test_a_ready_that_cannot_be_parsed_is_tried_again(
    discord: FakeDiscord, inbox: Collected
) -> None:
    async with connected(discord, inbox):
        discord.gateway.emit("READY", {"user": None})
        await discord.until(lambda: heard(discord, Op.IDENTIFY) == 2)
        await asks(discord, inbox, "hello")


async def test_the_shards_of_a_process_hear_their_own_servers(
    discord: FakeDiscord, inbox: Collected
) -> None:
    here, there = await two_servers(discord)
    async with connected(discord, inbox, shard_count=2) as platform:
        await discord.until(lambda: len(discord.gateway.live) == 2)
        assert sorted(session.shard for session in discord.gateway.live) == [(0, 2), (1, 2)]
        ada = discord.person("Ada")
        for number, guild in enumerate((here, there)):
            discord.say(discord.channel(guild), ada, f"in {number}", mention=True)
        discord.dm(ada, "directly")
        await discord.until(lambda: len(inbox.messages) == 3)
        assert sorted(inbox.texts) == ["directly", "in 0", "in 1"]
        assert {platform._client(guild).shard_id for guild in (here, there)} == {0, 1}


async def test_shards_can_be_shared_out_over_processes(
    discord: FakeDiscord, inbox: Collected
) -> None:
    here, there = await two_servers(discord)
    other = Collected(discord.changed)
    async with (
        connected(discord, inbox, shard_count=2, shard_ids=(0,)),
        connected(discord, other, shard_count=2, shard_ids=(1,)) as second,
    ):
        await discord.until(lambda: len(discord.gateway.live) == 2)
        ada = discord.person("Ada")
        channels = [discord.channel(guild) for guild in (here, there)]
        for channel in channels:
            discord.say(channel, ada, f"in {channel}", mention=True)
        await discord.until(lambda: inbox.messages and other.messages)
        assert (inbox.texts, other.texts) == ([f"in {channels[0]}"], [f"in {channels[1]}"])
        assert second._client(here).shard_id == 1  # a turn of the other shard can be finished here


async def two_servers(discord: FakeDiscord) -> tuple[str, str]:
    """One of each of two shards."""
    guilds: dict[int, str] = {}
    while len(guilds) < 2:
        guild = discord.guild()
        guilds.setdefault((int(guild) >> 22) % 2, guild)
        await asyncio.sleep(0.001)  # ids come from the clock
    return guilds[0], guilds[1]
