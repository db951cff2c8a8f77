"""Replies that took words from a message: five in a row, or one rare token."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from random import Random

from tests.memory.quotes import dress, tokens
from tests.memory.quotes.east import EAST
from tests.memory.quotes.middle import MIDDLE
from tests.memory.quotes.pair import Language, Pair
from tests.memory.quotes.people import people
from tests.memory.quotes.west import WEST

LANGUAGES = (*WEST, *MIDDLE, *EAST)
FIRST = datetime(2026, 11, 30, tzinfo=UTC)
LEAST = 5  # words in a row
LONG = 12  # paragraphs of a long reply
BRACKETED = re.compile(r"\[([^\]]+)\]")


def planted(seed: int, count: int = 500) -> list[Pair]:
    """Each a quote; languages in turn, words in a row and tokens by turns of all languages."""
    chance = Random(f"planted {seed}")  # noqa: S311
    made = []
    for number in range(count):
        language = LANGUAGES[number % len(LANGUAGES)]
        rare = number // len(LANGUAGES) % 2
        made.append(_token(chance, language) if rare else _words(chance, language))
    return made


def moment(chance: Random) -> datetime:
    return FIRST + timedelta(minutes=chance.randrange(500_000))


def _words(chance: Random, language: Language) -> Pair:
    short = chance.random() < 0.2
    gone = chance.choice(language.short if short else language.told)
    run = gone if short else BRACKETED.findall(gone)[0]
    if language.spaced and not short:
        run = _part(chance, run)
    named = chance.choice(sorted(dress.WORDS) if language.spaced else dress.UNSPACED)
    shown = dress.WORDS[named](chance, run)
    kind = "short message" if short else "words in a row"
    return _pair(chance, language, BRACKETED.sub(r"\1", gone), shown, kind, named)


def _part(chance: Random, run: str) -> str:
    """Five words in a row of it, or more."""
    words = run.split()
    size = chance.randint(LEAST, len(words))
    start = chance.randrange(len(words) - size + 1)
    return " ".join(words[start : start + size])


def _token(chance: Random, language: Language) -> Pair:
    kind = chance.choice(sorted(tokens.MAKERS))
    token = tokens.MAKERS[kind](chance, language)
    named, dresses = _dress_of(chance, kind, language)
    shown = chance.choice(language.returned).format(dresses[named](chance, token))
    said = dress.grouped(chance, token) if kind == "number" and chance.random() < 0.5 else token
    return _pair(chance, language, chance.choice(language.carried).format(said), shown, kind, named)


def _dress_of(
    chance: Random, kind: str, language: Language
) -> tuple[str, Mapping[str, dress.Dress]]:
    fit = dict(dress.TOKENS)
    if kind == "number":
        fit["grouped"] = dress.grouped
        if language.name in dress.DIGITS:
            fit["own digits"] = dress.in_own_digits(language)
    if kind in tokens.RECASED:
        fit["cased"] = lambda _, text: text.swapcase()
    if kind in {"snake", "password"}:
        fit["escaped"] = dress.escaped
    if kind in {"e-mail", "web"}:
        fit["linked"] = dress.linked
    return chance.choice(sorted(fit)), fit


def _pair(chance: Random, language: Language, gone: str, shown: str, kind: str, named: str) -> Pair:
    names = people(chance)
    filled = [each.format(names[0]) for each in (*language.greetings, *language.thanks)]
    if long := chance.random() < 0.2:
        others = [BRACKETED.sub(r"\1", each) for each in language.told]
        room = [each for each in (*others, *filled, *language.boilerplate) if each != gone]
        before = "\n\n".join(chance.choices(room, k=chance.randrange(2, LONG)))
        after = "\n\n".join(chance.choices(room, k=chance.randrange(2, LONG)))
    else:
        before = chance.choice((*language.openings, *filled, ""))
        after = chance.choice((*language.closings, *language.boilerplate, ""))
    joint = "\n\n" if long else " "
    reply = f"{before}{joint}{shown}{joint}{after}".strip()
    return Pair(
        gone=gone,
        reply=reply,
        names=names,
        at=moment(chance),
        language=language.name,
        kind=f"{kind}, long reply" if long else kind,
        dress=named,
    )
