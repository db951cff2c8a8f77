"""What is said on Discord arrives, and a wrong set-up is told: discord.py against the fake."""

from datetime import UTC, datetime

import pytest

from adapters.discord import delivery
from adapters.discord.options import Options
from adapters.discord.platform import DiscordPlatform
from adapters.message import Audience, Author, Conversation, Deletion, Departure, Edit
from adapters.ports import Busy, Refused
from tests.adapters.discord_talk import Talk, pieces, reply, talk
from tests.adapters.inbox import Collected
from tests.adapters.running import QUICK, connected, discord, inbox, platform
from tests.servers.discord import FakeDiscord

__all__ = ["discord", "inbox", "platform", "talk"]

pytestmark = pytest.mark.anyio


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
    await discord.until(lambda: len(inbox.others) == 4)
    preview, edit, deletion, bulk = inbox.others
    assert isinstance(preview, Edit)
    assert (preview.id, preview.edited_at) == (talk.message.id, None)
    assert isinstance(edit, Edit)
    assert (edit.id, edit.text) == (talk.message.id, "hello again")
    assert edit.edited_at
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


async def test_history_comes_oldest_first(discord: FakeDiscord, talk: Talk) -> None:
    ada = Author(id=talk.message.author.id, name="Ada")
    said = [discord.dm(ada.id, str(number)) for number in range(120)]
    found = [message async for message in talk.chat.history(said[4], 110)]
    assert [message.id for message in found] == said[5:115]
    assert found[0].conversation == talk.message.conversation


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
