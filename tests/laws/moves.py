"""The strategy: which moves a play is made of."""

import random

from hypothesis import strategies as st

from tests.laws.events import NUMBERS, Move

HOW = ("now", "begun", "later")
WEIGHTS = {
    "rest": 1,
    "say": 6,
    "chat": 4,
    "again": 1,
    "lose": 2,
    "read": 3,
    "thaw": 3,
    "edit": 3,
    "delete": 3,
    "vanish": 2,
    "forget": 2,
    "deliver": 3,
    "settle": 5,
    "learn": 1,
    "answer": 5,
    "race": 9,
    "describe": 1,
    "step": 12,
    "finish": 3,
    "crash": 1,
    "freeze": 1,
    "age": 1,
    "quote": 3,
}
_KINDS = [kind for kind, weight in WEIGHTS.items() for _ in range(weight)]


def _move(number: int) -> Move:
    number, kind = divmod(number, len(_KINDS))
    number, process = divmod(number, 2)
    number, how = divmod(number, len(HOW))
    return Move(_KINDS[kind], process, number, HOW[how])


def _now(kind: str, number: int = 0) -> Move:
    return Move(kind, 0, number, "now")


MOVES = [_move(number) for number in range(len(_KINDS) * 2 * len(HOW) * NUMBERS)]
JOINED = [_now("say"), _now("answer")]
FOLDED = [*JOINED, _now("chat"), _now("chat"), _now("settle")]
MERGED = [*FOLDED, *[_now("chat"), _now("settle")] * 2]
EXPIRED = [*FOLDED, _now("age"), _now("age")]  # but for the summary
BEGINNINGS = [[], JOINED, FOLDED, MERGED, EXPIRED]
LEAST, MOST = 10, 30  # moves
plays = st.builds(
    list.__add__,
    st.sampled_from(BEGINNINGS),
    st.lists(st.sampled_from(MOVES), min_size=LEAST, max_size=MOST),
)


def some(chance: random.Random) -> list[Move]:
    """A play by chance alone, where none has to be reduced."""
    return chance.choice(BEGINNINGS) + chance.choices(MOVES, k=chance.randint(LEAST, MOST))
