"""What a replica has confirmed outlives its primary, also one that died ahead of its replicas."""

import pytest

from tests.conftest import SERVERS
from tests.durability.failover import crash, failover, paused

pytestmark = [pytest.mark.anyio, pytest.mark.long, pytest.mark.alone]


async def test_a_crash_loses_nothing_that_a_replica_confirmed() -> None:
    async with crash(SERVERS[0]) as (url, happen):
        found = await failover(url, happen, replicas=1, seconds=0.3)
    assert found.acknowledged > 200
    assert found.lost == 0


async def test_a_planned_failover_with_writes_paused_loses_nothing() -> None:
    async with paused(SERVERS[0]) as (url, happen):
        found = await failover(url, happen, replicas=0, seconds=0.3)
    assert found.acknowledged > 200
    assert found.lost == 0
