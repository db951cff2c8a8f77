"""The strategy: which moves a play is made of."""

from hypothesis import strategies as st

from tests.laws.play import Move

HOW = ("now", "begun", "later")
WEIGHTS = {
    "rest": 1,
    "say": 6,
    "chat": 4,
    "again": 1,
    "edit": 3,
    "delete": 3,
    "forget": 2,
    "deliver": 3,
    "settle": 5,
    "answer": 5,
    "describe": 1,
    "step": 12,
    "finish": 3,
    "crash": 1,
    "freeze": 1,
    "age": 1,
}
_KINDS = [kind for kind, weight in WEIGHTS.items() for _ in range(weight)]


def _move(number: int) -> Move:
    number, kind = divmod(number, len(_KINDS))
    number, process = divmod(number, 2)
    number, how = divmod(number, len(HOW))
    return Move(_KINDS[kind], process, number, HOW[how])


MOVES = [_move(number) for number in range(len(_KINDS) * 2 * len(HOW) * 8)]
plays = st.lists(st.sampled_from(MOVES), min_size=20, max_size=45)
