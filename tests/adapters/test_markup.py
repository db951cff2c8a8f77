"""Parts fit, lose nothing and read alone; mentions reach nobody."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.markup import LONGEST_LINK, SMALLEST, neutralise, split

FENCE = re.compile(r"[ \t]*(`{3,10}|~{3,10})[^\s`]*")
WORDS = ["a", "word ", "One. ", "\n", "\n\n", "  \n", "\t", "лес ", "🌲", "x" * 70]
FENCES = ["```", "```python\n", "````", "~~~\n", "  ```js x\n", "`", "~", "```" + "y" * 90 + "\n"]
PIECES = st.sampled_from([*WORDS, *FENCES, "code()\n" * 9])
MARKDOWN = st.lists(PIECES, max_size=60).map("".join) | st.text(max_size=400)
LIMITS = st.integers(SMALLEST, 200)


def opened(part: str) -> list[str]:
    """The marks of the fence that is open at the part's end, told line by line."""
    marks: list[str] = []
    for line in part.split("\n"):
        fence = re.fullmatch(r"[ \t]{0,12}(`{3,10}(?!`)|~{3,10}(?!~))([^`]*)", line)
        if fence and not marks:
            marks = [fence[1]]
        elif fence and fence[1].startswith(marks[0]) and not fence[2].strip():
            marks = []
    return marks


def bodies(part: str) -> set[str]:
    """What may be left of a part without the fence lines that were added."""
    first, _, tail = part.partition("\n")
    starts = {part, tail} if FENCE.fullmatch(first) else {part}
    ends = set()
    for start in starts:
        head, newline, last = start.rpartition("\n")
        if FENCE.fullmatch(last):
            ends |= {head, head + newline}
    return starts | ends


@given(MARKDOWN, LIMITS)
def test_every_part_fits_and_none_is_blank(text: str, limit: int) -> None:
    assert all(len(part) <= limit and part.strip() for part in split(text, limit))


@given(MARKDOWN, LIMITS)
def test_without_the_added_fence_lines_the_parts_join_to_the_text(text: str, limit: int) -> None:
    text = re.sub(r"\s{20,}", " ", text)  # white space that fills a part is not shown
    reached = {0}
    for part in split(text, limit):
        ways = [(at, body) for at in reached for body in bodies(part)]
        reached = {at + len(body) for at, body in ways if text.startswith(body, at)}
    assert any(not text[at:].strip() for at in reached)


@given(MARKDOWN, LIMITS)
def test_every_part_closes_the_fences_it_opens(text: str, limit: int) -> None:
    assert not any(opened(part) for part in split(text, limit))


@given(MARKDOWN, MARKDOWN, LIMITS)
def test_all_but_the_last_part_stay_when_lines_are_added(text: str, more: str, limit: int) -> None:
    done = split(text + "\n", limit)[:-1]
    assert split(text + "\n" + more, limit)[: len(done)] == done


def test_a_short_text_is_one_part() -> None:
    assert split("hello\n\nworld", 100) == ["hello\n\nworld"]


def test_no_text_is_no_part() -> None:
    assert split("", 100) == split(" \n ", 100) == []


@pytest.mark.parametrize("border", ["\n\n", "\n", ". ", " "])
def test_a_cut_prefers_the_better_border(border: str) -> None:
    text = "a" * 55 + border + "b" * 20 + " " + "c" * 80
    assert split(text, 100)[0] == "a" * 55 + border if border != " " else "a" * 55 + " b" * 20


def test_a_fence_cut_in_two_is_closed_and_reopened_with_its_language() -> None:
    code = "".join(f"line_{number:02}()\n" for number in range(20))
    first, *_, last = split(f"See:\n\n```python\n{code}```\nDone.", 100)
    assert first.endswith(")\n```")
    assert last.startswith("```python\nline_")
    assert last.endswith("```\nDone.")


def test_a_fence_still_being_written_is_closed() -> None:
    assert split("```sh\nls", 100) == ["```sh\nls\n```"]


def test_a_limit_too_small_for_fences_is_refused() -> None:
    with pytest.raises(ValueError, match="80 is the least"):
        split("text", 10)


LIVE = re.compile(
    r"@(everyone|here|channel|group)|<@[!&]?\w+(\|[^>]*)?>|<#\w+(\|[^>]*)?>"
    r"|<!(here|channel|everyone|group|subteam\^\w+)(\|[^>]*)?>"
)
MENTIONS = ["@everyone", "@here", "@channel", "<@123>", "<@!1>", "<@&1>", "<@U1>", "<@U1|ann>"]
MENTIONS += ["<!here>", "<!channel>", "<!everyone|x>", "<!subteam^S1>", "<#C1>", "<#C1|general>"]
TALK = st.lists(
    st.sampled_from([*MENTIONS, "<", "@", "!", "&", "#", ">", "|", "here", "\u200b", "a "])
    | st.text(max_size=5),
    max_size=20,
).map("".join)


