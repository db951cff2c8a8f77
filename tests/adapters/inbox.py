"""An inbox that keeps what a platform gives it."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from adapters.message import (
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

Other = Edit | Deletion | Stop | Departure | Rescoped


@dataclass
class Collected:
    """After failing as often as it is told to; messages wait until it is `ready`, as at first.

    `gaps`: the platforms that said `missed`, and `ago`, since how many seconds; `known`: what
    memory holds.
    """

    changed: Callable[[], None]
    failures: int = 0
    failing: str = ""  # only messages that hold this
    messages: list[Message] = field(default_factory=list)
    others: list[Other] = field(default_factory=list)
    echoes: list[Echo] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)
    ago: list[float] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)
    prepared: dict[str, Answer] = field(default_factory=dict)  # given to commands of that name
    known: list[Conversation] = field(default_factory=list)
    asked: bool = False  # what is known
    ready: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.ready.set()

    async def receive(self, message: Message) -> None:
        await self.ready.wait()
        if self.failures and self.failing in message.text:
            self.failures -= 1
            self.changed()
            raise ConnectionError("the store is away")
        self.messages.append(message)
        self.changed()

    async def amend(self, edit: Edit) -> None:
        self._add(edit)

    async def retract(self, deletion: Deletion) -> None:
        self._add(deletion)

    async def stop(self, stop: Stop) -> None:
        self._add(stop)

    async def leave(self, departure: Departure) -> None:
        self._add(departure)

    async def rescope(self, rescoped: Rescoped) -> None:
        self._add(rescoped)

    async def echo(self, echo: Echo) -> None:
        self.echoes.append(echo)
        self.changed()

    async def held(self, platform: str) -> Sequence[Conversation]:
        self.asked = True
        self.changed()
        return self.known

    async def missed(self, platform: str, ago: float) -> None:
        self.gaps.append(platform)
        self.ago.append(ago)
        self.changed()

    async def command(self, command: Command) -> None:
        self.commands.append(command)
        if command.name in self.prepared:
            await command.respond(self.prepared[command.name])
        self.changed()

    def _add(self, event: Other) -> None:
        self.others.append(event)
        self.changed()

    @property
    def texts(self) -> list[str]:
        return [message.text for message in self.messages]
