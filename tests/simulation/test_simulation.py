"""Whatever fails, and whenever: each message is answered once, and nothing stays that was to go."""

from collections.abc import Callable

import pytest

from tests.simulation.mutants import NONE
from tests.simulation.run import Outcome
from tests.simulation.runs import PLATFORMS, play, simulate

FEW, MANY = 15, 500  # seeds, for each platform
Play = Callable[[str, range], list[Outcome]]


@pytest.fixture
def played(any_server: str) -> Play:
    return lambda platform, seeds: play(any_server, platform, seeds, NONE, first=False)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_promises_hold_whatever_fails(played: Play, platform: str) -> None:
    outcomes = played(platform, range(FEW))
    assert {each.seed: each.problems for each in outcomes if each.problems} == {}


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_seed_runs_the_same_way_twice(played: Play, platform: str) -> None:
    (once,), (again,) = played(platform, range(3, 4)), played(platform, range(3, 4))
    assert once == again
    assert once.trace


@pytest.mark.long
@pytest.mark.anyio
async def test_promises_hold_for_a_thousand_seeds() -> None:
    outcomes = await simulate(range(MANY))
    assert len(outcomes) == MANY * len(PLATFORMS)
    assert [(each.platform, each.seed, each.problems) for each in outcomes if each.problems] == []
