"""Requests that Slack signed are taken once and within five minutes, and no others are read."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
import structlog

from adapters.ports import HttpRequest
from adapters.slack.http import Signatures
from adapters.slack.platform import Access
from tests.adapters.inbox import Collected
from tests.adapters.slack_bot import bot, connected, inbox, running, served, slack
from tests.servers.slack import Slack
from tests.servers.slack.hooks import Signed

__all__ = ["inbox", "slack"]

pytestmark = pytest.mark.anyio


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


def test_signatures_are_remembered_as_long_as_they_are_valid() -> None:
    clock = Clock()
    signatures = Signatures("secret", clock)
    assert signatures.take(b"one")
    clock.seconds = 599
    assert not signatures.take(b"one")
    clock.seconds = 601
    assert signatures.take(b"two")
    assert list(signatures._taken) == [b"two"]


class Clock:
    """A clock that stands still."""

    seconds = 0.0

    def __call__(self) -> Any:
        return datetime.fromtimestamp(self.seconds, UTC)


def event(text: str) -> dict[str, Any]:
    said = {"type": "message", "user": "U1", "ts": "1766458026.240809", "text": text}
    place = {"channel": "C1", "channel_type": "channel", "event_ts": "1766458026.240809"}
    told = {"team_id": "T1", "is_ext_shared_channel": False, "event": said | place}
    return {"type": "event_callback"} | told
