"""What people type behind a slash and press, and the answers that only they see."""

import asyncio
from typing import Any

import pytest

from adapters.message import Action, Answer, Audience, Author, Stop
from adapters.slack.manifest import SHORTCUTS
from tests.adapters.inbox import Collected
from tests.adapters.slack_bot import connected, inbox, mode, settled, slack
from tests.servers.slack import Slack

__all__ = ["inbox", "mode", "slack"]

pytestmark = pytest.mark.anyio
PREVIEW = Answer(
    text="I would forget 3 messages.",
    actions=(Action(label="Forget", name="forget", argument="yes"),),
)


async def test_a_slash_command_is_about_its_channel_and_answered_to_its_giver(
    slack: Slack, inbox: Collected, mode: str
) -> None:
    inbox.prepared["summary"] = Answer(text="I hold **3** messages.")
    async with connected(slack, inbox, mode):
        slack.channel("C1")
        slack.hands.command("C1", "U1", "summary", " https://fake.slack.com/x ")
        await settled(slack)
    (command,) = inbox.commands
    assert (command.name, command.argument) == ("summary", "https://fake.slack.com/x")
    assert (command.author.id, command.conversation.thread) == ("U1", "")
    assert command.conversation.audience is Audience.PUBLIC
    ((_, said),) = slack.responses
    assert said["response_type"] == "ephemeral"
    assert said["blocks"] == [{"type": "markdown", "text": "I hold **3** messages."}]
    assert slack.whispers == []


async def test_commands_go_by_the_name_that_was_configured(slack: Slack, inbox: Collected) -> None:
    async with connected(slack, inbox):
        slack.channel("C1")
        slack.hands.command("C1", "U1", "tk-forget", "me")
        await settled(slack)
    assert [(each.name, each.argument) for each in inbox.commands] == [("tk-forget", "me")]


