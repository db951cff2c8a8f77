"""Discord's gateway: sessions that last, and what happens when they do not."""

import asyncio

import pytest

from adapters.discord import delivery, gateway
from adapters.discord.options import Options
from adapters.discord.platform import DiscordPlatform
from adapters.ports import Refused
from tests.adapters.inbox import Collected
from tests.adapters.running import QUICK, _impatient, connected, discord, inbox
from tests.servers.discord import FakeDiscord
from tests.servers.discord.gateway import Op

__all__ = ["_impatient", "discord", "inbox"]

pytestmark = pytest.mark.anyio

MENTION_ONLY = 1 | 1 << 9 | 1 << 12  # guilds, guild messages, direct messages
CONTENT = 1 << 15


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


async def test_what_a_new_session_missed_is_told_before_its_first_message_goes_in(
    discord: FakeDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway, "SETTLES", 60.0)  # discord.py is not ready yet
    discord.guild()
    inbox = Away(discord.changed)
    async with connected(discord, inbox):
        discord.dm(discord.person("Ada"), "hello")
        await discord.until(lambda: inbox.away == 0)
        assert inbox.messages == []
        await discord.until(lambda: inbox.messages)
    assert inbox.gaps == ["discord"]


class Away(Collected):
    """Takes in at first nothing but messages."""

    away = 2

    async def missed(self, platform: str, ago: float) -> None:
        if self.away:
            self.away -= 1
            self.changed()
            raise ConnectionError
        await super().missed(platform, ago)


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
