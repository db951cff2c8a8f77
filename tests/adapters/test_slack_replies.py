"""A reply on Slack is seen once, whatever became of its calls, and found by another process."""

import pytest

from adapters.message import Action, Answer, Author
from adapters.ports import Busy, Posted, Refused, Unclear
from adapters.slack.platform import SlackPlatform
from tests.adapters.slack_bot import bot, slack
from tests.adapters.slack_talk import GONE, Turn, last, pieces, platform, thread
from tests.servers.slack import Fault, Slack

__all__ = ["platform", "slack"]

pytestmark = pytest.mark.anyio

ADA = Author(id="U1", name="ada")


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
    slack.methods.listing.page = 2
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
