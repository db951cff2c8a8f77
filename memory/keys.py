"""The data keys of conversations and people: made, unwrapped, and kept at hand within a bound."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from memory.records import Place, Sealed
from memory.seal import DataKey, Keyring, Randbytes
from memory.slots import Person

AT_HAND = 10_000  # conversations; a key and its name are about 300 bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    wrapped: bytes
    data: DataKey
    fresh: bool = False  # made here, not yet the record's


class Keys:
    """One data key per conversation and person, wrapped by the keyring; forgetting replaces it."""

    def __init__(self, keyring: Keyring, randbytes: Randbytes) -> None:
        self._keyring, self._randbytes = keyring, randbytes
        self._known: OrderedDict[str, Key] = OrderedDict()

    async def pepper(self, kept: Callable[[bytes], Awaitable[bytes]]) -> bytes:
        """A store's own secret. `kept` takes one, wrapped, if it has none, and gives its own."""
        candidate = self._keyring.wrap(DataKey.fresh(self._randbytes).raw, "pepper")
        return self._keyring.unwrap(await kept(candidate), "pepper")

    def fresh(self, place: Place | Person) -> Key:
        data = DataKey.fresh(self._randbytes)
        return Key(wrapped=self._keyring.wrap(data.raw, place.key), data=data, fresh=True)

    def current(self, place: Place) -> Key:
        """The record's key as far as known here; the store says if it is another."""
        return self._known.get(place.key) or self.fresh(place)

    def learn(self, place: Place | Person, wrapped: bytes) -> Key:
        """The record's key is this one; empty: it has none any more."""
        if not wrapped:
            self._known.pop(place.key, None)
            return self.fresh(place)
        known = self._known.get(place.key)
        if known is None or known.wrapped != wrapped:
            again = self._keyring.rewrap(wrapped, place.key)  # the next write leaves it like that
            known = Key(wrapped=again, data=self.unwrapped(place.key, wrapped))
        return self.keep(place, known)

    def unwrapped(self, place_key: str, wrapped: bytes) -> DataKey:
        """A key to use once, in any thread."""
        return DataKey(self._keyring.unwrap(wrapped, place_key), self._randbytes)

    def keep(self, place: Place | Person, key: Key) -> Key:
        self._known[place.key] = Key(wrapped=key.wrapped, data=key.data)
        self._known.move_to_end(place.key)
        if len(self._known) > AT_HAND:
            self._known.popitem(last=False)
        return key


def sealed(key: Key, text: bytes, *context: str) -> Sealed:
    return Sealed(wrapped=key.wrapped, fresh=key.fresh, blob=key.data.seal(text, *context))


def message_context(place: Place, message: str, version: int) -> tuple[str, ...]:
    return (place.key, "message", message, str(version))


def segment_context(place: Place, name: str) -> tuple[str, ...]:
    return (place.key, "segment", name)
