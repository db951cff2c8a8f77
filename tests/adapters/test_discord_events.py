"""Discord's payloads as the bot's messages, parsed by the real discord.py."""

import json
from datetime import UTC
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.discord import content, events
from adapters.message import Audience, Kind
from tests.adapters.discord_payloads import Seen, seen
from tests.adapters.inbox import Collected
from tests.adapters.running import connected
from tests.servers.discord import FakeDiscord
from tests.servers.discord.server import DATA
from tests.servers.discord.world import TEXT

__all__ = ["seen"]

RECORDED = DATA


def test_a_direct_message_calls(seen: Seen) -> None:
    message = seen.heard(seen.direct, seen.ada, "hello")
    assert message.called
    assert message.text == "hello"
    assert (message.author.id, message.author.name) == (seen.ada, "Ada")
    assert message.author.kind is Kind.PERSON
    assert message.sent_at.tzinfo is UTC
    assert message.conversation.audience is Audience.DIRECT
    assert str(message.conversation) == f"discord:%40me:{seen.direct}:"


def test_a_mention_in_a_guild_calls_and_is_removed(seen: Seen) -> None:
    text = f"hey <@{seen.me}> what now?"
    message = seen.heard(seen.general, seen.ada, text, mentions=seen.people(seen.me))
    assert message.called
    assert message.text == "hey what now?"


def test_a_mention_of_the_bots_own_role_calls(seen: Seen) -> None:
    message = seen.heard(seen.general, seen.ada, "<@&77> help", mention_roles=["77"])
    assert message.called
    assert message.text == "help"


def test_everyone_is_not_the_bot(seen: Seen) -> None:
    message = seen.heard(seen.general, seen.ada, "@everyone lunch", mention_everyone=True)
    assert not message.called


@pytest.mark.parametrize("ping", [True, False])
def test_a_reply_calls_only_with_a_ping(seen: Seen, ping: bool) -> None:
    own = seen.world.add_message(seen.general, seen.me, "an answer")
    message = seen.heard(
        seen.general,
        seen.ada,
        "and then?",
        type=19,
        message_reference={"type": 0, "channel_id": seen.general, "message_id": own["id"]},
        mentions=seen.people(seen.me) if ping else [],
    )
    assert message.called is ping
    assert message.reply_to == own["id"]


def test_own_posts_are_never_messages(seen: Seen) -> None:
    assert seen.message(seen.direct, seen.me, "an answer") is None


def test_other_bots_and_webhooks_never_call(seen: Seen) -> None:
    robot = seen.world.add_user("Robot", bot=True)
    mention = {"mentions": seen.people(seen.me)}
    for message in (
        seen.heard(seen.general, robot, f"<@{seen.me}> ping", **mention),
        seen.heard(seen.general, seen.bob, f"<@{seen.me}> ping", webhook_id="5", **mention),
    ):
        assert message.author.kind is Kind.BOT
        assert not message.called


def test_what_discord_writes_itself_is_no_message(seen: Seen) -> None:
    thread_created, pinned = 18, 6
    assert seen.message(seen.general, seen.ada, "plans", type=thread_created) is None
    assert seen.message(seen.direct, seen.ada, "", type=pinned) is None


def test_withheld_content_is_no_message_unless_it_calls(seen: Seen) -> None:
    assert seen.message(seen.general, seen.ada, "") is None
    assert seen.heard(seen.general, seen.ada, "", mentions=seen.people(seen.me)).called


def test_entities_are_resolved(seen: Seen) -> None:
    text = f"<@{seen.bob}> see <#{seen.secret}> <:wave:123> </forget:9> <@999> <#998>"
    message = seen.heard(seen.general, seen.ada, text, mentions=seen.people(seen.bob))
    assert message.text == "@Bob see #secret :wave: /forget @999 #998"


def test_a_nickname_goes_before_the_name(seen: Seen) -> None:
    member = seen.world.member(seen.ada) | {"nick": "Countess"}
    assert seen.heard(seen.general, seen.ada, "hi", member=member).author.name == "Countess"


def test_attachments_are_words_without_links(seen: Seen) -> None:
    file = {"id": "1", "filename": "cat.png", "size": 1, "url": "https://cdn", "proxy_url": "x"}
    message = seen.heard(
        seen.direct,
        seen.ada,
        "",
        attachments=[file | {"content_type": "image/png", "description": "a cat"}, file],
        sticker_items=[{"id": "2", "name": "Wave", "format_type": 1}],
    )
    assert message.attachments == ("cat.png (image/png): a cat", "cat.png (file)", "sticker Wave")


def test_polls_and_voice_messages_are_words(seen: Seen) -> None:
    voice = {"id": "1", "filename": "voice-message.ogg", "size": 1, "url": "x", "proxy_url": "x"}
    answers = [
        {"answer_id": number, "poll_media": {"text": text}}
        for number, text in enumerate(("Oslo", "Bergen"), start=1)
    ]
    poll = {
        "question": {"text": "Where to?"},
        "answers": answers,
        "expiry": "2026-12-01T00:00:00+00:00",
        "allow_multiselect": False,
        "layout_type": 1,
    }
    more = {"content_type": "audio/ogg", "duration_secs": 1.0, "waveform": ""}
    said = seen.heard(seen.direct, seen.ada, "", flags=1 << 13, attachments=[voice | more])
    assert said.attachments == ("voice message",)
    asked = seen.heard(seen.direct, seen.ada, "", poll=poll)
    assert asked.attachments == ("poll: Where to? (Oslo / Bergen)",)