async def test_slack_is_answered_in_time_however_long_a_command_takes(
    slack: Slack, inbox: Collected, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.slack.interactions._ACK", 0.01)
    gate = asyncio.Event()
    swift = inbox.command

    async def slow(command: Any) -> None:
        await gate.wait()
        await swift(command)

    monkeypatch.setattr(inbox, "command", slow)
    inbox.prepared["summary"] = Answer(text="at last")
    async with connected(slack, inbox):
        slack.channel("C1")
        delivery = slack.hands.command("C1", "U1", "summary")
        await slack.until(lambda: delivery.acked)
        assert inbox.commands == []
        gate.set()
        await slack.until(lambda: slack.responses)


@pytest.mark.parametrize("callback_id", SHORTCUTS)
async def test_a_shortcut_knows_the_thread_and_is_answered_there(
    slack: Slack, inbox: Collected, mode: str, callback_id: str
) -> None:
    inbox.prepared[callback_id] = PREVIEW
    async with connected(slack, inbox, mode):
        root = slack.say("C1", "U1", "hello", mention=False)
        reply = slack.say("C1", "U2", "more", thread=root, mention=False)
        for ts in (root, reply):
            slack.hands.shortcut("C1", ts, "U1", callback_id)
        await settled(slack)
    assert [each.name for each in inbox.commands] == [callback_id] * 2
    assert {each.conversation.thread for each in inbox.commands} == {root}
    assert [(each.to, each.thread) for each in slack.whispers] == [("U1", root)] * 2
    assert slack.responses == []


async def test_a_button_comes_back_as_its_command_and_the_receipt_takes_its_place(
    slack: Slack, inbox: Collected, mode: str
) -> None:
    async with connected(slack, inbox, mode) as platform:
        root = slack.say("C1", "U1", "forget")
        await settled(slack)
        where = inbox.messages[0].conversation
        await platform.chat(where).whisper(Author(id="U1", name="ada"), PREVIEW)
        (button,) = slack.whispers[0].more["blocks"][-1]["elements"]
        assert button["style"] == "danger"
        inbox.prepared["forget"] = Answer(text="Forgotten: 3 messages.")
        slack.hands.press(
            slack.whispers[0], "U1", button["action_id"], button["value"], ephemeral=True
        )
        await settled(slack)
    (command,) = inbox.commands
    assert (command.name, command.argument, command.conversation) == ("forget", "yes", where)
    assert command.conversation.thread == root
    ((_, said),) = slack.responses
    assert (said["replace_original"], said["text"]) == (True, "Forgotten: 3 messages.")


async def test_an_answer_in_many_parts_goes_on_where_the_address_ends(
    slack: Slack, inbox: Collected
) -> None:
    inbox.prepared["summary"] = Answer(text="One sentence of many. " * 1_300)
    async with connected(slack, inbox):
        slack.channel("C1")
        slack.hands.command("C1", "U1", "summary")
        await settled(slack)
    assert len(slack.responses) == 5
    assert len(slack.whispers) == 3
    parts = [said["text"] for _, said in slack.responses] + [each.text for each in slack.whispers]
    assert "".join(parts).split() == inbox.prepared["summary"].text.split()


async def test_an_address_that_takes_no_more_answers_is_given_up(
    slack: Slack, inbox: Collected
) -> None:
    inbox.prepared["summary"] = Answer(text="I hold 3 messages.")
    slack.replied.status = 404
    async with connected(slack, inbox):
        slack.channel("C1")
        slack.hands.command("C1", "U1", "summary")
        await settled(slack)
    assert [each.text for each in slack.whispers] == ["I hold 3 messages."]


async def test_a_document_is_told_as_code(slack: Slack, inbox: Collected) -> None:
    inbox.prepared["export"] = Answer(text="All of yours:", document='{"facts": []}')
    async with connected(slack, inbox):
        slack.channel("C1")
        slack.hands.command("C1", "U1", "export")
        await settled(slack)
    ((_, said),) = slack.responses
    assert said["text"] == 'All of yours:\n\n```json\n{"facts": []}\n```'


async def test_mentions_and_untyped_links_are_quiet_in_what_one_person_sees(
    slack: Slack, inbox: Collected
) -> None:
    text = "<!channel> https://evil.test/x [here](https://fake.slack.com/archives/C1/p1)"
    inbox.prepared["memory"] = Answer(text=text)
    async with connected(slack, inbox):
        slack.channel("C1")
        slack.hands.command("C1", "U1", "memory")
        await settled(slack)
    ((_, said),) = slack.responses
    assert "<!channel>" not in said["text"]
    assert "`https://evil.test/x`" in said["text"]
    assert "[here](https://fake.slack.com/archives/C1/p1)" in said["text"]


@pytest.mark.parametrize(
    ("marks", "creator", "manages"),
    [
        ({}, "U1", True),
        ({}, "U2", False),
        ({"is_admin": True}, "U2", True),
        ({"is_owner": True}, "U2", True),
    ],
)
async def test_a_channel_is_managed_by_its_creator_and_by_admins(
    slack: Slack, inbox: Collected, marks: dict[str, Any], creator: str, manages: bool
) -> None:
    async with connected(slack, inbox):
        slack.channel("C1").creator = creator
        slack.workspace.marks["U1"] = marks
        slack.hands.command("C1", "U1", "forget", "channel")
        slack.hands.command("C1", "U1", "forget", "channel")
        await settled(slack)
    assert [each.manages for each in inbox.commands] == [manages] * 2
    assert len(slack.calls("users.info")) <= 2


async def test_feedback_is_passed_on_and_not_answered(
    slack: Slack, inbox: Collected, mode: str
) -> None:
    inbox.prepared["feedback"] = Answer(text="")
    async with connected(slack, inbox, mode, agent=True) as platform:
        root = slack.dm("U1", "hello")
        await settled(slack)
        chat = platform.chat(inbox.messages[0].conversation)
        post = slack.workspace.add("DU1", slack.bot, "an answer", thread=root)
        slack.hands.press(post, "U1", "feedback", "bad")
        await settled(slack)
        assert chat.link(post.ts).endswith(f"?thread_ts={root}&cid=DU1")
    (command,) = inbox.commands
    assert (command.name, command.argument, command.conversation.thread) == (
        "feedback",
        "bad",
        root,
    )
    assert (slack.responses, slack.whispers) == ([], [])


async def test_the_stop_button_stops_whatever_runs_in_its_thread(
    slack: Slack, inbox: Collected, mode: str
) -> None:
    async with connected(slack, inbox, mode, agent=True):
        root = slack.dm("U1", "hello")
        await settled(slack)
        slack.methods.agent.sessions["DU1", root] = "processing"
        slack.hands.stop("DU1", "U1", root)
        await settled(slack)
    assert inbox.others == [Stop(conversation=inbox.messages[0].conversation)]
    assert slack.methods.agent.sessions["DU1", root] == "active"


async def test_what_is_not_ours_is_acknowledged(slack: Slack, inbox: Collected, mode: str) -> None:
    async with connected(slack, inbox, mode):
        ts = slack.say("C1", "U1", "hello", mention=False)
        slack.hands.shortcut("C1", ts, "U1", "somebody_elses")
        await settled(slack)
    assert inbox.commands == []
