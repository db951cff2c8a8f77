"""Words: the same terms for a question as for the message it is about."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory.words import Words

WORDS = Words()


def shared(question: str, message: str) -> set[str]:
    return {*WORDS(question)} & {*WORDS(message)}


@pytest.mark.parametrize(
    ("question", "message"),
    [
        ("running", "She RUNS daily"),
        ("Haus", "Wir haben die Häuser verkauft und wohnen nicht mehr da"),
        ("livre", "Nous avons lu les livres dans le train"),
        ("сервер", "Мы купили серверы"),
        ("किताब", "मुझे किताबें पसंद हैं"),
        ("σπίτι", "τα σπίτια"),
        ("猫", "我们喜欢猫。"),
        ("喜欢", "我们喜欢猫。"),
        ("猫は?", "猫が好き"),
        ("サーバー", "サーバーを再起動した"),
        ("서버", "서버를 재시작했다"),
        ("กาแฟ", "ฉันชอบกาแฟเย็น"),
        ("ロンドン", "ﾛﾝﾄﾞﾝ"),
    ],
)
def test_a_word_is_found_in_its_other_forms(question: str, message: str) -> None:
    assert shared(question, message)


@pytest.mark.parametrize(
    ("question", "message"),
    [
        ("app.py", "see (src/app.py)."),
        ("parse response", "parseHTTPResponse fails"),
        ("run fast", "call run_fast()"),
        ("4.2", "version 4.2, please"),
        ("v4", "v4.2 is out"),
        ("C++", "written in C++."),
        ("src/app.py", "`src/app.py`"),
    ],
)
def test_identifiers_are_found_whole_and_in_parts(question: str, message: str) -> None:
    assert shared(question, message)


def test_a_whole_identifier_says_more_than_its_parts() -> None:
    same, other = "the file src/app.py", "the app file is src py"
    assert len(shared("src/app.py", same)) > len(shared("src/app.py", other))


def test_a_word_in_the_same_form_says_more_than_in_another() -> None:
    assert len(shared("running", "running")) > len(shared("running", "run"))


def test_scripts_do_not_match_each_other() -> None:
    assert not shared("кот", "kot")


@given(st.text(max_size=200))
def test_the_same_text_gives_the_same_terms_every_time(text: str) -> None:
    assert WORDS(text) == Words()(text)


@given(st.text(max_size=200))
def test_any_text_gives_terms_without_spaces_in_them(text: str) -> None:
    assert all(term and not any(map(str.isspace, term)) for term in WORDS(text))


SAID = st.sampled_from(["anna", "bought", "häuser", "猫", "src/app.py", "Москва"])


@given(st.lists(SAID, max_size=8))
def test_every_word_of_a_message_finds_the_message(words: list[str]) -> None:
    terms = {*WORDS(" ".join(words))}
    assert all(terms & {*WORDS(word)} for word in words)


def test_a_long_text_is_read_in_bounded_time() -> None:
    assert len(WORDS("word " * 1_000_000)) <= 20_000


def test_far_into_a_long_text_words_are_found_in_the_form_they_have_there() -> None:
    long = " ".join(f"{chr(97 + n % 26)}{chr(97 + n // 26)}filler" for n in range(500))
    assert shared("running", f"{long} running")
    assert shared("Москва", f"{long} Москва")
    assert WORDS(f"{long} running") == Words()(f"{long} running")


def test_clearing_drops_every_word_that_was_kept() -> None:
    words = Words()
    before = words("swordfish")
    words.clear()
    assert words._forms.cache_info().currsize == 0
    assert words("swordfish") == before


def test_what_is_too_long_for_a_word_is_read_and_not_kept() -> None:
    words = Words()
    assert "~sword" in words(f"swordfish/{'a' * 1_000}/b")
    assert words._forms.cache_info().currsize == 0
