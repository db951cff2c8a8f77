"""What comes right after the bot is back goes in behind the word that something may be missing."""

import asyncio

import pytest

from adapters.slack import entrance
from tests.adapters.inbox import Collected
from tests.adapters.slack_bot import MODES, bot, connected, settled
from tests.servers.slack import Slack

pytestmark = pytest.mark.anyio


class Slow(Collected):
    """It takes a while to take in that something is missing; what came before that is `early`."""

    early: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.marked = asyncio.Event()

    async def missed(self, platform: str, ago: float) -> None:
        self.changed()
        self.early += len(self.messages)
        await self.marked.wait()
        self.early += len(self.messages)
        await super().missed(platform, ago)


@pytest.mark.parametrize("mode", MODES)
async def test_an_event_waits_until_the_inbox_knows_of_the_gap(mode: str) -> None:
    async with Slack(retries=()) as slack:
        inbox = Slow(slack._changed)
        async with connected(slack, inbox, mode):
            if mode == "socket":
                await slack.until(lambda: slack.sockets.open)
            slack.dm("U1", "hello")
            await slack.until(lambda: slack.deliveries[-1].attempts or True)
            inbox.marked.set()
            await slack.until(lambda: inbox.texts == ["hello"])
            await settled(slack)
    assert (inbox.early, inbox.gaps) == (0, ["slack"])


async def test_it_does_not_wait_for_longer_than_slack_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(entrance, "_TOLD", 0.05)
    async with Slack(retries=()) as slack:
        inbox = Slow(slack._changed)
        async with connected(slack, inbox):
            await slack.until(lambda: slack.sockets.open)
            slack.dm("U1", "hello")
            await slack.until(lambda: inbox.texts == ["hello"])


async def test_what_slack_gave_up_opens_a_gap_of_the_whole_workspace() -> None:
    """The same word as after an absence: calls are looked for behind it too."""
    async with Slack(retries=()) as slack:
        inbox = Collected(slack._changed)
        platform = bot(slack)
        assert platform.spaces == ()
        async with connected(slack, inbox) as platform:
            await slack.until(lambda: inbox.gaps)
            assert platform.spaces == ("T00FAKE00AA",)
            platform._lost(400.0)
            await slack.until(lambda: len(inbox.gaps) == 2)
    assert inbox.ago[1] >= 400.0
