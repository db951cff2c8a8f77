"""The terminal, unconfigured: it remembers over processes, shows what it holds, and forgets."""

import time

import pytest

from tests.e2e.process import Bot, Home
from tests.e2e.scan import found, rewritten

pytestmark = pytest.mark.anyio

STATEMENT = "My name is Ada and I deploy on Fridays"
QUESTION = "what is my name?"
CONTROL = "The deployment key hangs behind the kettle"


async def test_a_second_process_remembers_what_the_first_was_told(home: Home) -> None:
    home.heard += [STATEMENT]
    began = time.monotonic()
    first = await home.run("chat", f"{STATEMENT}\n")
    second = await home.run("chat", f"{QUESTION}\n")
    print(f"two piped processes: {time.monotonic() - began:.2f} s")
    assert (first.code, second.code) == (0, 0)
    assert "offline model" in first.out
    assert STATEMENT in second.out
    assert "REDIS_URL" in second.err


@pytest.mark.alone
async def test_the_first_answer_comes_within_four_seconds(home: Home) -> None:
    home.warm = None  # with all that a start takes
    began = time.monotonic()
    async with home.bot("chat") as bot:
        bot.type("My name is Ada\n")
        await bot.until("keep that in mind")
        seconds = time.monotonic() - began
        assert await bot.end() == 0
    print(f"start to first answer: {seconds:.2f} s")
    assert seconds < 4


async def test_a_talk_in_a_terminal_goes_on_after_ctrl_c(home: Home) -> None:
    home.heard += [STATEMENT]
    async with home.bot("chat", terminal=True) as bot:
        await bot.until("> ")
        bot.type(f"{STATEMENT}\n")
        await bot.until("keep that in mind")
        bot.type(b"\x03")
        assert await bot.wait() == 0
    async with home.bot("chat", terminal=True) as bot:
        await bot.until("> ")
        bot.type(f"{QUESTION}\n")
        await bot.until("Ada and I deploy")
        bot.type(b"\x04")
        assert await bot.wait() == 0


async def test_ctrl_c_right_behind_a_question_ends_in_good_order(
    home: Home,
) -> None:
    async with home.bot("chat", terminal=True) as bot:
        await bot.until("> ")
        bot.type(f"{QUESTION}\n\x03")
        assert await bot.wait() == 0


async def test_forgetting_leaves_nothing_to_answer_with_and_nothing_on_the_disk(
    home: Home,
) -> None:
    home.heard += [STATEMENT, CONTROL]
    async with home.bot("chat") as bot:
        bot.type(f"{STATEMENT}\n")
        await bot.until("keep that in mind")
        assert found(home.data, "deploy on Fridays")
        await forget(bot)
        bot.type(f"{QUESTION}\n")
        assert "Ada" not in await bot.until("I find nothing")
        bot.type(f"{CONTROL}\n")
        await bot.until("keep that in mind")
        await rewritten(home.data)
        assert not found(home.data, "deploy on Fridays")
        assert not found(home.data, "Ada and I")
        assert found(home.data, "behind the kettle")
        assert await bot.end() == 0
    assert not found(home.data, "deploy on Fridays")
    assert found(home.data, "behind the kettle")


async def test_what_is_forgotten_in_the_last_line_before_the_end_is_off_the_disk(
    home: Home,
) -> None:
    home.heard += [STATEMENT, CONTROL]
    await home.run("chat", f"{STATEMENT}\n")
    assert found(home.data, "deploy on Fridays")
    ended = await home.run("chat", "/forget\nyes\n")
    assert "Forgotten: 2 messages" in ended.out
    assert not found(home.data, "deploy on Fridays")
    again = await home.run("chat", f"{QUESTION}\n{CONTROL}\n/summary\n")
    assert "Ada" not in again.out
    assert "I hold 4 messages" in again.out
    assert found(home.data, "behind the kettle")


async def forget(bot: Bot) -> None:
    held = ""
    while "I hold 2 messages" not in held:  # the reply is seen before it is remembered
        bot.type("/summary\n")
        held = await bot.until("word for word.")
    bot.type("/forget\n")
    await bot.until("type yes")
    bot.type("yes\n")
    await bot.until("Forgotten: 2 messages")
