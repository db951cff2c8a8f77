"""Whether one text took words from another: a run of words, or one token that is rare."""

import re
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, pairwise
from pathlib import Path
from typing import TypeAlias, TypeVar

import regex  # type: ignore[import-untyped]

from memory.facts import plain
from memory.rare import Rare

LONGEST = 40_000  # characters of a text that are compared
RUN = 60  # weight of a run that is a quote: five words, or ten signs of a script without spaces
LONG_RUN = 108  # of one in which every word is a frequent one
OWN = 6  # what its words have to say of their own, beside: see Words.own
SAMPLE = 3  # every third run of three is kept: a run of five holds at least one of those whole

_WORD, _SIGN, _LETTER = 12, 6, 4  # weights: a word in scripts without spaces has 2 or 3 of these
_SAYS, _POLITE = {_WORD: 6, _SIGN: 2, _LETTER: 1}, {_WORD: 2, _SIGN: 0, _LETTER: 0}
_SIGNS = r"\p{Han}\p{Hiragana}\p{Katakana}ー"
_LETTERS = r"\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Tibetan}"
_TOKEN = regex.compile(  # where scripts meet, as in `2027년` or `Adaさん`, a word ends
    rf"[{_SIGNS}]\p{{M}}*|[[{_LETTERS}]--\p{{M}}]|\p{{Hangul}}+"
    rf"|[[\p{{L}}\p{{M}}\p{{N}}]--[{_SIGNS}{_LETTERS}\p{{Hangul}}]]+",
    regex.VERSION1,
)
_ONE_SIGN, _ONE_LETTER = regex.compile(f"[{_SIGNS}]"), regex.compile(f"[{_LETTERS}]")
_KANA = regex.compile(r"[\p{Hiragana}ー]\p{M}*")
_ASCII, _MARKUP = re.compile(r"[a-z0-9]+"), str.maketrans("", "", "*_~`\\")
_SENTENCE = regex.compile(rf"[.,!?…;:\n。，、！？؟،।]+|(?<=[{_LETTERS}]\p{{M}}?) +(?=[{_LETTERS}])")
_EMOJI = re.compile(r":[a-z+-][\w+-]{0,40}:", re.IGNORECASE)

Run = tuple[str, ...]
# What can be compared quickly of a source: hashes of samples of its runs, and of its rare tokens.
# They hold for one process, as Python's hashes do, and tell nobody what was said.
Prints: TypeAlias = "array[int]"
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Words:
    """A text as runs see it: its words in order, their weights, and what each says of its own.

    Frequent words, names, phrases that everybody says and small numbers say nothing. Other words
    say something (_SAYS), and less where somebody thanks, greets or offers help, as those vary.
    """

    words: Run
    weights: tuple[int, ...]
    own: tuple[int, ...]
    polite: tuple[bool, ...]  # whether it stands in such a sentence
    sentences: tuple[int, ...]  # the number of its sentence

    @property
    def weight(self) -> int:
        return sum(self.weights)


class Quotes:
    """Reads its lists of frequent words and phrases once. May be used from several threads."""

    def __init__(self) -> None:
        folder = Path(__file__).with_name("vocabulary")
        self._common = _listed(folder / "common.txt")
        self._polite = _listed(folder / "polite.txt")
        self._parts = _rows(folder / "polite_parts.txt")
        self._phrases = _by_first(_rows(folder / "phrases.txt"))
        self.rare = Rare()

    def prints(self, text: str) -> Prints:
        """Of a message that a reply may take words from."""
        text = text[:LONGEST]
        words = _words(text)
        samples = zip(words[::SAMPLE], words[1::SAMPLE], words[2::SAMPLE], strict=False)
        runs = samples if len(words) >= SAMPLE else (words,)
        return array("q", map(hash, chain(runs, self.rare.found(text))))

    def reply(
        self, text: str, names: Iterable[str] = (), ignored: AbstractSet[str] = frozenset()
    ) -> "Reply":
        """A reply to compare; `names` of those who talk do not count, nor do `ignored` tokens."""
        return Reply(self, text[:LONGEST], names, ignored)

    def words(self, text: str, names: AbstractSet[str]) -> Words:
        """What runs need to know of a text."""
        words = list[str]()
        own, polite, sentences = list[int](), list[bool](), list[int]()
        for number, sentence in enumerate(_SENTENCE.split(_without_emoji(text[:LONGEST]))):
            said = _words(sentence)
            said_politely = not self._polite.isdisjoint(said) or _holds(sentence, self._parts)
            phrased = frozenset(self._within_phrases(said))
            words += said
            polite += [said_politely] * len(said)
            sentences += [number] * len(said)
            own += [
                0 if at in phrased or word in names else self._own(word, said_politely)
                for at, word in enumerate(said)
            ]
        return Words(
            tuple(words), tuple(map(_weight, words)), tuple(own), tuple(polite), tuple(sentences)
        )

    def _own(self, word: str, said_politely: bool) -> int:
        small = len(word) <= 2 and (word.isdecimal() or bool(_KANA.fullmatch(word)))
        if small or word in self._common or word in self._polite:
            return 0
        return (_POLITE if said_politely else _SAYS)[_weight(word)]

    def _within_phrases(self, words: Run) -> Iterator[int]:
        end = 0
        for at, word in enumerate(words):
            for phrase in self._phrases.get(word, ()):
                if words[at : at + len(phrase)] == phrase:
                    end = max(end, at + len(phrase))
            if at < end:
                yield at


