"""A blocking connection to the server: where one task at a time runs, five times as fast."""

import socket
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any

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
    """As much of the store's connection and client as it asks of them; `before` comes first."""

    plain = True

    def __init__(self, wire: Wire, before: Callable[[], Sequence[Command]]) -> None:
        self._wire, self._before = wire, before

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        async def call(*words: bytes | str | int) -> Any:
            answer = (await self.ask([(name.upper(), *words)]))[0]
            return dict(_pairs(answer)) if name == "hgetall" else answer

        return call

    async def ask(self, commands: Sequence[Command]) -> Sequence[Any]:
        before = self._before()
        return self._wire.ask(*before, *commands)[len(before) :]


def _pairs(answer: Sequence[bytes]) -> Iterator[tuple[bytes, bytes]]:
    return zip(answer[::2], answer[1::2], strict=True)


def _packed(command: Command) -> bytes:
    words = (word if isinstance(word, bytes) else str(word).encode() for word in command)
    return b"*%d\r\n" % len(command) + b"".join(
        b"$%d\r\n%b\r\n" % (len(word), word) for word in words
    )
