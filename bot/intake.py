"""Where platforms hand in events: everything is stored, or done, before they acknowledge."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import structlog

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
from adapters.ports import Busy, Chat, Platform
from bot.catchup import CatchUp
from bot.commands import Commands
from bot.desk import closed
from bot.places import conversation_at, entry_of, microseconds, place_of, text_of
from bot.telemetry import Metrics
from bot.turns import Turns
from memory.engine import Memory
from memory.gaps import KEPT, PAST
from memory.records import Place
from memory.seal import Unreadable

log = structlog.get_logger()

HELD = 10_000  # conversations a platform is told of
LOOK, LOOKS = 0.2, 10  # seconds between looks at a command that somebody else runs


class Intake:
    """The Inbox of every platform."""

    def __init__(
        self,
        memory: Memory,
        turns: Turns,
        commands: Commands,
        catchup: CatchUp,
        platforms: Mapping[str, Platform],
        *,
        metrics: Metrics,
        now: Callable[[], datetime],
    ) -> None:
        self._memory, self._turns, self._commands = memory, turns, commands
        self._catchup = catchup
        self._platforms, self._metrics, self._now = platforms, metrics, now

    async def receive(self, message: Message) -> None:
        place = place_of(message.conversation)
        if not await self._counts(place, microseconds(message.sent_at)):
            return
        if message.called and (told := self._commands.parse(message.text)):
            await self._once(message, lambda: self._commands.run(self._command(message, *told)))
            return
        try:
            got = await self._memory.admit(place, entry_of(message), KEPT if message.kept else "")
        except Unreadable as error:
            answer = closed(place, str(error))
            if not message.called:
                raise  # not stored, so not acknowledged
            await self._once(message, lambda: self._chat(message).whisper(message.author, answer))
            return
        self._metrics.received.labels("yes" if got.owed else "no").inc()
        if got.joined and got.gap:
            self._catchup.soon(place)  # the turn waits for it
        elif got.owed:
            self._turns.wake(place)

    async def _once(self, message: Message, work: Callable[[], Awaitable[None]]) -> None:
        """What a post asks for is done before it is acknowledged, also when its runner died."""
        place, post, twin = place_of(message.conversation), message.id, message.twin
        for _ in range(LOOKS):
            match await self._memory.claim(place, post, twin):
                case "first":
                    await work()
                    await self._memory.claim(place, post, twin, done=True)
                    return
                case "done":
                    return
            await asyncio.sleep(LOOK)
        raise Busy(LOOK)  # comes again

    async def overhear(self, message: Message) -> None:
        """Something said a while ago: nobody waits for an answer to it."""
        entry = entry_of(message)
        if entry.text and not (message.called and self._commands.parse(message.text)):
            await self._memory.admit(place_of(message.conversation), entry, PAST)

    async def amend(self, edit: Edit) -> None:
        at = microseconds(edit.edited_at)
        if await self._counts(_channel(edit), at):
            await self._memory.amend(_channel(edit), edit.id, text_of(edit), at)

    async def retract(self, deletion: Deletion) -> None:
        if await self._counts(_channel(deletion), None):
            await self._memory.retract(_channel(deletion), deletion.ids)

    async def command(self, command: Command) -> None:
        await self._commands.run(command)

    async def stop(self, stop: Stop) -> None:
        await self._turns.stop(place_of(stop.conversation), stop.turn)

    async def leave(self, departure: Departure) -> None:
        place = replace(_channel(departure), thread=departure.thread)
        await self._memory.departing.leave(place, microseconds(self._now()))
        self._turns.depart()

    async def rescope(self, rescoped: Rescoped) -> None:
        place = replace(_channel(rescoped), audience=rescoped.audience.value)
        await self._memory.departing.rescope(place, microseconds(self._now()))
        self._turns.depart()

    async def echo(self, echo: Echo) -> None:
        place = place_of(echo.conversation)
        await self._memory.echo(place, echo.id, echo.turn, echo.fence)

    async def held(self, platform: str) -> Sequence[Conversation]:
        return [conversation_at(each) for each in await self._memory.gaps.live(platform, HELD)]

    async def missed(self, platform: str, ago: float) -> None:
        await self._catchup.missed(platform, ago)

    async def _counts(self, place: Place, at: int | None) -> bool:
        """Not if it comes late, from a space that the bot has left meanwhile."""
        return await self._memory.departing.left.lets_in(place, at)

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


def _channel(event: Edit | Deletion | Departure | Rescoped) -> Place:
    return Place(platform=event.platform, space=event.space, channel=event.channel)
