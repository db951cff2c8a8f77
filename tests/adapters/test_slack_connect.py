"""How the bot connects to Slack: patiently, over sockets replaced in time; and what it missed."""

import asyncio
from typing import Any

import pytest
import structlog
from dirty_equals import IsPartialDict

from adapters.ports import Refused
from tests.adapters.inbox import Collected
from tests.adapters.slack_bot import bot, connected, inbox, mode, settled, slack
from tests.servers.slack import Fault, Slack
from tests.virtual import VirtualLoop

__all__ = ["inbox", "mode", "slack"]

pytestmark = pytest.mark.anyio

VIRTUAL = pytest.mark.parametrize(
    "anyio_backend", [("asyncio", {"loop_factory": lambda: VirtualLoop(patience=0.05)})]
)


async def test_events_may_have_been_lost_before_the_first_connection(
    slack: Slack, inbox: Collected, mode: str
) -> None:
    async with connected(slack, inbox, mode):
        await slack.until(lambda: inbox.gaps)
    assert inbox.gaps == ["slack"]


async def test_events_that_slack_held_back_are_caught_up(
    slack: Slack, inbox: Collected, mode: str
) -> None:
    async with connected(slack, inbox, mode):
        await slack.until(lambda: inbox.gaps)
        slack.deliver({"type": "app_rate_limited", "team_id": "T1", "minute_rate_limited": 1})
        await slack.until(lambda: len(inbox.gaps) == 2)


@VIRTUAL
async def test_a_store_that_was_away_is_asked_again_to_catch_up() -> None:
    async with Slack() as slack:
        inbox = Forgetful(slack._changed)
        async with connected(slack, inbox):
            await slack.until(lambda: inbox.gaps, within=60.0)
    assert inbox.refused == 1


@pytest.mark.parametrize("fault", [Fault(status=503), Fault(retry_after=3), Fault(cut=True)])
@VIRTUAL
async def test_a_start_is_patient_with_slack(fault: Fault, mode: str) -> None:
    async with Slack() as slack:
        slack.fail("auth.test", fault)
        inbox = Collected(slack._changed)
        async with connected(slack, inbox, mode):
            slack.dm("U1", "hello")
            await settled(slack)
    assert inbox.texts == ["hello"]


async def test_a_refused_token_ends_the_run(slack: Slack, inbox: Collected, mode: str) -> None:
    with pytest.raises(Refused, match="invalid_auth"):
        await bot(slack, mode, bot_token="xoxb-old").run(inbox)


async def test_a_run_that_ends_while_a_socket_is_replaced_leaves_none_open(
    slack: Slack,
) -> None:
    slow = Slow(slack._changed)
    async with connected(slack, slow):
        slack.dm("U1", "hello")
        await slow.begun.wait()
        await slack.sockets.refresh()
        await slack.until(lambda: slack.sockets.story.count("open") == 2)
    await slack.until(lambda: not slack.sockets.open)


async def test_the_new_socket_is_open_before_the_old_one_is_closed(
    slack: Slack, inbox: Collected
) -> None:
    async with connected(slack, inbox):
        await slack.until(lambda: inbox.gaps)
        await slack.sockets.refresh()
        await slack.until(lambda: "close" in slack.sockets.story)
        assert slack.sockets.story == ["open", "open", "close"]
        slack.dm("U1", "still there?")
        await settled(slack)
    assert inbox.texts == ["still there?"]
    assert inbox.gaps == ["slack"]


@pytest.mark.parametrize("reason", ["warning", "refresh_requested"])
async def test_many_reasons_to_reconnect_at_once_open_one_socket(
    slack: Slack, inbox: Collected, reason: str
) -> None:
    async with connected(slack, inbox):
        for _ in range(3):
            await slack.sockets.refresh(reason)
        await slack.until(lambda: "close" in slack.sockets.story)
        slack.dm("U1", "hello")
        await settled(slack)
    assert slack.sockets.story.count("open") == 2


async def test_what_came_over_the_old_socket_is_acknowledged_over_it(
    slack: Slack, inbox: Collected
) -> None:
    slow = Slow(slack._changed)
    async with connected(slack, slow):
        slack.dm("U1", "hello")
        await slow.begun.wait()
        await slack.sockets.refresh()
        await slack.until(lambda: slack.sockets.story.count("open") == 2)
        assert "close" not in slack.sockets.story
        slow.done.set()
        await settled(slack)
        assert slack.deliveries[0].attempts == 1


async def test_a_broken_connection_is_made_anew_and_caught_up(
    slack: Slack, inbox: Collected
) -> None:
    async with connected(slack, inbox):
        await slack.until(lambda: inbox.gaps)
        slack.sockets.drop()
        await slack.until(lambda: slack.sockets.story == ["open", "close", "open"], within=20.0)
        await slack.until(lambda: len(inbox.gaps) == 2)
        slack.dm("U1", "hello")
        await settled(slack)


