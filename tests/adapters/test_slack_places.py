"""Guests, shared channels, and channels and workspaces on Slack that are left or opened."""

from typing import Any

import pytest

from adapters.message import Audience, Departure, Edit, Rescoped
from adapters.ports import Inbox
from tests.adapters.inbox import Collected
from tests.adapters.slack_bot import connected, inbox, mode, settled, slack
from tests.adapters.test_slack_understand import SPACE
from tests.servers.slack import Slack

__all__ = ["inbox", "mode", "slack"]

pytestmark = pytest.mark.anyio

MARKS = [{"is_restricted": True}, {"is_ultra_restricted": True}, {"is_stranger": True}]


@pytest.mark.parametrize("marks", MARKS, ids=str)
@pytest.mark.parametrize("direct", [False, True], ids=["channel", "direct"])
async def test_guests_are_neither_answered_nor_stored_unless_wanted(
    slack: Slack, inbox: Collected, mode: str, marks: dict[str, bool], direct: bool
) -> None:
    slack.workspace.marks["U2"] = marks
    channel = "DU2" if direct else "C1"
    slack.channel(channel, "im" if direct else "channel")
    async with connected(slack, inbox, mode):
        ts = slack.say(channel, "U2", "let me in")
        slack.edit(channel, ts, "please")
        await settled(slack)
    assert inbox.messages == []
    (edit,) = inbox.others
    assert isinstance(edit, Edit)
    assert (edit.text, edit.readable) == ("", False)


@pytest.mark.parametrize("by_now", ["a guest", "shared with others"])
async def test_an_edit_that_is_not_for_the_bot_says_that_what_it_has_is_out_of_date(
    slack: Slack, inbox: Collected, mode: str, by_now: str
) -> None:
    """Its author, or its channel, was another when it was written."""
    place = slack.channel("C1")
    async with connected(slack, inbox, mode):
        ts = slack.workspace.add("C1", "U2", "my number is 5551").ts
        slack.workspace.marks["U2"] = {"is_restricted": by_now == "a guest"}
        place.shared = by_now == "shared with others"
        slack.edit("C1", ts, "my number is a secret")
        await settled(slack)
    (edit,) = [each for each in inbox.others if isinstance(each, Edit)]
    assert (edit.id, edit.text, edit.attachments, edit.readable) == (ts, "", (), False)


async def test_wanted_guests_are_a_shared_audience(
    slack: Slack, inbox: Collected, mode: str
) -> None:
    slack.workspace.marks["U2"] = {"is_restricted": True}
    async with connected(slack, inbox, mode, shared=True):
        slack.say("C1", "U2", "hello", order=["message"])
        slack.dm("U2", "hello")
        await settled(slack)
    audiences = {each.conversation.channel: each.conversation.audience for each in inbox.messages}
    assert audiences == {"C1": Audience.SHARED, "DU2": Audience.DIRECT}


@pytest.mark.parametrize("shared", [False, True])
async def test_a_channel_shared_with_others_is_off_unless_wanted(
    slack: Slack, inbox: Collected, mode: str, shared: bool
) -> None:
    slack.channel("C1", shared=True)
    slack.workspace.marks["U2"] = {"team_id": "T00ELSEWHERE", "is_stranger": True}
    async with connected(slack, inbox, mode, shared=shared):
        slack.say("C1", "U1", "from here", order=["message"])
        slack.say("C1", "U2", "from there", order=["message"])
        await settled(slack)
    seen = {(each.conversation.space, each.conversation.audience) for each in inbox.messages}
    assert seen == ({(SPACE, Audience.SHARED)} if shared else set())


async def test_an_organisation_wide_installation_is_one_space(
    slack: Slack, inbox: Collected, mode: str
) -> None:
    slack.workspace.organisation = "E00FAKE00AA"
    async with connected(slack, inbox, mode):
        slack.say("C1", "U1", "hello")
        slack.admin.uninstall()
        await settled(slack)
    assert {each.conversation.space for each in inbox.messages} == {"E00FAKE00AA"}
    assert inbox.others == [Departure(platform="slack", space="E00FAKE00AA")] * 2


