"""What people see while the agent works, whatever becomes of it; where links lead."""

import pytest

from adapters.message import Audience
from adapters.ports import Posted
from adapters.slack.session import title_of
from tests.adapters.inbox import Collected
from tests.adapters.slack_bot import connected
from tests.adapters.slack_streaming import anyio_backend, place, platform, slack, slowly, told, turn
from tests.servers.slack import Fault, Slack

pytestmark = pytest.mark.anyio
__all__ = ["anyio_backend", "slack"]
SLOW = "One two three four five six seven."


async def test_a_session_is_processing_until_the_answer_is_whole(slack: Slack) -> None:
    ts = slack.say("C1", "U1", "hello")
    await told(slack, ts, slowly(SLOW), "C1")
    states = [call["status"] for call in slack.calls("agents.sessions.setStatus")]
    assert states == ["processing", "active"]
    assert slack.methods.agent.sessions["C1", ts] == "active"
    assert slack.methods.agent.statuses == []


async def test_a_thread_is_given_its_first_words_as_title(slack: Slack) -> None:
    ts, hold = slack.dm("U1", "hello"), turn()
    hold.typed = "Plan my week\nand my month"
    chat = platform(slack).chat(place(ts))
    async for _ in chat.reply(hold, slowly(SLOW), Posted()):
        pass
    assert slack.methods.agent.titles["DU1", ts] == "Plan my week"


async def test_an_answer_that_comes_at_once_needs_no_sign(slack: Slack) -> None:
    ts = slack.dm("U1", "hello")
    await told(slack, ts, slowly("Quick.", pause=0.0))
    assert slack.calls("agents.sessions.setStatus") == []


async def test_of_an_app_that_is_no_agent_a_status_tells_and_is_kept_fresh(slack: Slack) -> None:
    slack.methods.agent.declared = False
    ts = slack.say("C1", "U1", "hello")
    await told(slack, ts, slowly("Slow answer.", size=6, pause=150.0), "C1")
    shown = [status for _, _, status in slack.methods.agent.statuses]
    assert shown == [*["is thinking…"] * (len(shown) - 1), ""]
    assert len(shown) >= 4
    assert slack.replies("C1", ts) == ["Slow answer."]


@pytest.mark.parametrize(
    "fault",
    [Fault(error="missing_scope"), Fault(status=500), Fault(cut=True), Fault(retry_after=30)],
    ids=str,
)
async def test_a_sign_that_fails_harms_no_answer(slack: Slack, fault: Fault) -> None:
    for method in ("agents.sessions.setStatus", "assistant.threads.setStatus"):
        slack.fail(method, *[fault] * 9)
    ts = slack.dm("U1", "hello")
    await told(slack, ts, slowly(SLOW))
    assert slack.replies("DU1", ts) == [SLOW]


async def test_a_person_who_stops_a_stream_keeps_what_was_shown(slack: Slack) -> None:
    ts = slack.dm("U1", "hello")
    chat = platform(slack).chat(place(ts))
    said = slowly("One two three four.")
    async for _ in chat.reply(turn(), said, Posted()):
        for post in slack.posts("DU1", ts):
            if slack.methods.agent.streaming(post):
                post.streams_until, post.halted = 0.0, True  # as Slack does with the button
    assert slack.replies("DU1", ts) == ["One two three four."]
    assert slack.methods.agent.sessions["DU1", ts] == "active"


@pytest.mark.parametrize(
    ("typed", "title"),
    [("", ""), ("One\nTwo", "One"), ("x " * 90, ("x " * 40)[:79].rstrip() + "…")],
)
def test_a_title_is_one_short_line(typed: str, title: str) -> None:
    assert title_of(typed) == title
    assert len(title) <= 80


async def test_links_lead_to_posts_and_back_to_their_conversations(slack: Slack) -> None:
    inbox = Collected(slack._changed)
    async with connected(slack, inbox) as connection:
        root = slack.say("C1", "U1", "hello", mention=False)
        reply = slack.say("C1", "U1", "more", thread=root, mention=False)
        where = place(root, "C1")
        chat = connection.chat(where)
        link = chat.link(reply)
        path = f"https://fake.slack.com/archives/C1/p{reply.replace('.', '')}"
        assert link == f"{path}?thread_ts={root}&cid=C1"
        assert chat.linked(f"<{link}>") == where
        assert chat.linked(chat.link(root)) == where
        assert chat.linked(path) == place(reply, "C1")
        assert chat.linked(link.replace("C1", "C2")) is None
        assert chat.linked("https://[a/archives/C1/p1") is None  # no address at all
        assert chat.linked(link.replace("fake", "evil")) is None
        assert chat.linked("https://fake.slack.com/") is None
        direct = connection.chat(place("", "DU1"))
        assert direct.linked(path.replace("C1", "DU1")) == place("", "DU1")
        assert where.audience is Audience.PUBLIC
