"""Facts go with their messages also when the store fails amid that."""

from collections.abc import Sequence

import pytest

from memory.records import Place, Sealed
from memory.redis import RedisStore
from memory.slots import Person
from memory.store import StoreDown
from tests.memory.test_persons import HOME, Town, known, town

__all__ = ["town"]

pytestmark = pytest.mark.anyio


class Failing(RedisStore):
    """Goes down as somebody's facts are to be written, so many times."""

    failures = 0

    async def know(
        self, person: Person, revision: int, sealed: Sealed, forgotten: Sequence[str] = ()
    ) -> bool:
        self.failures -= 1
        if self.failures >= 0:
            raise StoreDown("made to fail")
        return await super().know(person, revision, sealed, forgotten)


async def test_a_fact_goes_with_its_message_also_when_the_store_fails_right_then(
    town: Town, place: Place
) -> None:
    store = Failing(town.url)
    memory = town.small(store)
    await memory.open()
    await town.tell(memory, place, HOME, id="m1")
    assert await known(memory, place) == ["Lisbon"]
    store.failures = 1
    with pytest.raises(StoreDown, match="made to fail"):
        await memory.retract(place, ["m1"])
    await memory.persons.recheck()  # as the sweep does
    assert await known(memory, place) == []
    await store.close()
