"""A terminal in memory, and a bot that answers what is typed there."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from adapters.console import Console
from adapters.message import (
    Action,
    Answer,
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
from adapters.ports import Inbox, Posted
from tests.adapters.posts import Turn

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


async def settled() -> None:
    """Let everything run that can."""
    for _ in range(10):
        await asyncio.sleep(0)


async def says(*pieces: str | Exception) -> AsyncGenerator[str, None]:
    for piece in pieces:
        if isinstance(piece, Exception):
            raise piece
        yield piece
