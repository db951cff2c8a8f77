"""What the private server acknowledged is there after its machine's power was cut."""

import random
from pathlib import Path

import pytest

from tests.conftest import SERVERS
from tests.durability.cuts import Machine
from tests.servers.power import possible
from tests.servers.redis import Binary

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module", autouse=True)
def _tracing() -> None:
    if not possible():
        pytest.skip("no process may be traced (ptrace) on this machine")


@pytest.mark.parametrize(
    "binary",
    [
        pytest.param(each, id=str(each), marks=[pytest.mark.long] * bool(number))
        for number, each in enumerate(SERVERS)
    ],
)
async def test_nothing_acknowledged_is_lost_when_the_power_goes(
    binary: Binary, tmp_path: Path
) -> None:
    machine = Machine(binary, tmp_path, "always", random.Random(1))  # noqa: S311
    for messages in (40, 1, 60):
        cut = await machine.cut(messages, power=True)
        assert cut.acknowledged >= messages
        assert cut.lost == 0


@pytest.mark.long
async def test_without_a_sync_before_the_acknowledgement_messages_are_lost(tmp_path: Path) -> None:
    machine = Machine(SERVERS[0], tmp_path, "no", random.Random(1))  # noqa: S311
    cut = await machine.cut(60, power=True)
    assert cut.lost > 0
    assert cut.unsynced > 1_000
    assert (await machine.cut(1, power=False)).lost == 0
