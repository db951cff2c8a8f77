"""Minutes of chaos: bots and store killed and disturbed while people talk on both platforms."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from tests.chaos.run import Plan, staged
from tests.e2e.conftest import check_log

pytestmark = [pytest.mark.anyio, pytest.mark.long, pytest.mark.alone]

SECONDS, SETTLE, DEADLINE = 90.0, 100.0, 300.0
PLAN = Plan(seconds=SECONDS, seed=20261127, replicas=2, rate=25.0, settle=SETTLE)


async def test_no_promise_breaks_however_often_bots_and_store_are_killed(tmp_path: Path) -> None:
    await held(PLAN, tmp_path)


@pytest.mark.full
async def test_no_promise_breaks_while_a_primary_and_its_replica_take_turns(
    tmp_path: Path,
) -> None:
    await held(replace(PLAN, rate=10.0, replicas=1, sentinel=True), tmp_path)


async def held(plan: Plan, folder: Path) -> None:
    async with staged(plan, folder) as run:
        try:
            async with asyncio.timeout(DEADLINE):
                await run.play()
                report = await run.report()
        except TimeoutError:
            pytest.fail(f"no end in {DEADLINE:.0f} s: {run.people.awaited}\n{run.home.err[-2000:]}")
    print(report, f"waiting: {dict(report.waiting)}", f"settled in {run.settled_in:.1f} s")
    assert not report.broken, "\n".join([*report.reasons, *run.people.awaited])
    assert report.bot_kills >= SECONDS / 15
    assert report.store_kills
    assert run.absence.changed
    assert run.absence.called
    assert any(prompt.codes for prompt in run.model.shown)
    check_log(run.home)
