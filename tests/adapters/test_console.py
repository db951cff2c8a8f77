"""The terminal: what is typed arrives, what is answered is shown, and leaving is easy."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.console import Console, Descriptor
from adapters.message import (
    Action,
    Answer,
    Audience,
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
from adapters.ports import Chat, Inbox, Platform, Posted
from tests.adapters.posts import Turn

pytestmark = pytest.mark.anyio
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
OFFER = Answer(
    text="2 messages go.",
    actions=(
        Action(label="Forget", name="forget", argument="here confirmed"),
        Action(label="Forget me", name="forget", argument="me"),
    ),
)


@dataclass
class Bot:
    """An Inbox that answers every message, unless told to be silent, and offers on /forget."""

    reply: Callable[[Message], AsyncGenerator[str, None]] | None = None
    console: Console | None = None
    messages: list[Message] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)
    tasks: list[asyncio.Task[list[Posted]]] = field(default_factory=list)

    async def receive(self, message: Message) -> None:
        self.messages.append(message)
        if self.console and self.reply:
            turn = Turn(anchor=message.id, began_at=NOON)
            text = self.reply(message)
            self.tasks.append(asyncio.create_task(answer(self.console, turn, text)))

    async def command(self, command: Command) -> None:
        self.commands.append(command)
        if (command.name, command.argument) == ("forget", ""):
            await command.respond(OFFER)

    async def amend(self, edit: Edit) -> None: ...
    async def retract(self, deletion: Deletion) -> None: ...
    async def stop(self, stop: Stop) -> None: ...
    async def leave(self, departure: Departure) -> None: ...
    async def rescope(self, rescoped: Rescoped) -> None: ...
    async def echo(self, echo: Echo) -> None: ...
    async def missed(self, platform: str, ago: float) -> None: ...
    async def held(self, platform: str) -> Sequence[Conversation]:
        return ()


async def answer(console: Console, turn: Turn, text: AsyncGenerator[str, None]) -> list[Posted]:
    return [seen async for seen in console.reply(turn, text, Posted())]


async def echo(message: Message) -> AsyncGenerator[str, None]:
    for piece in ("You said ", message.text):
        await asyncio.sleep(0)
        yield piece


@dataclass
class Terminal:
    shown: str = ""

    def write(self, text: str) -> None:
        self.shown += text

    def console(self, *lines: bytes, interactive: bool = False, end: bool = True) -> Console:
        source = asyncio.StreamReader()
        source.feed_data(b"".join(lines))
        if end:
            source.feed_eof()
        return Console(
            person="ann",
            source=source,
            write=self.write,
            now=lambda: NOON,
            interactive=interactive,
        )


async def talk(*lines: bytes, interactive: bool = False) -> tuple[Bot, str]:
    terminal = Terminal()
    console = terminal.console(*lines, interactive=interactive)
    bot = Bot(reply=echo, console=console)
    inbox: Inbox = bot
    async with asyncio.timeout(5):
        await console.run(inbox)
        await asyncio.gather(*bot.tasks)
    return bot, terminal.shown


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


async def settled() -> None:
    """Let everything run that can."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_a_consumer_that_leaves_at_the_last_word_ends_the_waiting() -> None:
    console, bot = Terminal().console(b"one\n"), Bot()
    run = asyncio.create_task(console.run(bot))
    await settled()
    async for seen in console.reply(Turn(anchor=bot.messages[0].id), says("hi"), Posted()):
        if seen.complete:
            break
    async with asyncio.timeout(5):
        await run


async def says(*pieces: str | Exception) -> AsyncGenerator[str, None]:
    for piece in pieces:
        if isinstance(piece, Exception):
            raise piece
        yield piece


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


async def test_a_pipe_is_read_to_its_end() -> None:
    reading, writing = os.pipe()
    os.write(writing, b"hi\n")
    source = Descriptor(reading)
    assert await source.read(100) == b"hi\n"
    os.close(writing)
    assert await source.read(100) == b""
    os.close(reading)
    assert await source.read(100) == b""


async def test_files_and_dev_null_are_read_too(tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_bytes(b"hi\n")
    for path, content in ((str(script), b"hi\n"), (os.devnull, b"")):
        number = os.open(path, os.O_RDONLY)
        assert await Descriptor(number).read(100) == content
        os.close(number)


async def test_a_terminal_is_read_line_by_line() -> None:
    outside, inside = os.openpty()
    os.write(outside, b"hi\n")
    assert await Descriptor(inside).read(100) == b"hi\n"
    os.close(outside)
    os.close(inside)


PROGRAM = """
import asyncio, datetime
from adapters.console import stdio
async def main():
    print("ready", flush=True)
    await stdio(person="ann", now=lambda: datetime.datetime.now(datetime.UTC)).run(None)
asyncio.run(main())
"""


async def started(stdin: int) -> asyncio.subprocess.Process:
    pipe = asyncio.subprocess.PIPE
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PROGRAM),
        stdin=stdin,
        stdout=pipe,
        stderr=pipe,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # ignored in background
    )
    assert program.stdout
    assert await program.stdout.readline() == b"ready\n"
    return program


async def test_ctrl_c_ends_a_program_that_waits_for_input() -> None:
    program = await started(asyncio.subprocess.PIPE)
    program.send_signal(signal.SIGINT)
    async with asyncio.timeout(5):
        await program.communicate()
    assert program.returncode == -signal.SIGINT


async def test_a_program_without_input_ends_by_itself() -> None:
    program = await started(asyncio.subprocess.DEVNULL)
    async with asyncio.timeout(5):
        assert await program.communicate() == (b"", b"")
    assert program.returncode == 0
