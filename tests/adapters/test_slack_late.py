"""An answer to a command that Slack does not take: said in the log, and posted where it can be."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
import structlog

from adapters.message import Answer
from tests.adapters.inbox import Collected
from tests.adapters.slack_bot import connected, inbox, settled, slack
from tests.servers.slack import Fault, Slack

__all__ = ["inbox", "slack"]

pytestmark = pytest.mark.anyio

ANSWER = Answer(text="I hold 3 messages of the kumquat.")


@pytest.fixture(params=["in time", "late"])
def gate(
    inbox: Collected, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> asyncio.Event | None:
    """Until it opens a command runs, so long that Slack is answered before."""
    return slowed(inbox, monkeypatch) if request.param == "late" else None


def slowed(inbox: Collected, monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    monkeypatch.setattr("adapters.slack.interactions._ACK", 0.01)
    gate, swift = asyncio.Event(), inbox.command

    async def slow(command: Any) -> None:
        await gate.wait()
        await swift(command)

    monkeypatch.setattr(inbox, "command", slow)
    return gate


async def asked(slack: Slack, gate: asyncio.Event | None) -> None:
    delivery = slack.hands.command("C1", "U1", "summary")
    await slack.until(lambda: delivery.acked)
    if gate:
        gate.set()


async def logged(logs: Sequence[Mapping[str, Any]], event: str) -> None:
    async with asyncio.timeout(5):
        while event not in [line["event"] for line in logs]:  # noqa: ASYNC110
            await asyncio.sleep(0)


@pytest.mark.parametrize("status", [404, 410, 429, 500])
async def test_an_address_that_is_over_or_broken_is_logged_and_the_answer_posted(
    slack: Slack, inbox: Collected, gate: asyncio.Event | None, status: int
) -> None:
    inbox.prepared["summary"] = ANSWER
    slack.replied.status = status
    with structlog.testing.capture_logs() as logs:
        async with connected(slack, inbox):
            slack.channel("C1")
            await asked(slack, gate)
            await slack.until(lambda: slack.whispers)
            await settled(slack)
    assert [each.text for each in slack.whispers] == [ANSWER.text]
    event = "slack takes no answer at its address: posted instead"
    reasons = [line["reason"] for line in logs if line["event"] == event]
    assert reasons == [f"response_url: {status}"]
    assert "kumquat" not in str(logs)


async def test_an_address_that_breaks_off_is_logged_and_nothing_said_twice(
    slack: Slack, inbox: Collected, gate: asyncio.Event | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox.prepared["summary"] = ANSWER
    monkeypatch.setattr(slack.hands, "_address", lambda: "http://127.0.0.1:9/respond/")
    with structlog.testing.capture_logs() as logs:
        async with connected(slack, inbox):
            slack.channel("C1")
            await asked(slack, gate)
            await logged(logs, "slack may not have shown an answer")
            await settled(slack)
    assert slack.whispers == []
    (line,) = [each for each in logs if each["event"] == "slack may not have shown an answer"]
    assert line["reason"].startswith("response_url: ")


async def test_where_nothing_can_be_posted_either_that_is_logged_with_slacks_reason(
    slack: Slack, inbox: Collected, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slack was answered before: it will not tell the person."""
    gate = slowed(inbox, monkeypatch)
    inbox.prepared["summary"] = ANSWER
    slack.replied.status = 404
    slack.fail("chat.postEphemeral", Fault(error="user_not_in_channel"))
    with structlog.testing.capture_logs() as logs:
        async with connected(slack, inbox):
            slack.channel("C1")
            await asked(slack, gate)
            await logged(logs, "a slack command failed")
    (line,) = [each for each in logs if each["event"] == "a slack command failed"]
    assert "user_not_in_channel" in line["reason"]
    assert "kumquat" not in str(logs)
