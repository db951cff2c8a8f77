"""Whatever fails, and whenever: each message is answered once, and nothing stays that was to go."""

from collections.abc import Callable

import pytest

from tests.simulation.mutants import MUTANTS, NONE, Mutant
from tests.simulation.run import Outcome
from tests.simulation.runs import PLATFORMS, hunt, play, simulate
from tests.simulation.store import SimulatedStore

FEW, MANY, ALL = 8, 500, 1_000  # seeds, for each platform
QUICK = 25  # seeds within which a defect is planted in every run of the tests
SOON = (
    "a message that came before is taken in again",
    "a takeover mints the turn anew",
    "a lease belongs to a name, not to a call",
    "what is owed is not due",
    "a stopped turn is made again by a takeover",
)
PLANTED = 300  # seeds within which every other is noticed
Play = Callable[[str, range], list[Outcome]]


@pytest.fixture
def played(any_server: str) -> Play:
    return lambda platform, seeds: play(any_server, platform, seeds, NONE, first=False)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_promises_hold_whatever_fails(played: Play, platform: str) -> None:
    outcomes = played(platform, range(FEW))
    assert {each.seed: each.problems for each in outcomes if each.problems} == {}
    assert all(each.counts["owed"] and each.counts["turns"] for each in outcomes)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_seed_runs_the_same_way_twice(played: Play, platform: str) -> None:
    (once,), (again,) = played(platform, range(3, 4)), played(platform, range(3, 4))
    assert once == again
    assert once.trace


@pytest.mark.anyio
@pytest.mark.parametrize(
    "number",
    [pytest.param(MANY, marks=pytest.mark.long), pytest.param(ALL, marks=pytest.mark.full)],
)
async def test_promises_hold_for_many_seeds(number: int) -> None:
    outcomes = await simulate(range(number))
    assert len(outcomes) == number * len(PLATFORMS)
    assert [(each.platform, each.seed, each.problems) for each in outcomes if each.problems] == []


@pytest.mark.parametrize(
    "mutant", [each for each in MUTANTS if each.what in SOON], ids=lambda m: m.what
)
def test_a_rule_switched_off_is_noticed_soon(any_server: str, mutant: Mutant) -> None:
    outcomes = play(any_server, mutant.platform, range(QUICK), mutant, first=True)
    assert mutant.noticed(outcomes[-1].problems)


@pytest.mark.full
@pytest.mark.anyio
async def test_every_rule_switched_off_is_noticed() -> None:
    assert [each.what async for each in hunt(MUTANTS, PLANTED) if not each.problem] == []


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda m: m.what)
def test_a_rule_stands_where_it_is_switched_off(mutant: Mutant) -> None:
    SimulatedStore(mutant.changes, (), mutant.weather.lease)
    with mutant.planted():
        pass


def test_every_rule_of_the_protocol_is_switched_off_once() -> None:
    assert {each.rule for each in MUTANTS} == set(range(1, 26))
