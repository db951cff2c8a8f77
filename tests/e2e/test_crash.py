"""A process that dies, or is told to stop, in the middle of a turn: nobody is left waiting."""

import time
from collections.abc import Sequence

import pytest

from tests.e2e.process import Home
from tests.e2e.town import Corner, Town
from tests.servers.openai import HANG, reply

pytestmark = pytest.mark.anyio

ANSWER = "The ferry leaves at nine, at noon and at six; on Sundays only at noon."
ECHO = "you said: ada: when is the ferry?"


@pytest.fixture
def corners(model_town: Town) -> Sequence[Corner]:
    """A thread in Slack and a direct message in Discord."""
    return model_town.thread(), model_town.direct()


async def test_killed_before_the_model_answered_the_next_process_replies_once(
    model_town: Town, busy_home: Home, corners: Sequence[Corner]
) -> None:
    model_town.model.script(HANG, HANG)
    async with busy_home.bot() as bot:
        await model_town.connected()
        ask(corners)
        await model_town.asked(2)
        bot.kill()
    await answered_by_the_next(model_town, busy_home, corners, ECHO)


async def test_killed_amid_a_reply_the_next_process_completes_the_same_post(
    model_town: Town, busy_home: Home, corners: Sequence[Corner]
) -> None:
    stalled = reply(ANSWER, after_pieces=3, then="stall")
    model_town.model.script(stalled, stalled)
    async with busy_home.bot() as bot:
        await model_town.connected()
        ask(corners)
        begun = [await corner.until(bool) for corner in corners]
        assert all(len(text) < len(ANSWER) for (text,) in begun)
        first = posts(model_town)
        bot.kill()
    model_town.model.script(reply(ANSWER), reply(ANSWER))
    await answered_by_the_next(model_town, busy_home, corners, ANSWER.casefold())
    assert posts(model_town) == first
    assert not model_town.direct().buttons()


async def test_told_to_stop_it_finishes_what_it_began(
    model_town: Town, busy_home: Home, corners: Sequence[Corner]
) -> None:
    slow = reply(ANSWER, before_text=1.0)
    model_town.model.script(slow, slow)
    async with busy_home.bot() as bot:
        await model_town.connected()
        ask(corners)
        await model_town.asked(2)
        assert await bot.stop() == 0
    assert [list(corner.replies()) for corner in corners] == [[ANSWER]] * 2


@pytest.mark.alone
async def test_told_to_stop_it_does_not_wait_for_a_model_that_hangs(
    model_town: Town, busy_home: Home, corners: Sequence[Corner]
) -> None:
    model_town.model.script(HANG, HANG)
    async with busy_home.bot(THREADKEEPER_TURNS__STOP_SECONDS="0.5") as bot:
        await model_town.connected()
        ask(corners)
        await model_town.asked(2)
        began = time.monotonic()
        assert await bot.stop() == 0
        seconds = time.monotonic() - began
    print(f"from SIGTERM to the end: {seconds:.2f} s")
    assert seconds < 3
    await answered_by_the_next(model_town, busy_home, corners, ECHO)


def ask(corners: Sequence[Corner]) -> None:
    for corner in corners:
        corner.ask("when is the ferry?")


async def answered_by_the_next(
    town: Town, home: Home, corners: Sequence[Corner], wanted: str
) -> None:
    """Each corner shows this reply, and still nothing else when the process has finished."""
    began = time.monotonic()
    async with home.bot() as bot:
        for corner in corners:
            await corner.until(lambda replies: [each.casefold() for each in replies] == [wanted])
        print(f"from the end of one process to both replies: {time.monotonic() - began:.2f} s")
        assert await bot.stop() == 0
    assert [len(corner.replies()) for corner in corners] == [1, 1]
    assert len(town.slack.replies("C1")) == 1


def posts(town: Town) -> Sequence[str]:
    """The ids of the bot's posts in both corners."""
    slack = [post.ts for post in town.slack.posts("C1") if post.own]
    direct = town.discord.direct(town.direct().person)
    return [*slack, *(str(post["id"]) for post in town.discord.posts(direct))]
