"""Texts made to be slow: from a small grammar, of any length, and the same every time."""

import random
from collections.abc import Callable, Iterator, Mapping
from itertools import product

Pattern = Callable[[int], str]  # a text of so many characters

_MARKS = (
    *("*", "**", "_", "__", "~", "~~", "|", "||", "`", "``", "```", "~~~", "\\", "#", "> ", ">>> "),
    *(
        "- ",
        "* ",
        "1. ",
        "• ",
        "◦",
        "| a |",
        "|---|",
        "[",
        "]",
        "(",
        ")",
        "](",
        "[a](",
        "![",
        "[x]",
    ),
    *("<", ">", "<@", "<@U1", "<@U1|", "<#C1|a>", "<!here>", "<a:b:1>", "</a:", "&lt;", "&amp;"),
)
_LINKS = (
    *("a.b/", "://", "http://", "https:", "www.", "//", "a.", "a-", "a@b.", "a+", "?a=", "mailto:"),
    *("[a](http://b.c)", "http://b.c ", "http://b.c/", "www.b.c", "[www.](//", "`http://b.c`"),
)
_DATA = (
    *('"', "'", "“", "„", "{", "}", "{}", "[]", "{[", '{"', '{"a":', '{"facts":[', '"summary": "'),
    *('{"person":"A","key":"b","value":"c","quote":"d"},', ",", ":", ": ", "A: ", "a b: c", "\\n"),
    *("[attached: ", "Forwarded: ", "\nA: ", "\n> ", "\n| ", "\n\n", "\n```\n", "\n- A: ", "null"),
)
_SPACES = (
    *(" ", "\t", "\n", "\r", "\r\n", "\x0b", "\x0c", "\x1c", "\x85", "\xa0", "\u2003", "\u2028"),
    *(" \n", "\n ", "\t\n", "\u3000", "\u200b", "\u200d", "\u2060", "\ufeff", "\u00ad", "\0"),
)
_LETTERS = (
    *(
        "a",
        "A",
        "aB",
        "Ab",
        "a1",
        "1",
        "9.",
        "1,",
        ".",
        "!",
        "?",
        "…",
        ".)",
        "a.",
        "a. ",
        "A. ",
        "a ",
    ),
    *("I ", "if ", "so, ", "the ", "please ", "ignore ", "İ", "ß", "é", "e\u0301", "\u0301"),
    *(
        "\u0301\u0323",
        "\u0345\u0301",
        "\u0f71\u0f72",
        "я",
        "ж ",
        "中",
        "中文。",
        "が",
        "か\u3099",
        "한",
        "กา",
    ),
    *(
        "ա",
        "ع",
        "ﷺ",
        "क्",
        "😀",
        "👨\u200d👩\u200d",
        "🇩",
        "ﬀ",
        "𝔄",
        "\ud800",
        "a/",
        "a_",
        "a-",
        "a:",
    ),
)
_TOKENS = (*_MARKS, *_LINKS, *_DATA, *_SPACES, *_LETTERS)
_AFTER = ("", "a", " ", "\n")
_PAIRS = (
    *(
        ("[", "]"),
        ("(", ")"),
        ("<", ">"),
        ("{", "}"),
        ('"', '"'),
        ("“", "”"),
        ("`", "`"),
        ("```", "```"),
    ),
    *(
        ("*", "*"),
        ("**", "**"),
        ("_", "_"),
        ("~~", "~~"),
        ("||", "||"),
        ("[a](", ")"),
        ("![", "](b)"),
    ),
    *(('{"a":', "}"), ("<@U1|", ">"), ("```\n", "\n```\n"), ("[", "](http://b.c)"), ("*_", "_*")),
)
_RUNS = ("a", " ", "\n", "a ", "|-", "a.")
_MIXTURES, _LONGER = 48, 5  # seeded texts of many tokens; tokens in each part that is repeated


def patterns() -> Mapping[str, Pattern]:
    """By names that say what they are made of."""
    made: dict[str, Pattern] = {}
    for token, after in product(_TOKENS, _AFTER):
        made.setdefault(f"{token + after!r} again and again", _again(token + after))
    for opener, closer in _PAIRS:
        made[f"{opener!r} as deep as it goes, then {closer!r}"] = _nested(opener, closer)
    for token, run in product(_MARKS, _RUNS):
        made[f"{token!r}, then {run!r} again and again, then '`)|x'"] = _framed(token, run)
    return made | dict(_mixtures())


def few(patterns: Mapping[str, Pattern], every: int) -> Mapping[str, Pattern]:
    """One of so many, and all the mixtures that repeat."""
    return {name: made for n, (name, made) in enumerate(patterns.items()) if n % every == 0}


def _again(part: str) -> Pattern:
    """Whole ones: half of one at the end may be another text altogether."""
    return lambda size: (part * (size // len(part))).ljust(size, "x")


def _nested(opener: str, closer: str) -> Pattern:
    def text(size: int) -> str:
        depth = size // (len(opener) + len(closer)) + 1
        return (opener * depth + closer * depth)[:size]

    return text


def _framed(token: str, run: str) -> Pattern:
    return lambda size: (token + _again(run)(size))[: size - 4] + "`)|x"


def _mixtures() -> Iterator[tuple[str, Pattern]]:
    """Half of them repeat one draw of a few tokens, half draw anew to the end."""
    for seed in range(_MIXTURES):
        few = "".join(random.Random(seed).choices(_TOKENS, k=_LONGER))  # noqa: S311
        yield f"{few!r} again and again", _again(few)
        yield f"mixture {seed}", _drawn(seed)


def _drawn(seed: int) -> Pattern:
    return lambda size: "".join(random.Random(seed).choices(_TOKENS, k=size))[:size]  # noqa: S311
