"""The terminal: what is typed arrives as a message or a command, however long or odd it is."""

from datetime import timedelta

import pytest

from adapters.message import Audience
from adapters.ports import Chat, Platform, Posted
from tests.adapters.terminal import NOON, Terminal, talk

pytestmark = pytest.mark.anyio


async def test_a_line_is_a_message_that_calls() -> None:
    bot, shown = await talk(b"Hello there\n")
    (message,) = bot.messages
    assert (message.text, message.called, message.author.name) == ("Hello there", True, "ann")
    assert str(message.conversation) == "console:local:terminal:"
    assert message.conversation.audience == Audience.DIRECT
    assert shown == "You said Hello there\n"


async def test_the_console_is_a_platform_and_a_chat() -> None:
    console = Terminal().console()
    platform: Platform = console
    chat: Chat = console
    assert platform.name == "console"
    assert await platform.check() == ()
    assert await chat.find("t1", NOON) == Posted()
    assert [message async for message in chat.history("", 10)] == []
    await chat.remove(["t1"])
    assert chat.link("1") == ""


async def test_ids_are_microseconds_and_always_grow() -> None:
    bot, _ = await talk(b"one\ntwo\n/help\nthree\n")
    first = int(NOON.timestamp()) * 1_000_000
    assert [int(message.id) - first for message in bot.messages] == [0, 1, 3]
    assert bot.messages[1].sent_at == NOON + timedelta(microseconds=1)
    assert bot.messages[1].sent_at < bot.commands[0].given_at < bot.messages[2].sent_at


async def test_every_line_of_a_script_is_answered_before_the_next_is_read() -> None:
    _, shown = await talk(b"one\ntwo")
    assert shown == "You said one\nYou said two\n"


async def test_blank_lines_are_skipped() -> None:
    bot, _ = await talk(b"\n  \n\0\nhi\n\n")
    assert [message.text for message in bot.messages] == ["hi"]


async def test_bytes_that_are_no_text_break_nothing() -> None:
    bot, _ = await talk(b"a\0b \xff \xed\xa0\x80\r\n")
    text = bot.messages[0].text
    assert text.startswith("ab \ufffd \ufffd")
    assert text.encode()


async def test_a_line_of_a_megabyte_arrives_whole() -> None:
    bot, _ = await talk(b"x" * 1_000_000 + b"\nnext\n")
    assert [len(message.text) for message in bot.messages] == [1_000_000, 4]


async def test_a_line_without_end_is_taken_in_pieces() -> None:
    bot, _ = await talk(b"x" * 9_000_000)
    assert len(bot.messages) == 3
    assert sum(len(message.text) for message in bot.messages) == 9_000_000


async def test_a_slash_makes_a_command() -> None:
    bot, _ = await talk(b"/summary  of this \n/help\n")
    assert [(one.name, one.argument) for one in bot.commands] == [
        ("summary", "of this"),
        ("help", ""),
    ]


async def test_yes_sends_the_first_action() -> None:
    bot, shown = await talk(b"/forget\nYES\n")
    assert bot.commands[1].argument == "here confirmed"
    assert shown == (
        "2 messages go.\nForget me: /forget me\nForget: type yes. Anything else cancels.\n"
    )


@pytest.mark.parametrize("line", [b"no", b"yes please", b"/help"])
async def test_anything_else_cancels_and_goes_no_further(line: bytes) -> None:
    bot, shown = await talk(b"/forget\n" + line + b"\nyes\n")
    assert len(bot.commands) == 1
    assert "Cancelled; that line went no further.\n" in shown
    assert [message.text for message in bot.messages] == ["yes"]


async def test_a_blank_line_decides_nothing() -> None:
    bot, _ = await talk(b"/forget\n\nyes\n")
    assert len(bot.commands) == 2


async def test_the_prompt_is_shown_to_people_only() -> None:
    _, shown = await talk(b"hi\n", interactive=True)
    assert shown == "> You said hi\n> \n"
