"""What called in a Slack workspace while nobody listened, found on the fake."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from adapters.message import Audience, Conversation
from adapters.ports import Busy, Call
from adapters.slack import missed as reader
from tests.adapters.inbox import Collected
from tests.adapters.slack_bot import bot, connected
from tests.servers.slack import Fault, Slack
from tests.servers.slack.workspace import BOT_USER
from tests.virtual import VirtualLoop

pytestmark = pytest.mark.anyio

SPACE = "T00FAKE00AA"


@pytest.fixture
async def slack() -> AsyncIterator[Slack]:
    async with Slack(retries=()) as slack:
        yield slack


async def found(
    slack: Slack,
    ago: float = 600.0,
    known: Sequence[Conversation] = (),
    back: datetime | None = None,
    **options: Any,
) -> list[Sequence[Call]]:
    """By channel."""
    now = datetime.now(UTC)
    reading = bot(slack, **options).calls(SPACE, now - timedelta(seconds=ago), back or now, known)
    return [each async for each in reading]


def texts(channels: Sequence[Sequence[Call]]) -> list[list[str]]:
    return [[call.message.text for call in calls] for calls in channels if calls]


async def test_calls_are_found_at_root_level_in_threads_and_in_direct_messages(
    slack: Slack,
) -> None:
    slack.say("C1", "U1", "nobody is called", mention=False)
    root = slack.say("C1", "U1", "a mention")
    other = slack.say("C1", "U1", "among ourselves", mention=False)
    slack.say("C1", "U2", "and you?", thread=other)
    slack.channel("G1", "group")
    slack.say("G1", "U1", "in private")
    slack.dm("U2", "directly")
    direct, private, public = texts(await found(slack))
    assert direct == ["directly"]
    assert private == ["in private"]
    assert public == ["a mention", "and you?"]
    (first, second) = next(calls for calls in await found(slack) if len(calls) == 2)
    assert (first.message.id, first.message.conversation.thread) == (root, root)
    assert second.message.conversation.thread == other
    assert first.message.conversation.audience is Audience.PUBLIC
    assert (first.message.author.name, first.message.called) == ("ada", True)


async def test_they_are_what_their_events_would_have_been(slack: Slack) -> None:
    inbox = Collected(slack._changed)
    async with connected(slack, inbox):
        slack.say("C1", "U1", "a mention")
        slack.dm("U2", "directly")
        await slack.until(lambda: len(inbox.messages) == 3)
    read = {call.message for calls in await found(slack) for call in calls}
    assert read == set(inbox.messages)


async def test_nothing_of_before_is_found_nor_where_the_bot_is_no_member(slack: Slack) -> None:
    slack.say("C1", "U1", "long ago")
    slack.say("C2", "U1", "not for you")
    slack.channel("C2").member = False
    assert texts(await found(slack, ago=0.0)) == []
    assert texts(await found(slack)) == [["long ago"]]


async def test_a_reply_sent_to_the_channel_too_is_found_in_its_thread(slack: Slack) -> None:
    root = slack.say("C1", "U1", "among ourselves", mention=False)
    slack.say("C1", "U2", "look", thread=root, subtype="thread_broadcast")
    ((call,),) = [calls for calls in await found(slack) if calls]
    assert call.message.conversation.thread == root


async def test_own_posts_behind_a_call_are_told_unless_they_are_of_this_life(slack: Slack) -> None:
    answered = slack.say("C1", "U1", "hello")
    own = slack.workspace.add("C1", BOT_USER, "hi", thread=answered)
    slack.say("C1", "U1", "and you?", thread=answered)
    slack.say("C1", "U1", "nobody answered")
    (calls,) = await found(slack)
    assert [call.reply for call in calls] == [own.ts, "", ""]
    before = datetime.now(UTC) - timedelta(minutes=5)
    (calls,) = await found(slack, back=before)
    assert [call.reply for call in calls] == ["", "", ""]


@pytest.mark.parametrize(("shared", "seen"), [(False, [["one"]]), (True, [["one", "two"], ["x"]])])
async def test_guests_and_shared_channels_are_left_out_as_their_events_are(
    slack: Slack, shared: bool, seen: list[list[str]]
) -> None:
    slack.workspace.marks["U2"] = {"is_restricted": True}
    slack.say("C1", "U1", "one")
    slack.say("C1", "U2", "two")
    slack.channel("C2", shared=True)
    slack.say("C2", "U1", "x")
    assert texts(await found(slack, shared=shared)) == seen


async def test_a_scope_that_is_missing_costs_only_what_it_is_for(
    slack: Slack, capsys: pytest.CaptureFixture[str]
) -> None:
    slack.scopes = slack.scopes.replace("im:read,", "").replace("groups:history,", "")
    slack.dm("U2", "directly")
    slack.channel("G1", "group")
    slack.say("G1", "U1", "in private")
    slack.say("C1", "U1", "a mention")
    assert texts(await found(slack)) == [["a mention"]]
    said = capsys.readouterr().out
    assert "im:read" in said
    assert "groups:history" in said


async def test_channels_and_posts_come_page_by_page(slack: Slack) -> None:
    slack.methods.listing.page = 3
    for number in range(7):
        slack.say(f"C{number}", "U1", f"in {number}")
    for number in range(8):
        slack.say("C0", "U1", f"call {number}", thread=None)
    seen = texts(await found(slack))
    assert [f"call {number}" for number in range(8)] == seen[0][1:]
    assert len(seen) == 7


async def test_direct_messages_come_first_then_what_memory_knows_of_late(
    slack: Slack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "_CHANNELS", 3)
    for number in range(4):
        slack.say(f"C{number}", "U1", f"in {number}")
    slack.dm("U1", "directly")
    known = [
        Conversation(
            platform="slack", space=SPACE, channel=f"C{each}", audience=Audience.PUBLIC
        )
        for each in (2, 1)
    ]  # fmt: skip
    assert texts(await found(slack, known=known)) == [["directly"], ["in 2"], ["in 1"]]


async def test_what_slack_does_not_answer_is_asked_again_and_given_up_in_the_end(
    slack: Slack, monkeypatch: pytest.MonkeyPatch
) -> None:
    slack.say("C1", "U1", "a mention")
    slack.fail("conversations.history", Fault(retry_after=1))
    assert texts(await found(slack)) == [["a mention"]]
    slack.fail("conversations.history", Fault(retry_after=600))
    with pytest.raises(Busy):
        await found(slack)


@pytest.mark.parametrize(
    "anyio_backend", [("asyncio", {"loop_factory": lambda: VirtualLoop(patience=0.05)})]
)
async def test_a_workspace_of_200_channels_is_read_within_slacks_limits() -> None:
    """Without one call too many."""
    async with Slack(retries=()) as slack:
        loop_time = asyncio.get_running_loop().time
        slack.tiers._now = loop_time
        slack.tiers.load()
        for number in range(200):
            slack.say(f"C{number}", "U1", f"in {number}")
        began = loop_time()
        assert len(texts(await found(slack, ago=86_000.0))) == 200
        took = loop_time() - began
    assert len(slack.calls("conversations.history")) == 200
    assert took < 600


async def test_of_an_organisation_every_workspace_is_looked_through(slack: Slack) -> None:
    slack.workspace.organisation = "E00FAKE"
    whole = {"is_enterprise_install": True, "enterprise_id": "E00FAKE", "team_id": None}
    known, methods = slack.methods.call("auth.test", {}), slack.methods._methods
    methods["auth.test"] = lambda _: known | whole
    methods["auth.teams.list"] = lambda _: {"teams": [{"id": SPACE, "name": "fake"}]}
    slack.say("C1", "U1", "a mention")
    platform = bot(slack)
    now = datetime.now(UTC)
    since = now - timedelta(minutes=5)
    calls = [each async for each in platform.calls("E00FAKE", since, now, ())]
    assert [call.message.conversation.space for each in calls for call in each] == ["E00FAKE"]
    assert slack.calls("users.conversations")[0]["team_id"] == SPACE
