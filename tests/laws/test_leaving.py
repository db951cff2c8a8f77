"""Somebody says /forget me: not one of their words is left anywhere, and every other word is."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from memory.archive import Archive
from memory.embedded import memory_key, private_server
from memory.engine import Memory
from memory.redis import RedisStore
from tests.laws.test_audiences import ROOM
from tests.laws.test_deleted import (
    CANARY,
    CONVERSATIONS,
    MARKS,
    City,
    Said,
    at_hand,
    places,
    scrubbed,
    words,
)
from tests.memory.conftest import turn_in

pytestmark = [pytest.mark.anyio, pytest.mark.wire]

PEOPLE = ("U0", "U1", "U2")
GONE = "U1"
NUMBER = 120  # of messages: the scan tries every key on every value, and archiving makes many


class Village(City):
    """With an archive, and a bot that quotes what everybody said last."""

    @asynccontextmanager
    async def process(self) -> AsyncIterator[Memory]:
        store = RedisStore(self.url)
        archive = Archive(f"sqlite:///{self.folder}/archive.db", now=time.time, kept=1e9)
        memory = self.memory(store, MARKS, segments=3, segment=ROOM, archive=archive)
        await memory.open()
        yield memory
        await store.close()

    async def fill(self, memory: Memory, said: list[Said]) -> None:
        for each in said:
            author = PEOPLE[each.number % 3]
            called = each.number < CONVERSATIONS or each.number % 4 == 0
            entry = self.say(each.text, id=each.id, author=author, name=author, called=called)
            if await memory.receive(each.place, entry):
                turn = await turn_in(memory, each.place)
                entries = (*turn.recollection.window, *turn.recollection.question)
                quoted = "; ".join(e.text for e in entries[-3:] if e.kind == "person")
                await turn.conclude([f"p{each.id}"], [], f"I heard: {quoted}")
            if each.number % 70 < CONVERSATIONS:
                await memory.settle(each.place)


async def test_no_word_of_a_person_is_left_anywhere_and_every_other_is(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    said = [Said(number=n, place=places()[n % CONVERSATIONS]) for n in range(NUMBER)]
    theirs = {each.word for each in said if PEOPLE[each.number % 3] == GONE}
    others = {each.word for each in said} - theirs
    async with private_server(tmp_path) as url:
        city = Village(url, tmp_path)
        async with city.process() as memory, city.process() as other:
            await city.fill(memory, said)
            assert theirs | others <= city.held()
            await city.prompts(other, said)  # it has an index by now
            person = said[0].place.person(GONE)
            assert await memory.persons.facts(person)
            went = await memory.erasing.forget(person, city.at)
            assert went.messages >= len(theirs)
            for each in (memory, other):
                told = {
                    word for text in await city.prompts(each, said) for word in words(text.encode())
                }
                assert not told & theirs
                assert not at_hand(each) & theirs
            await memory.upkeep.catch_up()
            await scrubbed(city)
            held = city.held()
            assert not held & theirs
            assert others <= held
            assert await memory.persons.facts(person) == ()
    logged = "".join([*capfd.readouterr(), caplog.text])
    assert not CANARY.search(logged.encode())
    assert memory_key(tmp_path)
