"""Slack payloads, recorded and made up, as the bot understands them."""

import json
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.message import (
    Audience,
    Author,
    Conversation,
    Deletion,
    Echo,
    Edit,
    Kind,
    Message,
    Rescoped,
)
from adapters.slack.events import Me, mentioned, message, read, space
from adapters.slack.mrkdwn import markdown

# Beside the checkout, or beside the folder of worktrees.
RECORDED = next(
    (path for up in Path(__file__).parents if (path := up / "shared/data/slack").exists()),
    Path("absent"),
)
ME = Me(user="U00FAKEBOT01", bot="B00FAKEBOT01", name="keeper")
NAMES = {"U00FAKEUSER1": "Ada", "U2": "Bob"}
Said = Message | Edit | Deletion | Rescoped | Echo | None


def recorded(name: str) -> Any:
    path = RECORDED / f"recorded-{name}.json"
    if not path.exists():
        pytest.skip("the recorded payloads are not in this checkout")
    return json.loads(path.read_text())


def parsed(body: Mapping[str, Any], channel_type: str = "channel") -> Said:
    kind = body["event"].get("channel_type", channel_type)
    return read(body, me=ME, names=NAMES, channel_type=kind)


def event(text: str = "hello", **fields: Any) -> dict[str, Any]:
    said = {"type": "message", "user": "U2", "ts": "1766458026.240809", "text": text}
    place = {"channel": "C1", "channel_type": "channel", "event_ts": "1766458030.000100"}
    return {"team_id": "T1", "event": said | place | fields}


def heard(body: Mapping[str, Any], **options: Any) -> Message:
    said = parsed(body, **options)
    assert isinstance(said, Message)
    return said


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


def changed(**after: Any) -> dict[str, Any]:
    before = {"user": "U2", "ts": "1766458026.240809", "text": "old"}
    return event(subtype="message_changed", message=before | after, previous_message=before)


def test_an_edit_has_the_new_text_and_the_time_of_the_event() -> None:
    said = parsed(changed(text="<@U2> *new*", edited={"user": "U2", "ts": "1766458030.000000"}))
    assert isinstance(said, Edit)
    assert (said.space, said.channel, said.id) == ("T1", "C1", "1766458026.240809")
    assert said.text == "@Bob **new**"
    assert said.edited_at.isoformat() == "2025-12-23T02:47:10.000100+00:00"


def test_an_edit_that_removes_the_mention_keeps_the_text() -> None:
    body = changed(text="just this", edited={"user": "U2", "ts": "1766458030.000000"})
    body["event"]["previous_message"]["text"] = f"<@{ME.user}> just this"
    said = parsed(body)
    assert isinstance(said, Edit)
    assert said.text == "just this"


def test_an_edit_of_more_than_the_text_counts() -> None:
    assert isinstance(parsed(changed(edited={"user": "U2", "ts": "1766458030.000000"})), Edit)


def test_an_unfurled_link_is_no_edit() -> None:
    assert parsed(changed(attachments=[{"from_url": "https://example.com"}])) is None


@pytest.mark.parametrize("author", [{"user": ME.user}, {"bot_id": ME.bot}])
def test_a_deletion_counts_whoever_wrote_it(author: dict[str, str]) -> None:
    gone: dict[str, Any] = {"deleted_ts": "1766458026.240809", "previous_message": author}
    said = parsed(event(subtype="message_deleted", **gone))
    assert said == Deletion(platform="slack", space="T1", channel="C1", ids=("1766458026.240809",))


def test_a_deletion_needs_no_previous_message() -> None:
    said = parsed(event(subtype="message_deleted", deleted_ts="1766458026.240809"))
    assert isinstance(said, Deletion)


def test_a_tombstone_is_a_deletion() -> None:
    said = parsed(changed(subtype="tombstone", user="USLACKBOT", text="This message was deleted."))
    assert said == Deletion(platform="slack", space="T1", channel="C1", ids=("1766458026.240809",))


def test_names_are_needed_of_the_author_first_and_of_everybody_mentioned() -> None:
    assert mentioned(event("<@U00FAKEUSER1> and <@U3|cy> and <@U2>")) == [
        "U2",
        "U00FAKEUSER1",
        "U3",
    ]
    assert mentioned(changed(text="<@U3>")) == ["U2", "U3"]


