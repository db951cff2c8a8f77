"""Parts fit, lose nothing and read alone; mentions reach nobody."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adapters.links import LONGEST
from adapters.markup import _SEEN, SMALLEST, neutralise, split

FENCE = re.compile(r"[ \t]*(`{3,10}|~{3,10})[^\s`]*")
WORDS = ["a", "word ", "One. ", "\n", "\n\n", "  \n", "\t", "лес ", "🌲", "x" * 70]
FENCES = ["```", "```python\n", "````", "~~~\n", "  ```js x\n", "`", "~", "```" + "y" * 90 + "\n"]
ITEMS = ["\n- item ", "\n  - inner ", "\n2. item\n", "\n   more of it ", "\n## Heading\n"]
TABLES = ["\n| a | b |\n|---|---|\n", "| 1 | 2 |\n", "| " + "3" * 50 + " | 4 |\n", "||secret||\n"]
PIECES = st.sampled_from([*WORDS, *FENCES, *ITEMS, *TABLES, "code()\n" * 9])
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
    """What may be left of a part without the lines that were added: of fences, a table's header."""
    first, _, tail = part.partition("\n")
    starts = {part, tail} if FENCE.fullmatch(first) else {part}
    if header := re.match(r"[ \t]*\|.*\n[ \t|:-]*-[ \t|:-]*\n", part):
        starts.add(part[header.end() :])
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
@example("\n\n`aaword " + "x" * 54 + "`", 80)
@example("\n\n`aaword " + "x" * 70 + "`", 80)
def test_without_the_added_lines_the_parts_join_to_the_text(text: str, limit: int) -> None:
    reached = {0}
    for part in split(text, limit):
        unseen = (range(at, len(text) - len(seen(text[at:]))) for at in reached)
        reached |= {at + 1 for run in unseen for at in run}  # a blank part is none
        ways = [(at, body) for at in reached for body in bodies(part)]
        reached = {at + len(body) for at, body in ways if text.startswith(body, at)}
    assert any(not seen(text[at:]) for at in reached)


def seen(text: str) -> str:
    """From the first character that shows something."""
    found = _SEEN.search(text)
    return text[found.start() :] if found else ""


@given(MARKDOWN, LIMITS)
def test_every_part_closes_the_fences_it_opens(text: str, limit: int) -> None:
    assert not any(opened(part) for part in split(text, limit))


@given(MARKDOWN, MARKDOWN, LIMITS)
@example("```" + "y" * 90 + "\n  \n\n", "\n\t", 101)
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
    _, first, *_, last = split(f"See:\n\n```python\n{code}```\nDone.", 100)
    assert first.endswith(")\n```")
    assert last.startswith("```python\nline_")
    assert last.endswith("```\nDone.")


BLOCKS = {
    "fence": "```sh\n" + "ls -l /tmp\n" * 7 + "```\n",
    "table": "| name | size |\n|---|---|\n" + "| a | 1 |\n" * 6,
    "item": "- one thing, said at length. " + "And more.\n  So. " * 4 + "\n",
    "item with a list": "1. all of these:\n" + "   - this one\n" * 5,
    "item with a fence": "1. do this:\n   ```sh\n   ls\n   ```\n\n   and look at it\n",
}


@given(st.integers(0, 120), st.sampled_from(["\n", "\n\n"]), st.sampled_from(sorted(BLOCKS)))
def test_what_fits_a_part_is_not_cut(before: int, gap: str, kind: str) -> None:
    block = BLOCKS[kind]
    assert len(block) <= 100
    parts = split(f"{'word ' * (before // 5)}{gap}{block}\nAfter. {'word ' * 40}", 100)
    assert any(block.strip() in part for part in parts)


def test_a_table_that_must_be_cut_is_cut_between_rows_and_repeats_its_header() -> None:
    header, rows = "| name | n |\n|:--|--:|\n", "".join(f"| row | {n:02} |\n" for n in range(20))
    parts = split(header + rows, 100)
    assert all(part.startswith(header) and part.endswith("|\n") for part in parts)
    assert "".join(part.removeprefix(header) for part in parts) == rows


def test_a_fence_in_an_item_too_long_is_kept_whole() -> None:
    fence = "  ```sh\n" + "  ls -l\n" * 6 + "  ```\n"
    parts = split(f"- first {'word ' * 12}\n{fence}  then {'more ' * 9}\n", 100)
    assert fence.strip() in parts[1]


def test_code_in_a_line_is_not_cut() -> None:
    code = f"`{'ls -l ' * 8}`"
    assert [code in part for part in split(f"{'word ' * 12}{code} and {'more ' * 9}", 100)] == [
        False,
        True,
    ]


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
@example("**https://evil.test/a?q=1**[x](https://evil.test/a?q=1)")
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


def test_a_link_too_long_to_be_code_is_broken() -> None:
    link = "https://evil.test/" + "a" * LONGEST
    assert neutralise(link) == link.replace("://", "\u200b://").replace(".test", "\u200b.test")
