"""Text becomes index terms, by Unicode's rules: the same in a question as in a message."""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from threading import Lock

import regex  # type: ignore[import-untyped]

from memory.normal import nfkc

LONGEST = 12_000  # characters of a text that are read
FORMS, WORD = 50_000, 100  # words, as they were written, whose terms are kept; characters of one
STEMMED = 3_000  # characters of different words of a text that are brought to their stems
BEGINNING = 5  # characters: what forms of one word share in languages we have no stemmer for

# Letters, marks and digits, with what joins them in paths, versions, addresses and identifiers.
_WHOLE = regex.compile(r"[\p{L}\p{M}\p{N}]+(?:[-_./:@,+#&=]+[\p{L}\p{M}\p{N}]+)*(?:\+\+|#)?")
_PART = regex.compile(r"[\p{L}\p{M}]+\p{N}*|\p{N}+[\p{L}\p{M}\p{N}]*")
_HUMP = regex.compile(
    r"(?<=[\p{Ll}\p{N}])(?=\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll})|(?<=\p{L})(?=\p{N})"
)
_UNSPACED = regex.compile(  # scripts that put no space between words, or glue particles to them
    r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Tibetan}\p{Hangul}ー]+"
)
_CLUSTER = regex.compile(r"\X")

_SCRIPTS = {
    r"\p{Arabic}": "arabic",
    r"\p{Armenian}": "armenian",
    r"\p{Cyrillic}": "russian",
    r"\p{Devanagari}": "hindi",
    r"\p{Greek}": "greek",
    r"\p{Tamil}": "tamil",
}
_SCRIPT = regex.compile("|".join(f"({script})" for script in _SCRIPTS))
_FREQUENT = {  # words that tell languages in Latin script apart
    "english": "the and is of to was you what did that with for have it are how when who where",
    "german": "der die das und ist nicht ich wir mit wann wer wie den ein eine hat für auf",
    "french": "le les et est une des du que qui dans pour je nous avec pas quand où ce sur",
    "spanish": "el los las y es una del que en por para con cuándo dónde quién cómo qué no se",
    "portuguese": "o os as e é uma do da que em por para com quando onde quem não se um ao",
    "italian": "il gli e è una della che di per con quando dove chi non si un sono ho lo nel",
    "dutch": "de het een en is niet van ik wij met wanneer wie hoe voor op dat zijn heeft",
    "swedish": "och att det är inte jag vi med när vem hur en ett för på som har den",
    "danish": "og at det er ikke jeg vi med hvornår hvem hvordan en et for på som har af",
    "norwegian": "og å det er ikke jeg vi med når hvem hvordan en et for på som har av",
    "finnish": "ja on ei se että minä me kun kuka missä mitä oli hän ovat mutta myös",
    "polish": "i w na nie się jest że do z kiedy kto gdzie jak to co dla był czy",
    "czech": "a je se na v že není do s kdy kdo kde jak to co pro byl jsem",
    "hungarian": "a az és hogy nem egy van mikor ki hol mi volt ez meg de is",
    "romanian": "și este nu în la cu că o un pentru când cine unde ce de pe sunt",
    "turkish": "ve bir bu ne için ile mi değil çok da de kim nerede nasıl var ben",
    "indonesian": "yang dan di ini itu tidak dengan untuk dari kapan siapa mana apa ada saya",
}


class Words:
    """Terms of a text: words, their stems and beginnings, identifiers whole and in parts.

    Where a script has no spaces: pairs of characters. May be called from several threads.
    """

    def __init__(self) -> None:
        # Importing it takes 0.2 s that a start should not.
        import snowballstemmer  # type: ignore[import-untyped]  # noqa: PLC0415

        self._algorithm: Callable[[str], snowballstemmer.Stemmer] = lru_cache(
            snowballstemmer.stemmer
        )
        self._lock = Lock()  # a stemmer keeps the word it works on
        self._forms = lru_cache(FORMS)(lambda *word: tuple(self._terms(*word)))
        self._speaks: dict[str, set[str]] = {}
        for language, words in _FREQUENT.items():
            for word in words.split():
                self._speaks.setdefault(word, set()).add(language)

    def __call__(self, text: str) -> Sequence[str]:
        """In order of the text; what occurs in two words is there twice."""
        wholes = _WHOLE.findall(nfkc(text[:LONGEST])[:LONGEST])
        language, room = self._language([whole.casefold() for whole in wholes]), STEMMED
        found: dict[str, Sequence[str]] = {}
        for whole in dict.fromkeys(wholes):
            room -= len(whole)
            terms = self._forms if len(whole) <= WORD else self._terms
            found[whole] = tuple(terms(whole, language if room >= 0 else ""))
        return [term for whole in wholes for term in found[whole]]

    def clear(self) -> None:
        """Drop the words kept from texts, so that none outlives a text that is forgotten."""
        self._forms.cache_clear()

    def _terms(self, whole: str, language: str) -> Iterator[str]:
        """Without a language no word is brought to its stem."""
        if whole.isascii() and whole.isalpha() and whole[1:].islower():
            yield from self._inflected(whole.casefold(), language)
            return
        parts = [hump for part in _PART.findall(whole) for hump in _HUMP.split(part) if hump]
        if len(parts) != 1 or parts[0] != whole:
            yield f"={whole.casefold()}"
        for part in parts if len(whole) <= WORD else dict.fromkeys(parts):
            if not _UNSPACED.search(part):
                yield from self._inflected(part.casefold(), language)
                continue
            for word in _UNSPACED.sub(" ", part).split():
                yield from self._inflected(word.casefold(), language)
            for run in _UNSPACED.findall(part):
                characters = _CLUSTER.findall(run)
                yield from characters
                yield from map("".join, pairwise(characters))

    def _language(self, words: Sequence[str]) -> str:
        """The language most of whose frequent words occur; English unless another one leads."""
        votes = dict.fromkeys(_FREQUENT, 0)
        for word in set(words):
            for language in self._speaks.get(word, ()):
                votes[language] += 1
        return max(votes, key=votes.__getitem__)

    def _inflected(self, word: str, language: str) -> tuple[str, ...]:
        """In Latin script the English stem too: some texts are too short to tell their language."""
        beginning = (f"~{word[:BEGINNING]}",) if len(word) > BEGINNING else ()
        if not language:
            return word, f"={word}", *beginning
        languages = {language, "english"}
        if found := _SCRIPT.match(word):
            languages = {[*_SCRIPTS.values()][found.lastindex - 1]}
        elif word.isdecimal():  # stemmers leave numbers as they are, and take their time for it
            languages = set()
        with self._lock:
            stems = {self._algorithm(each).stemWord(word) for each in languages} or {word}
        exact = () if word in stems else (f"={word}",)
        return *sorted(stems), *exact, *beginning
