"""Summary and facts are read from a model's answer, whatever it is and however it is cut off."""

import json
import math
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory.claims import COLLECT, read
from tests.memory.test_claims import CLAIM, ROW, learned

QUICK = 0.005  # seconds; below, clocks say little
ROWS = [ROW, ROW | {"key": "city"}]
ANSWER = json.dumps({"summary": "- Ada lives in Lisbon", "facts": ROWS})


@pytest.mark.parametrize(
    "answer",
    [
        ANSWER,
        f"```json\n{ANSWER}\n```",
        f"Here you are:\n\n{ANSWER}\nAnything else?",
        f"```{ANSWER}",
    ],
)
def test_summary_and_facts_come_from_one_answer_bare_fenced_or_in_prose(answer: str) -> None:
    summary, claims = read(answer)
    assert summary == "- Ada lives in Lisbon"
    assert claims[0] == CLAIM
    assert len(claims) == 2


@pytest.mark.parametrize("text", ["- Ada: uses `{x: 1}`", "[10:30] Ada came", "- Ada: {}", "  x "])
def test_plain_text_is_a_summary_without_facts(text: str) -> None:
    assert read(text) == (text.strip(), ())


def test_an_answer_cut_off_keeps_its_summary_and_its_whole_facts() -> None:
    summary, claims = read(ANSWER[:-15])
    assert (summary, list(claims)) == ("- Ada lives in Lisbon", [CLAIM])


def test_a_summary_cut_off_is_none() -> None:
    assert read(ANSWER[:22]) == ("", [])
    assert read('Sure: {"summary": "- Ada li') == ("", [])


@pytest.mark.parametrize("answer", [json.dumps({"facts": [ROW]}), json.dumps([ROW]), "[]", "{}"])
def test_facts_alone_leave_no_summary(answer: str) -> None:
    summary, claims = read(answer)
    assert summary == ""
    assert list(claims) == [CLAIM] * ("Lisbon" in answer)


def test_rows_that_are_no_claims_are_passed_over_and_numbers_are_values() -> None:
    rows = [None, 3, "x", {}, ROW | {"key": None}, ROW | {"value": 34}]
    _, claims = read(json.dumps({"summary": "", "facts": rows}))
    assert [each.value for each in claims] == ["34"]


def test_characters_no_store_takes_are_replaced() -> None:
    summary, _ = read('{"summary": "a\\ud800\\u0000b", "facts": []}')
    assert summary == "a?b"


values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.sampled_from(["summary", "facts", "key", "value", "quote"]), inner)
    ),
    max_leaves=12,
)
answers = st.text() | values.map(json.dumps) | st.just(ANSWER)


@given(answers, st.integers(0, 300), st.text(alphabet='{}[]":,\\`\n\0 a', max_size=20))
def test_any_answer_is_read_and_what_comes_is_bounded(answer: str, cut: int, more: str) -> None:
    summary, claims = read(answer[:cut] + more)
    assert len(summary) <= len(answer[:cut] + more)
    assert len(claims) <= 32
    summary.encode()


@pytest.mark.alone
@pytest.mark.parametrize(
    "part",
    [
        "A",
        "A ",
        "A.\n",
        "\nA: x\n ",
        "{",
        "[{",
        '{"facts":[',
        '{"a":',
        '"summary":"',
        "```",
        "«",
        ">",
    ],
)
def test_an_answer_or_a_message_made_to_be_slow_is_not(part: str) -> None:
    assert not learned(part * 100)
    for reading in (read, lambda text: read('{"summary":' + text), learned):
        once, twice = (_seconds(reading, part * times) for times in (10_000, 20_000))
        assert twice < 1.0
        assert twice < max(3 * once, QUICK), "its time grows faster than its length"


def _seconds(reading: Callable[[str], object], text: str) -> float:
    """Of processor time, at best; a test that is slow is not done twice more."""
    best = math.inf
    for _ in range(3):
        began = time.process_time()
        reading(text)
        best = min(best, time.process_time() - began)
        if best > 1.0:
            break
    return best


def test_the_instruction_asks_for_what_is_read() -> None:
    assert "Only what was explicitly said" in COLLECT
    assert "do not infer" in COLLECT
    assert all(f'"{name}"' in COLLECT for name in ("summary", "facts", *ROW))
