"""Ten thousand plays: whatever happens in whatever order, the laws of memory hold."""

from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings

from memory.seal import Keyring, fresh_key
from tests.laws.conftest import Open
from tests.laws.events import Move
from tests.laws.found import FOUND
from tests.laws.holdings import _loose
from tests.laws.moves import plays

FEW, MANY, ALL = 100, 1_000, 10_000


@pytest.mark.parametrize(
    "number",
    [FEW, pytest.param(MANY, marks=pytest.mark.long), pytest.param(ALL, marks=pytest.mark.full)],
)
def test_the_laws_hold_in_whatever_order_things_happen(theatre: Open, number: int) -> None:
    stage = theatre({})

    @settings(
        max_examples=number,
        deadline=None,
        database=None,
        print_blob=True,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(moves=plays)
    def hold(moves: Sequence[Move]) -> None:
        stage.play(moves)

    hold()


@pytest.mark.parametrize("name", FOUND)
def test_what_once_broke_a_law_does_so_no_more(theatre: Open, name: str) -> None:
    theatre({}).play(FOUND[name])


def test_sealed_text_that_belongs_to_nobody_is_noticed() -> None:
    ring = Keyring([fresh_key()])
    alone = b"1800000000000000:" + ring.wrap(bytes(32), "an edit") + b"its text"
    tables = {
        "slack:T:C/pend/20833": [b"a post", alone],
        "slack:T:C/seen/20833": [b"a post", b"-"],
        "slack:T:C:1/rec": [b"key", ring.wrap(bytes(32), "a conversation")],
        "person:slack:T:U0": [b"key", ring.wrap(bytes(32), "a person")],
    }
    assert [*_loose(tables, ring)] == ["slack:T:C/pend/20833"]
