"""Who may read what: every canary against every prompt, in every kind of channel."""

import json
import random
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from bot.prompt import Budget, Prompter
from memory.engine import Memory
from memory.records import Place
from memory.summary import MERGING, Task
from memory.window import Marks
from tests.memory.conftest import World, turn_in

pytestmark = pytest.mark.anyio

PEOPLE = {"U0": "Ada", "U1": "Bob"}
CHANNELS = {  # name -> audience, who is in it
    "C1": ("public", ("U0", "U1")),
    "C2": ("public", ("U0", "U1")),
    "P1": ("private", ("U0", "U1")),
    "P2": ("private", ("U0", "U1")),
    "S1": ("shared", ("U0", "U1")),
    "D0": ("direct", ("U0",)),
    "D1": ("direct", ("U1",)),
}
ROOM = 1_000_000  # tokens: nothing is left out for its size
CANARY = re.compile(r"(?:said|fact)\d{4}")
LIVES = re.compile(r"^(\w+): I live in (\w+\d{4}\w?)$", re.MULTILINE)
MARKS = Marks(high=0, low=0, messages_high=2, messages_low=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What one person said in one place, and what is to be known of them from it."""

    number: int
    place: Place
    person: str

    @property
    def texts(self) -> tuple[str, str]:
        return f"The topic is said{self.number:04}", f"I live in fact{self.number:04}"


class Town(World):
    """Its summariser copies, and believes what people say of themselves."""

    def answer(self, task: Task) -> str:
        if task.instruction == MERGING:
            return task.text
        facts = [
            {"person": name, "key": f"home {word}", "value": word, "quote": f"I live in {word}"}
            for name, word in LIVES.findall(task.text)
        ]
        return json.dumps({"summary": task.text, "facts": facts})

    def reply(self, met: Sequence[str]) -> str:
        """To a prompt that held these canaries."""
        return "well"

    async def tell(
        self, memory: Memory, place: Place, person: str, text: str
    ) -> tuple[Sequence[str], Sequence[str]]:
        """What the prompt held that was built to answer it, and what of that as facts."""
        await memory.receive(place, self.say(text, author=person, name=PEOPLE[person]))
        turn = await turn_in(memory, place)
        fit = PROMPTER.fit(turn.recollection)
        shown = [entry.id for entry in (*fit.window, *fit.question)]
        request = PROMPTER.build(fit, await turn.recall(ROOM, shown), "")
        met = CANARY.findall("\n".join(prompt.text for prompt in request.prompts))
        await turn.conclude([f"p{self.at}"], [], self.reply(met))
        await memory.settle(place)
        return met, [fact.value for fact in fit.facts]


PROMPTER = Prompter(
    "You are a bot.",
    Budget(context=9 * ROOM, window=ROOM, summary=ROOM, recall=ROOM, facts=ROOM),
    len,
    lambda: datetime(2027, 1, 15, tzinfo=UTC),
)


@pytest.fixture
async def town(any_redis_url: str) -> Town:
    return Town(any_redis_url)


@pytest.fixture
async def memory(town: Town) -> AsyncIterator[Memory]:
    store = town.store()
    memory = town.memory(store, MARKS, segment=ROOM)
    await memory.open()
    yield memory
    await store.close()


def sources() -> Iterator[Source]:
    number = 0
    for space in ("T1", "T2"):
        for channel, (audience, people) in CHANNELS.items():
            for thread in ("1", "2"):
                for person in people:
                    place = Place(
                        platform="slack",
                        space=space,
                        channel=channel,
                        thread=thread,
                        audience=audience,
                    )
                    yield Source(number=number, place=place, person=person)
                    number += 1


def may_hear(said: Place, here: Place) -> bool:
    """What was said is for its channel."""
    return (said.space, said.channel) == (here.space, here.channel)


def may_know(fact: Source, here: Place, asker: str) -> bool:
    """As design.md has it, said once more in other words."""
    there = fact.place
    if fact.person != asker or there.space != here.space:
        return False
    if there.audience == "public" or there.channel == here.channel:
        return True
    return there.audience == "private" and here.audience == "direct"


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(each, marks=pytest.mark.long) for each in (1, 2))]
)
async def test_every_prompt_holds_all_that_its_readers_may_know_and_nothing_else(
    memory: Memory, town: Town, seed: int
) -> None:
    told, chance = [*sources()], random.Random(seed)  # noqa: S311
    chance.shuffle(told)
    for source in told:
        for text in source.texts:
            await town.tell(memory, source.place, source.person, text)
    for source in told:
        await town.tell(memory, source.place, source.person, "so much for that")
    pairs = 0
    for reader in told:
        question = "which topic, and where do I live?"
        met, facts = await town.tell(memory, reader.place, reader.person, question)
        for source in told:
            heard, known = f"said{source.number:04}", f"fact{source.number:04}"
            near = may_hear(source.place, reader.place)
            mine = may_know(source, reader.place, reader.person)
            assert (heard in met) == near, (source, reader)
            assert (known in met) == (near or mine), (source, reader)
            assert (known in facts) == mine, (source, reader)
            pairs += 2
    assert pairs == 2 * len(told) ** 2 > 4_000