async def test_the_same_ts_in_two_channels_is_two_messages(
    slack: Slack, inbox: Collected, mode: str
) -> None:
    slack.workspace._now = lambda: 1_766_458_026.0
    async with connected(slack, inbox, mode):
        first = slack.say("C1", "U1", "here", mention=False)
        assert slack.say("C2", "U1", "there", mention=False) == first
        await settled(slack)
    assert {str(each.conversation) for each in inbox.messages} == {
        f"slack:{SPACE}:C1:{first}",
        f"slack:{SPACE}:C2:{first}",
    }


async def test_an_uninstalled_app_leaves_its_space(
    slack: Slack, inbox: Collected, mode: str
) -> None:
    async with connected(slack, inbox, mode):
        slack.admin.revoke("U1")
        await settled(slack)
        assert inbox.others == []
        slack.admin.uninstall()
        await settled(slack)
    assert inbox.others == [Departure(platform="slack", space=SPACE)] * 2


@pytest.mark.parametrize("kind", ["channel", "group"])
async def test_a_channel_that_is_deleted_or_that_the_bot_is_removed_from_is_left(
    slack: Slack, inbox: Collected, mode: str, kind: str
) -> None:
    for channel in ("C1", "C2"):
        slack.channel(channel, kind)
    async with connected(slack, inbox, mode):
        slack.admin.remove("C1", "U2")
        await settled(slack)
        assert inbox.others == []
        slack.admin.delete_channel("C1")
        slack.admin.remove("C2")
        await settled(slack)
    left = {each.channel for each in inbox.others if isinstance(each, Departure)}
    assert left == {"C1", "C2"}


@pytest.mark.parametrize(
    ("kind", "audience"), [("group", Audience.PRIVATE), ("channel", Audience.PUBLIC)]
)
async def test_a_channel_that_turns_private_or_public_is_rescoped_and_so_is_what_comes_next(
    slack: Slack, inbox: Collected, mode: str, kind: str, audience: Audience
) -> None:
    slack.channel("C1", "channel" if kind == "group" else "group")
    async with connected(slack, inbox, mode):
        slack.say("C1", "U1", "before", order=["app_mention"])
        await settled(slack)
        slack.admin.convert("C1", kind)
        await settled(slack)
        slack.say("C1", "U1", "after", order=["app_mention"])
        await settled(slack)
    assert inbox.others == [
        Rescoped(platform="slack", space=SPACE, channel="C1", audience=audience)
    ]
    assert inbox.messages[-1].conversation.audience is audience
    assert inbox.messages[0].conversation.audience is not audience


@pytest.mark.parametrize("others", [True, False])
async def test_a_channel_that_another_organisation_enters_or_leaves_is_rescoped(
    slack: Slack, inbox: Collected, mode: str, others: bool
) -> None:
    slack.channel("C1", "group")
    async with connected(slack, inbox, mode):
        slack.admin.connect("C1")
        await settled(slack)
        slack.admin.disconnect("C1", others=others)
        await settled(slack)
    audiences = [each.audience for each in inbox.others if isinstance(each, Rescoped)]
    assert audiences == [Audience.SHARED, Audience.SHARED if others else Audience.PRIVATE]


class Hand:
    """Takes what people press, type behind a slash or open."""

    def __init__(self) -> None:
        self.given: list[str] = []

    async def __call__(self, body: Any, _: Inbox) -> dict[str, str]:
        self.given.append(str((body.get("event") or body).get("type") or body.get("command")))
        return {"text": "taken"}


@pytest.mark.parametrize("guest", [False, True])
async def test_what_people_press_type_or_open_is_handed_on_but_a_guests(
    slack: Slack, inbox: Collected, mode: str, guest: bool
) -> None:
    slack.workspace.marks["U1"] = {"is_restricted": guest}
    async with connected(slack, inbox, mode) as platform:
        hand = Hand()
        platform._entrance._delivery._interact = hand
        ts = slack.say("C1", "U1", "hello", mention=False)
        command = slack.hands.command("C1", "U1", "forget", "here")
        slack.hands.shortcut("C1", ts, "U1", "summary")
        slack.hands.press(slack.posts("C1")[0], "U1", "forget", "yes")
        slack.hands.pick("U1", "delete", "name")
        slack.hands.home("U1")
        slack.hands.stop("C1", "U1", ts)
        await settled(slack)
    given = ["/forget", "agent_session_stopped", "app_home_opened"]
    given += ["block_actions", "block_actions", "message_action"]
    assert sorted(hand.given) == ([] if guest else given)
    assert command.answer == (None if guest else {"text": "taken"})
