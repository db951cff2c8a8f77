"""What judges a long run: it sees a reply in the wrong place or order, and what grew."""

from collections.abc import Sequence
from dataclasses import replace

from tests.chaos.fakes import Shown
from tests.chaos.history import judge
from tests.chaos.told import Post, Report, Said
from tests.soak.run import Found
from tests.soak.vitals import Vitals

SMALL = Vitals(rss=100.0, tasks=17, files=24, threads=6, objects=170_000)


def said(number: int, corner: str) -> Said:
    return Said(
        number=number,
        corner=corner,
        post=str(number),
        owed=True,
        said=float(number),
        acknowledged=number + 0.5,
    )


def judged(*posts: Post) -> Report:
    known = {each.number: each for each in (said(1, "dm U1"), said(2, "dm U1"))}
    return judge(known, posts, (), (), ())


def answer(number: int, corner: str = "dm U1", thread: str = "") -> Post:
    return Post(corner=corner, thread=thread, text=f"Answering #{number}.0#", at=0.0)


def test_a_reply_in_another_corner_is_misplaced() -> None:
    assert judged(answer(1), answer(2, corner="dm U2")).misplaced == 1
    assert judged(answer(1), answer(2)).misplaced == 0


def test_order_counts_within_a_thread_only() -> None:
    assert judged(answer(2), answer(1)).out_of_order == 1
    assert judged(answer(2, thread="2"), answer(1, thread="1")).out_of_order == 0


def remembered(kind: str, text: str) -> dict[str, str]:
    return {"kind": kind, "text": text, "conversation": "dm U1"}


FIRST, SECOND = said(1, "dm U1"), said(2, "dm U1")
ALL = (
    remembered("person", "Please note #1.0# for me"),
    remembered("person", "Please note #2.0# for me"),
    remembered("me", "Answering #1.0#"),
    remembered("me", "Answering #2.0#"),
)


def held(*rows: dict[str, str], first: Said = FIRST) -> Report:
    return judge({1: first, 2: SECOND}, (answer(1), answer(2)), (), rows, ())


def test_memory_holds_what_is_visible_as_it_reads_now_and_nothing_else() -> None:
    assert not held(*ALL).broken
    assert held(*ALL[1:]).misremembered == 1  # a message
    assert held(*ALL[:-1]).misremembered == 1  # a reply
    assert held(*ALL, first=replace(FIRST, version=1)).misremembered == 1
    gone = replace(FIRST, gone=3.0, doubtful=True)
    assert held(*ALL, first=gone).remembered_after_forget == 1
    assert not held(ALL[1], ALL[3], first=gone).broken


def test_a_reply_of_several_posts_is_remembered_as_one() -> None:
    posts = (replace(answer(1), text="Answering #1.0#"), replace(answer(1), text="#2.0#"))
    rows = (*ALL[:2], remembered("me", "Answering #1.0# #2.0#"))
    known = {1: FIRST, 2: SECOND}
    assert not judge(known, posts, (), rows, ()).broken
    assert judge(known, posts[:1], (), rows, ()).misremembered == 2


def test_a_prompt_holds_one_room_and_nothing_that_is_long_gone() -> None:
    other, gone = said(3, "thread C1/1"), replace(FIRST, gone=3.0, doubtful=True)
    prompt = Shown(at=100.0, marks=frozenset({1, 3}))
    report = judge({1: gone, 3: other}, (answer(3, "thread C1/1"),), (prompt,), (), ())
    assert (report.leaked, report.remembered_after_forget) == (1, 1)


def test_an_answer_to_nothing_is_one_too_many_and_every_breach_has_its_reason() -> None:
    report = judged(answer(1), answer(2), Post(corner="dm U1", text="Answering ", at=9.0))
    assert report.twice == len(report.reasons) == 1
    assert judged(answer(1)).unanswered == 1
    assert judged(answer(1), answer(2), answer(2)).twice == 1


def found(*vitals: Vitals, answers: Sequence[int] = (1,), **lasting: int) -> Found:
    counts = {"typed": 1, "said": 1, "faults": 1}
    return Found(
        report=Report(), lost=(), answers=answers, vitals=vitals, lasting=lasting, **counts
    )


def test_what_grew_between_the_first_look_and_the_last_is_named() -> None:
    assert not found(SMALL, replace(SMALL, tasks=20, files=28, rss=110.0)).broken
    grown = found(SMALL, replace(SMALL, tasks=30, files=40, rss=120.0)).grown
    assert grown == ["rss", "tasks", "files"]


def test_what_was_answered_together_with_something_forgotten_may_be_answered_again() -> None:
    first = Post(corner="dm U1", text="Answering #1.0# #2.0#", at=5.0)
    again = replace(answer(2), at=9.0)
    for gone, twice in ((0.0, 1), (7.0, 0), (30.0, 1)):
        known = {1: replace(FIRST, gone=gone), 2: SECOND}
        report = judge(known, (first, again), (), (), ())
        assert (report.twice, report.out_of_order) == (twice, 0)


def test_a_command_answered_twice_or_never_breaks_a_run() -> None:
    assert found(SMALL, SMALL, answers=(2,)).broken
    assert found(SMALL, SMALL, answers=()).broken


def test_what_the_store_would_keep_for_good_breaks_a_run() -> None:
    assert found(SMALL, SMALL, owed=1).broken
