"""The laws can tell: each planted defect breaks one within so many plays.

That a script fails does not count: the planted text itself may be what fails.
"""

import random

import pytest
from redis.exceptions import ResponseError

from tests.laws.conftest import Open, Theatre
from tests.laws.laws import Broken
from tests.laws.moves import some
from tests.laws.mutants import MUTANTS, REQUIRED

WITHIN = 1_000
SEED = 9  # the unfenced conclude takes 42 plays then; 50 to 400 with others


def noticed(stage: Theatre, chance: random.Random, plays: int) -> bool:
    for _ in range(plays):
        try:
            stage.play(some(chance))
        except Broken:
            return True
        except ResponseError:  # no law was broken by what the script left half done
            continue
    return False


@pytest.mark.parametrize(
    "name",
    [pytest.param(each, marks=() if each in REQUIRED else pytest.mark.long) for each in MUTANTS],
)
def test_a_planted_defect_is_noticed(theatre: Open, name: str) -> None:
    chance = random.Random(f"{name}{SEED}")  # noqa: S311
    assert noticed(theatre(MUTANTS[name]), chance, WITHIN)


def test_a_script_that_cannot_run_is_no_defect_that_the_laws_noticed(theatre: Open) -> None:
    stage = theatre({"local message = unpack_message(original)": "error('planted')"})
    chance = random.Random(SEED)  # noqa: S311
    assert not noticed(stage, chance, 20)
