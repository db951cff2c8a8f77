"""Rare tokens of a text: numbers, addresses, identifiers and what looks like a password."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

import regex  # type: ignore[import-untyped]

from memory.normal import nfkc

DIGITS = 4  # a number of so many is rare
LONG = 24  # characters: a longer token that is no plain word is rare whatever it is
HUMPS = 8  # characters: a shorter word in mixed case is a product's name, not an identifier
TOKEN = 400  # characters of a token that are read

# What stands between tokens beside white space: quotation marks and brackets.
_APART = str.maketrans(dict.fromkeys('"“”„‟«»「」『』`´<>()[]{}（）【】，。、！？；：', " "))
_UNSPACED = regex.compile(
    r"[[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Tibetan}"
    r"\p{Hangul}ー]--\p{N}]+",
    regex.VERSION1,
)
_PIECE = regex.compile(r"[=:|/,;&?#]+")
_EDGES = ".,:;!?*_~|'’‘…-–—…()¿¡؟،।#=/\\"
_WORDS_APART = _APART | str.maketrans(dict.fromkeys(".,", " "))
_EMPHASIS = str.maketrans("*_~`|", "     ")
_JOINT = regex.compile(r"[-.]")
_JOINING = frozenset(  # `state-of-the-art` is no identifier
    [
        "of",
        "the",
        "to",
        "on",
        "in",
        "and",
        "at",
        "by",
        "for",
        "up",
        "an",
        "or",
        "la",
        "le",
        "de",
        "du",
        "en",
        "et",
    ]
)
_EMOJI = re.compile(r":[a-z+-][\w+-]{0,40}:", re.IGNORECASE)
_THOUSANDS = regex.compile(r"(?<![\d.,])\d{1,3}(?:[.,'’\u00a0\u202f ]\d{3})+(?!\d)")
_TIME = regex.compile(r"\d{1,2}[:.h]\d{2}(?:[:.]\d{2})?(?:am|pm|h|uhr)?")
_DATE = regex.compile(r"\d{1,4}[-./]\d{1,2}[-./]\d{1,4}")
_NUMBER = regex.compile(r"[+#$€£¥№]?\d(?:[\d.,'’/:+()-]*\d)?[%€$£¥]?")
_DIGITS = regex.compile(r"\d+")
_HOST = regex.compile(
    r"[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)*\.(?:com|org|net|io|dev|app|ai|co|info|xyz|me|eu|de|fr|es|pt|it|nl"
    r"|uk|us|ch|at|ru|jp|cn|kr|in|br|test|example|local|internal|edu|gov)"
)
_HUMPS = regex.compile(r"\p{Ll}{2,}(?:\p{Lu}[\p{Ll}\p{N}]+)+|(?:\p{Lu}[\p{Ll}\p{N}]+){3,}")
_UNIT = regex.compile(
    r"\d+(?:st|nd|rd|th|er?|[ap]m|h|hrs?|min|s|sec|ms|d|days?|[wkmgvxp]|[kcm]m|kg|[kmgt]b|p[xt]"
    r"|[mg]?hz)|[a-z]\d{1,2}"
)
_SYMBOLS = frozenset("!@#$%^&*+=?~\\§")
_NAME = r"(?:\p{L}[\p{L}'’.-]* )"  # a word of a street's name
_STREET = regex.compile(
    rf"\b\d{{1,5}}\p{{L}}?,? {_NAME}{{1,3}}(?:street|st|road|rd|lane|ln|avenue|ave|drive|square"
    r"|court|terrace|way)\b"
    r"|\b[\p{L}-]*(?:straße|strasse|str\.|weg|gasse|allee|platz|markt|tor|graben|kai|ring"
    r"|damm|ufer)"
    r" \d{1,4}\p{L}?\b"
    r"|\b\d{1,4},? (?:rue|avenue|boulevard|impasse|quai|place|cours|chemin)"
    r" (?:d[eu] |des |de la |l')?\p{L}[\p{L}'’-]*"
    r"|\p{Han}{1,2}\d{1,3}丁目(?:[\d-]{1,6}(?:番地?)?(?:\d{1,3}号?)?)?"
    r"|\p{Han}{2}[路街道巷]\d{1,4}号|\p{Hangul}{1,8}[로길] ?\d{1,4}"
    r"|(?:شارع|طريق|ถนน) ?[\p{L}\p{M}]{1,20} ?\d{1,4}"
    r"|[\p{L}\p{M}]{1,20} (?:रोड|मार्ग|गली) \d{1,4}|\d{1,4} [\p{L}\p{M}]{1,20} (?:रोड|मार्ग|गली)"
    rf"|\b(?:calle|avenida|plaza|rua|via|viale|piazza|ulica|улица|ул\.) {_NAME}{{1,4}},? ?"
    r"(?:д\. ?)?\d{1,4}\b|\b\p{L}+ (?:улица|проспект|переулок),? \d{1,4}"
)
# One of these words, or of these parts of words, stands in whatever _STREET finds.
_STREET_WORDS = frozenset(
    [
        *("street", "st", "road", "rd", "lane", "ln", "avenue", "ave", "drive", "square", "court"),
        *("terrace", "way", "weg", "allee", "platz", "markt", "tor", "graben", "kai", "ring"),
        *("damm", "ufer", "rue", "boulevard", "impasse", "quai", "place", "cours", "chemin"),
        *("calle", "avenida", "plaza", "rua", "via", "viale", "piazza", "ulica", "ул"),
        *("улица", "проспект", "переулок", "شارع", "طريق", "रोड", "मार्ग", "गली"),
    ]
)
_STREET_PARTS = (
    "straße",
    "strasse",
    "str. ",
    "weg ",
    "gasse",
    "platz ",
    "allee ",
    "ufer ",
    "ring ",
)
_STREET_SIGNS = ("丁目", "号", "로", "길", "ถนน")
_CALLED = regex.compile(  # what a secret is introduced by; the token behind it is rare
    r"\b(?:password|passwort|passphrase|passcode|pin|token|secret|codeword|code|kennwort"
    r"|contraseña|clave|senha|mot de passe|wachtwoord|пароль|код)\b"
    r"(?: (?:is|ist|lautet|est|es|é|war|was|для|now|jetzt))?[ :=–-]{1,3}"
    r"[\"'“„«`*]{0,2}([\p{L}\p{N}]{4,40})"
)
_CALLING = (  # one of them stands in whatever _CALLED finds
    *("pass", "pin", "token", "secret", "code", "kennwort", "contraseña", "clave", "senha"),
    *("wachtwoord", "пароль", "код"),
)
_ORDINARY = regex.compile(  # looks like an identifier or a password, and everybody writes it
    r"covid-19|utf-(?:8|16)|base64|sha-?(?:1|256)|python[23]|windows1[01]|log4j|ipv[46]|oauth2"
    r"|http[23]|gpt-\d\w?|24/7|office365|html5|and/or|s?he/s?he|n/a|w/o|c\+\+|c#|[qr]&[ad]|at&t"
    r"|(?:node|vue|next)\.js"
)


class Rare:
    """Finds them."""

    def found(self, text: str) -> frozenset[str]:
        """The tokens that are taken for a quote wherever they turn up again, folded."""
        text = _normal(text)
        # Most tokens are plain words: what may be rare is told from them without a call.
        likely = [each for each in _tokens(text) if not each.isalpha() or len(each) >= HUMPS]
        found = {_folded(piece) for piece in _pieces(likely) if self._is_rare(piece)}
        lower = text.casefold()
        if _holds(lower, _CALLING):
            found.update(match.group(1) for match in _CALLED.finditer(lower))
        return frozenset(found.union(_spaced(lower)))

    def all(self, text: str) -> frozenset[str]:
        """All tokens of a text, folded in the same way."""
        text = _normal(text)
        return frozenset(map(_folded, _pieces(_tokens(text)))).union(_spaced(text.casefold()))

    def _is_rare(self, piece: str) -> bool:
        if piece.isalpha():
            return len(piece) >= HUMPS and _mixed_case(piece) and bool(_HUMPS.fullmatch(piece))
        folded = piece.casefold()
        if _ORDINARY.fullmatch(folded) or _UNIT.fullmatch(folded) or _TIME.fullmatch(folded):
            return False
        if _NUMBER.fullmatch(piece):
            return sum(each.isdigit() for each in piece) >= DIGITS
        if _is_address(folded) or _is_identifier(piece) or _is_password(piece):
            return True
        parts = _JOINT.split(folded)
        return len(parts) > 2 and min(map(len, parts)) > 1 and _JOINING.isdisjoint(parts)


def _normal(text: str) -> str:
    """Without emoji's names, and without the backslashes that Markdown puts before a sign."""
    if ":" in text:
        text = _EMOJI.sub(" ", text)
    return nfkc(text).replace("\\", "")


