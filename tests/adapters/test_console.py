"""The terminal: what is typed arrives as a message or a command, however long or odd it is."""

import asyncio
from datetime import timedelta

import pytest

from adapters import console
from adapters.message import Audience, Command, Message
from adapters.ports import Chat, Platform, Posted
from tests.adapters.terminal import NOON, Bot, Terminal, echo, talk

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


class Failing(Bot):
    """Takes nothing in the first so many times."""

    failures = 0

    async def receive(self, message: Message) -> None:
        self._fail()
        await super().receive(message)

    async def command(self, command: Command) -> None:
        self._fail()
        await super().command(command)

    def _fail(self) -> None:
        self.failures -= 1
        if self.failures >= 0:
            raise LookupError


async def failing(times: int, *lines: bytes, interactive: bool = True) -> tuple[Failing, str]:
    terminal = Terminal()
    typed = terminal.console(*lines, interactive=interactive)
    bot = Failing(reply=echo, console=typed)
    bot.failures = times
    async with asyncio.timeout(5):
        await typed.run(bot)
        await asyncio.gather(*bot.tasks)
    return bot, terminal.shown


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console, "_AGAIN", (0.01, 0.011, 0.012))


@pytest.mark.usefixtures("_impatient")
async def test_a_line_that_is_not_taken_in_is_handed_in_again_and_its_writer_told_once() -> None:
    bot, shown = await failing(3, b"one\n")
    assert [message.text for message in bot.messages] == ["one"]
    assert shown == "> (I cannot take that in just now, and keep trying.)\nYou said one\n> \n"
    bot, shown = await failing(3, b"/help\n")
    assert [command.name for command in bot.commands] == ["help"]
    assert shown.count("keep trying") == 1


@pytest.mark.usefixtures("_impatient")
async def test_a_line_that_is_never_taken_in_is_to_be_said_again_and_the_next_is_heard() -> None:
    bot, shown = await failing(4, b"one\ntwo\n")
    assert [message.text for message in bot.messages] == ["two"]
    assert "That line was not taken in: say it again later." in shown


@pytest.mark.usefixtures("_impatient")
async def test_a_script_ends_with_the_reason_why_a_line_is_not_taken_in() -> None:
    with pytest.raises(LookupError):
        await failing(4, b"one\ntwo\n", interactive=False)
