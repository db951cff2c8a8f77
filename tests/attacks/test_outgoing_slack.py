"""Whatever a reply, an answer or a line for all says on Slack, it pings nobody and leads nowhere.

Each way out with the worst text, at the wire. `test_aftermath.py` sees the whole process,
`tests/adapters/test_markup.py` and `test_links.py` the markup.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import replace

import pytest

from adapters.message import Action, Answer, Author
from adapters.ports import Posted
from adapters.slack.chat import SlackChat
from tests.adapters.inbox import Collected
from tests.adapters.slack_bot import connected, settled
from tests.adapters.slack_streaming import clock, place, platform, slowly, told, turn
from tests.attacks.wire import PING, PINGS, WORST, leading, pinging
from tests.servers.slack import Slack
from tests.virtual import VirtualLoop

pytestmark = pytest.mark.anyio

ANSWER = Answer(
    text=WORST, actions=(Action(label=PINGS[:70], name="memory", argument=f"delete {PINGS}"),)
)
EXPORT = Answer(text=WORST, document=WORST)
ADA = Author(id="U1", name=PINGS)
SAYING = ("chat.", "views.", "agents.", "assistant.")


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Callable[[], VirtualLoop]]]:
    return ("asyncio", {"loop_factory": lambda: VirtualLoop(patience=0.02)})


@pytest.fixture
async def slack(anyio_backend: object) -> AsyncIterator[Slack]:
    async with Slack(retries=(), now=clock) as slack:
        slack.workspace.people["U1"] = PINGS
        yield slack


def harmless(slack: Slack, *methods: str) -> None:
    """These were called, and nothing that was sent pings, leads away or has previews fetched."""
    said = [each for each in slack.requests if each.method.startswith(SAYING)]
    assert {each.method for each in said} >= {*methods}
    for sent in (*(each.given for each in said), *(body for _, body in slack.responses)):
        assert pinging(sent) == []
        assert leading(sent) <= {"fake.slack.com"}
        assert not {"parse", "link_names", "attachments"}.intersection(sent)
    for posted in slack.calls("chat.postMessage"):
        assert (posted["unfurl_links"], posted["unfurl_media"]) == (False, False)


def test_the_worst_text_is_bad() -> None:
    assert len(PING.findall(WORST)) > 30
    assert leading({"text": WORST}) >= {"evil.example"}


async def test_a_streamed_reply_is_harmless(slack: Slack) -> None:
    ts = slack.dm("U1", "hello")
    await told(slack, ts, slowly(WORST, size=90))
    harmless(slack, "chat.startStream", "chat.appendStream", "chat.stopStream")


async def test_a_reply_that_grows_by_edits_is_harmless(slack: Slack) -> None:
    ts = slack.say("C1", "U1", "hello")
    await told(slack, ts, slowly(WORST, size=90), "C1")
    harmless(slack, "chat.postMessage", "chat.update")


async def test_a_quick_reply_with_feedback_is_harmless(slack: Slack) -> None:
    ts = slack.dm("U1", "hello")
    await told(slack, ts, slowly(WORST, pause=0.0))
    harmless(slack, "chat.postMessage")


async def test_a_reply_to_a_title_that_pings_is_harmless(slack: Slack) -> None:
    chat = platform(slack).chat(place(slack.dm("U1", "hello")))
    text, asked = slowly(WORST, size=90), replace(turn(), typed=PINGS)
    async with aclosing(chat.reply(asked, text, Posted())) as reply:
        async for _ in reply:
            pass
    assert slack.methods.agent.titles
    harmless(slack, "agents.sessions.setStatus")


async def test_what_only_one_person_sees_is_harmless(slack: Slack) -> None:
    chat: SlackChat = platform(slack).chat(place(slack.say("C1", "U1", "hello"), "C1"))
    for answer in (ANSWER, EXPORT):
        await chat.whisper(ADA, answer)
    harmless(slack, "chat.postEphemeral")


async def test_a_line_for_all_is_harmless(slack: Slack) -> None:
    chat = platform(slack).chat(place(slack.say("C1", "U1", "hello"), "C1"))
    await chat.announce(f"{WORST} had me forget this conversation.")
    harmless(slack, "chat.postMessage")


async def test_answers_to_commands_buttons_and_the_home_are_harmless(slack: Slack) -> None:
    inbox = Collected(slack._changed)
    inbox.prepared |= {"memory": ANSWER, "home": ANSWER, "export": EXPORT}
    async with connected(slack, inbox, agent=True):
        slack.channel("C1")
        for name in ("memory", "export"):
            slack.hands.command("C1", "U1", name)
        slack.hands.home("U1")
        await settled(slack)
        slack.hands.pick("U1", "0:memory", f"delete {PINGS}")
        slack.hands.pick("U1", "1:export")
        await settled(slack)
    assert len(slack.responses) == 2
    harmless(slack, "views.publish", "chat.postEphemeral")
