"""The home tab on Slack: what is known of who opens it, and what they may do there."""

import pytest

from adapters.message import Action, Answer, Audience
from tests.adapters.inbox import Collected
from tests.adapters.slack_bot import connected, inbox, mode, settled, slack
from tests.adapters.test_slack_interactions import PREVIEW
from tests.servers.slack import Fault, Slack

__all__ = ["inbox", "mode", "slack"]

pytestmark = pytest.mark.anyio

HOME = Answer(
    text="**What I know about you**\n- likes: tea, [you said](https://fake.slack.com/archives/C1/p1)",
    actions=(
        Action(label="Delete likes", name="memory", argument="delete likes"),
        Action(label="Forget everything about me", name="forget", argument="me yes"),
    ),
)


async def test_the_home_shows_what_is_known_and_what_is_left_after_an_action(
    slack: Slack, inbox: Collected, mode: str
) -> None:
    inbox.prepared |= {"home": HOME, "memory": Answer(text="Forgotten: your likes.")}
    async with connected(slack, inbox, mode):
        slack.hands.home("U1")
        await settled(slack)
        text, row = slack.workspace.homes["U1"]["blocks"]
        link = "<https://fake.slack.com/archives/C1/p1|you said>"
        assert text["text"]["text"] == f"*What I know about you*\n- likes: tea, {link}"
        assert all(button["confirm"] for button in row["elements"])
        inbox.prepared["home"] = Answer(text="Nothing is left.")
        button = row["elements"][0]
        slack.hands.pick("U1", button["action_id"], button["value"])
        await settled(slack)
    asked = [(each.name, each.argument) for each in inbox.commands]
    assert asked == [("home", ""), ("memory", "delete likes"), ("home", "")]
    assert {each.conversation.channel for each in inbox.commands} == {"DU1"}
    assert {each.conversation.audience for each in inbox.commands} == {Audience.DIRECT}
    shown = [block["text"]["text"] for block in slack.workspace.homes["U1"]["blocks"]]
    assert shown == ["Forgotten: your likes.", "Nothing is left."]


async def test_the_home_asks_before_it_forgets_and_sends_documents_as_messages(
    slack: Slack, inbox: Collected
) -> None:
    inbox.prepared |= {"home": HOME, "forget": PREVIEW}
    inbox.prepared["export"] = Answer(text="All of yours:", document="{}")
    async with connected(slack, inbox):
        slack.hands.home("U1")
        await settled(slack)
        slack.hands.pick("U1", "0:forget", "me")
        await settled(slack)
        preview, sure, *_ = slack.workspace.homes["U1"]["blocks"]
        assert preview["text"]["text"] == PREVIEW.text
        assert [button["value"] for button in sure["elements"]] == ["yes"]
        slack.hands.pick("U1", "0:export")
        await settled(slack)
    assert [each.channel for each in slack.whispers] == ["DU1"]
    assert "```json\n{}\n```" in slack.whispers[0].text


async def test_a_large_home_keeps_within_a_view(slack: Slack, inbox: Collected) -> None:
    facts = "\n".join(f"- fact {number}: {'& words ' * 30}" for number in range(900))
    keys = [f"key {number}" for number in range(40)]
    actions = tuple(Action(label=key, name="memory", argument=f"delete {key}") for key in keys)
    inbox.prepared["home"] = Answer(text=facts, actions=actions)
    async with connected(slack, inbox):
        slack.hands.home("U1")
        await settled(slack)
    assert len(slack.workspace.homes["U1"]["blocks"]) <= 100
    rows = [each for each in slack.workspace.homes["U1"]["blocks"] if each["type"] == "actions"]
    assert sum(len(row["elements"]) for row in rows) == 40


async def test_a_home_that_slack_refuses_is_not_asked_for_again(
    slack: Slack, inbox: Collected, mode: str
) -> None:
    inbox.prepared["home"] = HOME
    slack._courier._retries = (0.0, 0.0)  # should it not be acknowledged
    slack.fail("views.publish", Fault(error="not_enabled"))
    async with connected(slack, inbox, mode):
        delivery = slack.hands.home("U1")
        await slack.until(lambda: delivery.acked)
        assert [each.name for each in inbox.commands] == ["home"]
        assert len(slack.calls("views.publish")) == 1
        assert not slack.workspace.homes
        slack.hands.home("U1")  # the next time somebody opens it is another matter
        await settled(slack)
    assert slack.workspace.homes["U1"]["blocks"]
    assert len(slack.calls("views.publish")) == 2


async def test_the_messages_tab_is_not_the_home(slack: Slack, inbox: Collected) -> None:
    async with connected(slack, inbox, agent=True):
        slack.hands.home("U1", tab="messages")
        await settled(slack)
    assert (inbox.commands, slack.workspace.homes) == ([], {})
