"""One post as its platform shows it now: read again where its edit came before it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from adapters.message import Audience, Author, Conversation, Message
from tests.adapters.inbox import Collected
from tests.adapters.running import connected
from tests.adapters.slack_bot import bot
from tests.adapters.slack_talk import thread
from tests.servers.discord import FakeDiscord
from tests.servers.discord import Fault as DiscordFault
from tests.servers.slack import Fault, Slack
from tests.virtual import VirtualLoop

pytestmark = pytest.mark.anyio

SECOND = timedelta(seconds=1)
READ = "GET /channels/{channel_id}/messages/{message_id}"


def moment(ts: str) -> datetime:
    return datetime.fromtimestamp(float(ts), UTC)


@pytest.fixture
async def slack() -> AsyncIterator[Slack]:
    async with Slack(retries=()) as slack:
        yield slack


async def posted(slack: Slack, ts: str, where: Conversation) -> Message:
    """As it is when it comes."""
    found = [each async for each in bot(slack).chat(where).history("", 500)]
    return replace(next(each for each in found if each.id == ts), edited_at=None)


def edited(slack: Slack, ts: str, text: str = "second", channel: str = "C1") -> datetime:
    """When Slack says that it was."""
    slack.edit(channel, ts, text)
    return moment(slack.deliveries[-1].body["event"]["event_ts"])


async def test_on_slack_a_first_post_and_a_reply_are_read(slack: Slack) -> None:
    root = slack.say("C1", "U1", "one", mention=False)
    reply, other = (slack.say("C1", "U1", "two", thread=root, mention=False) for _ in range(2))
    where = thread(root)
    for ts in (root, reply):
        before = await posted(slack, ts, where)
        at = edited(slack, ts, f"{ts} by now")
        now = await bot(slack).chat(where).present(before, at)
        assert now
        assert (now.id, now.text, now.conversation) == (ts, f"{ts} by now", where)
        assert now.edited_at
        assert now.edited_at > at - SECOND
    calls = slack.calls("conversations.replies")
    assert other not in {each.get("latest") for each in calls}
    assert calls[-1]["limit"] == "2"


async def test_on_slack_a_direct_message_is_read(slack: Slack) -> None:
    ts = slack.dm("U1", "one")
    where = replace(thread("", "DU1"), audience=Audience.DIRECT)
    before = await posted(slack, ts, where)
    now = await bot(slack).chat(where).present(before, edited(slack, ts, channel="DU1"))
    assert now
    assert now.text == "second"


async def test_what_is_from_the_edit_already_is_not_asked_for(slack: Slack) -> None:
    ts = slack.say("C1", "U1", "one", mention=False)
    before, at = await posted(slack, ts, thread(ts)), edited(slack, ts)
    asked = len(slack.requests)
    known = replace(before, edited_at=at.replace(microsecond=0))  # as Slack tells it
    assert await bot(slack).chat(thread(ts)).present(known, at) is known
    assert len([each for each in slack.requests if each.method == "conversations.replies"]) == 1
    assert asked <= len(slack.requests)


@pytest.mark.parametrize(
    "fault",
    [Fault(status=500), Fault(retry_after=9), Fault(error="missing_scope"), Fault(delay=60)],
)
@pytest.mark.parametrize(
    "anyio_backend", [("asyncio", {"loop_factory": lambda: VirtualLoop(patience=0.05)})]
)
async def test_what_slack_does_not_show_is_not_waited_for(fault: Fault) -> None:
    async with Slack(retries=()) as slack:
        ts = slack.say("C1", "U1", "one", mention=False)
        before, at = await posted(slack, ts, thread(ts)), edited(slack, ts)
        slack.fail("conversations.replies", fault)
        assert await bot(slack).chat(thread(ts)).present(before, at) is None


@pytest.mark.parametrize("why", ["is gone", "is from before the edit", "is a guest's by now"])
async def test_on_slack_nothing_is_told_of_what(slack: Slack, why: str) -> None:
    ts = slack.say("C1", "U1", "one", mention=False)
    before, at = await posted(slack, ts, thread(ts)), edited(slack, ts)
    if why == "is gone":
        slack.delete("C1", ts)
    elif why == "is from before the edit":
        at += 2 * SECOND
    else:
        slack.workspace.marks["U1"] = {"is_restricted": True}
    assert await bot(slack).chat(thread(ts)).present(before, at) is None


@dataclass(slots=True)
class Room:
    """A channel on Discord, and Ada who calls the bot there."""

    discord: FakeDiscord
    channel: str
    ada: str

    def say(self, text: str) -> str:
        return self.discord.say(self.channel, self.ada, text, mention=True)

    def edited(self, post: str, text: str) -> datetime:
        self.discord.edit(post, text)
        return datetime.fromisoformat(self.discord.world.locate(post)["edited_timestamp"])

    async def present(
        self, post: str, at: datetime, *, thread: str = "", **known: Any
    ) -> Message | None:
        message = Message(
            id=post,
            conversation=Conversation(
                platform="discord",
                space=self.discord.world.channels[self.channel]["guild_id"],
                channel=self.channel,
                thread=thread,
                audience=Audience.PUBLIC,
            ),
            author=Author(id=self.ada, name="Ada"),
            text="first",
            sent_at=at,
            called=True,
            **known,
        )
        async with connected(self.discord, Collected(self.discord.changed)) as platform:
            return await platform.chat(message.conversation).present(message, at)


@pytest.fixture
async def room() -> AsyncIterator[Room]:
    async with FakeDiscord() as discord:
        yield Room(discord, discord.channel(discord.guild()), discord.person("Ada"))


async def test_on_discord_a_post_is_read_with_its_files(room: Room) -> None:
    file = room.discord.file("notes.txt", b"milk", "text/plain")
    post = room.discord.say(room.channel, room.ada, "first", mention=True, attachments=[file])
    at = room.edited(post, f"<@{room.discord.me}> second")
    now = await room.present(post, at)
    assert now
    assert (now.text, now.edited_at) == ("second", at)
    assert now.attachments == ("notes.txt (text/plain)\n```\nmilk\n```",)


async def test_on_discord_the_post_that_a_thread_was_made_on_is_read(room: Room) -> None:
    post = room.say("first")
    thread = room.discord.thread(room.channel, on=post)
    now = await room.present(post, room.edited(post, f"<@{room.discord.me}> second"), thread=thread)
    assert now
    assert (now.text, now.conversation.thread) == ("second", thread)


async def test_on_discord_what_is_from_the_edit_already_is_not_asked_for(room: Room) -> None:
    post = room.say("first")
    at = room.edited(post, f"<@{room.discord.me}> second")
    now = await room.present(post, at, edited_at=at)
    assert (now and now.text) == "first"
    assert READ not in [each.route for each in room.discord.requests]


@pytest.mark.parametrize("why", ["is hidden", "is from before the edit", "is gone", "fails"])
async def test_on_discord_nothing_is_told_of_what(room: Room, why: str) -> None:
    post = room.say("first")
    at = room.edited(post, "second" if why == "is hidden" else f"<@{room.discord.me}> second")
    room.discord.gateway.message_content = False
    if why == "is from before the edit":
        at += timedelta(microseconds=1)
    elif why == "is gone":
        room.discord.delete(post)
    elif why == "fails":
        room.discord.fail(READ, *[DiscordFault(status=403, code=50001)] * 5)
    assert await room.present(post, at) is None
