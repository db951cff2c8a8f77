"""The Slack platform through the unmodified Bolt client, against the fake Slack."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.draft import Pace
from adapters.message import (
    Action,
    Answer,
    Audience,
    Author,
    Command,
    Conversation,
    Deletion,
    Departure,
    Echo,
    Edit,
    Message,
    Rescoped,
    Stop,
)
from adapters.ports import Busy, Inbox, Posted, Refused, Unclear
from adapters.slack.platform import Access, SlackPlatform
from tests.servers.slack import Fault, Slack

pytestmark = pytest.mark.anyio

ADA = Author(id="U1", name="ada")
GONE = "1766458026.240809"


@dataclass(kw_only=True)
class Turn:
    id: str = "t1"
    anchor: str = ""
    fence: int = 1
    typed: str = ""
    began_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    async def secure(self) -> None: ...


class Box(Inbox):
    """Keeps what it is given; while `shut` it refuses, while not `ready` it keeps them waiting."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.edits: list[Edit] = []
        self.deletions: list[Deletion] = []
        self.shut = False
        self.ready = asyncio.Event()
        self.ready.set()
        self.refusal = asyncio.Semaphore(0)

    async def receive(self, message: Message) -> None:
        await self.ready.wait()
        if self.shut:
            self.refusal.release()
            raise ConnectionError("the store is away")
        self.messages.append(message)

    async def amend(self, edit: Edit) -> None:
        self.edits.append(edit)

    async def retract(self, deletion: Deletion) -> None:
        self.deletions.append(deletion)

    async def command(self, command: Command) -> None: ...
    async def stop(self, stop: Stop) -> None: ...
    async def leave(self, departure: Departure) -> None: ...
    async def rescope(self, rescoped: Rescoped) -> None: ...
    async def echo(self, echo: Echo) -> None: ...
    async def missed(self, platform: str, ago: float) -> None: ...
    async def held(self, platform: str) -> Sequence[Conversation]:
        return ()


def bot(slack: Slack, **options: Any) -> SlackPlatform:
    access = {
        "bot_token": slack.bot_token,
        "app_token": slack.app_token,
        "api_url": slack.api_url,
    }
    access |= {name: options.pop(name) for name in access.keys() & options.keys()}
    settled: dict[str, Any] = {
        "pace": Pace(first=0.01, every=0.0, late=0.0, listed=0.0),
        "now": lambda: datetime.now(UTC),
    }
    return SlackPlatform(Access(**access), **settled | options)


@pytest.fixture
async def slack() -> AsyncIterator[Slack]:
    async with Slack(retries=()) as slack:
        yield slack


@pytest.fixture
async def platform(slack: Slack) -> SlackPlatform:
    return bot(slack)


@pytest.fixture
async def inbox(slack: Slack, platform: SlackPlatform) -> AsyncIterator[Box]:
    box = Box()
    running = asyncio.create_task(platform.run(box))
    await slack.until(lambda: slack.sockets.open or running.done())
    yield box
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


async def settled(slack: Slack) -> None:
    await slack.until(lambda: all(delivery.acked for delivery in slack.deliveries))


def thread(ts: str, channel: str = "C1") -> Conversation:
    return Conversation(
        platform="slack",
        space="T00FAKE00AA",
        channel=channel,
        thread=ts,
        audience=Audience.PUBLIC,
    )


async def pieces(*texts: str) -> AsyncGenerator[str, None]:
    for text in texts:
        yield text


async def last(posted: AsyncIterator[Posted]) -> Posted:
    return [each async for each in posted][-1]


async def test_a_message_is_acknowledged_only_when_it_is_stored(slack: Slack, inbox: Box) -> None:
    inbox.ready.clear()
    slack.say("C1", "U1", "hello", mention=False)
    await slack.until(lambda: slack.calls("users.info"))
    assert not slack.deliveries[0].acked
    inbox.ready.set()
    await settled(slack)
    assert [message.text for message in inbox.messages] == ["hello"]


async def test_own_posts_are_not_received(
    slack: Slack, platform: SlackPlatform, inbox: Box
) -> None:
    slack.channel("C1")
    await last(platform.chat(thread(GONE)).reply(Turn(), pieces("hello"), Posted()))
    await slack.until(lambda: slack.deliveries)
    await settled(slack)
    assert (inbox.messages, inbox.edits) == ([], [])


async def test_an_admin_may_delete_what_the_bot_said(
    slack: Slack, platform: SlackPlatform, inbox: Box
) -> None:
    slack.channel("C1")
    posted = await last(platform.chat(thread(GONE)).reply(Turn(), pieces("wrong"), Posted()))
    slack.delete("C1", posted.ids[0])
    await slack.until(lambda: len(slack.deliveries) == 2)
    await settled(slack)
    assert [deletion.ids for deletion in inbox.deletions] == [posted.ids]


