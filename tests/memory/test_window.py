"""Which messages fold: the laws of the two marks."""

from hypothesis import given
from hypothesis import strategies as st

from memory.entry import ME, PERSON, Entry
from memory.window import Marks, overflow

sizes = st.lists(st.tuples(st.integers(1, 60), st.booleans()), max_size=60)
LARGE = 10**9


def entries(rows: list[tuple[int, bool]]) -> list[Entry]:
    return [
        Entry(
            id=str(number),
            author="U",
            name="Ada",
            kind=ME if mine else PERSON,
            text="",
            sent=number,
            tokens=tokens,
        )
        for number, (tokens, mine) in enumerate(rows)
    ]


@given(sizes)
def test_below_the_high_mark_nothing_folds(rows: list[tuple[int, bool]]) -> None:
    assert overflow(entries(rows), Marks(high=sum(n for n, _ in rows) or 1, low=1), LARGE) == 0


@given(sizes)
def test_what_stays_is_below_the_low_mark_and_begins_with_somebody_else(
    rows: list[tuple[int, bool]],
) -> None:
    whole = entries(rows)
    cut = overflow(whole, Marks(high=100, low=50), LARGE)
    if sum(n for n, _ in rows) <= 100:
        assert cut == 0
        return
    rest = whole[cut:]
    assert sum(entry.tokens for entry in rest) <= 50
    assert not rest or rest[0].kind != ME


@given(sizes, st.integers(1, 30), st.integers(1, 30))
def test_marks_by_messages_hold_as_those_by_tokens_do(
    rows: list[tuple[int, bool]], low: int, more: int
) -> None:
    whole = entries(rows)
    marks = Marks(high=0, low=0, messages_high=low + more, messages_low=low)
    rest = whole[overflow(whole, marks, LARGE) :]
    assert len(rest) <= low if len(rows) > low + more else rest == whole
    assert rest == whole or not rest or rest[0].kind != ME


@given(sizes)
def test_no_more_is_folded_than_needed(rows: list[tuple[int, bool]]) -> None:
    whole = entries(rows)
    cut = overflow(whole, Marks(high=100, low=50), LARGE)
    earlier = [at for at in range(1, cut) if whole[at].kind != ME]
    if earlier:
        assert sum(entry.tokens for entry in whole[earlier[-1] :]) > 50


def test_marks_by_messages_are_the_classic_sliding_window() -> None:
    marks = Marks(high=0, low=0, messages_high=10, messages_low=9)
    assert overflow(entries([(5, False)] * 10), marks, LARGE) == 0
    assert overflow(entries([(5, False)] * 11), marks, LARGE) == 2


def test_a_high_mark_beyond_all_messages_is_the_plain_buffer() -> None:
    assert overflow(entries([(50, False)] * 1_000), Marks(high=LARGE, low=1), LARGE) == 0


def test_one_batch_holds_at_most_so_many_tokens() -> None:
    assert overflow(entries([(10, False)] * 100), Marks(high=100, low=50), 200) == 20


def test_one_message_larger_than_a_batch_still_folds() -> None:
    whole = entries([(5_000, False), (10, False)])
    assert overflow(whole, Marks(high=100, low=50), 200) == 1
