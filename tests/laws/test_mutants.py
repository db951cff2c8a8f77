"""The laws can tell: each planted defect breaks one within so many plays."""

import random

import pytest
from redis.exceptions import ResponseError

from tests.laws.conftest import Open
from tests.laws.laws import Broken
from tests.laws.moves import some
from tests.laws.mutants import MUTANTS, REQUIRED

WITHIN = 2_000


@pytest.mark.parametrize(
    "name",
    [pytest.param(each, marks=() if each in REQUIRED else pytest.mark.long) for each in MUTANTS],
)
def test_a_planted_defect_is_noticed(theatre: Open, name: str) -> None:
    stage, chance = theatre(MUTANTS[name]), random.Random(name)  # noqa: S311
    for _ in range(WITHIN):
        try:
            stage.play(some(chance))
        except (Broken, ResponseError):
            return
    pytest.fail(f"nothing was noticed: {name}")
