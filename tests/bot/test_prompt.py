"""The prompt: persona first, what is stable before what is not, never above the budget."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from adapters.ports import Image
from bot.ports import Request, Role
from bot.prompt import IMAGE, Budget, Prompter
from memory.entry import ME, Entry, Recollection, Segment
from memory.facts import Fact, Source
from memory.records import Place

PLACE = Place(platform="fake", space="S", channel="C", audience="public")
NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


def prompter(context: int = 2_000, **budget: int) -> Prompter:
    return Prompter(
        "Be kind.", Budget(context=context, reply=100, recall=100, **budget), len, lambda: NOW
    )


def built(prompter: Prompter, what: Recollection, older: Sequence[Entry] = ()) -> Request:
    return prompter.build(prompter.fit(what), older, "k")


def said(text: str, *, number: int = 1, kind: str = "person", name: str = "Ada") -> Entry:
    return Entry(
        id=f"m{number}",
        author="U",
        name=name,
        kind=kind,
        text=text,
        sent=number,
        tokens=len(text),
    )


def segment(text: str, *, number: int = 1) -> Segment:
    return Segment(name=f"s{number}", text=text, tokens=len(text), since=number, covered=3)


def recollection(
    segments: list[Segment], window: list[Entry], question: list[Entry]
) -> Recollection:
    return Recollection(segments=tuple(segments), window=tuple(window), question=tuple(question))


def test_the_order_is_persona_summary_window_recall_time_question() -> None:
    mine = said("hi", number=2, kind=ME, name="")
    what = recollection([segment("- old")], [said("hello"), mine], [said("now?", number=3)])
    request = built(prompter(), what, [said("long ago", number=0)])
    texts = [(each.role, each.text) for each in request.prompts]
    assert texts[0][0] is Role.SYSTEM
    assert texts[0][1].startswith("Be kind.")
    assert texts[1:] == [
        (Role.USER, "[Earlier]\n- old"),
        (Role.USER, "Ada: hello"),
        (Role.ASSISTANT, "hi"),
        (Role.USER, "[Older messages that may matter]\n[1970-01-01] Ada: long ago"),
        (Role.SYSTEM, "It is Friday, 2026-11-20 09:30 UTC."),
        (Role.USER, "Ada: now?"),
    ]
    assert request.stable == 4


def test_when_room_is_short_the_oldest_segments_and_messages_stay_out() -> None:
    many = [said("x" * 50, number=n) for n in range(100)]
    what = recollection([segment("a" * 60), segment("b" * 60, number=2)], many, [said("?")])
    request = built(prompter(window=200, summary=100), what)
    texts = [each.text for each in request.prompts]
    assert "[Earlier]\n" + "b" * 60 in texts
    assert "[Earlier]\n" + "a" * 60 not in texts
    assert 0 < sum(text == "Ada: " + "x" * 50 for text in texts) < 5


def test_a_question_too_long_keeps_its_head_and_its_tail() -> None:
    text = "BEGIN" + "x" * 5_000 + "END"
    what = recollection([], [], [said(text)])
    request = built(prompter(), what)
    shown = request.prompts[-1].text
    assert shown.startswith("Ada: BEGIN")
    assert shown.endswith("END")
    assert "characters left out" in shown
    assert prompter().fit(what).question != what.question


def fact(number: int, value: str = "Lisbon") -> Fact:
    source = Source(place=PLACE, message="m", version=0, said=number, quote=f"I live in {value}.")
    return Fact(person="U", key=f"home {number}", value=value, sources=(source,))


def test_of_what_is_known_the_newest_that_fits_stands_before_the_clock() -> None:
    what = replace(recollection([], [], [said("now?")]), facts=tuple(fact(n) for n in range(1, 50)))
    prompts = built(prompter(10_000, facts=300), what).prompts
    known, clock, asked = (each.text for each in prompts[1:])
    assert (clock[:5], asked) == ("It is", "Ada: now?")
    assert known.startswith("[Ada said about themselves earlier]\n- home ")
    assert "- home 49: Lisbon" in known
    assert "- home 1: " not in known
    assert len(known) <= 300


def test_nothing_is_left_out_of_a_question_that_fits() -> None:
    what = recollection([], [], [said("short")])
    assert prompter().fit(what) == what


@given(
    st.lists(st.integers(0, 400), max_size=30),
    st.lists(st.integers(0, 400), max_size=10),
    st.lists(st.integers(0, 5_000), min_size=1, max_size=4),
    st.lists(st.integers(1, 300), max_size=10),
)
def test_the_prompt_never_exceeds_the_budget(
    window: list[int], segments: list[int], question: list[int], known: list[int]
) -> None:
    what = recollection(
        [segment("s" * n, number=i) for i, n in enumerate(segments)],
        [said("w" * n, number=i) for i, n in enumerate(window)],
        [said("q" * n, number=100 + i) for i, n in enumerate(question)],
    )
    what = replace(what, facts=tuple(fact(i, "v" * n) for i, n in enumerate(known)))
    request = built(prompter(), what)
    assert sum(len(each.text) for each in request.prompts) <= 2_000 - 100
    assert request.prompts[0].text.startswith("Be kind.")


@given(
    st.integers(1_000, 60_000),
    st.integers(0, 60_000),
    st.lists(st.integers(0, 20_000), max_size=5),
)
def test_text_and_images_never_exceed_the_budget(
    context: int, asked: int, window: list[int]
) -> None:
    what = recollection(
        [segment("s" * 900)],
        [said("w" * size, number=number) for number, size in enumerate(window)],
        [said("q" * asked, number=100)],
    )
    ours = prompter(context)
    images = [Image(media_type="image/png", data=b"x")] * min(ours.images, 4)
    request = ours.build(ours.fit(what, images=len(images)), (), "k", images)
    text = sum(len(each.text) for each in request.prompts)
    assert text + IMAGE * len(request.images) <= min(request.tokens, context - 100)