@given(st.text("`a \n"))
def test_what_a_file_says_never_leaves_its_fence(text: str) -> None:
    fence, inside = content._fenced(text).split("\n", 1)
    assert set(fence) == {"`"}
    assert inside == f"{text}\n{fence}"
    assert fence not in text


def test_a_forwarded_post_brings_its_text(seen: Seen) -> None:
    inner = {"type": 0, "content": "the plan", "embeds": [], "attachments": [], "timestamp": None}
    snapshot = {"message": inner | {"edited_timestamp": None, "mentions": []}}
    message = seen.heard(seen.direct, seen.ada, "", message_snapshots=[snapshot])
    assert message.text == "Forwarded: the plan"


def test_a_threads_channel_is_its_parent(seen: Seen) -> None:
    conversation = seen.heard(seen.thread, seen.ada, "hi").conversation
    assert (conversation.channel, conversation.thread) == (seen.general, seen.thread)
    assert conversation.audience is Audience.PUBLIC


def test_a_channel_is_public_only_when_everyone_is_known_to_see_it(seen: Seen) -> None:
    assert seen.heard(seen.general, seen.ada, "hi").conversation.audience is Audience.PUBLIC
    assert seen.heard(seen.secret, seen.ada, "hi").conversation.audience is Audience.PRIVATE
    unknown = seen.world.add_channel(TEXT, guild_id="424242")
    conversation = seen.heard(unknown, seen.ada, "hi").conversation
    assert (conversation.space, conversation.audience) == ("424242", Audience.PRIVATE)


def test_a_link_preview_is_nobodys_edit(seen: Seen) -> None:
    """But it tells what is attached: something may have been taken off."""
    edit = seen.edit(seen.post(seen.direct, seen.ada, "see example.com"))
    assert edit is not None
    assert (edit.edited_at, edit.attachments) == (None, ())
    hidden = seen.post(seen.general, seen.ada, "")
    assert seen.edit(hidden, withheld=True) is None


def test_an_edit_says_what_and_when(seen: Seen) -> None:
    at = "2026-11-20T10:00:00+00:00"
    post = seen.post(seen.thread, seen.ada, "better", edited_timestamp=at)
    edit = seen.edit(post)
    assert edit is not None
    assert (edit.channel, edit.id, edit.text) == (seen.general, str(post.id), "better")
    assert (edit.edited_at and edit.edited_at.isoformat()) == at
    assert edit.readable


def test_an_edit_that_discord_withholds_is_not_readable(seen: Seen) -> None:
    at = "2026-11-20T10:00:00+00:00"
    hidden = seen.post(seen.general, seen.ada, "", edited_timestamp=at)
    withheld = seen.edit(hidden, withheld=True)
    assert withheld is not None
    assert not withheld.readable
    emptied = seen.edit(seen.post(seen.direct, seen.ada, "", edited_timestamp=at))
    assert emptied is not None
    assert (emptied.text, emptied.readable) == ("", True)


def test_a_deletion_names_the_parent_channel(seen: Seen) -> None:
    where = events.conversation(seen.post(seen.thread, seen.ada, "x").channel)
    deletion = events.deletion(where, 1, 2)
    assert (deletion.channel, deletion.ids) == (seen.general, ("1", "2"))


def recorded() -> list[Any]:
    files = (RECORDED / "recorded.json", RECORDED / "recorded-channel.json")
    events_by_name = [json.loads(file.read_text()).items() for file in files if file.exists()]
    return [
        pytest.param(event["data"], id=name)
        for items in events_by_name
        for name, event in items
        if isinstance(event, dict) and event.get("type") == "GATEWAY_MESSAGE_CREATE"
    ]


def with_author(data: dict[str, Any]) -> dict[str, Any]:
    """Some recordings leave out what Discord never does."""
    return data | {"author": {"avatar": None} | data["author"]}


@pytest.mark.skipif(not RECORDED.exists(), reason="no recorded payloads in ../shared/data")
@pytest.mark.parametrize("data", recorded())
def test_recorded_posts_parse(seen: Seen, data: dict[str, Any]) -> None:
    me = 1457469483726668048
    post = seen.payload(with_author(data))
    message = events.message(post, me, events.conversation(post.channel))
    if data["author"]["id"] == str(me):
        assert message is None
    else:
        assert message is not None
        assert message.called == (f"<@{me}>" in data["content"])
        assert "<@" not in message.text


@pytest.mark.anyio
@pytest.mark.skipif(not RECORDED.exists(), reason="no recorded payloads in ../shared/data")
async def test_recorded_posts_arrive_through_the_gateway() -> None:
    """In servers and threads that the fake has never heard of."""
    async with FakeDiscord() as discord:
        inbox, me = Collected(discord.changed), "1457469483726668048"
        discord.world.users[me] = discord.world.users.pop(discord.me) | {"id": me}
        discord.world.me = me
        posts = [with_author(each.values[0]) for each in recorded()]
        async with connected(discord, inbox):
            for data in posts:
                discord.gateway.emit("MESSAGE_CREATE", data)
            others = [data for data in posts if data["author"]["id"] != me]
            await discord.until(lambda: len(inbox.messages) == len(others))
    calls = {data["id"] for data in others if f"<@{me}>" in data["content"]}
    assert {message.id for message in inbox.messages if message.called} == calls
    assert len(calls) == 3
    places = {message.conversation.space for message in inbox.messages}
    assert places == {data.get("guild_id", "@me") for data in others}
