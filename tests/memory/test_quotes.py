"""What counts as words taken from a message: judged on quotes and on talk that is no quote."""

from collections.abc import Sequence

import pytest

from memory.citing import dated
from memory.quotes import Quotes, Run
from tests.memory.quotes import Pair, harmless, planted

SEEDS = range(3)


@pytest.fixture(scope="module")
def quotes() -> Quotes:
    return Quotes()


def taken(quotes: Quotes, pair: Pair) -> frozenset[Run]:
    """As a turn looks for them: closely only at what looks likely."""
    reply = quotes.reply(pair.reply, pair.names, quotes.rare.all(dated(pair.at)))
    likely = reply.likely([(pair.gone, quotes.prints(pair.gone))])
    return frozenset(run for source in likely for run in reply.taken(source))


def briefly(pairs: Sequence[Pair]) -> Sequence[str]:
    return [f"{each.language}, {each.kind}, {each.dress}: {each.gone}" for each in pairs]


@pytest.mark.parametrize("seed", SEEDS)
def test_of_500_planted_quotes_nearly_all_are_found(quotes: Quotes, seed: int) -> None:
    missed = [pair for pair in planted(seed) if not taken(quotes, pair)]
    assert len(missed) <= 5, briefly(missed)


@pytest.mark.parametrize("seed", SEEDS)
def test_of_500_replies_that_share_names_and_boilerplate_none_is_taken_for_a_quote(
    quotes: Quotes, seed: int
) -> None:
    wrong = [pair for pair in harmless(seed) if taken(quotes, pair)]
    assert briefly(wrong) == []


@pytest.mark.parametrize(
    ("said", "reply"),
    [
        ("my password is swordfish", "Your password? Swordfish, you said."),
        ("it is 12 500 in all", "That makes 12,500."),
        ("the vault opens at nine on Monday", "The vault opens at nine on weekdays."),
        ("write to ada@example.org", "Her address: ADA@example.org."),
        ("call getUserToken() first", "First call `getUserToken`."),
        ("Rosebud is the word", "She said: rosebud is the word."),
    ],
)
def test_a_run_of_five_words_or_a_rare_token_is_a_quote(
    quotes: Quotes, said: str, reply: str
) -> None:
    assert quotes.reply(reply).taken(said)


@pytest.mark.parametrize(
    ("said", "reply"),
    [
        ("the vault of my house opens at nine", "The vault."),
        ("thanks, let me know if you need anything else", "Let me know if you need anything else!"),
        ("let us meet at 14:30", "At 14:30, then."),
        ("GitHub is down", "GitHub?"),
        ("", ""),
        ("", "words, many of them, in a row"),
    ],
)
def test_what_everybody_says_is_no_quote(quotes: Quotes, said: str, reply: str) -> None:
    assert not quotes.reply(reply).taken(said)
