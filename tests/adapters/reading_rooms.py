"""A place on each platform with a private room, a public one and a direct message: who reads what.

Ada is in all of them; Bo reads the public one.
"""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Protocol

from adapters.message import Audience, Conversation
from adapters.ports import Platform
from tests.adapters.inbox import Collected
from tests.adapters.running import connected as on_discord
from tests.adapters.slack_bot import connected as on_slack
from tests.bot.platform import FakePlatform
from tests.servers.discord import FakeDiscord
from tests.servers.discord.faults import Fault as DiscordFault
from tests.servers.slack import Fault, Slack

MEMBER = "GET /guilds/{guild_id}/members/{user_id}"


class Rooms(Protocol):
    @property
    def platform(self) -> Platform: ...

    ada: str
    bo: str
    private: Conversation
    public: Conversation
    direct: Conversation

    def remove(self) -> None:
        """Ada, from the private room."""

    def silence(self) -> None:
        """The platform says nothing of anybody."""


@dataclass(kw_only=True)
class SlackRooms:
    slack: Slack
    platform: Platform
    ada: str = "U1"
    bo: str = "U2"
    private: Conversation
    public: Conversation
    direct: Conversation

    def remove(self) -> None:
        self.slack.workspace.channels["G1"].without.add("U1")

    def silence(self) -> None:
        for method in ("users.info", "users.conversations", "conversations.info"):
            self.slack.fail(method, *[Fault(status=500)] * 40)


@asynccontextmanager
async def slack_rooms() -> AsyncIterator[Rooms]:
    async with Slack(retries=()) as slack:
        slack.channel("G1", "group").without.add("U2")
        slack.channel("C1")
        slack.channel("DU1", "im")
        where = Conversation(
            platform="slack", space="T00FAKE00AA", channel="G1", audience=Audience.PRIVATE
        )
        async with on_slack(slack, Collected(slack._changed)) as platform:
            yield SlackRooms(
                slack=slack,
                platform=platform,
                private=where,
                public=replace(where, channel="C1"),
                direct=replace(where, channel="DU1"),
            )


@dataclass(kw_only=True)
class DiscordRooms:
    discord: FakeDiscord
    platform: Platform
    ada: str
    bo: str
    private: Conversation
    public: Conversation
    direct: Conversation

    def remove(self) -> None:
        self.discord.part(self.private.channel, self.ada)

    def silence(self) -> None:
        self.discord.fail(MEMBER, *[DiscordFault(status=500)] * 40)
        self.discord.fail("GET /channels/{channel_id}", *[DiscordFault(status=500)] * 40)


@asynccontextmanager
async def discord_rooms() -> AsyncIterator[Rooms]:
    """A private thread: a channel's permissions are seen in `test_discord_members.py`."""
    async with FakeDiscord() as discord:
        ada, bo, guild = discord.person("Ada"), discord.person("Bo"), discord.guild()
        channel = discord.channel(guild)
        thread = discord.thread(channel, private=True)
        discord.part(thread, bo)
        where = Conversation(
            platform="discord", space=guild, channel=thread, audience=Audience.PRIVATE
        )
        async with on_discord(discord, Collected(discord.changed), timeout=0.5) as platform:
            await discord.until(lambda: not platform.trouble)
            yield DiscordRooms(
                discord=discord,
                platform=platform,
                ada=ada,
                bo=bo,
                private=replace(where, thread=thread),
                public=replace(where, channel=channel),
                direct=replace(where, space="@me", channel=discord.direct(ada)),
            )


@dataclass(kw_only=True)
class FakeRooms:
    platform: FakePlatform
    ada: str = "U1"
    bo: str = "U2"
    private: Conversation
    public: Conversation
    direct: Conversation

    def remove(self) -> None:
        self.platform.shut.add(("U1", "G1"))

    def silence(self) -> None:
        self.platform.silent = True


@asynccontextmanager
async def fake_rooms() -> AsyncIterator[Rooms]:
    where = Conversation(platform="fake", space="S", channel="G1", audience=Audience.PRIVATE)
    platform = FakePlatform(shut={("U2", "G1"), ("U2", "D1")})
    yield FakeRooms(
        platform=platform,
        private=where,
        public=replace(where, channel="C1"),
        direct=replace(where, channel="D1"),
    )


def rooms(name: str) -> AbstractAsyncContextManager[Rooms]:
    return {"slack": slack_rooms, "discord": discord_rooms, "fake": fake_rooms}[name]()
