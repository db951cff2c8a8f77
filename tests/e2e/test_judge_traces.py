"""What judges chaos sees what was quoted, edited, deleted or said behind the bot's back."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from tests.chaos.codes import EVERY, code, codes, summary, telling
from tests.chaos.fakes import IDLE, Shown, roster
from tests.chaos.history import judge
from tests.chaos.told import PROMISES, WAITING, Post, Report, Said

TOLD, ASKED, LATER = EVERY * 3, EVERY * 3 + 1, EVERY * 3 + 2  # numbers of messages
CODE = code(TOLD, 0)


def said(number: int, corner: str = "thread C1/1", **more: Any) -> Said:
    known = Said(
        number=number, corner=corner, post=str(number), owed=True, said=1.0, acknowledged=1.5
    )
    return replace(known, **more)


def answer(number: int, *quoted: str, corner: str = "thread C1/1", at: float = 2.0) -> Post:
    text = f"{IDLE} #{number}.0#" + (f" - {', '.join(quoted)}" if quoted else "")
    return Post(corner=corner, text=text, at=at)


def prompt(at: float, *told: str, texts: Sequence[tuple[int, int]] = ()) -> Shown:
    numbers = frozenset(number for number, _ in texts)
    return Shown(at=at, marks=numbers, texts=frozenset(texts), codes=frozenset(told))


def row(text: str, kind: str = "me", conversation: str = "slack:T:C2:9") -> dict[str, str]:
    return {"kind": kind, "text": text, "conversation": conversation}


def held(
    *known: Said,
    posts: Sequence[Post] = (),
    shown: Sequence[Shown] = (),
    rows: Sequence[dict[str, str]] = (),
) -> Report:
    return judge({each.number: each for each in known}, posts, shown, rows, ())


def gone(**more: Any) -> Said:
    return said(TOLD, gone=10.0, doubtful=True, **more)


EDITED = said(TOLD, version=1, edits={1: 10.0})
WENT = pytest.mark.parametrize("went", [gone(), EDITED], ids=["deleted or forgotten", "edited"])


@WENT
def test_a_code_that_went_is_in_no_later_prompt(went: Said) -> None:
    assert held(went, shown=[prompt(30.0, CODE)]).quoted_after_forget == 1
    assert held(went, shown=[prompt(15.0, CODE)]).quoted_after_forget == 0  # it was under way
    assert held(said(TOLD), shown=[prompt(30.0, CODE)]).quoted_after_forget == 0
    assert held(went, shown=[prompt(30.0, code(TOLD, 1))]).quoted_after_forget == 0


@WENT
@pytest.mark.parametrize("kind", ["me", "summary", "person"])
def test_a_code_that_went_is_in_nothing_that_is_stored_in_any_conversation(
    went: Said, kind: str
) -> None:
    told = row(f"they once mentioned {CODE}, I think", kind)
    assert held(went, rows=[told]).quoted_after_forget == 1
    assert held(said(TOLD), rows=[told]).quoted_after_forget == 0


def test_the_message_itself_is_counted_as_remembered_not_as_quoted() -> None:
    own = row(f"Please note #{TOLD}.0# for me{telling(TOLD, 0)}", "person")
    report = held(gone(), rows=[own])
    assert (report.quoted_after_forget, report.remembered_after_forget) == (0, 1)


def test_what_a_message_said_before_it_was_edited_is_in_no_later_prompt() -> None:
    old, new = prompt(30.0, texts=[(TOLD, 0)]), prompt(30.0, texts=[(TOLD, 1)])
    assert held(EDITED, posts=[answer(TOLD)], shown=[old]).remembered_after_forget == 1
    assert held(EDITED, posts=[answer(TOLD)], shown=[new]).remembered_after_forget == 0
    soon = prompt(15.0, texts=[(TOLD, 0)])
    assert held(EDITED, posts=[answer(TOLD)], shown=[soon]).remembered_after_forget == 0


def test_a_code_told_in_private_is_not_told_in_another_room() -> None:
    known = (said(TOLD, "dm U10"), said(ASKED))
    there = replace(prompt(3.0, CODE), marks=frozenset({ASKED}))
    assert held(*known, posts=[answer(ASKED)], shown=[there]).leaked == 1
    assert held(said(TOLD, "thread C2/3"), said(ASKED), shown=[there]).leaked == 0


REPLIES = (answer(TOLD), answer(ASKED, CODE, at=3.0), answer(LATER, CODE, code(0, 0), at=4.0))
ROWS = [row(each.text) for each in REPLIES]
PEOPLE = [
    row(f"Please note #{number}.0# for me{telling(number, 0)}", "person")
    for number in (TOLD, ASKED, LATER, 0)
]
TALK = (said(ASKED), said(LATER), said(0, owed=False))


def test_a_reply_that_quotes_nothing_that_went_stays_in_memory() -> None:
    assert not held(said(TOLD), *TALK, posts=REPLIES, rows=[*ROWS, *PEOPLE]).broken
    lost = held(said(TOLD), *TALK, posts=REPLIES, rows=[*ROWS[:1], *PEOPLE])
    assert lost.misremembered == 2


def test_who_quotes_what_went_goes_from_memory_and_whoever_quotes_that() -> None:
    kept = held(gone(), *TALK, posts=REPLIES, rows=[*ROWS[1:], *PEOPLE[1:]])
    assert kept.quoted_after_forget == 2
    assert not held(gone(), *TALK, posts=REPLIES, rows=PEOPLE[1:]).broken
    cites = answer(0, code(0, 0), at=5.0)  # the code that only the last of them told stays
    assert not held(gone(), *TALK, posts=[*REPLIES, cites], rows=PEOPLE[1:]).broken


def test_what_went_with_a_quote_may_be_answered_again() -> None:
    again = answer(ASKED, at=20.0)
    assert held(gone(), *TALK, posts=[*REPLIES, again], rows=PEOPLE[1:]).twice == 0
    assert held(said(TOLD), *TALK, posts=[*REPLIES, again]).twice == 1


@pytest.mark.parametrize(
    "changed",
    [gone(unheard=5.0), said(TOLD, version=1, edits={1: 10.0}, unheard=5.0)],
    ids=["deleted", "edited"],
)
def test_what_changed_behind_its_back_is_found_out_in_time(changed: Said) -> None:
    for late in (prompt(10.5, texts=[(TOLD, 0)]), prompt(10.5, CODE)):
        report = held(changed, posts=[answer(TOLD)], shown=[late])
        assert report.changes_missed_while_away == 1
        assert report.remembered_after_forget == report.quoted_after_forget == 0
    early = prompt(9.5, CODE, texts=[(TOLD, 0)])
    assert held(changed, posts=[answer(TOLD)], shown=[early]).changes_missed_while_away == 0
    stored = (PEOPLE[0], row(f"{IDLE} #{ASKED}.0# - {CODE}"), row(f"- There is {CODE}.", "summary"))
    for each in stored:
        assert held(changed, posts=[answer(TOLD)], rows=[each]).changes_missed_while_away == 1


def test_what_changed_behind_its_back_may_be_known_as_it_reads_now() -> None:
    edited = said(TOLD, version=1, edits={1: 10.0}, unheard=5.0)
    now = row(f"Please note #{TOLD}.1# for me{telling(TOLD, 1)}", "person")
    later = prompt(30.0, code(TOLD, 1), texts=[(TOLD, 1)])
    report = held(edited, posts=[answer(TOLD)], shown=[later], rows=[now])
    assert not any(getattr(report, name) for name in PROMISES)


def test_a_call_that_nobody_heard_is_answered_once() -> None:
    call = said(ASKED, away=True)
    report = held(call)
    assert (report.calls_missed_while_away, report.unanswered) == (1, 0)
    assert held(call, posts=[answer(ASKED)]).calls_missed_while_away == 0
    assert held(call, posts=[answer(ASKED), answer(ASKED)]).twice == 1
    assert held(said(ASKED)).unanswered == 1


def test_a_call_that_nobody_heard_is_remembered_if_it_was_answered() -> None:
    call, other = said(ASKED, away=True), row("Please note #1.0# for me", "person")
    assert held(call, rows=[other]).misremembered == 0
    assert held(call, posts=[answer(ASKED)], rows=[other]).misremembered == 2


def test_what_waits_for_the_product_is_told_and_breaks_no_run() -> None:
    report = held(gone(), shown=[prompt(30.0, CODE)])
    name = "quoted_after_forget"
    assert report.broken == (name not in WAITING)
    assert report.waiting == ({name: 1} if name in WAITING else {})
    assert len(report.reasons) == 1
    assert set(WAITING) <= set(PROMISES)


@pytest.mark.parametrize("number", range(0, 10 * EVERY, EVERY))
def test_a_code_is_found_wherever_it_stands_and_differs_with_each_edit(number: int) -> None:
    told = code(number, 0)
    for text in (
        f"it is {told}.",
        f"- {told}, {code(number, 1)}",
        f"그것은 {told}입니다"[:0] + told,
    ):
        assert told in codes(text)
    assert codes(telling(number, 1)) == [code(number, 1)]
    assert code(number, 1) != told
    assert not code(number + 1, 0)


def test_the_model_repeats_of_its_prompt_what_people_told() -> None:
    asking = [
        {"role": "system", "content": "persona"},
        {"role": "user", "content": f"bob: By the way, #{TOLD}.0# for me{telling(TOLD, 0)}"},
        {"role": "system", "content": "It is Monday."},
        {"role": "user", "content": "ada: Please note #9.0# for me"},
    ]
    assert roster(asking) == f"{IDLE} #9.0# - {CODE}"
    asking[-1]["content"] = "ada: Please note #10.0# for me"
    assert roster(asking) == f"{IDLE} #10.0#"


def test_the_model_keeps_codes_in_its_summaries_and_as_facts() -> None:
    line = f"ada: Please note #{TOLD}.0# for me{telling(TOLD, 0)}"
    assert CODE in summary(line, facts=False)
    told = summary(line, facts=True)
    assert f'"person": "ada", "key": "code {TOLD % 8}", "value": "{CODE}"' in told
