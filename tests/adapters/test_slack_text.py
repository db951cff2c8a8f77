"""Slack's mrkdwn and blocks as the Markdown that the bot reads."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.slack.mrkdwn import markdown
from tests.adapters.slack_payloads import ME, NAMES, event, heard


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


@pytest.mark.parametrize("indent", [9, 10**9, 1e308])
def test_a_list_is_indented_as_deep_as_people_can_see(indent: float) -> None:
    item = SECTION | {"elements": [words("a")]}
    block = rich({"type": "rich_text_list", "indent": indent, "elements": [item]})
    assert heard(event("", bot_id="B2", blocks=[block])).text == "    " * 8 + "- a"


def test_a_cell_says_its_words_in_order_however_deep_they_are() -> None:
    cell = rich(SECTION | {"elements": [words("a"), words("b|")]}, {"elements": [words("c\nd")]})
    for _ in range(500):
        cell = {"elements": [cell]}
    block = {"type": "table", "rows": [[cell]]}
    assert heard(event("", bot_id="B2", blocks=[block])).text == "| ab\\|c d |\n| --- |"


def test_words_in_blocks_come_in_order_however_deep_they_are() -> None:
    inner: Any = [{"type": "plain_text", "text": each} for each in ("a", "b")]
    for _ in range(500):
        inner = {"elements": [inner]}
    assert heard(event("", bot_id="B2", blocks=[{"type": "new", "fields": inner}])).text == "a b"
