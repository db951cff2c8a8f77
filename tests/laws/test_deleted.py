"""A thousand canaries, half of them deleted, edited or forgotten: nothing holds those any more."""

import random
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from memory.embedded import memory_key, private_server
from memory.engine import Memory
from memory.records import Place
from memory.redis import RedisStore
from memory.seal import Keyring
from memory.window import Marks
from tests.e2e.scan import live, opened, rewritten
from tests.laws.test_audiences import ROOM, Town
from tests.memory.conftest import turn_in

pytestmark = [pytest.mark.anyio, pytest.mark.wire]

CONVERSATIONS = 10
CANARY = re.compile(rb"canary\d{4}[ab]")
MARKS = Marks(high=0, low=0, messages_high=10, messages_low=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    number: int
    place: Place

    @property
    def id(self) -> str:
        return f"m{self.number}"

    @property
    def word(self) -> str:
        return f"canary{self.number:04}a"

    @property
    def text(self) -> str:
        """Every fifth is a fact too; repeated, so that some are stored deflated."""
        return f"I live in {self.word}" if self.number % 5 == 0 else f"the topic {self.word} " * 4


class City(Town):
    """Many conversations on a server that keeps them on disk."""

    def __init__(self, url: str, folder: Path) -> None:
        super().__init__(url)
        self.keyring = Keyring.parse(memory_key(folder))
        self.folder = folder

    @asynccontextmanager
    async def process(self) -> AsyncIterator[Memory]:
        store = RedisStore(self.url)
        memory = self.memory(store, MARKS, segments=3, segment=ROOM)
        await memory.open()
        yield memory
        await store.close()

    async def fill(self, memory: Memory, said: list[Said]) -> None:
        for each in said:
            first = each.number < CONVERSATIONS
            entry = self.say(each.text, id=each.id, author=f"U{each.number % 3}", called=first)
            await memory.receive(each.place, entry)
            if first:
                await (await turn_in(memory, each.place)).conclude([f"p{each.id}"], [], "well")
            if each.number % 70 < CONVERSATIONS:
                await memory.settle(each.place)

    async def prompts(self, memory: Memory, said: list[Said]) -> list[str]:
        """All that the model would be told by now."""
        told: list[str] = []
        for place in dict.fromkeys(each.place for each in said):
            await memory.settle(place)
            await memory.receive(place, self.say("which topic, where do I live?", author="U0"))
            turn = await turn_in(memory, place)
            recollection = turn.recollection
            recalled = await turn.recall(ROOM, ())
            await turn.conclude([f"p{self.at}"], [], "well")
            entries = (*recollection.window, *recollection.question, *recalled)
            told += [each.text for each in entries]
            told += [each.text for each in recollection.segments]
            told += [source.quote for fact in recollection.facts for source in fact.sources]
        return told

    def held(self) -> set[str]:
        """In the store, in the append-only file, in logs, in an archive in this folder."""
        values = live(self.folder)
        read = opened(self.folder, memory_key(self.folder), *values)
        return {word for plains in read.values() for each in plains for word in words(each)}


def words(text: bytes) -> set[str]:
    return {word.decode() for word in CANARY.findall(text)}


def places() -> list[Place]:
    channels = (
        Place(platform="slack", space="T", channel=f"C{n}", audience="public") for n in range(5)
    )
    return [replace(each, thread=thread) for each in channels for thread in ("1", "2")]


async def change(memory: Memory, said: list[Said], chance: random.Random, at: int) -> set[str]:
    """Half goes, one way or another; its words are returned."""
    forgotten = {each.place for each in said if each.place in places()[:3]}
    others = [each for each in said if each.place not in forgotten]
    fates = chance.sample(others, len(said) // 2 - sum(each.place in forgotten for each in said))
    for number, each in enumerate(fates):
        channel = replace(each.place, thread="")
        if number % 2:
            await memory.amend(channel, each.id, f"the topic is {each.word[:-1]}b", at)
        else:
            await memory.retract(channel, [each.id])
    for place in forgotten:
        await memory.forget(place, at, channel=False)
    gone = {each.word for each in fates} | {each.word for each in said if each.place in forgotten}
    assert len(gone) == len(said) // 2
    return gone


@pytest.mark.parametrize("number", [100, pytest.param(1_000, marks=pytest.mark.long)])
async def test_no_word_that_was_to_go_is_left_anywhere_and_every_other_is(
    tmp_path: Path, number: int, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    chance = random.Random(number)  # noqa: S311
    said = [Said(number=n, place=places()[n % CONVERSATIONS]) for n in range(number)]
    async with private_server(tmp_path) as url:
        city = City(url, tmp_path)
        async with city.process() as memory, city.process() as other:
            await city.fill(memory, said)
            assert {each.word for each in said} <= city.held()
            for each in (memory, other):  # both have an index by now
                await city.prompts(each, said)
            gone = await change(memory, said, chance, city.at)
            left = {each.word for each in said} - gone
            for each in (memory, other):
                told = {
                    word for text in await city.prompts(each, said) for word in words(text.encode())
                }
                assert not told & gone
                assert left <= told
                assert not at_hand(each) & gone
            await scrubbed(city)
            held = city.held()
            assert not held & gone
            assert left <= held
    logged = "".join([*capfd.readouterr(), caplog.text])
    assert not CANARY.search(logged.encode())


def at_hand(memory: Memory) -> set[str]:
    """What a process keeps of texts beside the store: indexes, and the stems of single words."""
    assert memory._recalling is not None
    indexes = [channel.index for channel in memory._recalling._channels.values()]
    texts = [each[1].text for index in indexes for each in index._held if each]
    terms = [term for index in indexes for term in index._found]
    return {word for each in (*texts, *terms) for word in words(each.encode())}


async def scrubbed(city: City) -> None:
    """As a process does that starts: it cannot know what was deleted before."""
    async with city.process() as memory:
        await memory.scrub()
    await rewritten(city.folder)
