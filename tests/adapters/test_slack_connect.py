"""How Slack's events come in: sockets that are replaced in time, requests that Slack signed."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import structlog
from dirty_equals import IsPartialDict

from adapters.ports import HttpRequest, Refused
from adapters.slack.http import Signatures
from adapters.slack.platform import Access
from tests.adapters.inbox import Collected
from tests.adapters.slack_bot import MODES, bot, connected, running, served, settled
from tests.servers.slack import Fault, Slack
from tests.servers.slack.hooks import Signed
from tests.virtual import VirtualLoop

pytestmark = pytest.mark.anyio

VIRTUAL = pytest.mark.parametrize(
    "anyio_backend", [("asyncio", {"loop_factory": lambda: VirtualLoop(patience=0.05)})]
)
RECORDED = next(
    (path for up in Path(__file__).parents if (path := up / "shared/data/slack").exists()),
    Path("absent"),
)


@pytest.fixture
async def slack() -> AsyncIterator[Slack]:
    async with Slack(retries=()) as slack:
        yield slack


@pytest.fixture
def inbox(slack: Slack) -> Collected:
    return Collected(slack._changed)


@pytest.fixture(params=MODES)
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize("order", [("message", "app_mention"), ("app_mention", "message")])
async def test_twins_are_equal_in_either_order(
    slack: Slack, inbox: Collected, mode: str, order: tuple[str, str]
) -> None:
    async with connected(slack, inbox, mode):
        slack.say("C1", "U1", "what is new?", order=order)
        await settled(slack)
    first, second = inbox.messages
    assert first == second
    assert (first.text, first.called) == ("what is new?", True)


async def test_an_event_is_acknowledged_only_when_it_is_stored(
    slack: Slack, inbox: Collected, mode: str
) -> None:
    inbox.failures = 1
    async with connected(slack, inbox, mode):
        slack.say("C1", "U1", "hello", mention=False)
        await slack.until(lambda: slack.deliveries[0].attempts and not inbox.failures)
        assert not slack.deliveries[0].acked
        await slack.redeliver()
        await settled(slack)
    assert inbox.texts == ["hello"]


@pytest.mark.parametrize("told", [True, False], ids=["told", "untold"])
async def test_the_eleventh_delivery_is_taken_like_the_first(mode: str, told: bool) -> None:
    async with Slack(retries=(0.0,) * 10, ack_within=5.0, told=told) as slack:
        inbox = Collected(slack._changed, failures=10)
        slack.sockets.greets = True
        async with connected(slack, inbox, mode):
            if mode == "socket":  # a socket says nothing of what failed: Slack waits
                slack._courier._ack_within = 0.05
            slack.say("C1", "U1", "hello", mention=False)
            await slack.until(lambda: slack.deliveries[0].acked)
            assert slack.deliveries[0].attempts == 11
    assert inbox.texts == ["hello"]


async def test_what_nobody_needs_is_acknowledged_too(
    slack: Slack, inbox: Collected, mode: str
) -> None:
    event = {"type": "reaction_added", "user": "U1", "reaction": "tada", "event_ts": "1.0"}
    async with connected(slack, inbox, mode):
        slack.deliver({"type": "event_callback", "team_id": "T1", "event": event})
        slack.deliver({"type": "something_new", "team_id": "T1"})
        await settled(slack)
    assert (inbox.messages, inbox.others) == ([], [])


async def test_every_recorded_payload_is_acknowledged(
    slack: Slack, inbox: Collected, mode: str
) -> None:
    if not RECORDED.exists():
        pytest.skip("the recorded payloads are not in this checkout")
    async with connected(slack, inbox, mode):
        for path in sorted(RECORDED.glob("recorded-*.json")):
            told = json.loads(path.read_text())
            for body in told if isinstance(told, list) else told.values():
                if isinstance(body, dict) and ("command" in body or "type" in body):
                    slack.deliver(body)
        assert len(slack.deliveries) > 25
        await settled(slack)
    assert "hello from team 2" in " ".join(inbox.texts)


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


# Over HTTP


async def test_slack_may_verify_the_address(slack: Slack, inbox: Collected) -> None:
    async with connected(slack, inbox, "http"):
        assert await slack.hooks.verify() == "3eZbrw1a"


@pytest.mark.parametrize(
    ("stamp", "accepted"),
    [(-299, True), (299, True), (-302, False), (302, False)],
)
async def test_a_request_is_good_for_five_minutes(
    slack: Slack, inbox: Collected, stamp: int, accepted: bool
) -> None:
    async with connected(slack, inbox, "http"):
        body = json.dumps(event("hello")).encode()
        at = slack.hooks._now() + stamp
        status, _ = await slack.hooks.post(slack.hooks.sign(body, "application/json", at=at))
    assert (status == 200, len(inbox.messages)) == (accepted, int(accepted))


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Slack-Signature": "v0=" + "0" * 64},
        {"X-Slack-Signature": ""},
        {"X-Slack-Signature": "v0=ünïcödé"},
        {"X-Slack-Request-Timestamp": "junk"},
        {"X-Slack-Request-Timestamp": "-1"},
        {"X-Slack-Request-Timestamp": "٣"},
        {"X-Slack-Request-Timestamp": "9" * 400},
        {"X-Slack-Request-Timestamp": ""},
    ],
    ids=str,
)
async def test_what_slack_did_not_sign_is_refused_before_it_is_read(
    slack: Slack, inbox: Collected, headers: dict[str, str]
) -> None:
    platform = bot(slack, "http")
    good = slack.hooks.sign(b"{not even JSON", "application/json")
    async with running(slack, platform, inbox):
        (webhook,) = platform.webhooks.values()
        lowered = {name.lower(): value for name, value in (good.headers | headers).items()}
        assert (await webhook(HttpRequest(headers=lowered, body=good.body))).status == 401


async def test_a_body_changed_by_one_byte_is_refused(slack: Slack, inbox: Collected) -> None:
    async with connected(slack, inbox, "http"):
        good = slack.hooks.sign(json.dumps(event("hello")).encode(), "application/json")
        changed = Signed(body=good.body.replace(b"hello", b"hullo"), headers=good.headers)
        assert (await slack.hooks.post(changed))[0] == 401
        assert (await slack.hooks.post(good))[0] == 200


@pytest.mark.parametrize(
    "headers", [{}, {"X-Slack-Retry-Num": "1", "X-Slack-Retry-Reason": "http_timeout"}], ids=str
)
async def test_a_replayed_request_is_refused_whatever_its_headers_say(
    slack: Slack, inbox: Collected, headers: dict[str, str]
) -> None:
    async with connected(slack, inbox, "http"):
        good = slack.hooks.sign(json.dumps(event("hello")).encode(), "application/json")
        assert (await slack.hooks.post(good))[0] == 200
        again = Signed(body=good.body, headers=good.headers | headers)
        assert (await slack.hooks.post(again))[0] == 409
    assert inbox.texts == ["hello"]


async def test_slacks_own_retry_is_signed_anew_and_taken(slack: Slack, inbox: Collected) -> None:
    async with connected(slack, inbox, "http"):
        body = json.dumps(event("hello")).encode()
        for seconds in (-3, 0):
            at = slack.hooks._now() + seconds
            signed = slack.hooks.sign(body, "application/json", at=at)
            assert (await slack.hooks.post(signed))[0] == 200
    assert inbox.texts == ["hello", "hello"]  # memory tells that it is the same


async def test_what_could_not_be_stored_may_come_again_within_the_second(
    slack: Slack, inbox: Collected
) -> None:
    inbox.failures = 1
    async with connected(slack, inbox, "http"):
        good = slack.hooks.sign(json.dumps(event("hello")).encode(), "application/json")
        assert [(await slack.hooks.post(good))[0] for _ in range(3)] == [500, 200, 409]
    assert inbox.texts == ["hello"]


@pytest.mark.parametrize("body", [b"{not JSON", b"\xff\xfe", b"payload={"])
async def test_signed_nonsense_is_a_bad_request(
    slack: Slack, inbox: Collected, body: bytes
) -> None:
    async with connected(slack, inbox, "http"):
        status, _ = await slack.hooks.post(slack.hooks.sign(body, "application/json"))
    assert status == 400


async def test_before_and_after_it_runs_slack_is_told_to_come_again(
    slack: Slack, inbox: Collected
) -> None:
    platform = bot(slack, "http")
    assert platform.trouble == "starting"
    async with served(platform.webhooks) as address:
        slack.listen(f"{address}/slack/events")
        body = json.dumps(event("hello")).encode()
        good = slack.hooks.sign(body, "application/json")
        assert (await slack.hooks.post(good))[0] == 503
        async with running(slack, platform, inbox):
            assert platform.trouble == ""
            assert (await slack.hooks.post(good))[0] == 200
    assert platform.trouble == "stopped"


async def test_wrong_signatures_are_warned_of_once_until_a_good_one_comes(
    slack: Slack, inbox: Collected
) -> None:
    async with connected(slack, inbox, "http"):
        bad = Signed(body=b"{}", headers={"Content-Type": "application/json"})
        with structlog.testing.capture_logs() as logs:
            for _ in range(3):
                await slack.hooks.post(bad)
    assert [line["event"] for line in logs] == [
        "slack request refused: it lacks the signature of SLACK_SIGNING_SECRET"
    ]


def test_there_is_no_way_in_without_a_secret() -> None:
    with pytest.raises(ValueError, match="neither an app token nor a signing secret"):
        Access(bot_token="xoxb-1")


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


def test_signatures_are_remembered_as_long_as_they_are_valid() -> None:
    clock = Clock()
    signatures = Signatures("secret", clock)
    assert signatures.take(b"one")
    clock.seconds = 599
    assert not signatures.take(b"one")
    clock.seconds = 601
    assert signatures.take(b"two")
    assert list(signatures._taken) == [b"two"]


# Over sockets


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


async def test_no_log_holds_what_people_said_nor_a_token(
    slack: Slack,
    inbox: Collected,
    mode: str,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level("DEBUG")
    inbox.failures = 2
    async with connected(slack, inbox, mode):
        slack.say("C1", "U1", "my secret")
        await slack.until(lambda: not inbox.failures)
        if mode == "http":
            forged = Signed(body=b'{"text": "a secret"}', headers={"X-Slack-Signature": "v0=1"})
            await slack.hooks.post(forged)
        else:
            slack.sockets.drop()
            await slack.until(lambda: slack.sockets.story.count("open") == 2, within=20.0)
    records = [each for each in caplog.records if not each.name.startswith("aiohttp")]  # the fake's
    said = capsys.readouterr().out + "".join(record.getMessage() for record in records)
    assert "slack event not stored" in said
    for secret in ("secret ", "my secret", "ticket=", slack.bot_token, slack.app_token):
        assert secret not in said


class Clock:
    """A clock that stands still."""

    seconds = 0.0

    def __call__(self) -> Any:
        return datetime.fromtimestamp(self.seconds, UTC)


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


def event(text: str) -> dict[str, Any]:
    said = {"type": "message", "user": "U1", "ts": "1766458026.240809", "text": text}
    place = {"channel": "C1", "channel_type": "channel", "event_ts": "1766458026.240809"}
    return {"type": "event_callback", "team_id": "T1", "event": said | place}
