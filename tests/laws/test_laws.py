"""Ten thousand plays: whatever happens in whatever order, the laws of memory hold."""

import os
from collections.abc import Callable, Sequence

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.laws.conftest import Theatre
from tests.laws.moves import plays
from tests.laws.play import Move

FEW, MANY = int(os.environ.get("N", "150")), 10_000


@pytest.mark.parametrize("number", [FEW, pytest.param(MANY, marks=pytest.mark.long)])
def test_the_laws_hold_in_whatever_order_things_happen(
    theatre: Callable[[], Theatre], number: int
) -> None:
    stage = theatre()

    @settings(max_examples=number, deadline=None, database=None, print_blob=True, suppress_health_check=[*HealthCheck])
    @given(moves=plays)
    def holds(moves: Sequence[Move]) -> None:
        stage.play(moves)

    holds()
