"""What Slack delivers is acknowledged once it is stored, however often and whenever it comes."""

import json
from typing import Any

import pytest

from tests.adapters.inbox import Collected
from tests.adapters.slack_bot import connected, inbox, mode, settled, slack
from tests.adapters.slack_payloads import RECORDED
from tests.servers.slack import Slack
from tests.servers.slack.hooks import Signed

__all__ = ["inbox", "mode", "slack"]

pytestmark = pytest.mark.anyio


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


def known(slack: Slack, event: dict[str, Any]) -> None:
    """Who speaks in a recorded event, and where, is there."""
    if isinstance(user := event.get("user"), str):
        slack.workspace.appears(user)
    if isinstance(channel := event.get("channel"), str):
        slack.channel(channel)


async def test_every_recorded_payload_is_acknowledged(
    slack: Slack, inbox: Collected, mode: str
) -> None:
    if not RECORDED.exists():
        pytest.skip("the recorded payloads are not in this checkout")
    slack.workspace.organisation = "E0B4K2LMN5Q"  # of both workspaces
    async with connected(slack, inbox, mode):
        for path in sorted(RECORDED.glob("recorded-*.json")):
            told = json.loads(path.read_text())
            for body in told if isinstance(told, list) else told.values():
                if isinstance(body, dict) and ("command" in body or "type" in body):
                    known(slack, body.get("event") or {})
                    slack.deliver(body)
        assert len(slack.deliveries) > 25
        await settled(slack)
    assert "hello from team 2" in " ".join(inbox.texts)


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
