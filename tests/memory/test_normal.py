"""One normal form: Unicode's, but for what nobody writes, and in linear time."""

import time
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from memory.normal import nfkc

PILE = "\u0301\u0323"


@given(st.text(st.characters(exclude_categories=["M", "Cs"], exclude_characters="\ufdfa")))
def test_what_has_no_marks_is_as_unicode_has_it(text: str) -> None:
    assert nfkc(text) == unicodedata.normalize("NFKC", text)


@given(st.text(st.sampled_from("aeé ﬁ①\u0301\u0323か\u3099กำ한"), max_size=30))
def test_so_is_what_languages_write(text: str) -> None:
    assert nfkc(text) == unicodedata.normalize("NFKC", text)


def test_marks_that_are_piled_up_are_cut_at_thirty() -> None:
    assert nfkc("e" + PILE * 20_000 + "f") == unicodedata.normalize("NFKC", "e" + PILE * 15 + "f")


def test_a_sign_for_a_whole_phrase_is_none() -> None:
    assert nfkc("\ufdfa" * 3).strip() == ""


def test_marks_without_end_take_no_time() -> None:
    began = time.process_time()
    nfkc(PILE * 20_000)
    assert time.process_time() - began < 0.2  # it was 1.2 s