@VIRTUAL
async def test_a_socket_that_answers_no_ping_is_given_up() -> None:
    async with Slack() as slack:
        inbox = Collected(slack._changed)
        async with connected(slack, inbox):
            slack.sockets.open[0].deaf = True
            await slack.until(lambda: slack.sockets.story.count("open") == 2, within=120.0)
            await slack.until(lambda: len(inbox.gaps) == 2)


@VIRTUAL
async def test_the_watchdog_does_without_the_sdks_own() -> None:
    async with Slack() as slack:
        inbox = Collected(slack._changed)
        async with connected(slack, inbox) as platform:
            (socket,) = platform._sockets._open
            assert socket.current_session_monitor
            socket.current_session_monitor.cancel()
            socket.last_ping_pong_time = None
            await slack.until(lambda: slack.sockets.story.count("open") == 2, within=120.0)


@VIRTUAL
async def test_a_socket_that_is_not_greeted_is_given_up_for_a_new_one() -> None:
    async with Slack() as slack:
        inbox = Collected(slack._changed)
        slack.sockets.greets = False
        platform = bot(slack)
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(platform.run(inbox))
            await slack.until(lambda: "close" in slack.sockets.story, within=120.0)
            slack.sockets.greets = True
            await slack.until(lambda: slack.sockets.story.count("open") == 2, within=120.0)
            assert platform.trouble == "no connection: no answer"
            await slack.until(lambda: inbox.gaps, within=120.0)
            assert platform.trouble == ""
            task.cancel()


async def test_with_two_sockets_one_may_break_without_a_gap(slack: Slack, inbox: Collected) -> None:
    async with connected(slack, inbox, sockets=2) as platform:
        await slack.until(lambda: len(slack.sockets.open) == 2 and inbox.gaps)
        for text in ("over one", "over the other"):
            slack.dm("U1", text)
        await settled(slack)
        await slack.sockets.open[0].socket.close()
        await slack.until(lambda: slack.sockets.story.count("open") == 3, within=20.0)
        assert platform.trouble == ""
        for text in ("one", "two", "three"):
            slack.dm("U1", text)
        await settled(slack)
    assert sorted(inbox.texts[2:]) == ["one", "three", "two"]
    assert inbox.gaps == ["slack"]


@pytest.mark.parametrize(("others", "warned"), [(0, 0), (1, 1)])
async def test_another_process_with_the_same_token_is_warned_of(
    slack: Slack, inbox: Collected, others: int, warned: int
) -> None:
    slack.sockets.others = others
    with structlog.testing.capture_logs() as logs:
        async with connected(slack, inbox):
            await slack.until(lambda: inbox.gaps)
    assert logs == [
        IsPartialDict(log_level="warning", connections=1 + others, own=1) for _ in range(warned)
    ]


@VIRTUAL
async def test_too_many_sockets_wait_before_they_try_again() -> None:
    async with Slack() as slack:
        inbox = Collected(slack._changed)
        async with connected(slack, inbox):
            began = asyncio.get_running_loop().time()
            await slack.sockets.refresh("too_many_websockets")
            await slack.until(lambda: slack.sockets.story == ["open", "close", "open"], within=60.0)
            assert asyncio.get_running_loop().time() - began >= 5.0


@VIRTUAL
async def test_socket_mode_switched_off_is_told_and_waited_for() -> None:
    async with Slack() as slack:
        inbox = Collected(slack._changed)
        async with connected(slack, inbox) as platform:
            await slack.until(lambda: inbox.gaps)
            slack.fail("apps.connections.open", Fault(error="forbidden"))
            await slack.sockets.refresh("link_disabled")
            for link in list(slack.sockets.open):
                await link.socket.close()
            await slack.until(lambda: len(slack.calls("apps.connections.open")) == 2)
            await asyncio.sleep(1.0)
            assert platform.trouble.startswith("apps.connections.open: forbidden")
            await slack.until(lambda: len(inbox.gaps) == 2, within=120.0)
            assert platform.trouble == ""


class Forgetful(Collected):
    """Fails to catch up the first time."""

    refused = 0

    async def missed(self, platform: str, ago: float) -> None:
        if not self.refused:
            self.refused += 1
            raise ConnectionError("the store is away")
        await super().missed(platform, ago)


class Slow(Collected):
    """Takes its time to store."""

    def __init__(self, changed: Any) -> None:
        super().__init__(changed)
        self.begun, self.done = asyncio.Event(), asyncio.Event()

    async def receive(self, message: Any) -> None:
        self.begun.set()
        await self.done.wait()
        await super().receive(message)
