"""One gap being read: what was said before the bot joined, or while it was away."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from adapters.message import Departure, Kind, Message
from adapters.ports import Busy, Chat, Unclear
from bot.backoff import Gate, pause
from bot.places import conversation_at, entry_of, microseconds
from bot.settings import Reach
from memory.engine import Memory
from memory.gap_store import Gap
from memory.records import Place

FRESH = timedelta(hours=1)  # what called longer ago is not answered any more
LATE = timedelta(hours=24)  # but told so, if it is younger than that
PAGES = 20  # asked for at most
ABREAST = 20  # messages taken in at once
CHANNEL = 200  # messages of a channel that come before the bot was called


class Ear(Protocol):
    """Who takes in what is read."""

    async def receive(self, message: Message) -> None: ...
    async def overhear(self, message: Message) -> None: ...
    async def late(self, message: Message) -> bool: ...
    async def leave(self, departure: Departure) -> None: ...


class Taken(Exception):
    """Another process reads this gap now, or nobody needs to any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Held by `token`. May be made again: what was taken in comes to nothing a second time.

    How far it took in what is to be answered is written down now and then, for whoever reads on.
    """

    memory: Memory
    chat: Chat
    gate: Gate
    ear: Ear
    place: Place
    token: str
    gap: Gap
    reach: Reach
    now: Callable[[], datetime]

    async def run(self) -> None:
        """Raises Taken, and what the platform raises: Refused, or Busy or Unclear for too long."""
        began = self.now()
        read = sorted(await self._within_reach(), key=lambda each: each.sent_at)
        said = [self._here(each) for each in read]
        # Own posts of after the bot had joined are remembered by their turns.
        said = [each for each in said if self._before(each) or each.author.kind is not Kind.ME]
        own = [each.sent_at for each in said if each.author.kind is Kind.ME]
        spoke = max(own, default=self.now() - FRESH)
        heeded = [each for each in said if self._heeded(each, spoke)]
        late = await self._late(said, heeded)
        taken = {each.id for each in (*heeded, late) if each}
        past = [replace(each, read_at=began) for each in said if each.id not in taken]
        for at in range(0, len(past), ABREAST):
            await asyncio.gather(*map(self.ear.overhear, past[at : at + ABREAST]))
        if late:
            await self.ear.late(late)
        for number, message in enumerate(heeded):
            await self.ear.receive(message)
            if number % ABREAST == ABREAST - 1:
                await self.hold(message.id)
        if own:
            await self.memory.cite_past(self.place)
        await self.hold()

    async def hold(self, after: str = "") -> None:
        if not await self.memory.gaps.hold(self.place, self.token, after):
            raise Taken

    def _here(self, message: Message) -> Message:
        """What was said before the bot joined belongs to the conversation it joined.

        Its audience stays: a guest's words are read by guests.
        """
        where = replace(conversation_at(self.place), audience=message.conversation.audience)
        return replace(message, conversation=where) if self._before(message) else message

    def _before(self, message: Message) -> bool:
        return microseconds(message.sent_at) <= self.gap.joined

    def _heeded(self, message: Message, spoke: datetime) -> bool:
        """Whether it is taken in as if it came just now.

        Of what was said before the bot joined, only what called it in vain, after it spoke there
        last, if it did so in an earlier life: the platform may still send that, and it would be
        answered beside an answer that had read it here.
        """
        unheard = message.called and message.sent_at > spoke
        return message.sent_at > self.now() - FRESH and (unheard or not self._before(message))

    async def _late(self, said: Sequence[Message], heeded: Sequence[Message]) -> Message | None:
        """The newest call, if it came too long ago and nobody has heard of it yet."""
        calls = [each for each in said if each.called and not self._before(each)]
        if not calls or calls[-1] in heeded or calls[-1].sent_at <= self.now() - LATE:
            return None
        known = await self.memory.gaps.holds(self.place, calls[-1].id)
        return None if known else calls[-1]

    async def _within_reach(self) -> Sequence[Message]:
        """The newest, and the very first, which tells what it is all about."""
        kept, room = deque[tuple[int, Message]](), self.reach.tokens
        async for message in self._history():
            size = await self.memory.measure(entry_of(message).text)
            kept.append((size, message))
            room -= size
            while len(kept) > 2 and (room < 0 or len(kept) > self.reach.messages):
                room += kept[1][0]
                del kept[1]
        return [message for _, message in kept]

    async def _history(self) -> AsyncIterator[Message]:
        """Page by page, as fast as the platform allows."""
        after, failures = self.gap.after, 0
        for _ in range(PAGES):
            await self.gate.passed()
            await self.hold()
            came = 0
            try:
                async for message in self.chat.history(after, self._page):
                    came, after = came + 1, message.id
                    yield message
            except (Busy, Unclear) as error:
                failures += isinstance(error, Unclear)
                self.gate.shut(pause(error, failures))
            else:
                if came < self._page:
                    return

    @property
    def _page(self) -> int:
        """A thread is read whole; of a channel only what was said right before."""
        whole = self.place.thread or self.gap.after
        return self.reach.messages if whole else min(self.reach.messages, CHANNEL)
