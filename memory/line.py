"""One connection to a server that speaks Redis's protocol, with many calls under way at once."""

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

Command = Sequence[bytes | str | int]
OPTIONS = frozenset({"host", "port", "path", "db", "username", "password"})
BULK, ARRAY, NUMBER, SIMPLE, ERROR = b"$*:+-"  # how answers begin, in version 2 of the protocol
NONE = b"-1"


class Refused(Exception):
    """What the server answered is an error; its first word says of which kind."""


class Line(asyncio.Protocol):
    """Answers come in the order of the questions: who gives up waiting leaves the others theirs.

    When a question got none for `patience` seconds, it hangs up.
    """

    def __init__(self, patience: float) -> None:
        self._loop, self._patience = asyncio.get_running_loop(), patience
        self._asked: deque[tuple[asyncio.Future[list[Any]], int, float]] = deque()
        self._rest, self._transport = b"", asyncio.Transport()
        self._alarm: asyncio.TimerHandle | None = None

    @property
    def closed(self) -> bool:
        return self._transport.is_closing()

    def close(self) -> None:
        """Whoever waits gets a ConnectionResetError."""
        self._transport.abort()

    def ask(self, commands: Sequence[Command]) -> asyncio.Future[list[Any]]:
        """Their answers, in one round trip."""
        answered, deadline = self._loop.create_future(), self._loop.time() + self._patience
        self._asked.append((answered, len(commands), deadline))
        if self._alarm is None:
            self._alarm = self._loop.call_at(deadline, self._look)
        self._transport.write(b"".join(map(_packed, commands)))
        return answered

    def _look(self) -> None:
        self._alarm = None
        if self._asked:
            deadline = self._asked[0][2]
            if deadline <= self._loop.time():
                self.close()
            else:
                self._alarm = self._loop.call_at(deadline, self._look)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101
        self._transport = transport

    def connection_lost(self, error: Exception | None) -> None:
        for answered, *_ in self._asked:
            if not answered.done():
                answered.set_exception(ConnectionResetError("the store hung up"))
        if self._alarm:
            self._alarm.cancel()

    def data_received(self, data: bytes) -> None:
        data, at = self._rest + data, 0
        try:
            while self._asked:
                answers, at = _several(data, at, self._asked[0][1])
                answered, *_ = self._asked.popleft()
                if not answered.done():
                    answered.set_result(answers)
        except ValueError:  # the rest is still on its way
            pass
        self._rest = data[at:]


async def connected(options: Mapping[str, Any], patience: float) -> Line:
    """To the address that these OPTIONS name, logged in. Raises OSError, Refused."""
    loop = asyncio.get_running_loop()
    if path := options.get("path"):
        _, line = await loop.create_unix_connection(lambda: Line(patience), path)
    else:
        address = options.get("host", "localhost"), options.get("port", 6379)
        _, line = await loop.create_connection(lambda: Line(patience), *address)
    greeting: list[Command] = []
    if password := options.get("password"):
        greeting.append(("AUTH", options.get("username") or "default", password))
    if number := options.get("db"):
        greeting.append(("SELECT", number))
    for answer in await line.ask(greeting) if greeting else ():
        if isinstance(answer, Refused):
            line.close()
            raise answer
    return line


def _packed(command: Command) -> bytes:
    parts = [b"*%d\r\n" % len(command)]
    for each in command:
        word = each if isinstance(each, bytes) else str(each).encode()
        parts += (b"$%d\r\n" % len(word), word, b"\r\n")
    return b"".join(parts)


def _several(data: bytes, at: int, count: int) -> tuple[list[Any], int]:
    """So many answers, and where they end; ValueError if not all of them are there."""
    answers = list[Any]()
    for _ in range(count):
        end = data.index(b"\r\n", at)
        kind, said, at = data[at], data[at + 1 : end], end + 2
        answer: Any = None
        if kind == BULK and said != NONE:
            end = at + int(said)
            if end + 2 > len(data):
                raise ValueError
            answer, at = data[at:end], end + 2
        elif kind == ARRAY and said != NONE:
            answer, at = _several(data, at, int(said))
        elif kind == NUMBER:
            answer = int(said)
        elif kind in (SIMPLE, ERROR):
            answer = said if kind == SIMPLE else Refused(said.decode(errors="replace"))
        answers.append(answer)
    return answers, at
