"""A blocking connection to the server: where one task at a time runs, five times as fast."""

import socket
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Self

from redis.exceptions import NoScriptError, ResponseError

Command = Sequence[bytes | str | int]


class Wire:
    """Speaks the protocol of Redis, version 2; the first error of several commands is raised."""

    def __init__(self, url: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(url.removeprefix("unix://"))
        self._answers = self._socket.makefile("rb")

    def close(self) -> None:
        self._answers.close()
        self._socket.close()

    def ask(self, *commands: Command) -> list[Any]:
        self._socket.sendall(b"".join(map(_packed, commands)))
        answers = [self._read() for _ in commands]
        for answer in answers:
            if isinstance(answer, ResponseError):
                raise answer
        return answers

    def _read(self) -> Any:
        line = self._answers.readline()
        kind, rest = line[:1], line[1:-2]
        match kind:
            case b"$":
                return None if rest == b"-1" else self._answers.read(int(rest) + 2)[:-2]
            case b"*":
                return None if rest == b"-1" else [self._read() for _ in range(int(rest))]
            case b":":
                return int(rest)
            case b"-":
                text = rest.decode()
                return (NoScriptError if text.startswith("NOSCRIPT") else ResponseError)(text)
        return rest


class Client:
    """As much of redis-py's asyncio client as the store asks of it; `before` comes first."""

    def __init__(self, wire: Wire, before: Callable[[], Sequence[Command]]) -> None:
        self._wire, self._before = wire, before

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        async def call(*words: bytes | str | int) -> Any:
            return self._wire.ask(*self._before(), (name.upper(), *words))[-1]

        return call

    async def execute_command(self, *words: bytes | str | int) -> Any:
        return self._wire.ask(*self._before(), words)[-1]

    def pipeline(self, *, transaction: bool) -> "_Pipeline":
        assert not transaction
        return _Pipeline(self._wire, self._before())


class _Pipeline:
    def __init__(self, wire: Wire, before: Sequence[Command]) -> None:
        self._wire, self._before = wire, before
        self._commands: list[Command] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._commands.clear()

    def execute_command(self, *words: bytes | str | int) -> None:
        self._commands.append(words)

    def hmget(self, key: str, names: Sequence[str]) -> None:
        self._commands.append(("HMGET", key, *names))

    def expire(self, key: str, seconds: int) -> None:
        self._commands.append(("EXPIRE", key, seconds))

    async def execute(self) -> list[Any]:
        return self._wire.ask(*self._before, *self._commands)[len(self._before) :]


def _packed(command: Command) -> bytes:
    words = (word if isinstance(word, bytes) else str(word).encode() for word in command)
    return b"*%d\r\n" % len(command) + b"".join(
        b"$%d\r\n%b\r\n" % (len(word), word) for word in words
    )
