"""Where platforms hand in events: everything is stored, or done, before they acknowledge."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

import structlog

from adapters.message import (
    Answer,
    Command,
    Deletion,
    Departure,
    Echo,
    Edit,
    Message,
    Rescoped,
    Stop,
)
from adapters.ports import Chat, Platform
from bot.commands import Commands, closed
from bot.places import clean, entry_of, microseconds, place_of
from bot.telemetry import Metrics
from bot.turns import Turns
from memory.engine import Memory
from memory.records import Place
from memory.seal import Unreadable

log = structlog.get_logger()


class Intake:
    """The Inbox of every platform."""

    def __init__(
        self,
        memory: Memory,
        turns: Turns,
        commands: Commands,
        platforms: Mapping[str, Platform],
        *,
        metrics: Metrics,
        now: Callable[[], datetime],
    ) -> None:
        self._memory, self._turns, self._commands = memory, turns, commands
        self._platforms, self._metrics, self._now = platforms, metrics, now

    async def receive(self, message: Message) -> None:
        place = place_of(message.conversation)
        if message.called and (told := self._commands.parse(message.text)):
            if await self._memory.claim(place, message.id, message.twin):
                await self._commands.run(self._command(message, *told))
            return
        try:
            owed = await self._memory.receive(place, entry_of(message))
        except Unreadable as error:
            answer = closed(place, str(error))
            if not message.called:
                raise  # not stored, so not acknowledged
            if await self._memory.claim(place, message.id, message.twin):
                await self._chat(message).whisper(message.author, answer)
            return
        self._metrics.received.labels("yes" if owed else "no").inc()
        if owed:
            self._turns.wake(place)

    async def amend(self, edit: Edit) -> None:
        at = microseconds(edit.edited_at)
        await self._memory.amend(_channel(edit), edit.id, clean(edit.text), at)

    async def retract(self, deletion: Deletion) -> None:
        await self._memory.retract(_channel(deletion), deletion.ids)

    async def command(self, command: Command) -> None:
        await self._commands.run(command)

    async def stop(self, stop: Stop) -> None:
        await self._turns.stop(place_of(stop.conversation), stop.turn)

    async def leave(self, departure: Departure) -> None:
        if not departure.channel:
            log.warning(
                "a space was left: its memory stays until it expires", space=departure.space
            )
            await self._memory.leave(_channel(departure), microseconds(self._now()))
            return
        gone = replace(_channel(departure), thread=departure.thread)
        at, whole = microseconds(self._now()), not departure.thread
        await self._memory.forget(gone, at, channel=whole)

    async def rescope(self, rescoped: Rescoped) -> None: ...
    async def echo(self, echo: Echo) -> None: ...
    async def missed(self, platform: str) -> None: ...

    def _chat(self, message: Message) -> Chat:
        return self._platforms[message.conversation.platform].chat(message.conversation)

    def _command(self, message: Message, name: str, argument: str) -> Command:
        async def respond(answer: Answer) -> None:
            await self._chat(message).whisper(message.author, answer)

        return Command(
            name=name,
            argument=argument,
            author=message.author,
            conversation=message.conversation,
            given_at=message.sent_at,
            respond=respond,
        )


def _channel(event: Edit | Deletion | Departure) -> Place:
    return Place(platform=event.platform, space=event.space, channel=event.channel)
