"""What called on Discord while nobody listened, found on the fake."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from adapters.discord import missed as reader
from adapters.discord.platform import DiscordPlatform
from adapters.message import Audience, Conversation
from adapters.ports import Busy, Call, Refused
from tests.adapters.inbox import Collected
from tests.adapters.running import connected
from tests.servers.discord import FakeDiscord
from tests.servers.discord.faults import Fault

pytestmark = pytest.mark.anyio

LIST = "GET /channels/{channel_id}/messages"


class Home:
    """A server with two people."""

    def __init__(self, discord: FakeDiscord) -> None:
        self.discord, self.guild = discord, discord.guild()
        self.ada = discord.person("Ada")

    def room(self, name: str = "general") -> str:
        return self.discord.channel(self.guild, name)

    def call(self, channel: str, text: str, **how: Any) -> str:
        return self.discord.say(channel, self.ada, text, mention=True, **how)

    @asynccontextmanager
    async def open(self, **options: Any) -> AsyncIterator[DiscordPlatform]:
        inbox = Collected(self.discord.changed)
        async with connected(self.discord, inbox, **options) as platform:
            await self.discord.until(lambda: inbox.asked)  # its servers are there
            yield platform

    async def found(
        self,
        ago: float = 600.0,
        space: str = "",
        known: Sequence[Conversation] = (),
        back: datetime | None = None,
        **options: Any,
    ) -> list[Sequence[Call]]:
        """By channel."""
        now = datetime.now(UTC)
        async with self.open(**options) as platform:
            assert (space or self.guild) in platform.spaces
            since = now - timedelta(seconds=ago)
            calls = platform.calls(space or self.guild, since, back or now, known)
            return [each async for each in calls]


def texts(channels: Sequence[Sequence[Call]]) -> list[list[str]]:
    return [[call.message.text for call in calls] for calls in channels if calls]


@pytest.fixture
async def home() -> AsyncIterator[Home]:
    async with FakeDiscord() as discord:
        yield Home(discord)


async def test_calls_are_found_in_channels_and_open_threads_the_newest_first(home: Home) -> None:
    one, two = home.room("one"), home.room("two")
    start = home.discord.say(one, home.ada, "among ourselves")
    thread = home.discord.thread(one, on=start)
    home.call(one, "first")
    home.call(one, "second")
    home.call(thread, "in the thread")
    home.discord.say(two, home.ada, "nobody is called")
    found = await home.found()
    assert texts(found) == [["in the thread"], ["first", "second"]]
    where = found[1][0].message.conversation
    assert (where.channel, where.thread) == (one, thread)


async def test_only_channels_in_which_something_was_said_since_are_read(home: Home) -> None:
    quiet, loud = home.room("quiet"), home.room("loud")
    home.discord.world.ids.begin(ago=3_600)
    home.call(quiet, "an hour ago")
    home.discord.world.ids.begin(ago=0)
    home.call(loud, "just now")
    assert texts(await home.found()) == [["just now"]]
    asked = [each.path for each in home.discord.requests if each.route == LIST]
    assert asked == [f"/channels/{loud}/messages"]


async def test_it_reads_back_to_the_time_and_no_further(home: Home) -> None:
    room = home.room()
    home.discord.world.ids.begin(ago=3_600)
    for number in range(120):
        home.call(room, f"old {number}")
    home.discord.world.ids.begin(ago=0)
    for number in range(130):
        home.call(room, f"new {number}")
    assert texts(await home.found()) == [[f"new {number}" for number in range(130)]]
    assert len([each for each in home.discord.requests if each.route == LIST]) == 2


async def test_own_posts_behind_a_call_are_told_unless_they_are_of_this_life(home: Home) -> None:
    room = home.room()
    home.call(room, "answered")
    own = home.discord.world.add_message(room, home.discord.me, "hi")["id"]
    home.call(room, "open")
    (calls,) = await home.found()
    assert [(call.message.text, call.reply) for call in calls] == [("answered", own), ("open", "")]
    (calls,) = await home.found(back=datetime.now(UTC) - timedelta(minutes=5))
    assert [call.reply for call in calls] == ["", ""]


async def test_a_call_comes_as_if_it_came_now(home: Home) -> None:
    """With its file, with what it replies to, and in the thread that it opens."""
    room = home.room()
    earlier = home.discord.say(room, home.ada, "the osprey nests in May")
    file = home.discord.file("menu.txt", b"soup", "text/plain")
    said = home.call(room, "really?", reply_to=earlier, attachments=[file])
    ((call,),) = await home.found(auto_thread=True, message_content=True)
    assert call.message.conversation.thread == said
    assert call.message.attachments == ("menu.txt (text/plain)\n```\nsoup\n```",)
    assert call.earlier
    assert (call.earlier.text, call.earlier.kept) == ("the osprey nests in May", True)


async def test_without_the_intent_mentions_are_found_all_the_same(home: Home) -> None:
    home.discord.gateway.message_content = False
    room = home.room()
    home.discord.say(room, home.ada, "among ourselves")
    home.call(room, "hello")
    assert texts(await home.found()) == [["hello"]]


async def test_direct_messages_are_found_where_memory_knows_of_them(home: Home) -> None:
    home.discord.dm(home.ada, "directly")
    channel = home.discord.direct(home.ada)
    known = Conversation(
        platform="discord", space="@me", channel=channel, audience=Audience.DIRECT
    )  # fmt: skip
    assert texts(await home.found(space="@me", known=[known])) == [["directly"]]
    assert texts(await home.found(space="@me")) == []


async def test_a_channel_that_may_not_be_read_costs_only_itself(home: Home) -> None:
    closed, open_ = home.room("closed"), home.room("open")
    home.call(closed, "in vain")
    home.call(open_, "hello")
    home.discord.world.closed.add(closed)
    assert texts(await home.found()) == [["hello"]]


async def test_after_many_refusals_it_stops_asking(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "_REFUSALS", 2)
    for number in range(4):
        home.discord.world.closed.add(room := home.room(f"room{number}"))
        home.discord.world.closed.discard(room)
        home.call(room, "in vain")
        home.discord.world.closed.add(room)
    with pytest.raises(Refused):
        await home.found()
    assert len([each for each in home.discord.requests if each.route == LIST]) == 2


async def test_what_discord_asks_to_wait_for_too_long_is_raised(home: Home) -> None:
    home.call(home.room(), "hello")
    home.discord.fail(LIST, Fault(status=429, retry_after=600.0))
    with pytest.raises(Busy):
        await home.found()
