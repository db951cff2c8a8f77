"""Where platforms hand in events: everything is stored, or done, before they acknowledge."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

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
from bot.places import conversation_at, entry_of, microseconds, moment, place_of, text_of
from bot.telemetry import Metrics
from bot.turns import Turns
from memory.edits import Present
from memory.engine import Memory
from memory.entry import Entry
from memory.gaps import KEPT, PAST
from memory.records import Place, Received
from memory.seal import Unreadable

log = structlog.get_logger()

HELD = 10_000  # conversations a platform is told of
SETTLED = timedelta(minutes=1)  # after an edit: whatever is read back then shows it
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
            how, present = KEPT if message.kept else "", self._present(message)
            got = await self._memory.admit(place, entry_of(message), how, present)
        except Unreadable as error:
            answer = closed(place, str(error))
            if not message.called:
                raise  # not stored, so not acknowledged
            await self._once(message, lambda: self._chat(message).whisper(message.author, answer))
            return
        self._taken(place, got)

    def _taken(self, place: Place, got: Received) -> None:
        self._metrics.received.labels("yes" if got.owed else "no").inc()
        if got.gap and (got.joined or got.owed):
            self._catchup.soon(place, first=True)  # the turn waits for it
        if got.owed and not (got.gap and got.joined):
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
            place, present = place_of(message.conversation), self._present(message)
            await self._memory.admit(place, entry, PAST, present)

    def _present(self, message: Message) -> Present:
        """Of an edit that came before its message memory has the time, the platform the text."""

        async def present(at: int) -> Entry | None:
            edited_at = moment(at)
            if message.read_at and message.read_at - edited_at > SETTLED:
                return entry_of(message)
            settled = self._now() - edited_at > SETTLED
            now = await self._chat(message).present(message, None if settled else edited_at)
            return entry_of(now) if now else None

        return present

    async def late(self, message: Message) -> bool:
        """A call that came too long ago, while nobody listened; whether it is told so."""
        place = place_of(message.conversation)
        got = await self._memory.admit(place, replace(entry_of(message), late=True))
        self._taken(place, got)
        return got.owed

    async def amend(self, edit: Edit) -> None:
        place, text, at = _channel(edit), text_of(edit), edit.edited_at
        if not await self._counts(place, microseconds(at) if at else None):
            return
        if at is None:
            await self._memory.shorten(place, edit.id, text)
        else:
            await self._memory.amend(place, edit.id, text, microseconds(at))

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
