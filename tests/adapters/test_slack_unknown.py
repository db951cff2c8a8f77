"""On Slack, whoever is not known to be of the workspace counts as a guest until that is known."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from adapters.message import Audience, Deletion, Edit, Rescoped
from tests.adapters.inbox import Collected
from tests.adapters.slack_bot import connected, inbox, mode, settled, slack
from tests.adapters.test_slack_places import Hand
from tests.adapters.test_slack_understand import SPACE
from tests.servers.slack import Fault, Slack
from tests.virtual import VirtualLoop

__all__ = ["inbox", "mode", "slack"]

pytestmark = pytest.mark.anyio

SILENT = [
    Fault(status=500),
    Fault(retry_after=30),
    Fault(cut=True),
    Fault(error="internal_error"),
    Fault(error="missing_scope"),
]
ELSEWHERE = "T00ELSEWHERE"
HOUR = timedelta(hours=1, seconds=1)


def fail(slack: Slack, fault: Fault) -> None:
    """For longer than any test asks; a broken connection is tried again by the client itself."""
    slack.fail("users.info", *[fault] * 40)


def heal(slack: Slack) -> None:
    slack._faults._queued.clear()


async def refused(slack: Slack) -> None:
    """Until Slack was asked in vain about the author of everything that was sent."""
    await slack.until(lambda: len(slack.calls("users.info")) >= len(slack.deliveries))


@pytest.mark.parametrize("fault", SILENT, ids=str)
@pytest.mark.parametrize("guest", [True, False], ids=["guest", "member"])
async def test_while_slack_does_not_tell_who_somebody_is_they_are_a_guest_and_asked_about_again(
    slack: Slack, inbox: Collected, mode: str, fault: Fault, guest: bool
) -> None:
    slack.workspace.marks["U2"] = {"is_restricted": guest}
    async with connected(slack, inbox, mode):
        fail(slack, fault)
        ts = slack.say("C1", "U2", "let me in", order=["message"])
        await refused(slack)
        slack.edit("C1", ts, "please")
        await refused(slack)
        assert not any(each.acked for each in slack.deliveries)
        assert (inbox.messages, inbox.others) == ([], [])
        heal(slack)
        await slack.redeliver()
        await settled(slack)
    assert {*inbox.texts} == (set() if guest else {"let me in"})
    assert {each.readable for each in inbox.others if isinstance(each, Edit)} == {not guest}


async def test_who_is_not_visible_to_the_bot_is_a_guest(
    slack: Slack, inbox: Collected, mode: str
) -> None:
    slack.workspace.hidden.add("U2")
    async with connected(slack, inbox, mode):
        slack.say("C1", "U2", "let me in")
        slack.dm("U2", "let me in")
        await settled(slack)
    assert inbox.messages == []


async def test_who_the_workspace_does_not_know_is_a_guest(
    slack: Slack, inbox: Collected, mode: str
) -> None:
    async with connected(slack, inbox, mode):
        slack.say("C1", "U7", "let me in")
        del slack.workspace.people["U7"]
        await settled(slack)
    assert inbox.messages == []


async def test_a_person_of_another_workspace_is_a_guest_whatever_else_is_said_of_them(
    slack: Slack, inbox: Collected, mode: str
) -> None:
    slack.workspace.marks["U2"] = {"team_id": ELSEWHERE}
    async with connected(slack, inbox, mode):
        slack.say("C1", "U2", "let me in")
        slack.hands.command("C1", "U2", "summary")
        await settled(slack)
    assert (inbox.messages, inbox.commands) == ([], [])


@pytest.mark.parametrize("more", [{"team": ELSEWHERE}, {"user_team": ELSEWHERE}], ids=str)
async def test_a_post_that_names_another_workspace_is_a_guests_without_asking(
    slack: Slack, inbox: Collected, mode: str, more: dict[str, Any]
) -> None:
    async with connected(slack, inbox, mode):
        slack.say("C1", "U2", "let me in", **more)
        await settled(slack)
    assert inbox.messages == []
    assert slack.calls("users.info") == []


@pytest.mark.parametrize("organisation", ["E00FAKE00AA", "E00ELSEWHERE", ""])
async def test_another_workspace_of_the_same_organisation_is_no_guest(
    slack: Slack, inbox: Collected, mode: str, organisation: str
) -> None:
    slack.workspace.organisation = "E00FAKE00AA"
    marks = {"enterprise_user": {"enterprise_id": organisation}} if organisation else {}
    slack.workspace.marks["U2"] = {"team_id": ELSEWHERE, **marks}
    async with connected(slack, inbox, mode):
        slack.say("C1", "U2", "one of us?", order=["message"], team=ELSEWHERE)
        await settled(slack)
    assert inbox.texts == ([] if organisation == "E00ELSEWHERE" else ["one of us?"])


@pytest.mark.parametrize(
    ("user", "more"),
    [
        ("U2", {}),
        ("", {"subtype": "bot_message", "bot_profile": {"name": "CI", "team_id": ELSEWHERE}}),
    ],
    ids=["in their name", "of another workspace"],
)
async def test_what_an_app_posts_for_a_guest_is_the_guests(
    slack: Slack, inbox: Collected, mode: str, user: str, more: dict[str, Any]
) -> None:
    slack.workspace.marks["U2"] = {"is_ultra_restricted": True}
    async with connected(slack, inbox, mode):
        slack.say("C1", user, "let me in", mention=False, bot_id="B7", **more)
        await settled(slack)
    assert inbox.messages == []


async def test_who_is_made_a_guest_is_one_from_then_on(
    slack: Slack, inbox: Collected, mode: str
) -> None:
    async with connected(slack, inbox, mode):
        slack.say("C1", "U2", "as a member", mention=False)
        await settled(slack)
        slack.admin.change("U2", is_restricted=True)
        slack.say("C1", "U1", "noted", mention=False)
        await settled(slack)
        slack.say("C1", "U2", "as a guest", mention=False)
        await settled(slack)
    assert inbox.texts == ["as a member", "noted"]


async def test_what_changes_nothing_about_a_person_has_nobody_asked_again(
    slack: Slack, inbox: Collected
) -> None:
    async with connected(slack, inbox):
        slack.say("C1", "U2", "one", mention=False)
        await settled(slack)
        slack.admin.change("U2", profile={"display_name": "bob", "status_text": "away"})
        slack.admin.change("U1", profile={"display_name": "nobody asked"})
        await settled(slack)
        slack.say("C1", "U2", "two", mention=False)
        await settled(slack)
    assert inbox.texts == ["one", "two"]
    assert len(slack.calls("users.info")) == 1


async def test_what_was_known_an_hour_ago_is_no_permission_when_slack_is_silent(
    slack: Slack, inbox: Collected, mode: str
) -> None:
    late = [timedelta()]
    async with connected(slack, inbox, mode, now=lambda: datetime.now(UTC) + late[0]):
        slack.say("C1", "U2", "one", mention=False)
        await settled(slack)
        fail(slack, Fault(status=500))
        if mode == "socket":  # over HTTP a request would be too old
            late[0] = HOUR
            slack.say("C1", "U2", "two", mention=False)
            await slack.until(lambda: len(slack.calls("users.info")) > 1)
            assert not slack.deliveries[-1].acked
    assert inbox.texts == ["one"]


@pytest.mark.parametrize("fault", SILENT, ids=str)
async def test_what_an_unknown_person_presses_types_or_opens_is_not_handed_on(
    slack: Slack, inbox: Collected, mode: str, fault: Fault
) -> None:
    async with connected(slack, inbox, mode) as platform:
        hand = Hand()
        platform._entrance._delivery._interact = hand
        ts = slack.say("C1", "U1", "hello", mention=False)
        await settled(slack)
        fail(slack, fault)
        slack.hands.command("C1", "U2", "forget", "here")
        slack.hands.shortcut("C1", ts, "U2", "summary")
        slack.hands.press(slack.posts("C1")[0], "U2", "forget", "yes")
        slack.hands.pick("U2", "delete", "name")
        slack.hands.home("U2")
        slack.hands.stop("C1", "U2", ts)
        await slack.until(lambda: all(each.attempts for each in slack.deliveries))
        await slack.until(lambda: len(slack.calls("users.info")) >= 7)
        assert [each.acked for each in slack.deliveries[1:]] == [False] * 6
    assert hand.given == []


async def test_what_takes_something_away_waits_for_nobody(
    slack: Slack, inbox: Collected, mode: str
) -> None:
    slack.channel("C1")
    async with connected(slack, inbox, mode):
        root = slack.say("C1", "U1", "hello", mention=False)
        gone = slack.say("C1", "U1", "wrong", mention=False)
        slack.say("C1", "U1", "reply", thread=root, mention=False)
        await settled(slack)
        for user in ("U1", "U2"):
            slack.admin.change(user, is_admin=True)
        await settled(slack)
        fail(slack, Fault(status=500))
        for ts in (gone, root):
            slack.delete("C1", ts)
        slack.admin.convert("C1", "group")
        await settled(slack)
    went = [each.ids for each in inbox.others if isinstance(each, Deletion)]
    assert sorted(went) == sorted([(gone,), (root,)])
    assert [each for each in inbox.others if isinstance(each, Rescoped)] == [
        Rescoped(platform="slack", space=SPACE, channel="C1", audience=Audience.PRIVATE)
    ]


@pytest.mark.parametrize(
    "anyio_backend", [("asyncio", {"loop_factory": lambda: VirtualLoop(patience=0.05)})]
)
@pytest.mark.parametrize("told", [True, False], ids=["told", "untold"])
async def test_at_slacks_last_try_a_gap_is_opened_though_nothing_else_is_heard(
    mode: str, told: bool
) -> None:
    async with Slack(told=told) as slack:
        inbox = Collected(slack._changed)
        async with connected(slack, inbox, mode):
            await slack.until(lambda: inbox.gaps)
            fail(slack, Fault(status=500))
            slack.say("C1", "U2", "let me in", order=["message"])
            await slack.until(lambda: slack.deliveries[0].lost, within=600.0)
            assert not slack.deliveries[0].acked
            await slack.until(lambda: len(inbox.gaps) == 2, within=60.0)
    assert inbox.messages == []
    assert inbox.ago[1] > 300


async def test_a_payload_of_nobody_is_not_handed_on(
    slack: Slack, inbox: Collected, mode: str
) -> None:
    async with connected(slack, inbox, mode) as platform:
        hand = Hand()
        platform._entrance._delivery._interact = hand
        sent = slack.deliver(
            {"type": "block_actions", "actions": [{"action_id": "a"}], "team": {"id": SPACE}}
        )
        await slack.until(lambda: sent.lost or sent.acked)
    assert hand.given == []
