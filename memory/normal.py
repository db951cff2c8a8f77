"""Text in one normal form, so that what looks the same compares as the same; in linear time."""

from unicodedata import normalize

import regex  # type: ignore[import-untyped]

# Python sorts a run of marks by insertion. Unicode allows to stop at 30 in a row, as no language
# comes near it: https://unicode.org/reports/tr15/#Stream_Safe_Text_Format
_MARKS = regex.compile(r"(\p{M}{30})\p{M}++")
_PHRASE = "\ufdfa"  # one sign that stands for eighteen letters


def nfkc(text: str) -> str:
    """Unicode's NFKC, without marks that are piled up, and without the longest ligature."""
    if text.isascii():
        return text
    return normalize("NFKC", _MARKS.sub(r"\1", text.replace(_PHRASE, " ")))