def _tokens(text: str) -> Sequence[str]:
    if not text.isascii():
        text = _UNSPACED.sub(" ", text)
    return text.translate(_APART).split()


def _holds(text: str, parts: Sequence[str]) -> bool:
    for part in parts:  # noqa: SIM110  a generator takes three times as long
        if part in text:
            return True
    return False


def _pieces(tokens: Iterable[str]) -> Iterator[str]:
    """Tokens, and what they are joined of: of `host:port/path?key=value` each part too."""
    for token in tokens:
        if token.isalpha():
            yield token
            continue
        whole = token[:TOKEN].strip(_EDGES)
        if whole:
            yield whole
        if not whole.isalnum() and len(pieces := _PIECE.split(whole)) > 1:
            yield from (piece.strip(_EDGES) for piece in pieces)


def _folded(piece: str) -> str:
    """Numbers by their digits alone, dates by their parts, all else without regard to case."""
    if piece.isalpha() or not (piece[-1:].isdigit() or piece[:1].isdigit()):
        return piece.casefold()
    if _DATE.fullmatch(piece):
        return "-".join(sorted(_DIGITS.findall(piece)))
    if _NUMBER.fullmatch(piece):
        return _digits(piece)
    return piece.casefold()


def _digits(number: str) -> str:
    return "".join(str(unicodedata.digit(each)) for each in number if each.isdigit())