class Reply:
    """One reply, compared with many sources."""

    def __init__(
        self, quotes: Quotes, text: str, names: Iterable[str], ignored: AbstractSet[str]
    ) -> None:
        self._quotes, self._words = quotes, _words(text)
        self._names = frozenset(word for name in names for word in _words(name)) | ignored
        named = frozenset(token for name in names for token in quotes.rare.all(name))
        self._tokens = quotes.rare.all(text) - named - ignored
        # Hashes of runs and of tokens side by side: one look at a source tells of both.
        runs = zip(self._words, self._words[1:], self._words[2:], strict=False)
        self._hashes = set(map(hash, chain(runs, pairwise(self._words), self._tokens)))
        self._short = _is_short(self._words)

    @cached_property
    def _runs(self) -> frozenset[Run]:
        return frozenset(chain(_all_runs(self._words, RUN), _all_runs(self._words, LONG_RUN)))

    def likely(self, sources: Sequence[tuple[Item, Prints]]) -> Sequence[Item]:
        """Those that are worth a close look: among them all of which `taken` finds something."""
        if self._short:
            return [item for item, _ in sources]
        if self._hashes.isdisjoint(chain.from_iterable(prints for _, prints in sources)):
            return []  # as it is most of the time: one pass tells
        return [item for item, prints in sources if not self._hashes.isdisjoint(prints)]

    def taken(self, source: str) -> frozenset[Run]:
        """The runs and rare tokens (runs of one) of a source that stand in this reply too."""
        rare = self._quotes.rare.found(source[:LONGEST]) & self._tokens
        tokens = frozenset((token,) for token in rare)
        words = _words(source[:LONGEST])
        if self._short or _is_short(words):
            return tokens | _whole(self._quotes.words(source, self._names), self._words)
        if self._runs.isdisjoint(_all_runs(words, RUN)):
            return tokens  # most of what looked likely shares no run
        return tokens | self._runs.intersection(_runs(self._quotes.words(source, self._names)))


def _whole(source: Words, reply: Run) -> frozenset[Run]:
    """The shorter of both, too short for a run, where it stands whole in the other."""
    if source.weight < RUN:
        found = source.words if _stands_in(source.words, reply) else ()
        own = source.own
    else:
        at = _stands_in(reply, source.words)
        found = reply if at else ()
        own = source.own[at - 1 : at - 1 + len(reply)] if at else ()
    long_enough = len(found) >= 3 and len(" ".join(found)) >= 12
    return (
        frozenset([found])
        if sum(own) >= (OWN if long_enough else 2 * OWN) and found
        else frozenset()
    )


def _stands_in(short: Run, long: Run) -> int:
    """Behind how many words less one; 0: it does not."""
    size = len(short)
    starts = range(len(long) - size + 1)
    return next((at + 1 for at in starts if long[at : at + size] == short), 0)


def _runs(text: Words) -> Iterator[Run]:
    """The shortest runs of a source that are a quote where they stand in a reply too."""
    for at in range(len(text.words)):
        end = _end(text.weights, at, RUN)
        if end and sum(text.own[at:end]) >= OWN:
            yield text.words[at:end]
        end = _end(text.weights, at, LONG_RUN)
        spaced = end - at == LONG_RUN // _WORD
        if end and spaced and not text.polite[at] and len(set(text.sentences[at:end])) == 1:
            yield text.words[at:end]


def _end(weights: Sequence[int], at: int, wanted: int) -> int:
    """Where a run that begins here has its weight; 0: the text ends before."""
    for end in range(at, min(at + wanted, len(weights))):
        wanted -= weights[end]
        if wanted <= 0:
            return end + 1
    return 0


def _all_runs(words: Run, wanted: int) -> Iterator[Run]:
    weights = tuple(map(_weight, words))
    if min(weights, default=_WORD) == _WORD:  # as below, faster
        shifted = (words[start:] for start in range(wanted // _WORD))
        return zip(*shifted, strict=False)
    ends = ((at, _end(weights, at, wanted)) for at in range(len(words)))
    return (words[at:end] for at, end in ends if end)


def _without_emoji(text: str) -> str:
    return _EMOJI.sub(" ", text) if ":" in text else text


def _words(text: str) -> Run:
    text = _without_emoji(text)
    if text.isascii():  # as below, in a fifth of the time
        return tuple(_ASCII.findall(text.lower().translate(_MARKUP)))
    return tuple(_TOKEN.findall(plain(text.replace("\\", ""))))


def _is_short(words: Run) -> bool:
    return len(words) < RUN and sum(map(_weight, words)) < RUN


def _weight(word: str) -> int:
    if word.isascii() or len(word) > 3:
        return _WORD
    if _ONE_SIGN.match(word):
        return _SIGN
    return _LETTER if _ONE_LETTER.match(word) else _WORD


def _holds(sentence: str, parts: Sequence[str]) -> bool:
    return not sentence.isascii() and any(part in sentence for part in parts)


def _rows(path: Path) -> Sequence[str]:
    rows = path.read_text(encoding="utf-8").splitlines()
    return [row for row in rows if not row.startswith("#")]


def _listed(path: Path) -> frozenset[str]:
    return frozenset(_words(" ".join(_rows(path))))


def _by_first(phrases: Iterable[str]) -> Mapping[str, Sequence[Run]]:
    found: dict[str, list[Run]] = {}
    for phrase in phrases:
        if words := _words(phrase):
            found.setdefault(words[0], []).append(words)
    return found
