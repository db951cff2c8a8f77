"""What was said before, read from the fake Slack page by page."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from adapters.message import Audience, Conversation, Kind, Message
from adapters.ports import Busy, Unclear
from tests.adapters.slack_bot import bot
from tests.servers.slack import Fault, Slack
from tests.servers.slack.workspace import BOT_USER
from tests.virtual import VirtualLoop

pytestmark = pytest.mark.anyio


@pytest.fixture
async def slack() -> AsyncIterator[Slack]:
    async with Slack(retries=()) as slack:
        yield slack


async def said(
    slack: Slack, where: Conversation, after: str = "", limit: int = 500, **options: Any
) -> list[Message]:
    chat = bot(slack, **options).chat(where)
    return [message async for message in chat.history(after, limit)]


def texts(messages: list[Message]) -> list[str]:
    return [message.text for message in messages]


def thread(ts: str, channel: str = "C1", audience: Audience = Audience.PUBLIC) -> Conversation:
    return Conversation(
        platform="slack", space="T00FAKE00AA", channel=channel, thread=ts, audience=audience
    )


def talk(slack: Slack, replies: int) -> str:
    root = slack.say("C1", "U1", "note 0", mention=False)
    for number in range(1, replies):
        slack.say("C1", "U2", f"note {number}", thread=root, mention=False)
    return root


async def test_a_thread_of_1200_replies_is_read_oldest_first_in_seven_calls(slack: Slack) -> None:
    root = talk(slack, 1_201)
    messages = await said(slack, thread(root), limit=5_000)
    assert texts(messages) == [f"note {number}" for number in range(1_201)]
    assert len(slack.calls("conversations.replies")) == 7
    assert {message.conversation for message in messages} == {thread(root)}


@pytest.mark.parametrize(("limit", "calls"), [(1, 1), (150, 1), (199, 1), (201, 2)])
async def test_no_more_pages_are_read_than_needed(slack: Slack, limit: int, calls: int) -> None:
    root = talk(slack, 500)
    messages = await said(slack, thread(root), after=root, limit=limit)
    assert texts(messages) == [f"note {number}" for number in range(1, limit + 1)]
    assert len(slack.calls("conversations.replies")) == calls


async def test_it_goes_on_after_the_last_one_known(slack: Slack) -> None:
    root = talk(slack, 10)
    fourth = (await said(slack, thread(root)))[4]
    assert texts(await said(slack, thread(root), after=fourth.id, limit=2)) == ["note 5", "note 6"]


async def test_what_says_nothing_does_not_count_to_the_limit(slack: Slack) -> None:
    root = slack.say("C1", "U1", "one", mention=False)
    for number in range(5):
        slack.say("C1", "U2", "joined", thread=root, mention=False, subtype="channel_join")
        slack.say("C1", "U2", f"note {number}", thread=root, mention=False)
    slack.methods.listing.page = 2
    seen = await said(slack, thread(root), after=root, limit=3)
    assert texts(seen) == ["note 0", "note 1", "note 2"]


async def test_without_a_beginning_the_last_ones_are_read(slack: Slack) -> None:
    root = talk(slack, 300)
    assert texts(await said(slack, thread(root), limit=2)) == ["note 298", "note 299"]
    for number in range(300):
        slack.dm("U1", f"note {number}")
    here = thread("", "DU1", Audience.DIRECT)
    assert texts(await said(slack, here, limit=2)) == ["note 298", "note 299"]
    assert len(slack.calls("conversations.history")) == 1


@pytest.mark.parametrize(
    "anyio_backend", [("asyncio", {"loop_factory": lambda: VirtualLoop(patience=0.05)})]
)
async def test_a_wait_between_two_pages_does_not_begin_anew() -> None:
    async with Slack(retries=()) as slack:
        root = talk(slack, 300)
        slack.fail("conversations.replies", Fault(), Fault(retry_after=30))
        assert len(await said(slack, thread(root))) == 300
        assert len(slack.calls("conversations.replies")) == 3


async def test_slacks_wait_is_passed_on_and_reading_goes_on_from_there(slack: Slack) -> None:
    root = talk(slack, 6)
    slack.methods.listing.page = 3
    history = bot(slack).chat(thread(root)).history(root, 6)
    came = [await anext(history) for _ in range(2)]
    slack.fail("conversations.replies", Fault(retry_after=30))
    with pytest.raises(Busy) as busy:
        await anext(history)
    assert busy.value.after == 30.0
    came += await said(slack, thread(root), after=came[-1].id, limit=3)
    assert texts(came) == [f"note {number}" for number in range(1, 6)]


async def test_a_short_wait_is_waited(slack: Slack) -> None:
    root = talk(slack, 2)
    slack.fail("conversations.replies", Fault(retry_after=0))
    assert texts(await said(slack, thread(root))) == ["note 0", "note 1"]


async def test_third_parties_and_their_cards_are_read_and_own_posts_are_mine(slack: Slack) -> None:
    card = {"fallback": "[Alert] disk full", "title": "disk full", "text": "on *db-1*", "id": 1}
    root = slack.say(
        "C1",
        "",
        "",
        mention=False,
        subtype="bot_message",
        bot_id="B0DATADOG",
        username="Datadog",
        attachments=[card],
    )
    slack.say("C1", "U1", "who looks?", thread=root, mention=False)
    slack.workspace.add("C1", BOT_USER, "I *do*", thread=root)
    first, second, third = await said(slack, thread(root))
    assert (first.author.name, first.author.kind) == ("Datadog", Kind.BOT)
    assert first.text == "disk full\non **db-1**"
    assert (second.author.name, second.author.kind) == ("ada", Kind.PERSON)
    assert (third.author.kind, third.text) == (Kind.ME, "I **do**")


async def test_a_deleted_first_post_is_not_read(slack: Slack) -> None:
    root = talk(slack, 3)
    slack.delete("C1", root)
    assert texts(await said(slack, thread(root))) == ["note 1", "note 2"]


async def test_a_thread_that_is_gone_has_no_history(slack: Slack) -> None:
    slack.channel("C1")
    assert await said(slack, thread("1766458026.240809")) == []


async def test_a_direct_message_is_read_oldest_first_too(slack: Slack) -> None:
    slack.methods.listing.page = 2
    stamps = [slack.dm("U1", f"note {number}") for number in range(5)]
    slack.dm("U1", "in a thread", thread=stamps[0])
    here = thread("", "DU1", Audience.DIRECT)
    assert texts(await said(slack, here)) == [f"note {number}" for number in range(5)]
    assert texts(await said(slack, here, after=stamps[1], limit=2)) == ["note 2", "note 3"]


async def test_in_the_agent_view_a_direct_messages_thread_has_its_first_post(slack: Slack) -> None:
    root = slack.dm("U1", "one")
    slack.dm("U1", "two", thread=root)
    here = thread(root, "DU1", Audience.DIRECT)
    assert texts(await said(slack, here, agent=True)) == ["one", "two"]


@pytest.mark.parametrize(("shared", "seen"), [(False, ["one", "three"]), (True, None)])
async def test_guests_are_left_out_unless_they_are_wanted(
    slack: Slack, shared: bool, seen: list[str] | None
) -> None:
    slack.workspace.marks["U2"] = {"is_restricted": True}
    root = slack.say("C1", "U1", "one", mention=False)
    slack.say("C1", "U2", "two", thread=root, mention=False)
    slack.say("C1", "U1", "three", thread=root, mention=False)
    messages = await said(slack, thread(root), shared=shared)
    assert texts(messages) == (seen or ["one", "two", "three"])


async def test_the_audience_is_the_conversations(slack: Slack) -> None:
    root = talk(slack, 2)
    private = replace(thread(root), audience=Audience.PRIVATE)
    assert {each.conversation for each in await said(slack, private)} == {private}


@pytest.mark.parametrize("fault", [Fault(status=500), Fault(retry_after=30)], ids=str)
async def test_of_whom_slack_says_nothing_nothing_is_read_until_it_does(
    slack: Slack, fault: Fault
) -> None:
    slack.workspace.marks["U2"] = {"is_restricted": True}
    root = slack.say("C1", "U1", "one", mention=False)
    slack.say("C1", "U2", "two", thread=root, mention=False)
    platform = bot(slack)
    read = platform.chat(thread(root)).history("", 9)
    assert (await anext(read)).text == "one"
    slack.fail("users.info", *[fault] * 4)
    with pytest.raises((Busy, Unclear)):
        await anext(read)
    slack._faults._queued.clear()
    assert texts([each async for each in platform.chat(thread(root)).history("", 9)]) == ["one"]


@pytest.mark.parametrize("marks", [{"team_id": "T00ELSEWHERE"}, {"hidden": True}], ids=str)
async def test_people_of_elsewhere_are_left_out_too(slack: Slack, marks: dict[str, Any]) -> None:
    if marks.pop("hidden", False):
        slack.workspace.hidden.add("U2")
    slack.workspace.marks["U2"] = marks
    root = slack.say("C1", "U1", "one", mention=False)
    slack.say("C1", "U2", "two", thread=root, mention=False)
    slack.say("C1", "U1", "three", thread=root, mention=False, team="T00ELSEWHERE")
    assert texts(await said(slack, thread(root))) == ["one"]


async def test_a_channel_that_others_have_come_into_is_not_read_unless_they_are_wanted(
    slack: Slack,
) -> None:
    root = talk(slack, 2)
    slack.channel("C1").shared = True
    assert await said(slack, thread(root)) == []
    assert len(await said(slack, thread(root), shared=True)) == 2
    slack.fail("conversations.info", *[Fault(status=500)] * 4)
    with pytest.raises(Unclear):
        await said(slack, thread(root))


async def test_what_a_wanted_guest_said_has_a_shared_audience_as_when_it_was_heard(
    slack: Slack,
) -> None:
    slack.workspace.marks["U2"] = {"is_restricted": True}
    root = talk(slack, 2)
    messages = await said(slack, thread(root), shared=True)
    audiences = [each.conversation.audience for each in messages]
    assert audiences == [Audience.PUBLIC, Audience.SHARED]
