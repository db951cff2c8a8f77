"""Who reads a Slack channel: what Slack says today; what it does not say, the fewest read."""

import asyncio

import pytest
import structlog

from adapters.message import Audience, Conversation, Rescoped
from tests.adapters.inbox import Collected
from tests.adapters.slack_bot import connected, inbox, mode, settled, slack
from tests.adapters.test_slack_understand import SPACE
from tests.servers.slack import Fault, Slack
from tests.virtual import VirtualLoop

__all__ = ["inbox", "mode", "slack"]

pytestmark = pytest.mark.anyio

LISTED = "users.conversations"
VIRTUAL = pytest.mark.parametrize(
    "anyio_backend", [("asyncio", {"loop_factory": lambda: VirtualLoop(patience=0.05)})]
)


def held(*channels: str) -> list[Conversation]:
    return [
        Conversation(
            platform="slack", space=SPACE, channel=each, thread="1.1", audience=Audience.PRIVATE
        )
        for each in channels
    ]


def rescoped(inbox: Collected) -> dict[str, Audience]:
    return {each.channel: each.audience for each in inbox.others if isinstance(each, Rescoped)}


async def compared(slack: Slack, inbox: Collected) -> None:
    """Until what comes after the comparison has come."""
    await slack.until(lambda: inbox.gaps and (inbox.asked or slack.calls(LISTED)))
    for _ in range(20):
        await asyncio.sleep(0.01)


async def test_a_channel_that_turned_private_or_shared_or_that_is_gone_is_no_longer_public(
    slack: Slack, inbox: Collected, mode: str
) -> None:
    slack.channel("C1")
    slack.channel("C2", "group")
    slack.channel("C3", shared=True)
    slack.channel("C4").without.add(slack.bot)
    slack.channel("DU1", "im")
    inbox.known = held("C1", "C2", "C2", "C3", "C4", "C5", "DU1")
    async with connected(slack, inbox, mode):
        await slack.until(lambda: len(inbox.others) == 4)
        await compared(slack, inbox)
    assert rescoped(inbox) == {
        "C2": Audience.PRIVATE,
        "C3": Audience.SHARED,
        "C4": Audience.PRIVATE,
        "C5": Audience.PRIVATE,
    }
    assert len(inbox.others) == 4
    assert len(slack.calls(LISTED)) == 1


async def test_a_bot_that_remembers_no_channel_asks_nothing(
    slack: Slack, inbox: Collected, mode: str
) -> None:
    inbox.known = held("DU1")
    async with connected(slack, inbox, mode):
        await compared(slack, inbox)
    assert (slack.calls(LISTED), inbox.others) == ([], [])


@VIRTUAL
@pytest.mark.parametrize("fault", [Fault(status=500), Fault(retry_after=40), Fault(cut=True)])
async def test_slack_is_asked_until_it_tells(fault: Fault) -> None:
    async with Slack() as slack:
        inbox = Collected(slack._changed)
        slack.channel("C1", "group")
        inbox.known = held("C1")
        slack.fail(LISTED, *[fault] * 4)
        async with connected(slack, inbox):
            await slack.until(lambda: inbox.others, within=600.0)
    assert rescoped(inbox) == {"C1": Audience.PRIVATE}


async def test_a_lack_of_scopes_is_told_and_changes_nothing(slack: Slack, inbox: Collected) -> None:
    inbox.known = held("C1")
    slack.fail(LISTED, Fault(error="missing_scope"))
    with structlog.testing.capture_logs() as logs:
        async with connected(slack, inbox):
            await compared(slack, inbox)
    assert inbox.others == []
    assert any("audiences" in each["event"] for each in logs)


async def test_of_more_channels_than_are_listed_the_rest_stays_as_it_was(
    slack: Slack, inbox: Collected, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.slack.directory._LISTED", 2)
    slack.methods.listing.page = 1
    for each in ("C1", "C2", "C3"):
        slack.channel(each, "group")
    inbox.known = held("C1", "C2", "C3")
    async with connected(slack, inbox):
        await slack.until(lambda: len(inbox.others) == 2)
        await compared(slack, inbox)
    assert {*rescoped(inbox)} == {"C1", "C2"}


async def test_a_channel_that_slack_does_not_describe_is_shared_with_others(
    slack: Slack, inbox: Collected, mode: str
) -> None:
    async with connected(slack, inbox, mode):
        slack.channel("C1")
        slack.fail("conversations.info", *[Fault(error="channel_not_found")] * 9)
        slack.hands.command("C1", "U1", "summary")
        slack.admin.connect("C1")
        await settled(slack)
        body = {"type": "channel_unshared", "channel": "C1", "event_ts": "1.0"}
        slack.workspace.channels["C1"].shared = False
        slack._emit(body, slack.channel("C1"))
        await settled(slack)
    assert [each.conversation.audience for each in inbox.commands] == [Audience.SHARED]
    audiences = [each.audience for each in inbox.others if isinstance(each, Rescoped)]
    assert audiences == [Audience.SHARED] * 2


async def test_a_channel_is_public_and_its_own_only_if_slack_says_so(
    slack: Slack, inbox: Collected, mode: str
) -> None:
    slack.channel("C1")
    slack.methods._methods["conversations.info"] = lambda given: {"channel": {"id": "C1"}}
    async with connected(slack, inbox, mode):
        slack.say("C1", "U1", "hello", order=["app_mention"])
        await settled(slack)
        slack.hands.command("C1", "U1", "summary")
        await settled(slack)
    assert inbox.messages[0].conversation.audience is Audience.PRIVATE
    assert inbox.commands[0].conversation.audience is Audience.SHARED


@pytest.mark.parametrize("shared", [True, False])
async def test_an_event_that_does_not_say_whether_its_channel_is_shared_has_slack_asked(
    slack: Slack, inbox: Collected, mode: str, shared: bool
) -> None:
    slack.channel("C1", shared=shared)
    async with connected(slack, inbox, mode):
        slack.say("C1", "U1", "hello", order=["message"])
        await settled(slack)
        body = slack.deliveries[0].body
        untold = {name: each for name, each in body.items() if name != "is_ext_shared_channel"}
        slack.deliver(untold | {"event_id": "Ev2"})
        await settled(slack)
    assert inbox.texts == ([] if shared else ["hello"] * 2)
