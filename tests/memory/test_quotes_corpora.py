"""The pairs a matcher is judged on are fair: what is planted is shared, what is harmless is not."""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence

import pytest

from tests.memory.quotes import Pair, dress, harmless, planted
from tests.memory.quotes.harmless import EMOJI, KINDS, PRODUCTS
from tests.memory.quotes.pair import Language
from tests.memory.quotes.planted import BRACKETED, LANGUAGES
from tests.memory.quotes.tokens import MAKERS

SEEDS = range(5)
UNSPACED = 8  # characters in a row are five words where no spaces stand between
BY_NAME = {each.name: each for each in LANGUAGES}
ORNAMENT = re.compile(r"[*_~|`>#\\]|^\s*(?:\d\.|-)\s", re.MULTILINE)


def bare(text: str) -> str:
    """Without ornament, case and kinds of the same letter."""
    return unicodedata.normalize("NFKC", ORNAMENT.sub("", text)).casefold()


def words(text: str) -> Sequence[str]:
    letters = "".join(
        each if unicodedata.category(each)[0] in "LNM" else " " for each in bare(text)
    )
    return letters.split()


def runs(text: str, *, spaced: bool) -> set[str]:
    found = words(text) if spaced else [*"".join(words(text))]
    size = 5 if spaced else UNSPACED
    return {" ".join(found[at : at + size]) for at in range(len(found) - size + 1)}


def digits(text: str) -> set[str]:
    """Numbers of four digits and more, without their groupings; also those less their cents."""
    plain = "".join(str(unicodedata.digit(each, each)) for each in bare(text))
    joined = re.sub(r"(?<=\d)[ ,.'’\u202f](?=\d)", "", plain)
    found = {each for each in re.findall(r"\d+", joined) if len(each) >= 4}
    return found | {each[:-2] for each in found if each.endswith("00") and len(each) > 5}


def left(text: str, pair: Pair) -> str:
    """Of a harmless text what is its own: without all that anybody says."""
    language, name = BY_NAME[pair.language], pair.names[0]
    phrases = (*language.greetings, *language.thanks, *language.boilerplate, *language.small)
    anybodys = (pair.at.strftime(language.today), *(each.format(name) for each in phrases))
    text = bare(text)
    for each in (*anybodys, *EMOJI, *PRODUCTS, *pair.names):
        text = text.replace(bare(each), " ⁂ ")
    return text


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda each: each.name)
def test_what_a_language_has_to_be_quoted_is_five_words_at_least(language: Language) -> None:
    marked = [run for each in language.told for run in BRACKETED.findall(each)]
    assert len(marked) == len(language.told)
    for run in (*marked, *language.short):
        assert len(words(run)) >= 5 if language.spaced else len("".join(words(run))) >= 2 * 5


@pytest.mark.parametrize("seed", SEEDS)
def test_every_planted_reply_shares_five_words_or_a_rare_token(seed: int) -> None:
    for pair in planted(seed):
        language = BY_NAME[pair.language]
        kind = pair.kind.removesuffix(", long reply")
        if kind not in MAKERS:
            both = [runs(each, spaced=language.spaced) for each in (pair.gone, pair.reply)]
            assert both[0] & both[1], pair
        elif kind == "number":
            assert digits(pair.gone) & digits(pair.reply), pair
        else:
            said, given = ("".join(words(each)) for each in (pair.gone, pair.reply))
            assert any(said[at : at + 5] in given for at in range(len(said) - 4)), pair


@pytest.mark.parametrize("seed", SEEDS)
def test_no_harmless_reply_shares_more_than_what_anybody_says(seed: int) -> None:
    for pair in harmless(seed):
        spaced = BY_NAME[pair.language].spaced
        gone, reply = left(pair.gone, pair), left(pair.reply, pair)
        assert not runs(gone, spaced=spaced) & runs(reply, spaced=spaced), pair
        assert not digits(gone) & digits(reply), pair


@pytest.mark.parametrize("make", [planted, harmless], ids=["planted", "harmless"])
def test_a_seed_gives_the_same_pairs_in_every_language_another_seed_gives_others(
    make: Callable[[int], list[Pair]],
) -> None:
    first = make(1)
    assert first == make(1)
    assert len(first) == 500
    assert (
        len(
            {(each.gone, each.reply) for each in first}
            & {(each.gone, each.reply) for each in make(2)}
        )
        < 50
    )
    languages = Counter(each.language for each in first)
    assert set(languages) == set(BY_NAME)
    assert min(languages.values()) >= 40


def test_every_kind_and_every_dress_occurs() -> None:
    pairs = [pair for seed in SEEDS for pair in planted(seed)]
    assert {each.kind.removesuffix(", long reply") for each in pairs} == {
        "short message",
        "words in a row",
        *MAKERS,
    }
    others = {"grouped", "own digits", "cased", "escaped", "linked"}
    assert {each.dress for each in pairs} == {*dress.WORDS, *dress.TOKENS, *others}
    assert {each.kind for each in harmless(1)} == set(KINDS)