async def test_an_unknown_name_is_the_id(slack: Slack, inbox: Box) -> None:
    slack.dm("U9", "hello")
    await settled(slack)
    assert inbox.messages[0].author.name == "U9"


@pytest.mark.parametrize(
    ("kind", "faults", "audience"),
    [
        ("channel", [], Audience.PUBLIC),
        ("group", [], Audience.PRIVATE),
        ("mpim", [], Audience.PRIVATE),
        ("channel", [Fault(error="missing_scope")], Audience.PRIVATE),
    ],
)
async def test_a_mention_alone_tells_its_audience_by_asking(
    slack: Slack, inbox: Box, kind: str, faults: list[Fault], audience: Audience
) -> None:
    slack.channel("C1", kind)
    slack.fail("conversations.info", *faults)
    slack.say("C1", "U1", "hello", order=["app_mention"])
    await settled(slack)
    assert inbox.messages[0].conversation.audience is audience


async def test_a_mention_alone_has_the_audience_of_what_was_said_before(
    slack: Slack, inbox: Box
) -> None:
    slack.channel("C1", "group")
    slack.say("C1", "U1", "hello", mention=False)
    await settled(slack)
    slack.say("C1", "U1", "hello", order=["app_mention"])
    await settled(slack)
    assert inbox.messages[1].conversation.audience is Audience.PRIVATE
    assert slack.calls("conversations.info") == []


async def test_a_mention_waits_for_its_audience_unacknowledged(slack: Slack, inbox: Box) -> None:
    slack.fail("conversations.info", Fault(status=503))
    slack.say("C1", "U1", "hello", order=["app_mention"])
    await slack.until(lambda: slack.calls("conversations.info"))
    assert inbox.messages == []
    await slack.redeliver()
    await settled(slack)
    assert inbox.messages[0].conversation.audience is Audience.PUBLIC


async def test_no_log_holds_what_people_said(
    slack: Slack,
    platform: SlackPlatform,
    inbox: Box,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level("DEBUG")
    inbox.shut = True
    ts = slack.say("C1", "U1", "my secret")
    await inbox.refusal.acquire()
    await inbox.refusal.acquire()
    await last(platform.chat(thread(ts)).reply(Turn(), pieces("your secret"), Posted()))
    said = capsys.readouterr().out + caplog.text
    assert "slack event not stored" in said
    assert "secret" not in said
    assert slack.bot_token not in said


async def test_a_reply_goes_to_its_thread_with_its_turn(
    slack: Slack, platform: SlackPlatform
) -> None:
    ts = slack.say("C1", "U1", "hello")
    posted = await last(platform.chat(thread(ts)).reply(Turn(), pieces("Hi ", "there"), Posted()))
    assert posted.complete
    assert slack.replies("C1", ts) == ["Hi there"]
    sent = slack.calls("chat.postMessage")[0]
    assert sent["metadata"] == {
        "event_type": "threadkeeper",
        "event_payload": {"turn": "t1", "fence": 1},
    }
    assert sent["unfurl_links"] is sent["unfurl_media"] is False


async def test_a_reply_in_a_direct_message_opens_no_thread(
    slack: Slack, platform: SlackPlatform
) -> None:
    slack.dm("U1", "hello")
    await last(platform.chat(thread("", "DU1")).reply(Turn(), pieces("hi"), Posted()))
    assert [post.thread for post in slack.posts("DU1") if post.own] == [""]


@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=500),
        Fault(status=500, stored=True),
        Fault(cut=True),
        Fault(cut=True, stored=True),
        Fault(error="internal_error"),
        Fault(retry_after=0),
    ],
    ids=str,
)
async def test_a_reply_is_seen_once_whatever_became_of_its_post(
    slack: Slack, platform: SlackPlatform, fault: Fault
) -> None:
    ts = slack.say("C1", "U1", "hello")
    slack.fail("chat.postMessage", fault)
    posted = await last(platform.chat(thread(ts)).reply(Turn(), pieces("hi"), Posted()))
    assert slack.replies("C1", ts) == ["hi"]
    assert posted.ids == tuple(post.ts for post in slack.posts("C1", ts) if post.own)


async def test_another_process_finds_and_continues_the_reply(
    slack: Slack, platform: SlackPlatform
) -> None:
    ts = slack.say("C1", "U1", "hello")
    first = platform.chat(thread(ts))
    await last(first.reply(Turn(), pieces("half of"), Posted()))
    second = bot(slack).chat(thread(ts))
    found = await second.find("t1", Turn().began_at)
    await last(second.reply(Turn(), pieces("all of it"), found))
    assert slack.replies("C1", ts) == ["all of it"]


