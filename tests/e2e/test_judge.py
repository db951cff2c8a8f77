"""What judges a long run: it sees a reply in the wrong place or order, and what grew."""

from collections.abc import Sequence
from dataclasses import replace

from tests.chaos.history import Post, Report, Said, judge
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


def found(*vitals: Vitals, answers: Sequence[int] = (1,), **lasting: int) -> Found:
    counts = {"typed": 1, "said": 1, "faults": 1}
    return Found(
        report=Report(), lost=(), answers=answers, vitals=vitals, lasting=lasting, **counts
    )


def test_what_grew_between_the_first_look_and_the_last_is_named() -> None:
    assert not found(SMALL, replace(SMALL, tasks=20, files=28, rss=110.0)).broken
    grown = found(SMALL, replace(SMALL, tasks=30, files=40, rss=120.0)).grown
    assert grown == ["rss", "tasks", "files"]


def test_a_command_answered_twice_or_never_breaks_a_run() -> None:
    assert found(SMALL, SMALL, answers=(2,)).broken
    assert found(SMALL, SMALL, answers=()).broken


def test_what_the_store_would_keep_for_good_breaks_a_run() -> None:
    assert found(SMALL, SMALL, owed=1).broken
