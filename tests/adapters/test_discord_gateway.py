"""Discord's gateway: sessions that last, and what happens when they do not."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from adapters.discord import delivery, gateway, sessions
from adapters.discord.options import Options
from adapters.discord.platform import DiscordPlatform
from adapters.discord.sessions import Starts
from adapters.ports import Refused
from tests.adapters.inbox import Collected
from tests.adapters.running import QUICK, connected
from tests.servers.discord import FakeDiscord
from tests.servers.discord.gateway import Op

pytestmark = pytest.mark.anyio

MENTION_ONLY = 1 | 1 << 9 | 1 << 12  # guilds, guild messages, direct messages
CONTENT = 1 << 15


@pytest.fixture
async def discord() -> AsyncIterator[FakeDiscord]:
    async with FakeDiscord() as server:
        yield server


@pytest.fixture
def inbox(discord: FakeDiscord) -> Collected:
    return Collected(discord.changed)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "_SOON", 0.001)
    monkeypatch.setattr(sessions, "_STEP", 0.001)
    monkeypatch.setattr(gateway, "SETTLES", 0.02)


def heard(discord: FakeDiscord, op: Op) -> int:
    return discord.gateway.heard.count(op)


async def asks(discord: FakeDiscord, inbox: Collected, text: str) -> None:
    """Ada's question arrives."""
    discord.dm(discord.person("Ada"), text)
    await discord.until(lambda: text in inbox.texts)


@pytest.mark.parametrize("content", [False, True])
async def test_only_what_is_needed_is_asked_for(
    discord: FakeDiscord, inbox: Collected, content: bool
) -> None:
    async with connected(discord, inbox, message_content=content) as platform:
        (session,) = discord.gateway.live
        client = platform._client("@me")
    assert session.intents == MENTION_ONLY | (CONTENT if content else 0)
    assert session.shard == (0, 1)
    assert session.wire is None or session.wire.compress
    mentions = client.allowed_mentions
    assert mentions is not None
    assert {mentions.everyone, mentions.users, mentions.roles, mentions.replied_user} == {False}
    assert client._connection._messages is None


async def test_a_call_given_up_just_as_it_ended_does_not_hold_up_the_next(
    discord: FakeDiscord, inbox: Collected
) -> None:
    answered = asyncio.Event()
    async with connected(discord, inbox) as platform:
        http = platform._client("@me").http

        async def call() -> None:  # as every request of discord.py
            async with http.get_ratelimit("POST /channels/1/messages"):
                await answered.wait()

        given_up = asyncio.create_task(call())
        await asyncio.sleep(0)
        answered.set()
        await asyncio.sleep(0)
        given_up.cancel()
        await asyncio.gather(given_up, return_exceptions=True)
        async with asyncio.timeout(1):
            await call()


async def test_a_lost_connection_is_resumed_and_what_is_told_twice_has_one_id(
    discord: FakeDiscord, inbox: Collected
) -> None:
    async with connected(discord, inbox):
        await asks(discord, inbox, "before")
        discord.gateway.repeated = 1
        await discord.gateway.drop()
        await asks(discord, inbox, "meanwhile")
        await discord.until(lambda: len(inbox.messages) >= 3)
    assert sorted(inbox.texts) == ["before", "before", "meanwhile"]
    assert len({message.id for message in inbox.messages}) == 2
    assert (heard(discord, Op.IDENTIFY), heard(discord, Op.RESUME)) == (1, 1)


async def test_a_reconnect_that_discord_asks_for_is_a_resume(
    discord: FakeDiscord, inbox: Collected
) -> None:
    async with connected(discord, inbox):
        discord.gateway.ask_to_reconnect()
        await discord.until(lambda: heard(discord, Op.RESUME))
        await asks(discord, inbox, "hello")
    assert heard(discord, Op.IDENTIFY) == 1


async def test_a_session_that_is_declared_invalid_but_resumable_is_resumed(
    discord: FakeDiscord, inbox: Collected
) -> None:
    async with connected(discord, inbox):
        discord.gateway.invalidate(resumable=True)
        await discord.until(lambda: heard(discord, Op.RESUME))
        await asks(discord, inbox, "hello")
    assert heard(discord, Op.IDENTIFY) == 1


async def test_the_connection_is_kept_alive(discord: FakeDiscord, inbox: Collected) -> None:
    discord.gateway.interval = 20
    async with connected(discord, inbox):
        await discord.until(lambda: heard(discord, Op.HEARTBEAT) > 2)


async def test_a_gap_is_told_after_a_new_session_and_not_after_a_resumed_one(
    discord: FakeDiscord, inbox: Collected
) -> None:
    async with connected(discord, inbox):
        await discord.until(lambda: inbox.gaps)
        await discord.gateway.drop()
        await discord.until(lambda: heard(discord, Op.RESUME))
        await asks(discord, inbox, "resumed")
        assert inbox.gaps == ["discord"]
        discord.gateway.invalidate()
        await discord.until(lambda: len(inbox.gaps) == 2)
        await asks(discord, inbox, "anew")
    assert inbox.gaps == ["discord", "discord"]
    assert heard(discord, Op.IDENTIFY) == 2


async def test_a_gap_is_told_when_the_inbox_takes_events_again_after_some_were_lost(
    discord: FakeDiscord, inbox: Collected, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "_AGAIN", (0.0,))
    async with connected(discord, inbox) as platform:
        await discord.until(lambda: inbox.gaps)
        inbox.failures = 1
        ada = discord.person("Ada")
        discord.dm(ada, "lost")
        discord.dm(ada, "taken")
        await discord.until(lambda: len(inbox.gaps) == 2)
    assert (inbox.texts, platform.lost) == (["taken"], 1)


async def test_more_events_than_can_wait_are_counted_as_lost(
    discord: FakeDiscord, inbox: Collected, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "_MOST", 3)
    monkeypatch.setattr(delivery, "_AGAIN", (0.02,) * 100)
    async with connected(discord, inbox) as platform:
        inbox.failures = 100
        ada = discord.person("Ada")
        for number in range(5):
            discord.dm(ada, str(number))
        await discord.until(lambda: platform.lost == 2)


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        (4004, "DISCORD_TOKEN"),
        (4010, "shard_ids"),
        (4011, "shard_count"),
        (4012, "update discord.py"),
        (4013, "update discord.py"),
        (4014, "Message Content"),
    ],
)
async def test_what_only_the_operator_can_mend_ends_it_with_advice(
    discord: FakeDiscord, inbox: Collected, code: int, advice: str
) -> None:
    discord.gateway.closing = code
    platform = DiscordPlatform(
        token=discord.token, api_url=discord.api_url, pace=QUICK, options=Options()
    )
    with pytest.raises(Refused, match=advice):
        await platform.run(inbox)
    assert heard(discord, Op.IDENTIFY) == 1


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
