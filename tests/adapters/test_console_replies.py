"""Replies on the terminal: written once and complete, and waited for when the input has ended."""

import asyncio
from datetime import timedelta

import pytest

from adapters.message import Answer
from adapters.ports import Posted
from tests.adapters.posts import Turn
from tests.adapters.terminal import NOON, Bot, Terminal, answer, says, settled

pytestmark = pytest.mark.anyio


async def test_the_end_of_input_waits_for_the_answer() -> None:
    terminal, bot = Terminal(), Bot()
    console = terminal.console(b"one\n")
    run = asyncio.create_task(console.run(bot))
    await settled()
    assert not run.done()
    await console.whisper(bot.messages[0].author, Answer(text="Your budget is used up."))
    await run
    assert terminal.shown == "Your budget is used up.\n"


async def test_a_turn_that_is_taken_back_is_not_waited_for() -> None:
    console, bot = Terminal().console(b"one\n"), Bot()
    run = asyncio.create_task(console.run(bot))
    await settled()
    await console.remove([])
    async with asyncio.timeout(5):
        await run


async def test_the_answer_to_an_earlier_message_does_not_end_the_waiting() -> None:
    console, bot = Terminal().console(b"one\n"), Bot()
    run = asyncio.create_task(console.run(bot))
    await settled()
    await answer(console, Turn(anchor="1", began_at=NOON - timedelta(hours=1)), says("old"))
    await settled()
    assert not run.done()
    await answer(console, Turn(anchor="1", began_at=NOON + timedelta(hours=1)), says("both"))
    await run


async def test_a_consumer_that_leaves_at_the_last_word_ends_the_waiting() -> None:
    console, bot = Terminal().console(b"one\n"), Bot()
    run = asyncio.create_task(console.run(bot))
    await settled()
    async for seen in console.reply(Turn(anchor=bot.messages[0].id), says("hi"), Posted()):
        if seen.complete:
            break
    async with asyncio.timeout(5):
        await run


async def test_a_reply_is_secured_once_and_ends_complete() -> None:
    terminal, turn = Terminal(), Turn()
    seen = await answer(terminal.console(), turn, says("", "a", "b"))
    assert seen == [Posted(ids=("t1",), text="ab", complete=True)]
    assert turn.secures == 1
    assert terminal.shown == "ab\n"


async def test_nothing_is_written_for_a_turn_that_is_lost() -> None:
    terminal = Terminal()
    with pytest.raises(LookupError):
        await answer(terminal.console(), Turn(lost=LookupError()), says("a"))
    assert terminal.shown == ""


async def test_a_reply_that_breaks_off_leaves_a_clean_line_and_is_written_again() -> None:
    terminal = Terminal()
    console = terminal.console()
    with pytest.raises(LookupError):
        await answer(console, Turn(), says("half", LookupError()))
    onto = Posted(ids=("t1",))
    assert [one.ids async for one in console.reply(Turn(), says("whole"), onto)] == [("t1",)]
    assert terminal.shown == "half\nwhole\n"


async def test_a_reply_cannot_steer_the_terminal() -> None:
    terminal = Terminal()
    await answer(terminal.console(), Turn(), says("a\x1b[2Jb\r\x9bc\td\n"))
    assert terminal.shown == "a[2Jbc\td\n\n"


async def test_cancelling_ends_the_run() -> None:
    run = asyncio.create_task(Terminal().console(end=False).run(Bot()))
    await asyncio.sleep(0)
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
