"""What Slack's events become, through the unmodified client, in both modes."""

import json
from typing import Any

import pytest

from adapters.message import Audience, Author, Deletion, Echo, Edit, Kind
from tests.adapters.inbox import Collected
from tests.adapters.slack_bot import connected, inbox, mode, settled, slack
from tests.servers.slack import Fault, Slack, payloads
from tests.servers.slack.workspace import BOT_ID, BOT_USER

__all__ = ["inbox", "mode", "slack"]

pytestmark = pytest.mark.anyio

SPACE = "T00FAKE00AA"


@pytest.mark.parametrize(
    "more",
    [
        {"subtype": "me_message"},
        {"subtype": "file_share", "files": [{"id": "F1", "title": "plan", "pretty_type": "PDF"}]},
        {"subtype": "thread_broadcast"},
    ],
    ids=lambda more: str(more["subtype"]),
)
async def test_what_people_say_has_several_forms(
    slack: Slack, inbox: Collected, mode: str, more: dict[str, Any]
) -> None:
    async with connected(slack, inbox, mode):
        root = slack.say("C1", "U1", "hello", mention=False)
        slack.say("C1", "U1", "and this", thread=root, mention=False, **more)
        await settled(slack)
    first, second = inbox.messages
    assert second.text == "and this"
    assert second.conversation == first.conversation
    assert second.attachments == (("plan (PDF)",) if "files" in more else ())


async def test_people_channels_and_links_have_their_names(
    slack: Slack, inbox: Collected, mode: str
) -> None:
    slack.channel("C2").name = "general"
    slack.channel("C3", "group").name = "layoffs"
    async with connected(slack, inbox, mode):
        slack.say("C1", "U1", "<@U2> see <#C2>, <#C3> and <https://e.com|this> &amp; that")
        await settled(slack)
    assert inbox.texts[0] == "@bob see #general, #C3 and [this](https://e.com) & that"


async def test_a_name_is_asked_for_once(slack: Slack, inbox: Collected, mode: str) -> None:
    async with connected(slack, inbox, mode):
        for text in ("one <#C1>", "two <#C1>"):
            slack.channel("C1")
            slack.dm("U2", text)
            await settled(slack)
    assert {message.author.name for message in inbox.messages} == {"bob"}
    assert len(slack.calls("users.info")) == len(slack.calls("conversations.info")) == 1


async def test_other_bots_are_third_parties_whose_blocks_are_read(
    slack: Slack, inbox: Collected, mode: str
) -> None:
    blocks = [
        {"type": "header", "text": {"type": "plain_text", "text": "Build 7"}},
        {"type": "section", "fields": [{"type": "mrkdwn", "text": "*branch* main"}]},
        {"type": "actions", "elements": [{"type": "button", "text": {"text": "Retry"}}]},
    ]
    async with connected(slack, inbox, mode):
        slack.say(
            "C1",
            "",
            f"<@{BOT_USER}> Build 7",
            mention=False,
            subtype="bot_message",
            bot_id="B2",
            username="CI",
            blocks=blocks,
        )
        await settled(slack)
    (message,) = inbox.messages
    assert message.author == Author(id="B2", name="CI", kind=Kind.BOT)
    assert message.text == "Build 7\n**branch** main"
    assert not message.called


@pytest.mark.parametrize("told", [True, False], ids=["told before", "not told before"])
async def test_edits_and_deletions_are_passed_on_whatever_slack_tells_of_before(
    slack: Slack, inbox: Collected, mode: str, told: bool
) -> None:
    async with connected(slack, inbox, mode):
        ts = slack.say("C1", "U1", "hello", mention=False)
        slack.edit("C1", ts, "hello <@U2>", told=told)
        slack.delete("C1", ts, told=told)
        await settled(slack)
    edit, deletion = sorted(inbox.others, key=lambda each: isinstance(each, Deletion))
    assert isinstance(edit, Edit)
    assert (edit.id, edit.text) == (ts, "hello @bob")
    assert deletion == Deletion(platform="slack", space=SPACE, channel="C1", ids=(ts,))


@pytest.mark.parametrize("told", [True, False], ids=["told before", "not told before"])
async def test_a_link_that_is_shown_is_no_edit(
    slack: Slack, inbox: Collected, mode: str, told: bool
) -> None:
    async with connected(slack, inbox, mode):
        ts = slack.say("C1", "U1", "see https://example.com", mention=False)
        slack.unfurl("C1", ts, told=told)
        await settled(slack)
    assert inbox.others == []


async def test_a_first_post_that_is_deleted_leaves_a_tombstone_which_is_a_deletion(
    slack: Slack, inbox: Collected, mode: str
) -> None:
    async with connected(slack, inbox, mode):
        root = slack.say("C1", "U1", "hello", mention=False)
        slack.say("C1", "U2", "reply", thread=root, mention=False)
        slack.delete("C1", root)
        await settled(slack)
    assert inbox.others == [Deletion(platform="slack", space=SPACE, channel="C1", ids=(root,))]


async def test_an_admin_may_delete_what_the_bot_said(
    slack: Slack, inbox: Collected, mode: str
) -> None:
    async with connected(slack, inbox, mode):
        slack.channel("C1")
        post = slack.workspace.add("C1", BOT_USER, "wrong")
        slack.delete("C1", post.ts)
        await settled(slack)
    assert inbox.others == [Deletion(platform="slack", space=SPACE, channel="C1", ids=(post.ts,))]


