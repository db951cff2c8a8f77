"""What somebody may read on Discord today: as the server's roles and channels, and threads, say."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from adapters.discord.platform import DiscordPlatform
from adapters.message import Audience, Conversation
from tests.adapters.inbox import Collected
from tests.adapters.reading_rooms import MEMBER
from tests.adapters.running import _impatient, connected, discord
from tests.servers.discord import FakeDiscord
from tests.servers.discord.faults import Fault
from tests.servers.discord.world import READ_HISTORY, VIEW_CHANNEL

__all__ = ["_impatient", "discord"]

pytestmark = pytest.mark.anyio


@dataclass(kw_only=True)
class Server:
    discord: FakeDiscord
    platform: DiscordPlatform
    guild: str
    ada: str

    async def reads(self, *channels: str, space: str = "", person: str = "") -> set[str]:
        places = [
            Conversation(
                platform="discord",
                space=space or self.guild,
                channel=each,
                audience=Audience.PUBLIC,
            )
            for each in channels
        ]
        seen = await self.platform.readable(person or self.ada, places)
        return {each.channel for each in seen}

    async def heard(self, inbox: Collected) -> None:
        """Until what happened before has arrived."""
        said = self.discord.dm(self.ada, "and that was all")
        await self.discord.until(lambda: said in [each.id for each in inbox.messages])


@pytest.fixture
def inbox(discord: FakeDiscord) -> Collected:
    return Collected(discord.changed)


@pytest.fixture
async def server(discord: FakeDiscord, inbox: Collected) -> AsyncIterator[Server]:
    guild = discord.guild()
    async with connected(discord, inbox, timeout=0.5) as platform:
        await discord.until(lambda: not platform.trouble)
        server = Server(discord=discord, platform=platform, guild=guild, ada=discord.person("Ada"))
        await server.heard(inbox)
        yield server


async def test_who_left_the_server_reads_nothing_of_it(
    discord: FakeDiscord, inbox: Collected, server: Server
) -> None:
    room = discord.channel(server.guild)
    await server.heard(inbox)
    assert await server.reads(room) == {room}
    discord.part(server.guild, server.ada)
    assert await server.reads(room) == set()


@pytest.mark.parametrize("only", [VIEW_CHANNEL, READ_HISTORY], ids=["see", "read back"])
async def test_who_may_not_see_a_channel_or_what_was_said_in_it_reads_nothing_of_it(
    discord: FakeDiscord, inbox: Collected, server: Server, only: int
) -> None:
    open_, shut = discord.channel(server.guild), discord.channel(server.guild)
    discord.bar(shut, server.ada, only=only)
    await server.heard(inbox)
    assert await server.reads(open_, shut) == {open_}
    assert await server.reads(open_, shut, person=discord.person("Bo")) == {open_, shut}


async def test_all_channels_of_a_server_are_one_call(
    discord: FakeDiscord, inbox: Collected, server: Server
) -> None:
    rooms = [discord.channel(server.guild) for _ in range(30)]
    await server.heard(inbox)
    before = len(discord.requests)
    assert await server.reads(*rooms) == {*rooms}
    assert [each.route for each in discord.requests[before:]] == [MEMBER]


async def test_a_private_thread_is_read_by_who_is_in_it_while_they_see_its_channel(
    discord: FakeDiscord, inbox: Collected, server: Server
) -> None:
    room = discord.channel(server.guild)
    thread = discord.thread(room, private=True)
    archived = discord.thread(room, private=True, archived=True)
    await server.heard(inbox)
    assert await server.reads(thread, archived) == {thread, archived}
    discord.part(thread, server.ada)
    assert await server.reads(thread, archived) == {archived}
    discord.bar(room, server.ada)
    await server.heard(inbox)
    assert await server.reads(thread, archived) == set()


async def test_only_so_many_private_threads_are_asked_about(
    discord: FakeDiscord, inbox: Collected, server: Server
) -> None:
    room = discord.channel(server.guild)
    threads = [discord.thread(room, private=True) for _ in range(25)]
    await server.heard(inbox)
    assert await server.reads(*threads) == {*threads[:20]}


async def test_of_a_server_that_is_down_or_another_bots_nothing_is_read(
    discord: FakeDiscord, inbox: Collected, server: Server
) -> None:
    room = discord.channel(server.guild)
    await server.heard(inbox)
    discord.outage(server.guild)
    await server.heard(inbox)
    assert await server.reads(room) == set()
    assert await server.reads("5", space="4") == set()


@pytest.mark.parametrize(
    "fault", [Fault(status=500), Fault(status=403, code=50001), Fault(cut=True)], ids=str
)
async def test_what_discord_does_not_tell_of_somebody_shows_them_nothing(
    discord: FakeDiscord, inbox: Collected, server: Server, fault: Fault
) -> None:
    room = discord.channel(server.guild)
    await server.heard(inbox)
    discord.fail(MEMBER, *[fault] * 9)
    assert await server.reads(room) == set()


async def test_a_bot_that_is_not_connected_shows_nothing(discord: FakeDiscord) -> None:
    async with connected(discord, Collected(discord.changed)) as platform:
        pass
    there = Conversation(platform="discord", space="1", channel="2", audience=Audience.PUBLIC)
    assert await platform.readable("3", [there]) == set()
