"""What people see of the bot's posts on Discord, and how those are told of: against the fake."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import discord as discord_py
import pytest

from adapters.discord.chat import DiscordChat
from adapters.discord.platform import DiscordPlatform
from adapters.draft import Pace
from adapters.message import Answer, Author, Conversation, Echo
from adapters.ports import Posted
from tests.adapters.inbox import Collected
from tests.adapters.running import discord, inbox, platform
from tests.servers.discord import FakeDiscord, Fault

__all__ = ["discord", "inbox", "platform"]

pytestmark = pytest.mark.anyio

POST = "POST /channels/{channel_id}/messages"
EDIT = "PATCH /channels/{channel_id}/messages/{message_id}"
TYPING = "POST /channels/{channel_id}/typing"


@dataclass
class Turn:
    anchor: str
    id: str = "q7k2m9x4w1z8c5v3b6n0"
    began_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    fence: int = 1
    typed: str = ""

    async def secure(self) -> None: ...


@dataclass
class Talk:
    where: Conversation
    chat: DiscordChat
    turn: Turn
    channel: str

    async def reply(self, text: AsyncGenerator[str, None]) -> Posted:
        return [posted async for posted in self.chat.reply(self.turn, text, Posted())][-1]


@pytest.fixture
async def talk(discord: FakeDiscord, inbox: Collected, platform: DiscordPlatform) -> Talk:
    discord.dm(ada := discord.person("Ada"), "hello")
    await discord.until(lambda: inbox.messages)
    message = inbox.messages[0]
    chat = platform.chat(message.conversation)
    return Talk(message.conversation, chat, Turn(message.id), discord.direct(ada))


async def pieces(*texts: str) -> AsyncGenerator[str, None]:
    for text in texts:
        yield text


async def until(event: asyncio.Event, *texts: str) -> AsyncGenerator[str, None]:
    await event.wait()
    for text in texts:
        yield text


def count(discord: FakeDiscord, route: str) -> int:
    return [asked.route for asked in discord.requests].count(route)


async def test_a_reply_stands_without_the_message_it_answers(
    discord: FakeDiscord, talk: Talk
) -> None:
    discord.delete(talk.turn.anchor)
    await talk.reply(pieces("here"))
    (post,) = discord.posts(talk.channel)
    assert (post["content"], "message_reference" in post) == ("here", False)


async def test_people_see_typing_until_something_is_posted(
    discord: FakeDiscord, talk: Talk
) -> None:
    thought = asyncio.Event()
    writing = asyncio.create_task(talk.reply(until(thought, "well")))
    await discord.until(lambda: count(discord, TYPING))
    assert discord.posts(talk.channel) == []
    thought.set()
    await writing
    assert count(discord, TYPING) == 1


async def test_a_quick_reply_does_not_type_first(discord: FakeDiscord, talk: Talk) -> None:
    talk.chat._pace = Pace(first=30.0)
    await talk.reply(pieces("at once"))
    assert count(discord, TYPING) == 0


@pytest.mark.parametrize("fault", [Fault(status=403, code=50013), Fault(cut=True)])
async def test_that_typing_fails_harms_nothing(
    discord: FakeDiscord, talk: Talk, fault: Fault
) -> None:
    discord.fail(TYPING, fault)
    thought = asyncio.Event()
    writing = asyncio.create_task(talk.reply(until(thought, "well")))
    await discord.until(lambda: count(discord, TYPING))
    thought.set()
    await writing
    assert discord.texts(talk.channel) == ["well"]


async def test_own_posts_are_echoed_with_their_turn(
    discord: FakeDiscord, inbox: Collected, talk: Talk
) -> None:
    thought = asyncio.Event()

    async def text() -> AsyncGenerator[str, None]:
        yield "so far"
        await thought.wait()
        yield " and on"

    writing = asyncio.create_task(talk.reply(text()))
    await discord.until(lambda: inbox.echoes)
    (post,) = discord.posts(talk.channel)
    thought.set()
    await writing
    await talk.chat.whisper(Author(id=discord.person("Bob"), name="Bob"), Answer(text="aside"))
    echo = Echo(conversation=talk.where, id=post["id"], turn=talk.turn.id)
    assert set(inbox.echoes) == {echo}


async def test_links_are_read_where_they_lead_into_the_channel(
    discord: FakeDiscord, inbox: Collected, platform: DiscordPlatform
) -> None:
    ada, channel = discord.person("Ada"), discord.channel(discord.guild())
    thread = discord.thread(channel)
    for place in (channel, thread, discord.direct(ada)):
        discord.say(place, ada, "hello", mention=True)
    await discord.until(lambda: len(inbox.messages) == 3)
    told = {each.thread or each.channel: each for each in (m.conversation for m in inbox.messages)}
    in_channel, in_thread, direct = told[channel], told[thread], told[discord.direct(ada)]
    for asked, link, found in (
        (in_channel, platform.chat(in_channel).link("5"), in_channel),
        (in_channel, platform.chat(in_thread).link("5"), in_thread),
        (in_thread, platform.chat(in_channel).link("5"), in_channel),
        (in_thread, f"<{platform.chat(in_thread).link('5')}>", in_thread),
        (direct, platform.chat(direct).link("5"), direct),
        (direct, platform.chat(in_channel).link("5"), None),
        (in_channel, f"https://discord.com/channels/{in_channel.space}/12/5", None),
        (in_channel, "https://discord.com.evil.example/channels/1/2/3", None),
        (in_channel, "5", None),
    ):
        assert platform.chat(asked).linked(link) == found


async def test_a_reply_resumed_after_the_nonces_window_is_found_by_its_button(
    discord: FakeDiscord, talk: Talk
) -> None:
    post = await talk.chat._posts.post(talk.turn, 0, "so far", live=True)
    discord.wait(discord.rest.nonce_window + 1)
    onto = await talk.chat.find(talk.turn.id, talk.turn.began_at)
    seen = [each async for each in talk.chat.reply(talk.turn, pieces("all of it"), onto)]
    assert seen[-1].ids == (post,)
    assert discord.texts(talk.channel) == ["all of it"]


@pytest.mark.parametrize(
    ("text", "embeds"),
    [("x" * 2_001, []), ("", ["x" * 3_500] * 2), ("", [])],
)
async def test_the_fake_refuses_what_discord_refuses_and_its_description_allows(
    discord: FakeDiscord, platform: DiscordPlatform, talk: Talk, text: str, embeds: list[str]
) -> None:
    shown = [discord_py.Embed(description=each) for each in embeds]
    with pytest.raises(discord_py.HTTPException) as refused:
        await talk.chat._posts.channel.send(text, embeds=shown)
    assert refused.value.code in (50035, 50006)


async def test_the_fake_takes_a_repeated_nonce_for_new_after_its_window(
    discord: FakeDiscord, talk: Talk
) -> None:
    first = await talk.chat._posts.post(talk.turn, 0, "one", live=False)
    assert await talk.chat._posts.post(talk.turn, 0, "one", live=False) == first
    discord.wait(discord.rest.nonce_window + 1)
    assert await talk.chat._posts.post(talk.turn, 0, "one", live=False) != first


async def test_words_that_a_nonce_brings_back_are_replaced(
    discord: FakeDiscord, talk: Talk
) -> None:
    first = await talk.chat._posts.post(talk.turn, 0, "one", live=True)
    assert await talk.chat._posts.post(talk.turn, 0, "two", live=True) == first
    assert discord.texts(talk.channel) == ["two"]


async def test_an_answer_without_text_is_not_whispered(discord: FakeDiscord, talk: Talk) -> None:
    await talk.chat.whisper(Author(id=discord.person("Bob"), name="Bob"), Answer(text=""))
    assert count(discord, POST) == 0


@pytest.mark.parametrize("fault", [Fault(cut=True, stored=True), Fault(status=403, code=50007)])
async def test_a_whisper_is_said_at_most_once(
    discord: FakeDiscord, talk: Talk, fault: Fault
) -> None:
    bob = discord.person("Bob")
    discord.fail(POST, fault)
    await talk.chat.whisper(Author(id=bob, name="Bob"), Answer(text="aside"))
    assert count(discord, POST) == 1
