"""What was said before, read back from Discord."""

from collections.abc import AsyncIterator

import pytest

from adapters.message import Audience, Conversation, Kind, Message
from adapters.ports import Gone
from tests.adapters.inbox import Collected
from tests.adapters.running import connected
from tests.servers.discord import FakeDiscord

pytestmark = pytest.mark.anyio

STOP = {"type": 2, "id": 2, "style": 1, "label": "Stop", "custom_id": "s"}
BUTTONS = [{"type": 1, "id": 1, "components": [STOP]}]


class Room:
    """A channel with people in it, as a process finds it that was not there."""

    def __init__(self, discord: FakeDiscord) -> None:
        self.discord, self.guild = discord, discord.guild()
        self.channel = discord.channel(self.guild)
        self.ada, self.bob = discord.person("Ada"), discord.person("Bob")

    async def history(self, after: str = "", limit: int = 50, thread: str = "") -> list[Message]:
        where = Conversation(
            platform="discord",
            space=self.guild,
            channel=self.channel,
            thread=thread,
            audience=Audience.PUBLIC,
        )
        inbox = Collected(self.discord.changed)
        async with connected(self.discord, inbox) as platform:
            found = [each async for each in platform.chat(where).history(after, limit)]
        assert all(each.conversation == where for each in found)
        return found


@pytest.fixture
async def room() -> AsyncIterator[Room]:
    async with FakeDiscord() as discord:
        yield Room(discord)


async def test_what_follows_a_post_comes_oldest_first_and_bounded(room: Room) -> None:
    said = [room.discord.say(room.channel, room.ada, str(number)) for number in range(230)]
    found = await room.history(said[9], 205)
    assert [message.id for message in found] == said[10:215]


async def test_without_a_post_to_follow_the_newest_come_oldest_first(room: Room) -> None:
    said = [room.discord.say(room.channel, room.ada, str(number)) for number in range(130)]
    assert [message.id for message in await room.history(limit=120)] == said[10:]


async def test_the_bots_own_posts_are_its_own_unless_they_are_being_written(room: Room) -> None:
    call = room.discord.say(room.channel, room.ada, "what is up?", mention=True)
    world = room.discord.world
    world.add_message(room.channel, room.discord.me, "the sky")
    world.add_message(room.channel, room.discord.me, "and mo", components=BUTTONS)
    robot = room.discord.person("Robot", bot=True)
    room.discord.say(room.channel, robot, "beep")
    question, answer, beep = await room.history()
    assert (question.id, question.called, question.text) == (call, True, "what is up?")
    assert (answer.author.kind, answer.author.id) == (Kind.ME, room.discord.me)
    assert (answer.called, answer.text) == (False, "the sky")
    assert beep.author.kind is Kind.BOT


async def test_what_nobody_said_is_left_out(room: Room) -> None:
    room.discord.say(room.channel, room.ada, "plans", type=18)  # thread created
    room.discord.say(room.channel, room.ada, "", type=6)  # pinned
    room.discord.say(room.channel, room.ada, "hello")
    assert [message.text for message in await room.history()] == ["hello"]


async def test_a_thread_begins_with_the_post_it_was_made_on(room: Room) -> None:
    start = room.discord.say(room.channel, room.bob, "shall we move to Oslo?")
    thread = room.discord.thread(room.channel, on=start)
    later = room.discord.say(thread, room.ada, "why not")
    whole = await room.history(thread=thread)
    assert [message.id for message in whole] == [start, later]
    assert [message.id for message in await room.history(later, thread=thread)] == []


async def test_roles_and_files_are_told_as_when_they_came(room: Room) -> None:
    roles = room.discord.world.guilds[room.guild]["roles"]
    roles.append(roles[0] | {"id": "77", "name": "cooks"})
    file = room.discord.file("menu.txt", b"soup", "text/plain")
    room.discord.say(
        room.channel,
        room.ada,
        "<@&77> look",
        mention=True,
        mention_roles=["77"],
        attachments=[file],
    )
    (message,) = await room.history()
    assert message.text == "@cooks look"
    assert message.attachments == ("menu.txt (text/plain)\n```\nsoup\n```",)


async def test_without_the_intent_only_calls_are_read_back(room: Room) -> None:
    room.discord.gateway.message_content = False
    room.discord.say(room.channel, room.ada, "among ourselves")
    room.discord.say(room.channel, room.ada, "hello", mention=True)
    assert [message.text for message in await room.history()] == ["hello"]


async def test_a_direct_conversation_is_read_back(room: Room) -> None:
    said = room.discord.dm(room.ada, "directly")
    channel = room.discord.direct(room.ada)
    where = Conversation(platform="discord", space="@me", channel=channel, audience=Audience.DIRECT)
    async with connected(room.discord, Collected(room.discord.changed)) as platform:
        (message,) = [each async for each in platform.chat(where).history("", 10)]
    assert (message.id, message.called) == (said, True)


async def test_a_thread_that_was_deleted_is_gone(room: Room) -> None:
    thread = room.discord.thread(room.channel)
    said = room.discord.say(thread, room.ada, "hello")
    room.discord.remove_thread(thread)
    with pytest.raises(Gone):
        await room.history(said, thread=thread)
