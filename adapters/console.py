"""The terminal as a platform: one person, one conversation, lines in and text out."""

import asyncio
import contextlib
import os
import re
import sys
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol

import structlog

from adapters.message import Action, Answer, Audience, Author, Command, Conversation, Message
from adapters.ports import Call, Chat, Hold, Image, Inbox, Page, Posted, Webhook

CHUNK = 64 * 1024  # bytes
LONGEST_LINE = 4 * 1024 * 1024  # bytes; what is longer is taken as several lines
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # could steer the terminal
_AGAIN = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0)  # seconds between tries to hand in one line
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_log = structlog.get_logger()


class Source(Protocol):
    """Where lines come from, such as an asyncio.StreamReader."""

    async def read(self, n: int) -> bytes: ...  # at most n bytes; none: the end


class Console:
    """Platform and Chat in one, because a terminal holds one conversation.

    A message's id is its time in microseconds. A terminal cannot be read back or edited: after a
    crash a reply is written again, whole.
    """

    name = "console"
    trouble = ""
    webhooks: Mapping[str, Webhook] = {}
    keeps_history, spaces = (
        False,
        tuple[str, ...](),
    )  # what nobody hears reaches nobody later either

    def __init__(
        self,
        *,
        person: str,
        source: Source,
        write: Callable[[str], None],
        now: Callable[[], datetime],
        interactive: bool = False,
    ) -> None:
        self._person = Author(id=person, name=person)
        self._source, self._write, self._now = source, write, now
        self._interactive = interactive
        self._place = Conversation(
            platform=self.name, space="local", channel="terminal", audience=Audience.DIRECT
        )
        self._last = _EPOCH
        self._asked_at, self._asked_id = _EPOCH, ""  # the latest message
        self._answered = asyncio.Event()
        self._answered.set()
        self._offer: Action | None = None

    async def run(self, inbox: Inbox) -> None:
        """Deliver lines until the end of input, then wait for the answer to the last message.

        People may type ahead; without a terminal each message is answered before the next line
        is taken, so that a script reads like a talk. Of a command only `inbox.command` is awaited.
        """
        self._prompt()
        async for line in self._lines():
            await self._take(line, inbox)
            if not self._interactive:
                await self._answered.wait()
        await self._answered.wait()
        if self._interactive:
            self._write("\n")

    def chat(self, conversation: Conversation) -> Chat:
        return self

    async def readable(
        self, person: str, places: Sequence[Conversation]
    ) -> frozenset[Conversation]:
        """Who sits at the terminal has its one conversation before them."""
        mine = person == self._person.id
        return frozenset(each for each in places if mine and each.channel == self._place.channel)

    async def calls(
        self, space: str, since: datetime, back: datetime, known: Sequence[Conversation]
    ) -> AsyncIterator[Sequence[Call]]:
        for found in tuple[Sequence[Call], ...]():
            yield found

    async def check(self) -> Sequence[str]:
        return ()

    async def reply(
        self, turn: Hold, text: AsyncGenerator[str, None], onto: Posted
    ) -> AsyncGenerator[Posted, None]:
        pieces: list[str] = []
        try:
            async for piece in text:
                if not pieces:
                    await turn.secure()
                pieces.append(piece)
                self._write(_CONTROL.sub("", piece))
        finally:
            if pieces:
                self._write("\n")
            await text.aclose()
        try:
            yield Posted(ids=(turn.id,), removed=onto.removed, text="".join(pieces), complete=True)
        finally:  # also when nobody asks for more after `complete`
            if turn.anchor == self._asked_id or turn.began_at > self._asked_at:
                self._answered.set()
            self._prompt()

    async def find(self, turn: str, since: datetime) -> Posted:
        return Posted()

    async def remove(self, ids: Sequence[str]) -> None:
        """What was printed stays; but a turn that is taken back is not waited for."""
        self._answered.set()

    async def whisper(self, person: Author, answer: Answer) -> None:
        await self._say(answer)
        self._answered.set()

    async def announce(self, text: str) -> None:
        await self._say(Answer(text=text))

    async def history(self, after: str, limit: int) -> AsyncIterator[Message]:
        for message in tuple[Message, ...]():
            yield message

    async def stretch(self, first: str, last: str) -> AsyncIterator[Page]:
        for page in tuple[Page, ...]():
            yield page

    async def deleted(self, ids: Sequence[str]) -> Sequence[str]:
        return ()

    async def present(self, message: Message, edited_at: datetime | None) -> Message | None:
        return None

    async def images(self, ids: Sequence[str]) -> Sequence[Image]:
        return ()

    def link(self, message_id: str) -> str:
        return ""

    def linked(self, link: str) -> Conversation | None:
        return None

    async def _lines(self) -> AsyncIterator[str]:
        rest = b""
        while chunk := await self._source.read(CHUNK):
            *lines, rest = (rest + chunk).split(b"\n")
            if len(rest) > LONGEST_LINE:
                lines, rest = [*lines, rest], b""
            for line in lines:
                yield line.decode(errors="replace").replace("\0", "").strip()
        if rest:
            yield rest.decode(errors="replace").replace("\0", "").strip()

    async def _take(self, line: str, inbox: Inbox) -> None:
        if not line:
            self._prompt()
            return
        offer, self._offer = self._offer, None
        if offer and line.lower() == "yes":
            await self._command(offer.name, offer.argument, inbox)
        elif offer:
            await self._say(Answer(text="Cancelled; that line went no further."))
        elif line.startswith("/"):
            name, _, argument = line[1:].partition(" ")
            await self._command(name, argument.strip(), inbox)
        else:
            await self._message(line, inbox)

    async def _message(self, text: str, inbox: Inbox) -> None:
        self._asked_at = self._tick()
        self._asked_id = str((self._asked_at - _EPOCH) // timedelta(microseconds=1))
        self._answered.clear()
        message = Message(
            id=self._asked_id,
            conversation=self._place,
            author=self._person,
            text=text,
            sent_at=self._asked_at,
            called=True,
        )
        await self._hand_in(lambda: inbox.receive(message))

    async def _command(self, name: str, argument: str, inbox: Inbox) -> None:
        command = Command(
            name=name,
            argument=argument,
            author=self._person,
            conversation=self._place,
            given_at=self._tick(),
            respond=self._say,
        )
        await self._hand_in(lambda: inbox.command(command))

    async def _hand_in(self, give: Callable[[], Awaitable[None]]) -> None:
        """Nobody sends a line again but who typed it: so it is tried again, as long as is bearable.

        After that a person is told, and a script ends with the reason.
        """
        for wait in (*_AGAIN, 0.0):
            try:
                return await give()
            except Exception as error:
                if not wait and not self._interactive:
                    raise
                _log.warning("line not taken in yet", error=type(error).__name__)
            if wait == _AGAIN[0]:
                self._write("(I cannot take that in just now, and keep trying.)\n")
            await asyncio.sleep(wait)
        self._answered.set()
        return await self._say(Answer(text="That line was not taken in: say it again later."))

    def _tick(self) -> datetime:
        """Now, and later than every tick before."""
        self._last = max(self._now(), self._last + timedelta(microseconds=1))
        return self._last

    async def _say(self, answer: Answer) -> None:
        lines = [answer.text]
        if answer.actions:
            self._offer, *others = answer.actions
            lines += [f"{one.label}: /{one.name} {one.argument}".rstrip() for one in others]
            lines.append(f"{self._offer.label}: type yes. Anything else cancels.")
        self._write("".join(_CONTROL.sub("", line) + "\n" for line in lines))
        self._prompt()

    def _prompt(self) -> None:
        if self._interactive:
            self._write("> ")


class Descriptor:
    """A file descriptor read by a thread per chunk: terminals, pipes, files and /dev/null alike.

    The threads are daemons: one that waits for a key that never comes does not hold up the exit.
    """

    def __init__(self, number: int) -> None:
        self._number = number

    async def read(self, n: int) -> bytes:
        loop = asyncio.get_running_loop()
        done: asyncio.Future[bytes] = loop.create_future()

        def settle(chunk: bytes) -> None:
            if not done.cancelled():
                done.set_result(chunk)

        def read() -> None:
            try:
                chunk = os.read(self._number, n)
            except OSError:  # closed, or the terminal hung up
                chunk = b""
            with contextlib.suppress(RuntimeError):  # the loop has closed meanwhile
                loop.call_soon_threadsafe(settle, chunk)

        threading.Thread(target=read, daemon=True).start()
        return await done


def stdio(*, person: str, now: Callable[[], datetime]) -> Console:
    """The console on this process's standard input and output."""

    def write(text: str) -> None:
        sys.stdout.buffer.write(text.encode(sys.stdout.encoding, errors="replace"))
        sys.stdout.buffer.flush()

    terminal = os.isatty(0)
    return Console(person=person, source=Descriptor(0), write=write, now=now, interactive=terminal)
