"""An agent on Slack that streams its replies, on a clock that jumps."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from datetime import UTC, datetime

import pytest

from adapters.draft import Pace
from adapters.message import Audience, Conversation
from adapters.ports import Posted
from adapters.slack.platform import SlackPlatform
from tests.adapters.posts import Turn
from tests.adapters.slack_bot import bot
from tests.servers.slack import Slack
from tests.virtual import VirtualLoop

START = 1_800_000_000.0
PACE = Pace(first=1.0, every=1.5, late=8.0, listed=5.0)


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Callable[[], VirtualLoop]]]:
    return ("asyncio", {"loop_factory": lambda: VirtualLoop(patience=0.05)})


def clock() -> float:
    return START + asyncio.get_running_loop().time()


@pytest.fixture
async def slack(anyio_backend: object) -> AsyncIterator[Slack]:
    async with Slack(retries=(), now=clock) as slack:
        yield slack


def platform(slack: Slack) -> SlackPlatform:
    now = lambda: datetime.fromtimestamp(clock(), UTC)  # noqa: E731
    return bot(slack, agent=True, pace=PACE, now=now)


def turn(name: str = "t1") -> Turn:
    return Turn(id=name, fence=3, began_at=datetime.fromtimestamp(clock(), UTC))


def place(ts: str, channel: str = "DU1") -> Conversation:
    audience = Audience.DIRECT if channel[0] == "D" else Audience.PUBLIC
    return Conversation(
        platform="slack", space="T00FAKE00AA", channel=channel, thread=ts, audience=audience
    )


async def slowly(text: str, *, size: int = 7, pause: float = 1.0) -> AsyncGenerator[str, None]:
    for at in range(0, len(text), size):
        yield text[at : at + size]
        await asyncio.sleep(pause)


async def told(
    slack: Slack,
    ts: str,
    text: AsyncGenerator[str, None],
    channel: str = "DU1",
    onto: Posted | None = None,
) -> Posted:
    chat = platform(slack).chat(place(ts, channel))
    async with aclosing(chat.reply(turn(), text, onto or Posted())) as reply:
        return [posted async for posted in reply][-1]


def whole(slack: Slack, ts: str, text: str, channel: str = "DU1") -> None:
    """One post shows it, is closed, and carries the turn."""
    own = [post for post in slack.posts(channel, ts) if post.own]
    assert [post.text for post in own] == [text]
    assert not slack.methods.agent.streaming(own[0])
    assert own[0].metadata == {
        "event_type": "threadkeeper",
        "event_payload": {"turn": "t1", "fence": 3},
    }
