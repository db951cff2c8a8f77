"""Rotation: every data key in the store comes under the first key of MEMORY_KEY."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from memory.connection import DOWN
from memory.keys import key_alone, pending_context
from memory.seal import Keyring, SealBroken, UnknownKey
from memory.store import StoreDown

BATCH = 500
TRIES = 5
PEPPER = b"tk:pepper"
_HOLDS = re.compile(rb"tk:\{p\d+\}:([^/]+/rec|[^/]+/pend/\d+|person:[^/]+)")
# Whether a value is now in the place of the one that was read; without a field, of the whole key's.
_REPLACE = """
local field, old, new = unpack(ARGV)
local get, set = 'HGET', 'HSET'
if field == '' then get, set, field = 'GET', 'SET', nil end
local now = redis.call(get, unpack({ KEYS[1], field }))
if now == old then redis.call(set, KEYS[1], unpack(field and { field, new } or { new })) end
return (now == old or now == new) and 1 or 0
"""

Piped = Callable[[Callable[[Any], None]], Awaitable[Any]]  # fills a pipeline; what came of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many keys were wrapped anew, were right before, and why others are not."""

    rewrapped: int = 0
    kept: int = 0
    broken: int = 0
    changing: int = 0  # others kept replacing them: run it again
    unknown: tuple[str, ...] = ()  # ids of the keys they need

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            rewrapped=self.rewrapped + other.rewrapped,
            kept=self.kept + other.kept,
            broken=self.broken + other.broken,
            changing=self.changing + other.changing,
            unknown=tuple(sorted({*self.unknown, *other.unknown})),
        )

    @property
    def complete(self) -> bool:
        """Whether nothing that can be opened needs another key than the first."""
        return not (self.changing or self.unknown)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A value on the server that is, or begins with, a wrapped key; no field: the whole value."""

    name: bytes
    field: bytes
    value: bytes
    wrapped: bytes
    context: str


class Rotation:
    """May run beside bots, be interrupted, and run again: the data keys stay what they are."""

    def __init__(
        self, keyring: Keyring, names: AsyncIterator[bytes], piped: Piped, timeout: float
    ) -> None:
        self._keyring, self._names = keyring, names
        self._piped, self._timeout = piped, timeout

    async def run(self) -> AsyncIterator[Tally]:
        """What was done so far, again and again. Raises StoreDown."""
        done, batch = await self._rewrap([PEPPER]), list[bytes]()
        async for name in self._found():
            batch.append(name)
            if len(batch) == BATCH:
                done, batch = done + await self._rewrap(batch), []
                yield done
        yield done + await self._rewrap(batch)

    async def _found(self) -> AsyncIterator[bytes]:
        while True:
            try:
                async with asyncio.timeout(self._timeout):
                    name = await anext(self._names)
            except StopAsyncIteration:
                return
            except DOWN as error:
                raise StoreDown("the store does not answer: run this again") from error
            if _HOLDS.fullmatch(name):
                yield name

    async def _rewrap(self, names: Sequence[bytes]) -> Tally:
        """Looks again after each pass: meanwhile a bot may have replaced what was read."""
        done = 0
        for _ in range(TRIES):
            found = await self._read(names)
            new, rest = self._anew(found)
            if not new:
                break
            done += sum(await self._replace(new))
        right = len(found) - done - len(new) - rest.broken - len(rest.unknown)
        return rest + Tally(rewrapped=done, kept=max(right, 0), changing=len(new))

    async def _read(self, names: Sequence[bytes]) -> Sequence[Stored]:
        def ask(pipe: Any) -> None:
            for name in names:
                if name == PEPPER:
                    pipe.get(name)
                elif b"/pend/" in name:
                    pipe.hgetall(name)
                else:
                    pipe.hget(name, "key")

        answers = zip(names, await self._piped(ask), strict=True)
        return [each for name, answer in answers if answer for each in _stored(name, answer)]

    def _anew(self, found: Sequence[Stored]) -> tuple[Sequence[tuple[Stored, bytes]], Tally]:
        """Which values to replace by which, and those that do not open."""
        new, broken, unknown = list[tuple[Stored, bytes]](), 0, list[str]()
        for each in found:
            try:
                again = self._keyring.rewrap(each.wrapped, each.context)
            except UnknownKey as error:
                unknown.append(error.key_id)
            except SealBroken:
                broken += 1
            else:
                if again != each.wrapped:
                    new.append((each, each.value.replace(each.wrapped, again, 1)))
        return new, Tally(broken=broken, unknown=tuple(unknown))

    async def _replace(self, new: Sequence[tuple[Stored, bytes]]) -> Sequence[int]:
        def ask(pipe: Any) -> None:
            for each, value in new:
                pipe.eval(_REPLACE, 1, each.name, each.field, each.value, value)

        done: Sequence[int] = await self._piped(ask)
        return done


def _stored(name: bytes, answer: Any) -> Iterator[Stored]:
    place = name.decode().partition("}:")[2]
    channel, pending, _ = place.partition("/pend/")
    if pending:
        for seen, value in answer.items():
            version, _, blob = value.partition(b":")
            context = pending_context(channel, seen, int(version))
            wrapped = key_alone(blob)
            yield Stored(name=name, field=seen, value=value, wrapped=wrapped, context=context)
        return
    context, field = (place.removesuffix("/rec"), b"key") if place else ("pepper", b"")
    yield Stored(name=name, field=field, value=answer, wrapped=answer, context=context)
