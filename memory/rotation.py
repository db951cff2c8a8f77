"""Rotation: every data key in the store comes under the first key of MEMORY_KEY."""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from memory.connection import DOWN
from memory.seal import Keyring, Unreadable, key_id
from memory.store import StoreDown

BATCH = 500
PEPPER = b"tk:pepper"
_HOLDS = re.compile(rb"tk:\{p\d+\}:([^/]+/rec|person:[^/]+)")
_REPLACE = Path(__file__).with_name("scripts").joinpath("rewrap.lua")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A value on the server, and the wrapped key in it; no field: the whole value of its key."""

    name: bytes
    field: bytes
    value: bytes
    wrapped: bytes
    context: str


class Rotation:
    """May run beside bots, be interrupted, and run again: the data keys stay what they are."""

    def __init__(
        self,
        keyring: Keyring,
        names: AsyncIterator[bytes],
        piped: Callable[[Callable[[Any], None]], Awaitable[Any]],
        timeout: float,
    ) -> None:
        self._keyring, self._names = keyring, names
        self._piped, self._timeout = piped, timeout
        self._script = _REPLACE.read_text()
        self.rewrapped = 0
        self.needed: Counter[str] = Counter()  # ids of keys: how many they wrap, as left behind

    def again(self, context: str, wrapped: bytes) -> bytes:
        """What is to stand in the place of a key kept elsewhere, such as the archive; counted."""
        new = self._anew(context, wrapped)
        self.rewrapped += new != wrapped
        self.needed[key_id(new)] += 1
        return new

    async def run(self) -> AsyncIterator[None]:
        """Until all were looked at, a batch at a time. Raises StoreDown."""
        batch, name = [PEPPER], await self._next()
        while name:
            if _HOLDS.fullmatch(name):
                batch.append(name)
            name = await self._next()
            if len(batch) == BATCH or not name:
                await self._rewrap(batch)
                batch = []
                yield

    async def _next(self) -> bytes:
        """Nothing at the end."""
        try:
            async with asyncio.timeout(self._timeout):
                return await anext(self._names, b"")
        except DOWN as error:
            raise StoreDown("the store does not answer: run this again") from error

    async def _rewrap(self, names: Sequence[bytes]) -> None:
        """What is left is looked at again: meanwhile a bot may have replaced what was read."""
        found = await self._read(names)
        pairs = [(each, self._anew(each.context, each.wrapped)) for each in found]
        if new := [(each, key) for each, key in pairs if key != each.wrapped]:
            self.rewrapped += sum(await self._piped(lambda pipe: self._replace(pipe, new)))
            found = await self._read(names)
        self.needed.update(key_id(each.wrapped) for each in found)

    async def _read(self, names: Sequence[bytes]) -> Sequence[Stored]:
        answers = await self._piped(lambda pipe: _ask(pipe, names))
        pairs = zip(names, answers, strict=True)
        return [_stored(name, answer) for name, answer in pairs if answer]

    def _anew(self, context: str, wrapped: bytes) -> bytes:
        with suppress(Unreadable):  # then it still needs its key
            return self._keyring.rewrap(wrapped, context)
        return wrapped

    def _replace(self, pipe: Any, new: Sequence[tuple[Stored, bytes]]) -> None:
        for each, key in new:
            value = each.value.replace(each.wrapped, key, 1)
            pipe.eval(self._script, 1, each.name, each.field, each.value, value)


def _ask(pipe: Any, names: Sequence[bytes]) -> None:
    for name in names:
        if name == PEPPER:
            pipe.get(name)
        else:
            pipe.hget(name, "key")


def _stored(name: bytes, answer: bytes) -> Stored:
    place = name.decode().partition("}:")[2]
    context, field = (place.removesuffix("/rec"), b"key") if place else ("pepper", b"")
    return Stored(name=name, field=field, value=answer, wrapped=answer, context=context)
