"""Who may read what, with a model that repeats all it was shown: every teller against every asker.

`tests/laws/test_audiences.py` is the rule itself, with a discreet model. Here replies carry what
they were built from on to wherever they are posted, the same names stand for other channels on the
other platform, and half of those who ask do it in a thread in which nothing was said before.
"""

import random
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, replace

import pytest

from memory.engine import Memory
from memory.records import Place
from tests.laws.test_audiences import CHANNELS, MARKS, ROOM, Source, Town, may_hear, may_know

pytestmark = pytest.mark.anyio

EVERYWHERE = {**CHANNELS, "G1": ("private", ("U0", "U1"))}  # a group's direct messages
OLD, NEW = ("1", "2"), ("2", "3")  # threads that were told something; those that are asked in


class Parrot(Town):
    """Its model says everything it knows at every occasion."""

    def reply(self, met: Sequence[str]) -> str:
        return " and ".join(["well", *dict.fromkeys(met)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    place: Place
    person: str


@pytest.fixture
async def town(any_redis_url: str) -> Parrot:
    return Parrot(any_redis_url)


@pytest.fixture
async def memory(town: Parrot) -> AsyncIterator[Memory]:
    store = town.store()
    memory = town.memory(store, MARKS, segment=ROOM)
    await memory.open()
    yield memory
    await store.close()


def corners(spaces: Sequence[str], threads: Sequence[str]) -> Iterator[tuple[Place, str]]:
    """Everybody everywhere."""
    for platform in ("slack", "discord"):
        for space in spaces:
            for channel, (audience, people) in EVERYWHERE.items():
                place = Place(platform=platform, space=space, channel=channel, audience=audience)
                for thread in threads:
                    yield from ((replace(place, thread=thread), each) for each in people)


def knows(source: Source, asker: Asker) -> bool:
    same = source.place.platform == asker.place.platform
    return same and may_know(source, asker.place, asker.person)


def hears(source: Source, asker: Asker) -> bool:
    return source.place.platform == asker.place.platform and may_hear(source.place, asker.place)


def may_have_been_told(source: Source, place: Place) -> bool:
    """Whether the bot's own words may have brought a fact to the readers of this place."""
    readers = EVERYWHERE[place.channel][1]
    there = Asker(place=place, person=source.person)
    return hears(source, there) or (source.person in readers and knows(source, there))


@pytest.mark.parametrize(
    ("spaces", "pairs"),
    [(("T1",), 2 * 3_136), pytest.param(("T1", "T2"), 2 * 12_544, marks=pytest.mark.long)],
)
async def test_no_canary_reaches_a_prompt_it_may_not_reach_and_every_other_does(
    memory: Memory, town: Parrot, spaces: Sequence[str], pairs: int
) -> None:
    told = [
        Source(number=number, place=place, person=person)
        for number, (place, person) in enumerate(corners(spaces, OLD))
    ]
    asking = [Asker(place=place, person=person) for place, person in corners(spaces, NEW)]
    chance = random.Random(7)  # noqa: S311
    chance.shuffle(told)
    chance.shuffle(asking)
    for source in told:
        for text in (*source.texts, "so much for that"):
            await town.tell(memory, source.place, source.person, text)
    checked = arrived = 0
    for asker in asking:
        met, facts = await town.tell(
            memory, asker.place, asker.person, "which topic, and where do I live?"
        )
        for source in told:
            heard, known = f"said{source.number:04}", f"fact{source.number:04}"
            near, mine = hears(source, asker), knows(source, asker)
            assert (heard in met) == near, (source, asker)
            assert (known in facts) == mine, (source, asker)
            if near or mine:
                assert known in met, (source, asker)
            elif not may_have_been_told(source, asker.place):
                assert known not in met, (source, asker)
            checked, arrived = checked + 2, arrived + (heard in met) + (known in met)
    assert (checked, arrived > len(asking)) == (pairs, True)