async def test_only_own_posts_of_the_turn_are_found_on_every_page(
    slack: Slack, platform: SlackPlatform
) -> None:
    slack.methods.page = 2
    ts = slack.say("C1", "U1", "hello")
    posts = platform.chat(thread(ts)).posts
    ids = [await posts.post(Turn(), slot, f"part {slot}", live=False) for slot in range(4)]
    await posts.post(Turn(id="t2"), 0, "another turn", live=False)
    slack.say("C1", "U1", "quoting", thread=ts)
    slack.posts("C1", ts)[-1].metadata = slack.posts("C1", ts)[1].metadata
    found = await platform.chat(thread(ts)).find("t1", Turn().began_at)
    assert found.ids == tuple(ids)


async def test_posts_of_a_direct_message_are_found_oldest_first(
    slack: Slack, platform: SlackPlatform
) -> None:
    slack.dm("U1", "hello")
    chat = platform.chat(thread("", "DU1"))
    ids = [await chat.posts.post(Turn(), slot, f"part {slot}", live=False) for slot in range(3)]
    assert (await chat.find("t1", Turn().began_at)).ids == tuple(ids)


async def test_nothing_is_found_in_a_thread_that_is_gone(
    slack: Slack, platform: SlackPlatform
) -> None:
    slack.channel("C1")
    assert await platform.chat(thread(GONE)).find("t1", Turn().began_at) == Posted()


async def test_a_post_that_is_gone_can_not_be_edited_but_may_be_removed(
    slack: Slack, platform: SlackPlatform
) -> None:
    ts = slack.say("C1", "U1", "hello")
    chat = platform.chat(thread(ts))
    post = await chat.posts.post(Turn(), 0, "hi", live=False)
    await chat.remove([post])
    await chat.remove([post])
    assert not await chat.posts.edit(Turn(), post, "hi there", live=False)
    assert slack.replies("C1", ts) == []


@pytest.mark.parametrize(
    ("fault", "error", "says"),
    [
        (Fault(delay=0.3), Unclear, "TimeoutError"),
        (Fault(cut=True), Unclear, "ServerDisconnectedError"),
        (Fault(status=502), Unclear, "502"),
        (Fault(error="fatal_error"), Unclear, "fatal_error"),
        (Fault(retry_after=7), Busy, "wait 7 s"),
        (Fault(error="rate_limited"), Busy, "wait 1 s"),
        (Fault(error="not_in_channel"), Refused, "chat.postMessage: not_in_channel: invite"),
        (Fault(error="is_archived"), Refused, "see https://docs.slack.dev/reference/methods/chat"),
    ],
    ids=str,
)
async def test_an_error_says_whether_the_call_may_have_taken_effect(
    slack: Slack, fault: Fault, error: type[Exception], says: str
) -> None:
    ts = slack.say("C1", "U1", "hello")
    posts = bot(slack, timeout=0.1 if fault.delay else 5.0).chat(thread(ts)).posts
    slack.fail("chat.postMessage", fault)
    with pytest.raises(error, match=says):
        await posts.post(Turn(), 0, "hi", live=False)
    assert len(slack.calls("chat.postMessage")) == 1


async def test_a_call_that_was_never_sent_took_nothing(slack: Slack) -> None:
    away = bot(slack, api_url="http://127.0.0.1:1/api/")
    with pytest.raises(Busy):
        await away.chat(thread(GONE)).posts.post(Turn(), 0, "hi", live=False)


async def test_a_whisper_reaches_one_person_and_has_its_buttons(
    slack: Slack, platform: SlackPlatform
) -> None:
    ts = slack.say("C1", "U1", "forget")
    actions = (Action(label="Forget", name="forget", argument="yes"),)
    await platform.chat(thread(ts)).whisper(ADA, Answer(text="3 messages", actions=actions))
    (whisper,) = slack.whispers
    assert (whisper.to, whisper.thread, whisper.text) == ("U1", ts, "3 messages")
    said, row = whisper.more["blocks"]
    assert said == {"type": "markdown", "text": "3 messages"}
    (button,) = row["elements"]
    assert (button["text"]["text"], button["value"]) == ("Forget", "yes")
    assert slack.replies("C1", ts) == []


async def test_a_good_set_up_has_nothing_to_say(platform: SlackPlatform) -> None:
    assert await platform.check() == []


async def test_missing_scopes_are_named(slack: Slack, platform: SlackPlatform) -> None:
    slack.scopes = slack.scopes.replace(",users:read", "")
    (line,) = await platform.check()
    assert line.startswith("Slack: add the scope users:read (people's names, and who is a guest)")


async def test_wrong_tokens_are_told_apart(slack: Slack) -> None:
    (line,) = await bot(slack, bot_token="xoxb-old").check()
    assert line.startswith("Slack does not take SLACK_BOT_TOKEN: auth.test: invalid_auth: copy")
    (line,) = await bot(slack, app_token="xapp-old").check()
    assert line.startswith("Slack opens no socket for SLACK_APP_TOKEN: apps.connections.open")


async def test_a_silent_slack_is_told(slack: Slack) -> None:
    assert len(await bot(slack, api_url="http://127.0.0.1:1/api/").check()) == 2