def _spaced(lower: str) -> Iterator[str]:
    """Tokens with a space inside: `12 500` is the number 12500; streets with their numbers."""
    if _DIGITS.search(lower):
        lower = lower.translate(_EMPHASIS)
        yield from (_digits(match.group()) for match in _THOUSANDS.finditer(lower))
        if _names_a_street(lower):
            for match in _STREET.finditer(lower):
                yield " ".join(match.group().replace(",", " ").split())


def _mixed_case(piece: str) -> bool:
    return not (piece.islower() or piece.isupper() or piece.istitle())


def _names_a_street(lower: str) -> bool:
    if not _STREET_WORDS.isdisjoint(lower.translate(_WORDS_APART).split()):
        return True
    return _holds(lower, _STREET_PARTS) or (not lower.isascii() and _holds(lower, _STREET_SIGNS))


def _is_address(folded: str) -> bool:
    if "://" in folded or folded.startswith(("www.", "mailto:")) or folded.count("/") >= 2:
        return True
    name, at, host = folded.rpartition("@")
    if at:
        return bool(name) and "." in host
    return bool(_HOST.fullmatch(folded)) or folded.count(".") >= 3


def _is_identifier(piece: str) -> bool:
    inner = piece.strip("_")
    if "_" in inner or "::" in inner or "\\" in inner:
        return True
    if _mixed_case(inner) and len(inner) >= HUMPS and _HUMPS.fullmatch(inner):
        return True
    digits = sum(each.isdigit() for each in inner)
    letters = sum(each.isalpha() for each in inner)
    return digits > 0 and letters > 0 and len(inner) >= 5


def _is_password(piece: str) -> bool:
    symbols = sum(each in _SYMBOLS for each in piece)
    if symbols and len(piece) >= 6 and any(each.isalnum() for each in piece):
        return not piece.startswith(("@", "#")) or symbols > 1
    return piece.count("-") >= 3 or len(piece) >= LONG
