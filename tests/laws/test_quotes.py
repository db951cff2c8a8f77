"""No reply that took words from what is gone stands in a record or a prompt.

`WEIGHTS["quote"]` in `moves.py` lets plays by chance quote too: `test_laws.py` hunts this law.
"""

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.laws.conftest import Open
from tests.laws.events import NUMBERS, Move
from tests.laws.moves import some
from tests.laws.truth import Truth

FEW, MANY = 100, 1_000
ALL, HERE, SIBLING = 0, 0, 8  # words; a move's numbers: the first thread, the second one


def now(kind: str, number: int = HERE, process: int = 0) -> Move:
    return Move(kind, process, number, "now")


def begun(kind: str, number: int = HERE, process: int = 0) -> Move:
    return Move(kind, process, number, "begun")


def post(number: int, said: int) -> int:
    """The number of a move that picks this one of so many posts."""
    return next(each for each in range(NUMBERS) if each * said // NUMBERS == number)


SAY, CHAT, QUOTE = now("say"), now("chat"), now("quote")
THERE = [now("say", 9), now("quote", SIBLING)]  # a call in the other thread, and its answer
TOLD = [SAY, SAY, now("answer")]  # of the first the third has words: so it is recalled there
OVERHEARD = [SAY, now("answer"), now("say", 1), SAY, QUOTE]  # the second post, to somebody else


def during(steps: int) -> list[Move]:
    """What a reply quotes is deleted after so many store calls of its turn, in another process."""
    turn = [now("say", 9), begun("quote", SIBLING), *[begun("step")] * steps]
    deleted = now("delete", post(0, 3), process=1)
    return [*TOLD, *turn, deleted, now("finish"), now("answer", SIBLING)]


PLAYS = {
    "its own question is edited": [SAY, QUOTE, now("edit")],
    "what it overheard is deleted": [*OVERHEARD, now("delete", post(1, 3))],
    "what it overheard is edited": [*OVERHEARD, now("edit", post(1, 3))],
    "what it recalled from another thread is deleted": [*TOLD, *THERE, now("delete", post(0, 3))],
    "what it recalled from another thread is edited": [*TOLD, *THERE, now("edit", post(0, 3))],
    "what it recalled from another thread is forgotten there": [*TOLD, *THERE, now("forget", 1)],
    "what was quoted by the reply that it quotes is deleted": [
        *(*OVERHEARD, SAY, QUOTE, now("delete", post(1, 4)))
    ],
    "what was quoted by a reply of another thread that it quotes is deleted": [
        *(*OVERHEARD, *THERE, now("delete", post(1, 4)))
    ],
    "it was folded before what it quotes is edited": [
        *(*OVERHEARD, CHAT, CHAT, now("settle"), now("edit", post(1, 9)))
    ],
    "what it recalled is deleted before it is noted": during(1),
    "what it recalled is deleted before it is concluded": during(2),
}


@pytest.mark.parametrize("name", PLAYS)
def test_no_reply_that_took_words_from_what_is_gone_stands(theatre: Open, name: str) -> None:
    theatre({}).play(PLAYS[name])


KEPT: dict[str, Sequence[Move]] = {
    "nothing goes": [*OVERHEARD, *THERE, SAY, QUOTE],
    "the very question is deleted": [SAY, QUOTE, now("delete")],
    "all of the channel is forgotten": [*OVERHEARD, *THERE, now("forget", 0)],
}


@pytest.mark.parametrize("name", KEPT)
def test_a_reply_may_quote_what_stays_and_goes_with_its_question(theatre: Open, name: str) -> None:
    theatre({}).play(KEPT[name])


@pytest.mark.parametrize("number", [FEW, pytest.param(MANY, marks=pytest.mark.long)])
def test_no_such_reply_stands_in_whatever_order_things_happen(theatre: Open, number: int) -> None:
    stage, chance = theatre({}), random.Random(number)  # noqa: S311
    for _ in range(number):
        moves = some(chance)
        stage.play([replace(m, kind="quote") if m.kind == "answer" else m for m in moves])


def test_what_quotes_a_reply_that_has_to_go_has_to_go_too() -> None:
    truth = Truth()
    first = truth.reply([], ["zz1000v0"]).split(", ")
    second = truth.reply([], [first[0].rpartition(" ")[2]])
    truth._forbid(["zz1000v0"])
    assert truth.forbidden == ["zz1000v0", "yy1000", "yy1001"]
    assert second.endswith(", yy1000")
    truth._forbid(["zz1001v0"])
    assert truth.forbidden[3:] == ["zz1001v0"]
