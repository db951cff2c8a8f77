"""Functions that were made linear say what they said before: held to how they were written then."""

import re

from hypothesis import given
from hypothesis import strategies as st

from adapters.links import named
from adapters.slack import mrkdwn
from adapters.slack.streams import settled

STYLE = r"(?<![\w{0}])[{0}](?![^<>]*>)(?=[^\s{0}])([^{0}\n]+?)(?<=\S)[{0}](?![\w{0}])"
ENTITIES = ["<@U1>", "<https://a.example/x|b>", "<#C1|c>", "<mailto:d@e.example>"]
TALK = [
    *ENTITIES,
    "*",
    "~",
    "a",
    "b ",
    " ",
    "\n",
    ".",
    "(",
    ")",
    "2*3",
    "•",
    "• ",
    "  ",
    "_",
    "лес",
]
SAID = [
    *("a.example", "www.", "http://", "b", ".", "-", "@", "/", ":80", " ", "\n", "://", "лес", "A")
]
FENCE = re.compile(r"[ \t]*(`{3,}|~{3,})")
GROWING = ["```", "```sh\n", "~~~\n", "\n", " ", "a", "b c ", "[", "](", ")", "[a](b) ", "\t", "``"]


@given(st.lists(st.sampled_from(TALK), max_size=20).map("".join))
def test_styles_are_found_where_they_were(text: str) -> None:
    styled = mrkdwn._STRIKE.sub(
        lambda found: mrkdwn._marked("~~", found),
        mrkdwn._BOLD.sub(lambda found: mrkdwn._marked("**", found), text),
    )
    assert styled == re.sub(
        STYLE.format("~"), r"~~\1~~", re.sub(STYLE.format("*"), r"**\1**", text)
    )


@given(st.lists(st.sampled_from([*TALK, "\t", "\x0b", "◦ "]), max_size=20).map("".join))
def test_bullets_are_found_where_they_were(text: str) -> None:
    old = re.compile(r"^(\s*)[•◦▪] +", re.MULTILINE)
    assert mrkdwn._BULLET.sub(r"\1- ", text) == old.sub(r"\1- ", text)


@given(
    st.lists(st.sampled_from(SAID), max_size=12).map("".join),
    st.sampled_from(["a.example", "b", "a", "example", "b.a.example", "лес", "a.exampleb"]),
)
def test_a_host_is_named_where_it_was(text: str, host: str) -> None:
    word = rf"(?<![\w.@-])(?:www\.)?{re.escape(host)}(?![\w-]|\.\w|://)"
    was = re.search(word, text, re.IGNORECASE) is not None
    # A name right before "://" is a scheme, and none of what it begins with is a host.
    assert named(text, host) is was or re.search(r"[\w.-]\.-[\w.-]*://", text) is not None


@given(st.lists(st.sampled_from(GROWING), max_size=20).map("".join))
def test_what_is_settled_of_a_growing_text_is_what_was(text: str) -> None:
    head, newline, line = text.rpartition("\n")
    while FENCE.match(line):
        head, newline, line = head.rpartition("\n")
    label = line.rfind("[")
    if label >= 0 and ")" not in line[label:]:
        line = line[:label]
    assert settled(text) == head + newline + line[: line.rfind(" ") + 1]


def test_a_styled_text_may_hold_an_entity_with_the_mark_inside() -> None:
    text = "*see <https://a.example/*x*/|this> now*"
    assert mrkdwn.markdown(text, me="U9", names={}) == "**see [this](https://a.example/*x*/) now**"
