"""Discord end to end: the unmodified discord.py against the fake on the wire."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from adapters.discord import delivery
from adapters.discord.chat import DiscordChat
from adapters.discord.options import Options
from adapters.discord.platform import DiscordPlatform
from adapters.discord.posts import DiscordPosts
from adapters.message import (
    Action,
    Answer,
    Audience,
    Author,
    Conversation,
    Deletion,
    Departure,
    Echo,
    Edit,
    Message,
    Stop,
)
from adapters.ports import Busy, Posted, Refused, Unclear
from tests.adapters.inbox import Collected
from tests.adapters.running import QUICK, connected
from tests.servers.discord import FakeDiscord, Fault

pytestmark = pytest.mark.anyio

POST = "POST /channels/{channel_id}/messages"
EDIT = "PATCH /channels/{channel_id}/messages/{message_id}"


@dataclass
class Turn:
    anchor: str
    id: str = "q7k2m9x4w1z8c5v3b6n0"
    began_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    secured: int = 0
    fence: int = 1
    typed: str = ""

    async def secure(self) -> None:
        self.secured += 1


@pytest.fixture
async def discord() -> AsyncIterator[FakeDiscord]:
    async with FakeDiscord() as server:
        yield server


@pytest.fixture
def inbox(discord: FakeDiscord) -> Collected:
    return Collected(discord.changed)


@pytest.fixture
async def platform(discord: FakeDiscord, inbox: Collected) -> AsyncIterator[DiscordPlatform]:
    async with connected(discord, inbox) as running:
        yield running


@dataclass
class Talk:
    """Ada wrote to the bot, and the bot may answer."""

    message: Message
    chat: DiscordChat
    posts: DiscordPosts
    turn: Turn
    channel: str


@pytest.fixture
async def talk(discord: FakeDiscord, inbox: Collected, platform: DiscordPlatform) -> Talk:
    ada = discord.person("Ada")
    discord.dm(ada, "hello")
    await discord.until(lambda: inbox.messages)
    message = inbox.messages[0]
    chat = platform.chat(message.conversation)
    return Talk(message, chat, chat._posts, Turn(message.id), discord.direct(ada))


async def pieces(*texts: str) -> AsyncGenerator[str, None]:
    for text in texts:
        yield text


async def reply(talk: Talk, text: AsyncGenerator[str, None]) -> Posted:
    return [posted async for posted in talk.chat.reply(talk.turn, text, Posted())][-1]


async def test_a_direct_message_is_received(discord: FakeDiscord, talk: Talk) -> None:
    assert talk.message.called
    assert talk.message.text == "hello"
    assert talk.message.conversation == Conversation(
        platform="discord", space="@me", channel=talk.channel, audience=Audience.DIRECT
    )


async def test_messages_of_a_channel_arrive_in_order(
    discord: FakeDiscord, inbox: Collected, platform: DiscordPlatform
) -> None:
    ada = discord.person("Ada")
    said = [discord.dm(ada, str(number)) for number in range(20)]
    await discord.until(lambda: len(inbox.messages) == 20)
    assert [message.id for message in inbox.messages] == said


async def test_a_mention_and_a_thread_in_a_guild_are_received(
    discord: FakeDiscord, inbox: Collected, platform: DiscordPlatform
) -> None:
    ada, channel = discord.person("Ada"), discord.channel(discord.guild())
    thread = discord.thread(channel)
    discord.say(channel, ada, "not for the bot")
    discord.say(channel, ada, "what is this?", mention=True)
    discord.say(thread, ada, "and this?", mention=True)
    await discord.until(lambda: len(inbox.messages) == 2)
    assert inbox.texts == ["what is this?", "and this?"]
    places = [(each.conversation.channel, each.conversation.thread) for each in inbox.messages]
    assert places == [(channel, ""), (channel, thread)]


async def test_an_archived_threads_channel_is_asked_for(
    discord: FakeDiscord, inbox: Collected
) -> None:
    ada, channel = discord.person("Ada"), discord.channel(discord.guild())
    thread = discord.thread(channel, archived=True)
    async with connected(discord, inbox):
        said = discord.say(thread, ada, "still there?", mention=True)
        await discord.until(lambda: inbox.messages)
        discord.delete(said)
        await discord.until(lambda: inbox.others)
    assert inbox.messages[0].conversation.thread == thread
    assert inbox.messages[0].conversation.channel == channel
    deletion = Deletion(
        platform="discord", space=inbox.messages[0].conversation.space, channel=channel, ids=(said,)
    )
    assert inbox.others == [deletion]


async def test_own_posts_are_not_received(
    discord: FakeDiscord, inbox: Collected, talk: Talk
) -> None:
    await reply(talk, pieces("an answer"))
    discord.dm(talk.message.author.id, "thanks")
    await discord.until(lambda: len(inbox.messages) == 2)
    assert inbox.texts == ["hello", "thanks"]


async def test_edits_and_deletions_arrive(
    discord: FakeDiscord, inbox: Collected, talk: Talk
) -> None:
    more = [discord.dm(talk.message.author.id, text) for text in ("two", "three")]
    discord.preview(talk.message.id)
    discord.edit(talk.message.id, "hello again")
    discord.delete(talk.message.id)
    discord.delete(*more)
    await discord.until(lambda: len(inbox.others) == 3)
    edit, deletion, bulk = inbox.others
    assert isinstance(edit, Edit)
    assert (edit.id, edit.text) == (talk.message.id, "hello again")
    assert isinstance(deletion, Deletion)
    assert (deletion.space, deletion.channel) == ("@me", talk.channel)
    assert deletion.ids == (talk.message.id,)
    assert isinstance(bulk, Deletion)
    assert set(bulk.ids) == set(more)


async def test_what_was_said_while_the_connection_was_lost_arrives(
    discord: FakeDiscord, inbox: Collected, talk: Talk
) -> None:
    await discord.gateway.drop()
    discord.dm(talk.message.author.id, "are you there?")
    await discord.until(lambda: len(inbox.messages) == 2)
    assert inbox.texts[-1] == "are you there?"


async def test_an_event_the_store_did_not_take_is_given_again(
    discord: FakeDiscord,
    inbox: Collected,
    platform: DiscordPlatform,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(delivery, "_AGAIN", (0.0, 0.0))
    ada, inbox.failures = discord.person("Ada"), 3
    for text in ("lost", "tried twice", "taken"):
        discord.dm(ada, text)
    await discord.until(lambda: len(inbox.messages) == 2)
    assert inbox.texts == ["tried twice", "taken"]
    assert platform.lost == 1


async def test_an_event_that_discord_py_cannot_parse_is_survived(
    discord: FakeDiscord, inbox: Collected, platform: DiscordPlatform
) -> None:
    discord.gateway.emit("MESSAGE_CREATE", {"nobody": "expected this"})
    discord.dm(discord.person("Ada"), "still here?")
    await discord.until(lambda: inbox.messages)
    assert len(discord.gateway.sessions) == 1


async def test_being_removed_from_a_guild_is_a_departure(
    discord: FakeDiscord, inbox: Collected, platform: DiscordPlatform
) -> None:
    guild = discord.guild()
    discord.kick(guild)
    await discord.until(lambda: inbox.others)
    assert inbox.others == [Departure(platform="discord", space=guild)]


async def test_a_reply_refers_to_the_message_and_pings_nobody(
    discord: FakeDiscord, talk: Talk
) -> None:
    posted = await reply(talk, pieces("Hi ", "@everyone"))
    (post,) = discord.posts(talk.channel)
    assert posted == Posted(ids=(post["id"],), text=post["content"], complete=True)
    assert post["message_reference"]["message_id"] == talk.message.id
    assert post["mentions"] == []
    assert not post["mention_everyone"]
    assert post["components"] == []
    *_, asked, _ = (request.body for request in discord.requests)  # the last takes the button away
    assert (asked["nonce"], asked["enforce_nonce"]) == (f"{talk.turn.id}-0", True)
    assert asked["allowed_mentions"]["parse"] == []
    assert asked["flags"] == 1 << 2  # SUPPRESS_EMBEDS


async def test_a_post_of_our_own_is_told_back_with_the_turn_it_belongs_to(
    discord: FakeDiscord, inbox: Collected, talk: Talk
) -> None:
    posted = await reply(talk, pieces("an answer"))
    await discord.until(lambda: inbox.echoes)
    where, turn = talk.message.conversation, talk.turn.id
    assert inbox.echoes == [Echo(conversation=where, id=posted.ids[0], turn=turn)]


async def test_an_edit_pings_nobody_either(discord: FakeDiscord, talk: Talk) -> None:
    post = await talk.posts.post(talk.turn, 0, "so far", live=True)
    await talk.posts.edit(talk.turn, post, f"<@{talk.message.author.id}>", live=False)
    assert discord.requests[-1].body["allowed_mentions"]["parse"] == []


async def test_a_long_reply_becomes_posts_within_the_limit(
    discord: FakeDiscord, talk: Talk
) -> None:
    posted = await reply(talk, pieces("word " * 900))
    assert [post["id"] for post in discord.posts(talk.channel)] == list(posted.ids)
    assert len(posted.ids) == 3


async def test_a_reply_can_be_stopped_while_it_is_written(
    discord: FakeDiscord, inbox: Collected, talk: Talk
) -> None:
    pressed = asyncio.Event()

    async def text() -> AsyncGenerator[str, None]:
        yield "well, "
        await pressed.wait()
        yield "never mind"

    writing = asyncio.create_task(reply(talk, text()))
    await discord.until(lambda: discord.posts(talk.channel))
    interaction = discord.press(discord.posts(talk.channel)[0]["id"], talk.message.author.id)
    await discord.until(lambda: inbox.others)
    pressed.set()
    await writing
    assert inbox.others == [Stop(conversation=talk.message.conversation, turn=talk.turn.id)]
    assert discord.interactions.pressed[interaction].answer == 6
    (post,) = discord.posts(talk.channel)
    assert (post["content"], post["components"]) == ("well, never mind", [])


@pytest.mark.parametrize(
    "fault",
    [
        Fault(cut=True, stored=True),
        Fault(cut=True),
        Fault(status=503, stored=True),
        Fault(status=429, via=False, retry_after=0.01),
    ],
    ids=["answer lost", "request lost", "unavailable", "too fast"],
)
async def test_a_post_that_went_wrong_is_there_once(
    discord: FakeDiscord, talk: Talk, fault: Fault
) -> None:
    discord.fail(POST, fault)
    await reply(talk, pieces("once"))
    assert discord.texts(talk.channel) == ["once"]


async def test_a_post_nobody_answers_in_time_is_unclear(
    discord: FakeDiscord, inbox: Collected
) -> None:
    async with connected(discord, inbox, timeout=0.2) as platform:
        ada = discord.person("Ada")
        discord.dm(ada, "hello")
        await discord.until(lambda: inbox.messages)
        posts = platform.chat(inbox.messages[0].conversation)._posts
        discord.fail(POST, Fault(delay=0.3))
        with pytest.raises(Unclear):
            await posts.post(Turn(inbox.messages[0].id), 0, "late", live=False)
        await discord.until(lambda: discord.texts(discord.direct(ada)) == ["late"])


async def test_a_repeated_post_is_the_earlier_one_with_the_new_text(
    discord: FakeDiscord, talk: Talk
) -> None:
    first = await talk.posts.post(talk.turn, 0, "before the crash", live=True)
    assert await talk.posts.post(talk.turn, 0, "after it", live=False) == first
    (post,) = discord.posts(talk.channel)
    assert (post["content"], post["components"]) == ("after it", [])
    assert talk.turn.secured == 1


async def test_a_repeated_post_that_was_deleted_is_unclear(
    discord: FakeDiscord, talk: Talk
) -> None:
    discord.delete(await talk.posts.post(talk.turn, 0, "soon gone", live=True))
    with pytest.raises(Unclear):
        await talk.posts.post(talk.turn, 0, "again", live=True)


async def test_posts_that_are_gone_are_no_error(discord: FakeDiscord, talk: Talk) -> None:
    post = await talk.posts.post(talk.turn, 0, "soon gone", live=True)
    await talk.chat.remove([post])
    assert discord.posts(talk.channel) == []
    await talk.chat.remove([post])
    assert not await talk.posts.edit(talk.turn, post, "too late", live=False)


async def test_a_turns_posts_are_found_while_it_is_written(
    discord: FakeDiscord, talk: Talk, platform: DiscordPlatform
) -> None:
    post = await talk.posts.post(talk.turn, 0, "so far", live=True)
    await talk.posts.post(Turn(talk.message.id, id="another"), 0, "not this", live=True)
    other_process = platform.chat(talk.message.conversation)
    found = await other_process.find(talk.turn.id, talk.turn.began_at)
    assert found == Posted(ids=(post,), text="so far")
    await talk.posts.edit(talk.turn, post, "done", live=False)
    assert await other_process.find(talk.turn.id, talk.turn.began_at) == Posted()


async def test_a_refusal_says_what_to_do(discord: FakeDiscord, talk: Talk) -> None:
    discord.fail(POST, Fault(status=403, code=50013))
    with pytest.raises(Refused, match="allow the bot to send messages"):
        await talk.posts.post(talk.turn, 0, "hello", live=False)


async def test_a_whisper_in_a_guild_is_a_direct_message(
    discord: FakeDiscord, platform: DiscordPlatform, talk: Talk
) -> None:
    channel = discord.channel(discord.guild())
    where = Conversation(platform="discord", space="1", channel=channel, audience=Audience.PUBLIC)
    confirm = Action(label="Confirm", name="forget", argument="here 12")
    answer = Answer(text="12 messages would go.", actions=(confirm,))
    await platform.chat(where).whisper(talk.message.author, answer)
    assert discord.posts(channel) == []
    assert discord.texts(talk.channel) == ["12 messages would go."]
    discord.fail(POST, Fault(status=403, code=50007))
    await platform.chat(where).whisper(talk.message.author, answer)
    assert len(discord.posts(talk.channel)) == 1


async def test_history_comes_oldest_first(discord: FakeDiscord, talk: Talk) -> None:
    ada = Author(id=talk.message.author.id, name="Ada")
    said = [discord.dm(ada.id, str(number)) for number in range(120)]
    found = [message async for message in talk.chat.history(said[4], 110)]
    assert [message.id for message in found] == said[5:115]
    assert found[0].conversation == talk.message.conversation


async def test_a_post_can_be_linked_to(talk: Talk) -> None:
    assert talk.chat.link("5") == f"https://discord.com/channels/@me/{talk.channel}/5"


async def test_a_chat_without_a_connection_asks_to_wait(discord: FakeDiscord) -> None:
    platform = DiscordPlatform(token="", api_url=discord.api_url, pace=QUICK, options=Options())
    chat = platform.chat(
        Conversation(platform="discord", space="@me", channel="1", audience=Audience.DIRECT)
    )
    with pytest.raises(Busy):
        await chat.find("turn", datetime.now(UTC))


async def test_a_wrong_token_is_refused(discord: FakeDiscord, inbox: Collected) -> None:
    platform = DiscordPlatform(
        token="wrong", api_url=discord.api_url, pace=QUICK, options=Options()
    )
    with pytest.raises(Refused, match="DISCORD_TOKEN"):
        await platform.run(inbox)
    (line,) = await platform.check()
    assert "DISCORD_TOKEN" in line


async def test_an_intent_that_is_not_granted_is_refused(
    discord: FakeDiscord, inbox: Collected
) -> None:
    discord.gateway.message_content = False
    platform = DiscordPlatform(
        token=discord.token,
        api_url=discord.api_url,
        pace=QUICK,
        options=Options(message_content=True),
    )
    with pytest.raises(Refused, match="Message Content"):
        await platform.run(inbox)
    (line,) = await platform.check()
    assert "Message Content" in line


async def test_a_good_set_up_has_nothing_wrong(discord: FakeDiscord) -> None:
    platform = DiscordPlatform(
        token=discord.token,
        api_url=discord.api_url,
        pace=QUICK,
        options=Options(message_content=True),
    )
    assert await platform.check() == []


async def test_a_discord_that_is_away_is_named(discord: FakeDiscord) -> None:
    platform = DiscordPlatform(
        token="x", api_url="http://127.0.0.1:9/api/v10", pace=QUICK, options=Options()
    )
    (line,) = await platform.check()
    assert "http://127.0.0.1:9/api/v10" in line


async def test_the_fake_knows_what_discord_does_not_take(discord: FakeDiscord, talk: Talk) -> None:
    if discord._requests.spec is None:
        pytest.skip("no OpenAPI description in ../shared/data")
    await talk.posts.post(Turn("", id="far-too-long-for-a-nonce"), 0, "x", live=False)
    assert discord.violations
    assert all("nonce" in violation for violation in discord.violations)
    discord.violations.clear()
