"""Slack payloads, recorded and made up, as the bot understands them."""

from copy import deepcopy
from typing import Any

import pytest

from adapters.message import Audience, Author, Conversation, Kind, Message
from adapters.slack.events import mentioned, message, space
from tests.adapters.slack_payloads import ME, NAMES, changed, event, heard, parsed, recorded


def test_the_recorded_twins_are_one_message() -> None:
    first, second, *_ = recorded("events")
    assert parsed(first) == parsed(second)
    said = heard(second)
    assert said.text == "1"
    assert said.called
    assert said.id == "1766458026.240809"
    assert said.twin == "66cc9473-12a2-4934-bd57-301917883ae3"
    assert said.author == Author(id="U00FAKEUSER1", name="Ada")
    assert said.sent_at.isoformat() == "2025-12-23T02:47:06.240809+00:00"
    assert said.conversation == Conversation(
        platform="slack",
        space="T00FAKE00AA",
        channel="C00FAKECHAN1",
        thread="1766458026.240809",
        audience=Audience.PUBLIC,
    )


def test_a_recorded_reply_without_mention_stays_in_its_thread_and_does_not_call() -> None:
    said = heard(recorded("events")[2])
    assert not said.called
    assert said.conversation.thread == "1766458026.240809"


def test_the_bots_recorded_echo_and_its_edits_say_nothing() -> None:
    assert [parsed(body) for body in recorded("events")[3:6]] == [None, None, None]


def test_a_recorded_direct_message_calls_and_has_no_thread() -> None:
    said = heard(recorded("events")[7])
    assert said.called
    assert said.conversation.audience is Audience.DIRECT
    assert said.conversation.thread == ""


def test_recorded_events_about_views_say_nothing() -> None:
    bodies = recorded("events")
    assert parsed(bodies[6]) is None
    assert parsed(bodies[8]) is None


def test_slacks_own_notices_are_no_call_even_in_a_direct_message() -> None:
    said = heard(recorded("events")[9])
    assert said.author.kind is Kind.BOT
    assert not said.called
    assert said.text == "@Ada archived the channel #C00FAKECHAN1"


def test_a_pasted_table_is_read() -> None:
    assert heard(recorded("events")[10]).text == (
        "Which devices support remote firmware upgrades?\n\n"
        "| Manufacturer | Identifier Listed | Units |\n"
        "| --- | --- | --- |\n"
        "| Samsung | QB55C | 3 |"
    )


def test_a_recorded_upload_is_described() -> None:
    said = heard(recorded("streaming")["aiMentionWithFile"])
    assert said.called
    assert len(said.attachments) == 1


@pytest.mark.parametrize(
    "name", ["channel", "channel-mention", "dm", "mention", "streaming", "team1", "team2"]
)
def test_every_recorded_event_of_a_person_is_understood(name: str) -> None:
    bodies = [body for body in recorded(name).values() if isinstance(body, dict)]
    for body in bodies:
        if body.get("type") == "event_callback":
            assert isinstance(parsed(body), Message)


@pytest.mark.parametrize("subtype", ["file_share", "thread_broadcast", "me_message"])
def test_what_people_say_has_several_subtypes(subtype: str) -> None:
    assert heard(event(subtype=subtype)).text == "hello"


def test_the_channels_bookkeeping_says_nothing() -> None:
    assert parsed(event("<@U2> has joined", subtype="channel_join")) is None


def test_another_bot_never_calls() -> None:
    body = event(
        f"<@{ME.user}> ping", subtype="bot_message", user=None, bot_id="B2", username="deploys"
    )
    said = heard(body)
    assert said.author == Author(id="B2", name="deploys", kind=Kind.BOT)
    assert not said.called
    assert said.text == "ping"


def test_another_bot_is_read_where_it_speaks_in_cards() -> None:
    section = {"type": "section", "text": {"type": "mrkdwn", "text": "*Build 7*"}}
    card = {"title": "Failed", "text": "2 &lt; 3", "fallback": "unread"}
    said = heard(event("", bot_id="B2", blocks=[section], attachments=[card]))
    assert said.text == "**Build 7**\n\nFailed\n2 < 3"


def test_an_organisation_wide_installation_is_one_space() -> None:
    body = event() | {
        "authorizations": [{"enterprise_id": "E1", "team_id": "T1", "is_enterprise_install": True}]
    }
    assert heard(body).conversation.space == "E1"
    body["authorizations"][0]["is_enterprise_install"] = False
    assert heard(body).conversation.space == "T1"


@pytest.mark.parametrize(
    ("channel_type", "shared", "audience"),
    [
        ("channel", False, Audience.PUBLIC),
        ("group", False, Audience.PRIVATE),
        ("mpim", False, Audience.PRIVATE),
        ("channel", True, Audience.SHARED),
        ("group", True, Audience.SHARED),
        ("im", False, Audience.DIRECT),
        ("im", True, Audience.DIRECT),
    ],
)
def test_the_audience_is_who_can_read(channel_type: str, shared: bool, audience: Audience) -> None:
    body = event(channel_type=channel_type) | {"is_ext_shared_channel": shared}
    assert heard(body).conversation.audience is audience


def test_a_group_direct_message_needs_a_mention() -> None:
    assert not heard(event(channel_type="mpim")).called
    assert heard(event(f"<@{ME.user}> hello", channel_type="mpim")).called


def test_a_direct_messages_first_post_of_a_thread_stays_with_the_direct_message() -> None:
    post = event()["event"] | {"thread_ts": "1766458026.240809"}
    channel = Conversation(platform="slack", space="T1", channel="D1", audience=Audience.DIRECT)
    said = message(post, channel, me=ME, names=NAMES)
    assert said
    assert said.conversation.thread == ""


def test_names_are_needed_of_the_author_first_and_of_everybody_mentioned() -> None:
    assert mentioned(event("<@U00FAKEUSER1> and <@U3|cy> and <@U2>")) == [
        "U2",
        "U00FAKEUSER1",
        "U3",
    ]
    assert mentioned(changed(text="<@U3>")) == ["U2", "U3"]


def test_reading_leaves_the_payload_alone() -> None:
    body = changed(text="new")
    before = deepcopy(body)
    parsed(body)
    assert body == before


ORGANISED = {"is_enterprise_install": True, "enterprise_id": "E1", "team_id": "T1"}


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"team_id": "T2", "authorizations": [{"team_id": "T1"}]}, "T1"),
        ({"team_id": "T2", "context_team_id": "T1"}, "T1"),
        ({"team_id": "T1", "enterprise_id": "E1", "authorizations": [{"user_id": "U1"}]}, "T1"),
        ({"team_id": "T1", "authorizations": [ORGANISED]}, "E1"),
        ({"team_id": "T1", "enterprise_id": "E1", "is_enterprise_install": "true"}, "E1"),
        ({"team_id": "T1", "enterprise_id": "E1", "is_enterprise_install": "false"}, "T1"),
        ({"team": {"id": "T1"}, "enterprise": None, "is_enterprise_install": False}, "T1"),
        ({"team": {"id": "T1"}, "enterprise": {"id": "E1"}, "is_enterprise_install": True}, "E1"),
        ({"team": None, "enterprise": {"id": "E1"}, "is_enterprise_install": True}, "E1"),
    ],
    ids=str,
)
def test_the_space_is_where_the_bot_is_installed(body: dict[str, Any], where: str) -> None:
    assert space(body) == where