@pytest.mark.parametrize(
    ("mrkdwn", "expected"),
    [
        (f"<@{ME.user}> what is up", "what is up"),
        (f"what do you say, <@{ME.user}|keeper>", "what do you say,"),
        ("ask <@U2> or <@U9>", "ask @Bob or @U9"),
        ("in <#C1|general> and <#C2>", "in #general and #C2"),
        ("<!here> <!subteam^S1|@ops> <!subteam^S2>", "@here @ops @S2"),
        ("<!date^1392734382^{date}|18 Feb 2014>", "18 Feb 2014"),
        ("<https://example.com|the site>", "[the site](https://example.com)"),
        ("<https://example.com>", "https://example.com"),
        ("<mailto:a@example.com|a@example.com>", "[a@example.com](mailto:a@example.com)"),
        ("&lt;b&gt; &amp;amp; &amp;lt;", "<b> &amp; &lt;"),
        ("*bold* _italic_ ~gone~ 2*3*4 a~b~c", "**bold** _italic_ ~~gone~~ 2*3*4 a~b~c"),
        ("*for <@U2>*", "**for @Bob**"),
        ("<https://example.com/*a*/~b~>", "https://example.com/*a*/~b~"),
        ("`*x* <https://example.com|example.com>`", "`*x* example.com`"),
        ("see ```a *b*\n&lt;c&gt;``` then", "see ```\na *b*\n<c>\n``` then"),
        ("• one\n    ◦ two", "- one\n    - two"),
        ("&gt; quoted", "> quoted"),
    ],
)
def test_mrkdwn_becomes_markdown(mrkdwn: str, expected: str) -> None:
    assert markdown(mrkdwn, me=ME.user, names=NAMES) == expected


@given(st.text(st.characters(exclude_characters="*~`•◦▪", exclude_categories=["Cs"])))
def test_plain_words_come_through_as_they_were_typed(words: str) -> None:
    escaped = words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert markdown(escaped, me=ME.user, names={}) == words.strip()


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


def rich(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": "rich_text", "elements": list(elements)}


def words(text: str, **style: bool) -> dict[str, Any]:
    return {"type": "text", "text": text, "style": style}


SECTION = {"type": "rich_text_section"}


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        (
            rich(
                SECTION
                | {
                    "elements": [
                        {"type": "user", "user_id": ME.user},
                        words(" ask "),
                        {"type": "user", "user_id": "U2"},
                        words(" in "),
                        {"type": "channel", "channel_id": "C1"},
                        {"type": "emoji", "name": "tada"},
                        {"type": "broadcast", "range": "here"},
                    ]
                }
            ),
            "ask @Bob in #C1:tada:@here",
        ),
        (
            rich(
                SECTION
                | {"elements": [words("both ", bold=True, italic=True), words("x", code=True)]}
            ),
            "**_both_** `x`",
        ),
        (
            rich(
                SECTION
                | {
                    "elements": [
                        {"type": "link", "url": "https://e.com", "text": "here"},
                        words(" "),
                        {"type": "link", "url": "https://f.com"},
                    ]
                }
            ),
            "[here](https://e.com) https://f.com",
        ),
        (
            rich(
                {
                    "type": "rich_text_list",
                    "style": "ordered",
                    "indent": 1,
                    "offset": 2,
                    "elements": [SECTION | {"elements": [words(each)]} for each in ("a", "b")],
                }
            ),
            "    3. a\n    4. b",
        ),
        (rich({"type": "rich_text_quote", "elements": [words("a\nb")]}), "> a\n> b"),
        (
            rich({"type": "rich_text_preformatted", "elements": [words("x = 1\n")]}),
            "```\nx = 1\n```",
        ),
        ({"type": "markdown", "text": "**as it is**"}, "**as it is**"),
        (
            {
                "type": "context",
                "elements": [
                    {"type": "image", "alt_text": "a cat", "image_url": "https://e.com/c"},
                    {"type": "mrkdwn", "text": "by <@U2>"},
                ],
            },
            "a cat by @Bob",
        ),
        (
            {"type": "table", "rows": [[{"type": "raw_text", "text": "a|b"}, rich()]]},
            "| a\\|b |  |\n| --- | --- |",
        ),
        ({"type": "divider"}, ""),
    ],
    ids=lambda each: "" if isinstance(each, dict) else repr(each),
)
def test_blocks_become_markdown(block: dict[str, Any], expected: str) -> None:
    assert heard(event("", bot_id="B2", blocks=[block])).text == expected


def test_a_passed_on_message_is_read_and_a_shown_link_is_not() -> None:
    passed_on = {
        "is_share": True,
        "from_url": "https://x.slack.com/1",
        "author_name": "Cy",
        "text": "done",
    }
    shown = {"from_url": "https://example.com", "title": "An example", "text": "of a site"}
    assert heard(event("see", attachments=[passed_on, shown])).text == "see\n\nForwarded: Cy\ndone"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["type", "text", "elements", "rows", "style", "user_id", "fields", "url"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
KINDS = ["rich_text", "table", "section", "context", "header", "markdown", "new_in_2027"]


@given(kind=st.sampled_from(KINDS), text=JSON, elements=JSON)
def test_a_block_that_slack_invents_later_breaks_nothing(
    kind: str, text: Any, elements: Any
) -> None:
    block = {"type": kind, "text": text, "elements": [{"type": "new", "text": elements}]}
    assert isinstance(heard(event("hello", bot_id="B2", blocks=[block])).text, str)