@pytest.mark.parametrize("mention", MENTIONS)
def test_a_mention_is_no_longer_live_and_looks_the_same(mention: str) -> None:
    quiet = neutralise(f"hi {mention}!")
    assert not LIVE.search(quiet)
    assert quiet.replace("\u200b", "") == f"hi {mention}!"


@given(TALK)
def test_nothing_live_is_left_of_any_text(text: str) -> None:
    assert not LIVE.search(neutralise(text))


@given(TALK)
def test_neutralising_twice_changes_nothing_more(text: str) -> None:
    assert neutralise(neutralise(text)) == neutralise(text)


@given(TALK, LIMITS)
def test_splitting_wakes_no_mention(text: str, limit: int) -> None:
    assert not any(LIVE.search(part) for part in split(neutralise(text * 9), limit))


@pytest.mark.parametrize("text", ["<!DOCTYPE html>", "<!-- note -->", "a@b.example", "if a <b>"])
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert neutralise(text) == text


BODY = r"(?:[a-z][a-z0-9+.-]*://|(?<![\w=/])www\.)(?!\u200b)[^\s<>]+"
HOSTS = [
    "evil.test",
    "typed.test",
    "www.evil.test",
    "typed.test@evil.test",
    "evil.test\\@typed.test",
]
ADDRESSES = [f"{scheme}{host}/a?q=1" for host in HOSTS for scheme in ("https://", "HTTP://", "")]
SHAPES = ["{}", "<{}>", "[x]({})", "![x]({})", "[x](<{}>)", '[x]({} "y")', "[a [b]]({})", "`{}`"]
SHAPES += [
    "[{0}]({0})",
    "`a\n{}`",
    "```\n{}\n```",
    "~~~\n{}\n~~~",
    "```\na ``` {}\n```",
    "**{}**",
    "~~~\n",
]
SHAPES += ["[x][1]\n\n[1]: {}", "<{}|x>", "`", "``", "```\n", "\n", " ", "a", "(", "[", "]"]
LINKS = st.lists(
    st.builds(str.format, st.sampled_from(SHAPES), st.sampled_from(ADDRESSES)), max_size=12
).map("".join)


def live(text: str) -> list[str]:
    """The hosts of links outside code, read as strictly as the strictest program does."""
    outside = re.sub(r"(?<!`)```(?!`)(?:(?!```).)+?(?:```(?!`)|\Z)", " ", text, flags=re.DOTALL)
    outside = re.sub(r"(?<!`)(`{1,2})(?!`)([^\n`]+?)\1(?!`)", " ", outside)
    found = re.findall(BODY, outside, re.IGNORECASE)
    return [re.split(r"[/?]", each.partition("://")[2] or each)[0] for each in found]


@given(LINKS)
def test_no_link_is_left_whose_host_nobody_typed(text: str) -> None:
    assert not [host for host in live(neutralise(text)) if "." in host]


@given(LINKS)
def test_only_links_to_what_people_typed_are_left(text: str) -> None:
    hosts = {host.rstrip(")*\"]|'") for host in live(neutralise(text, "see typed.test please"))}
    assert hosts <= {"typed.test", ""}


@given(LINKS)
def test_links_are_neutralised_once(text: str) -> None:
    assert neutralise(neutralise(text)) == neutralise(text)


@given(LINKS, st.integers(600, 900))
def test_splitting_wakes_no_link(text: str, limit: int) -> None:
    for part in split(neutralise(text * 9), limit):
        assert not [host for host in live(part) if "." in host]


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("see https://evil.test/a?q=1.", "see `https://evil.test/a?q=1`."),
        ("see [the docs](https://evil.test/a)", "see the docs (`https://evil.test/a`)"),
        ("![](https://evil.test/a?secret)", "(`https://evil.test/a?secret`)"),
        ("**https://evil.test/a**", "**`https://evil.test/a`**"),
        ("[the docs](https://typed.test/a)", "[the docs](https://typed.test/a)"),
        ("`curl https://evil.test`", "`curl https://evil.test`"),
        ("```sh\ncurl https://evil.test\n```", "```sh\ncurl https://evil.test\n```"),
        ("either a/b or c.d, e.g. 1.5/2", "either a/b or c.d, e.g. 1.5/2"),
        ("https://typed.test@evil.test/", "`https://typed.test@evil.test/`"),
    ],
)
def test_a_link_that_nobody_typed_shows_where_it_leads(said: str, shown: str) -> None:
    assert neutralise(said, "is https://typed.test/b good?") == shown


def test_a_long_link_that_nobody_typed_is_cut() -> None:
    assert len(neutralise("https://evil.test/" + "a" * 9_000)) == LONGEST_LINK + 2
