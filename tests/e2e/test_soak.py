"""A minute of talk on both platforms in bad weather; `python -m bench soak` is for longer ones."""

from pathlib import Path

import pytest

from tests.e2e.conftest import check_log
from tests.soak.run import Plan, staged

pytestmark = [pytest.mark.anyio, pytest.mark.long, pytest.mark.alone]

SECONDS = 60.0


@pytest.mark.parametrize(
    "http",
    [
        pytest.param(False, id="sockets"),
        pytest.param(True, id="http", marks=pytest.mark.full),
    ],
)
async def test_no_reply_is_lost_doubled_or_misplaced_and_nothing_grows(
    tmp_path: Path, http: bool
) -> None:
    async with staged(Plan(seconds=SECONDS, seed=20261127, http=http), tmp_path) as run:
        await run.play()
        found = await run.found()
        print(found)
        assert found.faults > SECONDS / 2
        assert not found.broken
        check_log(run.home)
