"""How a reply shows what it quotes: other case, Markdown, marks, lines, punctuation, digits."""

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from random import Random

from tests.memory.quotes.pair import Language

Dress = Callable[[Random, str], str]
MARKS = ("“{}”", "„{}“", "«\u00a0{}\u00a0»", "'{}'", '"{}"', "「{}」", "‘{}’")
EMPHASES = ("**{}**", "*{}*", "_{}_", "***{}***", "~~{}~~", "||{}||", "`{}`")
DIGITS: Mapping[str, str] = {
    "Arabic": "٠١٢٣٤٥٦٧٨٩",
    "Hindi": "०१२३४५६७८९",
    "Thai": "๐๑๒๓๔๕๖๗๘๙",
    "Japanese": "０１２３４５６７８９",
    "Chinese": "０１２３４５６７８９",
}
GROUPINGS = (",", ".", " ", "\u202f", "'", "’", "")


def plain(_: Random, text: str) -> str:
    return text


def cased(chance: Random, text: str) -> str:
    return chance.choice((str.upper, str.lower, str.title))(text)


def emphasised(chance: Random, text: str) -> str:
    return chance.choice(EMPHASES).format(text)


def in_marks(chance: Random, text: str) -> str:
    return chance.choice(MARKS).format(text)


def in_code(chance: Random, text: str) -> str:
    return f"\n```{chance.choice(('', 'text'))}\n{text}\n```\n"


def quoted(_: Random, text: str) -> str:
    """Set off, and broken over two lines where it has words."""
    return "\n> " + "\n> ".join(_halves(text)) + "\n\n"


def broken(chance: Random, text: str) -> str:
    return chance.choice(("\n", "  \n", "\r\n", "\n\n")).join(_halves(text))


def listed(chance: Random, text: str) -> str:
    return f"\n{chance.choice(('- ', '* ', '1. ', '### '))}{text}\n"


def part_bold(chance: Random, text: str) -> str:
    """One word of it."""
    words = text.split()
    at = chance.randrange(len(words))
    words[at] = f"**{words[at]}**"
    return " ".join(words)


def punctuated(chance: Random, text: str) -> str:
    words = text.split()
    at = chance.randrange(len(words) - 1)
    words[at] += chance.choice((",", " –", ";", ":", " …", "،", " /"))
    return " ".join(words)


def spaced(chance: Random, text: str) -> str:
    return text.replace(" ", chance.choice(("\u00a0", "  ", " \u200b", "\t")))


def decomposed(_: Random, text: str) -> str:
    """The same letters as a Mac's file names have them."""
    return unicodedata.normalize("NFD", text)


def escaped(_: Random, text: str) -> str:
    """As careful authors of Markdown write it."""
    return "".join(f"\\{each}" if each in "_*#~`" else each for each in text)


def linked(_: Random, text: str) -> str:
    scheme = "mailto:" if "@" in text else ""
    return f"[here]({scheme}{text})"


def grouped(chance: Random, text: str) -> str:
    """By thousands, another way each time; half of them with cents."""
    joint = chance.choice(GROUPINGS)
    head, rest = len(text) % 3, text[len(text) % 3 :]
    groups = [text[:head], *(rest[at : at + 3] for at in range(0, len(rest), 3))]
    cents = f"{',' if joint != ',' else '.'}00" if chance.random() < 0.5 else ""
    return joint.join(filter(None, groups)) + cents


def in_own_digits(language: Language) -> Dress:
    table = str.maketrans("0123456789", DIGITS[language.name])
    return lambda _, text: text.translate(table)


WORDS: Mapping[str, Dress] = {
    "plain": plain,
    "cased": cased,
    "emphasised": emphasised,
    "in marks": in_marks,
    "in code": in_code,
    "quoted": quoted,
    "broken": broken,
    "listed": listed,
    "part bold": part_bold,
    "punctuated": punctuated,
    "spaced": spaced,
    "decomposed": decomposed,
}
UNSPACED = ("plain", "emphasised", "in marks", "in code", "quoted", "broken", "listed")
TOKENS: Mapping[str, Dress] = {
    "plain": plain,
    "emphasised": emphasised,
    "in marks": in_marks,
    "in code": in_code,
    "listed": listed,
}


def _halves(text: str) -> Sequence[str]:
    words = text.split(" ")
    if len(words) > 1:
        middle = len(words) // 2
        return [" ".join(words[:middle]), " ".join(words[middle:])]
    return [text[: len(text) // 2], text[len(text) // 2 :]]
