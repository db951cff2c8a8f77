"""What belongs to a message on Discord: its files, its thread's start, what it replies to."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from adapters.discord import files
from adapters.message import Audience, Edit
from tests.adapters.inbox import Collected
from tests.adapters.running import connected, discord, inbox
from tests.servers.discord import FakeDiscord, Fault
from tests.servers.discord.world import Json

__all__ = ["discord", "inbox"]

pytestmark = pytest.mark.anyio

THREADS = "POST /channels/{channel_id}/messages/{message_id}/threads"


@asynccontextmanager
async def talking(
    discord: FakeDiscord, inbox: Collected, **options: Any
) -> AsyncIterator[tuple[str, str]]:
    """A channel, and Ada who may write there."""
    channel, ada = discord.channel(discord.guild()), discord.person("Ada")
    async with connected(discord, inbox, **options):
        yield channel, ada


def said(inbox: Collected) -> list[tuple[str, bool, bool]]:
    return [(message.text, message.called, message.kept) for message in inbox.messages]


@pytest.mark.parametrize("content", [False, True])
async def test_what_calls_arrives_in_both_modes_and_the_rest_in_one(
    discord: FakeDiscord, inbox: Collected, content: bool
) -> None:
    async with talking(discord, inbox, message_content=content) as (channel, ada):
        discord.say(channel, ada, "among ourselves")
        discord.say(channel, ada, "@everyone lunch", mention_everyone=True)
        discord.say(channel, ada, "are you there?", mention=True)
        own = discord.world.add_message(channel, discord.me, "I am")["id"]
        discord.say(channel, ada, "good", reply_to=own)
        discord.say(channel, ada, "not for you", reply_to=own, ping=False)
        discord.dm(ada, "directly")
        await discord.until(lambda: "directly" in inbox.texts and "good" in inbox.texts)
    calls = [message.text for message in inbox.messages if message.called]
    assert sorted(calls) == ["are you there?", "directly", "good"]
    rest = sorted(message.text for message in inbox.messages if not message.called)
    assert rest == (["@everyone lunch", "among ourselves", "not for you"] if content else [])


async def test_a_mention_by_role_shows_its_text_only_with_the_intent(
    discord: FakeDiscord, inbox: Collected
) -> None:
    guild = discord.guild()
    roles = discord.world.guilds[guild]["roles"]
    roles.append(roles[0] | {"id": "77", "name": "Keeper", "tags": {"bot_id": discord.me}})
    channel, ada = discord.channel(guild), discord.person("Ada")
    for content in (False, True):
        async with connected(discord, inbox, message_content=content):
            discord.say(channel, ada, "<@&77> help", mention_roles=["77"])
            await discord.until(lambda: len(inbox.messages) == 1 + content)  # noqa: B023
    hidden, shown = inbox.messages
    assert (hidden.called, hidden.text, shown.called, shown.text) == (True, "", True, "help")
    assert "mentioned by name" in hidden.attachments[0]
    assert shown.attachments == ()


async def test_an_edit_that_discord_empties_is_not_readable(
    discord: FakeDiscord, inbox: Collected
) -> None:
    async with talking(discord, inbox) as (channel, ada):
        call = discord.say(channel, ada, "my number is 5", mention=True)
        discord.edit(call, "never mind")  # without the mention, Discord shows no text
        direct = discord.dm(ada, "and directly")
        discord.edit(direct, "")
        await discord.until(lambda: len(inbox.others) == 2)
    edits = {each.id: each for each in inbox.others if isinstance(each, Edit)}
    assert not edits[call].readable
    assert (edits[direct].text, edits[direct].readable) == ("", True)


async def test_an_edit_keeps_what_is_attached(discord: FakeDiscord, inbox: Collected) -> None:
    async with talking(discord, inbox) as (_, ada):
        file = discord.file("notes.txt", b"milk", "text/plain")
        discord.edit(discord.dm(ada, "the list", attachments=[file]), "the shopping list")
        await discord.until(lambda: inbox.others)
    (edit,) = inbox.others
    assert isinstance(edit, Edit)
    assert edit.text == "the shopping list"
    assert edit.attachments == ("notes.txt (text/plain)\n```\nmilk\n```",)


async def test_text_files_of_a_call_are_read_and_their_links_are_not_kept(
    discord: FakeDiscord, inbox: Collected
) -> None:
    async with talking(discord, inbox) as (channel, ada):
        attachments = [
            discord.file("notes.md", b"# Plan\n```\ncode\n```", "text/markdown"),
            discord.file("main.rs", b"fn main() {}", ""),
            discord.file("cat.png", b"\x89PNG", "image/png"),
            discord.file("data", b"\xff\xfe\x00binary", ""),
        ]
        discord.say(channel, ada, "look", mention=True, attachments=attachments)
        await discord.until(lambda: inbox.messages)
    assert inbox.messages[0].attachments == (
        "notes.md (text/markdown)\n````\n# Plan\n```\ncode\n```\n````",
        "main.rs (file)\n```\nfn main() {}\n```",
        "cat.png (image/png)",
        "data (file)",
    )
    assert "http" not in str(inbox.messages[0])
    assert sorted(discord.read) == ["data", "main.rs", "notes.md"]


@pytest.mark.parametrize("why", ["from elsewhere", "too large"])
async def test_other_files_are_only_named(discord: FakeDiscord, inbox: Collected, why: str) -> None:
    async with talking(discord, inbox) as (channel, ada):
        file = discord.file("notes.txt", why.encode(), "text/plain")
        if why == "too large":
            file["size"] = 10_000_000
        else:
            file["url"] = file["url"].replace("127.0.0.1", "localhost")  # it would answer
        discord.say(channel, ada, "look", mention=True, attachments=[file])
        await discord.until(lambda: inbox.messages)
    assert inbox.messages[0].attachments == ("notes.txt (text/plain)",)
    assert discord.read == []


async def test_no_more_files_and_characters_are_read_than_a_prompt_takes(
    discord: FakeDiscord, inbox: Collected
) -> None:
    async with talking(discord, inbox) as (channel, ada):
        long = [discord.file(f"{number}.log", b"x" * 9_000, "text/plain") for number in range(5)]
        discord.say(channel, ada, "look", mention=True, attachments=long)
        await discord.until(lambda: inbox.messages)
    texts = inbox.messages[0].attachments
    assert sum(map(len, texts)) < files._CHARACTERS + 500
    assert "the first 4000 of 9000 characters" in texts[0]
    assert texts[3:] == ("3.log (text/plain)", "4.log (text/plain)")
    assert sorted(discord.read) == ["0.log", "1.log", "2.log"]


async def test_a_file_that_does_not_come_is_only_named(
    discord: FakeDiscord, inbox: Collected
) -> None:
    async with talking(discord, inbox, timeout=0.1) as (channel, ada):
        gone = discord.file("gone.txt", b"gone", "text/plain")
        slow = discord.file("slow.txt", b"slow", "text/plain")
        discord.forget_file(gone)
        discord.slow_file(slow)
        discord.say(channel, ada, "look", mention=True, attachments=[gone, slow])
        await discord.until(lambda: inbox.messages)
    assert inbox.messages[0].attachments == ("gone.txt (text/plain)", "slow.txt (text/plain)")


async def test_files_of_people_who_did_not_call_are_read_only_where_somebody_did(
    discord: FakeDiscord, inbox: Collected
) -> None:
    async with talking(discord, inbox, message_content=True) as (channel, ada):
        for text, mention in (("before", False), ("called", True), ("after", False)):
            file = discord.file(f"{text}.txt", text.encode(), "text/plain")
            discord.say(channel, ada, text, mention=mention, attachments=[file])
        await discord.until(lambda: len(inbox.messages) == 3)
    assert discord.read == ["called.txt", "after.txt"]


async def test_what_a_call_replies_to_comes_before_it_and_is_kept(
    discord: FakeDiscord, inbox: Collected
) -> None:
    async with talking(discord, inbox, message_content=True) as (channel, ada):
        bob = discord.person("Bob")
        asked = discord.say(channel, bob, "where is the key?")
        discord.say(channel, ada, "do you know?", reply_to=asked, mention=True)
        discord.say(channel, ada, "I asked it", reply_to=asked)
        await discord.until(lambda: len(inbox.messages) == 4)
    key = "where is the key?"
    assert said(inbox) == [
        (key, False, False),  # as it was said
        (key, False, True),
        ("do you know?", True, False),
        ("I asked it", False, False),
    ]
    assert inbox.messages[1].id == inbox.messages[2].reply_to == asked
    assert inbox.messages[1].author.name == "Bob"


async def test_what_discord_hides_and_what_is_deleted_is_not_replied_to(
    discord: FakeDiscord, inbox: Collected
) -> None:
    async with talking(discord, inbox) as (channel, ada):
        hidden = discord.say(channel, discord.person("Bob"), "not for the bot")
        discord.say(channel, ada, "what did he say?", reply_to=hidden, mention=True)
        lost: Json = {"type": 19, "referenced_message": None}
        lost["message_reference"] = {"type": 0, "channel_id": channel, "message_id": "5"}
        discord.say(channel, ada, "and that?", mention=True, **lost)
        await discord.until(lambda: len(inbox.messages) == 2)
    assert inbox.texts == ["what did he say?", "and that?"]


async def test_the_bots_own_posts_are_not_told_again_when_replied_to(
    discord: FakeDiscord, inbox: Collected
) -> None:
    async with talking(discord, inbox) as (channel, ada):
        own = discord.world.add_message(channel, discord.me, "half an ans")["id"]
        discord.say(channel, ada, "go on", reply_to=own)
        await discord.until(lambda: inbox.messages)
    assert inbox.texts == ["go on"]


async def test_a_call_in_a_channel_opens_a_thread_if_that_is_wished(
    discord: FakeDiscord, inbox: Collected
) -> None:
    async with talking(discord, inbox, auto_thread=True) as (channel, ada):
        call = discord.say(channel, ada, "where to eat?\nI like fish", mention=True)
        await discord.until(lambda: inbox.messages)
        discord.say(call, ada, "and tomorrow?", mention=True)
        discord.dm(ada, "directly")
        await discord.until(lambda: len(inbox.messages) == 3)
    places = [(m.conversation.channel, m.conversation.thread) for m in inbox.messages]
    assert places[0] == (channel, call)
    assert (channel, call) in places[1:]
    assert discord.world.channels[call]["name"] == "where to eat?"
    assert inbox.messages[0].conversation.audience is Audience.PUBLIC
    assert [each.route for each in discord.requests].count(THREADS) == 1


async def test_a_thread_that_is_there_already_is_the_calls(
    discord: FakeDiscord, inbox: Collected
) -> None:
    """Another process was faster, or we were before a crash."""
    other = Collected(discord.changed)
    async with (
        talking(discord, inbox, auto_thread=True) as (channel, ada),
        connected(discord, other, auto_thread=True),
    ):
        await discord.until(lambda: len(discord.gateway.live) == 2)
        call = discord.say(channel, ada, "hello", mention=True)
        await discord.until(lambda: inbox.messages and other.messages)
    assert inbox.messages == other.messages
    assert inbox.messages[0].conversation.thread == call


async def test_a_call_is_answered_in_the_channel_where_threads_are_not_allowed(
    discord: FakeDiscord, inbox: Collected
) -> None:
    discord.fail(THREADS, Fault(status=403, code=50013))
    async with talking(discord, inbox, auto_thread=True) as (channel, ada):
        discord.say(channel, ada, "hello", mention=True)
        await discord.until(lambda: inbox.messages)
    assert inbox.messages[0].conversation.thread == ""
    assert inbox.messages[0].conversation.channel == channel


async def test_a_thread_whose_making_went_unanswered_is_made_once(
    discord: FakeDiscord, inbox: Collected
) -> None:
    discord.fail(THREADS, Fault(cut=True, stored=True))
    async with talking(discord, inbox, auto_thread=True) as (channel, ada):
        call = discord.say(channel, ada, "hello", mention=True)
        await discord.until(lambda: inbox.messages)
    assert inbox.messages[0].conversation.thread == call
    assert len(inbox.messages) == 1