async def test_own_posts_and_their_edits_are_echoed_with_turn_and_fence(
    slack: Slack, inbox: Collected, mode: str
) -> None:
    payload = {"turn": "t1", "slot": 0, "fence": 7}
    metadata = {"event_type": "threadkeeper", "event_payload": payload}
    async with connected(slack, inbox, mode) as platform:
        root = slack.say("C1", "U1", "hello", mention=False)
        await settled(slack)
        post = await platform._web.write(
            "chat.postMessage", channel="C1", thread_ts=root, text="half", metadata=metadata
        )
        slack.workspace.channels["C1"].posts[post["ts"]].more = {"metadata": metadata}
        await platform._web.write("chat.update", channel="C1", ts=post["ts"], text="whole")
        await settled(slack)
    where = inbox.messages[0].conversation
    echo = Echo(conversation=where, id=post["ts"], turn="t1", fence=7)
    assert inbox.echoes[-1] == echo
    assert (len(inbox.messages), inbox.others) == (1, [])


@pytest.mark.parametrize("author", [BOT_USER, "U2"])
async def test_metadata_of_own_posts_is_an_echo_in_their_thread(
    slack: Slack, inbox: Collected, mode: str, author: str
) -> None:
    metadata = {"event_type": "threadkeeper", "event_payload": {"turn": "t1", "fence": 7}}
    async with connected(slack, inbox, mode):
        root = slack.say("C1", "U1", "hello", mention=False)
        await settled(slack)
        post = slack.workspace.add("C1", author, "hi", thread=root, metadata=metadata)
        slack._emit(payloads.marked(post, post.ts), slack.channel("C1"))
        await settled(slack)
    echo = Echo(conversation=inbox.messages[0].conversation, id=post.ts, turn="t1", fence=7)
    assert inbox.echoes == ([echo] if author == BOT_USER else [])


async def test_a_group_direct_message_needs_a_mention(
    slack: Slack, inbox: Collected, mode: str
) -> None:
    slack.channel("G1", "mpim")
    async with connected(slack, inbox, mode):
        slack.say("G1", "U1", "among us", mention=False)
        await settled(slack)
        slack.say("G1", "U1", "and you?", order=["message"])
        await settled(slack)
    assert [message.called for message in inbox.messages] == [False, True]
    assert {each.conversation.audience for each in inbox.messages} == {Audience.PRIVATE}


async def test_in_the_agent_view_every_direct_message_begins_a_thread(
    slack: Slack, inbox: Collected, mode: str
) -> None:
    async with connected(slack, inbox, mode, agent=True):
        root = slack.dm("U1", "one")
        slack.dm("U1", "two", thread=root)
        other = slack.dm("U1", "three")
        await settled(slack)
    threads = {message.text: message.conversation.thread for message in inbox.messages}
    assert threads == {"one": root, "two": root, "three": other}
    assert all(message.called for message in inbox.messages)


async def test_a_person_without_a_name_is_named_by_the_id(
    slack: Slack, inbox: Collected, mode: str
) -> None:
    slack.workspace.marks["U1"] = {"name": "", "profile": {}}
    async with connected(slack, inbox, mode):
        slack.dm("U1", "hello")
        await settled(slack)
    assert inbox.messages[0].author.name == "U1"


async def test_a_person_mentioned_of_whom_slack_says_nothing_is_named_by_the_id(
    slack: Slack, inbox: Collected, mode: str
) -> None:
    async with connected(slack, inbox, mode):
        slack.dm("U1", "hello")
        await settled(slack)
        slack.fail("users.info", Fault(error="missing_scope"))
        slack.dm("U1", "do you know <@U2>?")
        await settled(slack)
    assert inbox.texts[-1] == "do you know @U2?"


async def test_a_deleted_message_of_ours_is_told_by_bot_id_too(
    slack: Slack, inbox: Collected, mode: str
) -> None:
    async with connected(slack, inbox, mode):
        slack.say("C1", "", "posted by us, without a user", mention=False, bot_id=BOT_ID)
        await settled(slack)
    assert inbox.messages == []


async def test_payloads_leave_as_they_came(slack: Slack, inbox: Collected, mode: str) -> None:
    async with connected(slack, inbox, mode):
        slack.say("C1", "U1", "hello")
        before = json.dumps([delivery.body for delivery in slack.deliveries])
        await settled(slack)
    assert json.dumps([delivery.body for delivery in slack.deliveries]) == before


NONSENSE: list[dict[str, Any]] = [
    {"type": "message"},
    {"type": "message", "channel": "C1", "user": "U1", "text": "hello", "ts": "junk"},
    {"type": "message", "channel": "C1", "subtype": "message_changed", "message": "what?"},
    {"type": "message", "channel": "C1", "subtype": "message_deleted"},
    {"type": "message", "channel": "C1", "user": "U1", "ts": "1.1", "blocks": 7, "bot_id": "B2"},
]


@pytest.mark.parametrize("event", NONSENSE, ids=str)
async def test_what_makes_no_sense_is_acknowledged_as_it_never_will(
    slack: Slack, inbox: Collected, mode: str, event: dict[str, Any]
) -> None:
    async with connected(slack, inbox, mode):
        delivery = slack.deliver({"type": "event_callback", "team_id": SPACE, "event": event})
        await slack.until(lambda: delivery.acked)
    assert (inbox.messages, inbox.others) == ([], [])
