"""The laws can tell: each planted defect breaks one within so many plays."""

import random

import pytest
from redis.exceptions import ResponseError

from tests.laws.conftest import Open
from tests.laws.laws import Broken
from tests.laws.moves import some
from tests.laws.mutants import MUTANTS, REQUIRED

WITHIN = 1_000
SEED = 9  # the unfenced conclude takes 42 plays then; 50 to 400 with others


@pytest.mark.parametrize(
    "name",
    [pytest.param(each, marks=() if each in REQUIRED else pytest.mark.long) for each in MUTANTS],
)
def test_a_planted_defect_is_noticed(theatre: Open, name: str) -> None:
    stage, chance = theatre(MUTANTS[name]), random.Random(f"{name}{SEED}")  # noqa: S311
    for _ in range(WITHIN):
        try:
            stage.play(some(chance))
        except (Broken, ResponseError):
            return
    pytest.fail(f"nothing was noticed: {name}")
