"""What Discord shows between two posts, and what it says is gone; on the fake, page by page."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from adapters.message import Audience, Conversation
from adapters.ports import Page, Refused
from tests.adapters.inbox import Collected
from tests.adapters.running import connected
from tests.servers.discord import FakeDiscord

pytestmark = pytest.mark.anyio


class Room:
    """A channel with people in it."""

    def __init__(self, discord: FakeDiscord) -> None:
        self.discord, self.guild = discord, discord.guild()
        self.channel = discord.channel(self.guild)
        self.ada = discord.person("Ada")

    def say(self, text: str, where: str = "", **how: Any) -> str:
        return self.discord.say(where or self.channel, self.ada, text, **how)

    def where(self, thread: str = "") -> Conversation:
        return Conversation(
            platform="discord",
            space=self.guild,
            channel=self.channel,
            thread=thread,
            audience=Audience.PUBLIC,
        )

    async def pages(self, first: str, last: str, thread: str = "", **how: Any) -> list[Page]:
        async with connected(self.discord, Collected(self.discord.changed), **how) as platform:
            chat = platform.chat(self.where(thread))
            return [page async for page in chat.stretch(first, last)]

    async def deleted(self, ids: Sequence[str], thread: str = "") -> Sequence[str]:
        async with connected(self.discord, Collected(self.discord.changed)) as platform:
            return await platform.chat(self.where(thread)).deleted(ids)


def between(found: Sequence[Page], post: str) -> bool:
    """Whether a page proves that there is no such post."""
    return any(
        page.ids
        and int(page.ids[0]) < int(post) < int(page.ids[-1])
        and post not in page.ids
        for page in found
    )  # fmt: skip


@pytest.fixture
async def room() -> AsyncIterator[Room]:
    async with FakeDiscord() as discord:
        yield Room(discord)


async def test_pages_overlap_and_reach_further_than_what_is_asked_for(room: Room) -> None:
    said = [room.say(str(number)) for number in range(260)]
    found = await room.pages(said[60], said[250], message_content=True)
    assert [len(page.ids) for page in found] == [100, 100, 52]
    assert found[0].ids == tuple(said[10:110])
    assert found[1].ids[0] == found[0].ids[-1]
    assert set(said[60:251]) <= {each for page in found for each in page.ids}


async def test_what_is_missing_is_between_two_others_also_the_first(room: Room) -> None:
    said = [room.say(str(number)) for number in range(130)]
    gone = [said[1], said[40], said[99]]
    room.discord.delete(*gone)
    found = await room.pages(said[1], said[120])
    assert all(between(found, each) for each in gone)
    assert not any(between(found, each) for each in said if each not in gone)


async def test_own_posts_and_notices_stand_there_too(room: Room) -> None:
    first = room.say("hello", mention=True)
    own = room.discord.world.add_message(room.channel, room.discord.me, "hi")["id"]
    notice = room.say("plans", type=18)
    (page,) = await room.pages(first, notice)
    assert page.ids == (first, own, notice)


async def test_edits_are_told_with_what_is_attached(room: Room) -> None:
    file = room.discord.file("menu.txt", b"soup", "text/plain")
    said = room.say("look", mention=True, attachments=[file])
    room.discord.edit(said, f"<@{room.discord.me}> look again")
    (page,) = await room.pages(said, said)
    (edit,) = page.edits
    assert (edit.id, edit.text) == (said, "look again")
    assert edit.attachments == ("menu.txt (text/plain)\n```\nsoup\n```",)


async def test_what_discord_hides_is_there_and_its_edits_are_not_readable(room: Room) -> None:
    room.discord.gateway.message_content = False
    first, last = room.say("one", mention=True), room.say("among ourselves")
    room.discord.edit(last, "still")
    (page,) = await room.pages(first, last)
    assert page.ids == (first, last)
    assert [(each.id, each.readable) for each in page.edits] == [(last, False)]


async def test_the_post_a_thread_was_made_on_is_looked_at_in_its_channel(room: Room) -> None:
    start = room.say("shall we move to Oslo?", mention=True)
    thread = room.discord.thread(room.channel, on=start)
    later = room.say("why not", thread)
    room.discord.edit(start, "shall we move to Bergen?")
    first, second = await room.pages(start, later, thread)
    assert (first.ids, [edit.text for edit in first.edits]) == (
        (start,), ["shall we move to Bergen?"],
    )  # fmt: skip
    assert later in second.ids
    room.discord.delete(start)
    first, _ = await room.pages(start, later, thread)
    assert (first.ids, first.deleted) == ((), (start,))


async def test_discord_says_itself_which_posts_are_gone(room: Room) -> None:
    said = [room.say(str(number)) for number in range(3)]
    room.discord.delete(said[1])
    assert await room.deleted(said) == [said[1]]


async def test_what_a_call_replied_to_stands_in_the_channel_of_the_thread(room: Room) -> None:
    """It belongs to the thread that the call opened, and is older than that."""
    earlier, start = room.say("the osprey nests in May"), room.say("really?", mention=True)
    thread = room.discord.thread(room.channel, on=start)
    assert await room.deleted([earlier, start], thread) == []
    room.discord.delete(earlier)
    assert await room.deleted([earlier, start], thread) == [earlier]


async def test_a_channel_that_is_closed_to_the_bot_proves_nothing(room: Room) -> None:
    said = room.say("hello")
    room.discord.world.closed.add(room.channel)
    with pytest.raises(Refused):
        await room.pages(said, said)
    with pytest.raises(Refused):
        await room.deleted([said])
