"""What Slack gave up while nothing could be stored is read later."""

import pytest

from tests.adapters.inbox import Collected
from tests.adapters.slack_bot import connected
from tests.servers.slack import Slack
from tests.virtual import VirtualLoop

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.parametrize(
        "anyio_backend", [("asyncio", {"loop_factory": lambda: VirtualLoop(patience=0.05)})]
    ),
]


@pytest.mark.parametrize(("failures", "gaps"), [(2, 1), (4, 2)])
async def test_a_gap_is_told_once_slack_may_have_given_an_event_up(
    failures: int, gaps: int
) -> None:
    """It tries four times within about six minutes."""
    async with Slack() as slack:
        inbox = Collected(slack._changed)
        async with connected(slack, inbox, "http"):
            await slack.until(lambda: inbox.gaps)
            inbox.failures = failures
            slack.dm("U1", "hello")
            await slack.until(lambda: not inbox.failures, within=600.0)
            slack.dm("U1", "still there?")
            await slack.until(lambda: "still there?" in inbox.texts)
            await slack.until(lambda: slack.deliveries[-1].acked)
    assert len(inbox.gaps) == gaps
    assert inbox.texts[-1] == "still there?"
    assert all(ago > 300 for ago in inbox.ago[1:])


@pytest.mark.parametrize(("outages", "gaps"), [(3, 1), (4, 2)])
async def test_an_event_is_lost_too_whose_every_try_fell_into_another_outage(
    outages: int, gaps: int
) -> None:
    async with Slack() as slack:
        inbox = Collected(slack._changed)
        async with connected(slack, inbox, "http"):
            await slack.until(lambda: inbox.gaps)
            inbox.failures, inbox.failing = outages, "hello"
            slack.dm("U1", "hello")
            for left in reversed(range(outages)):
                await slack.until(lambda: inbox.failures == left, within=600.0)  # noqa: B023
                slack.dm("U2", f"{left} to come")
                await slack.until(lambda: f"{left} to come" in inbox.texts)  # noqa: B023
            await slack.until(
                lambda: all(each.acked or each.lost for each in slack.deliveries), within=600.0
            )
    assert len(inbox.gaps) == gaps
    assert ("hello" in inbox.texts) == (outages < 4)
