"""Between folds the prompt only grows at its end, whatever is said, by whom, in whichever order."""

import itertools
import json
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.ports import Request
from bot.prompt import Budget, Prompter
from memory.engine import Memory, Settings
from memory.entry import BOT, PERSON, Entry
from memory.folding import Sizes
from memory.records import Place
from memory.redis import RedisStore
from memory.seal import Keyring, fresh_key
from memory.summary import Task
from memory.turn import Turn
from memory.window import Marks
from tests.bot.conftest import NOW
from tests.memory.conftest import NOW as LATER

pytestmark = pytest.mark.anyio

KEYRING, PERSONA = Keyring([fresh_key()]), "You are a test.\nIn two lines."
PEOPLE = (("U1", "Ada"), ("U2", "Bo"), ("B1", "Builds"))
HOME = "I live in Lisbon"
numbers = itertools.count()
Said = tuple[int, int, bool]  # by whom, how long, whether about themselves
Step = tuple[str, list[Said], list[Said]]
said = st.tuples(st.integers(0, 2), st.integers(1, 60), st.booleans())
STEPS: st.SearchStrategy[Step] = st.one_of(
    st.tuples(st.just("ask"), st.lists(said, min_size=1, max_size=3), st.lists(said, max_size=2)),
    st.tuples(st.just("hear"), st.lists(said, max_size=3), st.just([])),
    st.tuples(st.sampled_from(["fold", "learn"]), st.just([]), st.just([])),
)


class Talk:
    """A conversation in a memory, and the prompts it makes."""

    def __init__(self, memory: Memory) -> None:
        self.memory, self.prompter = memory, Prompter(PERSONA, Budget(), len, lambda: NOW)
        name = f"C{next(numbers)}"
        self.place = Place(platform="slack", space="T", channel=name, audience="public")
        self.at, self.before = LATER, b""

    async def step(self, step: Step) -> None:
        match step:
            case "ask", questions, meanwhile:
                await self.ask(questions, meanwhile)
            case "hear", heard, _:
                for each in heard:
                    await self.say(*each, called=False)
            case "learn", _, _:
                await self.memory.learn(self.place)
            case _ if await self.memory.settle(self.place):
                self.before = b""

    async def say(self, who: int, length: int, tells: bool, *, called: bool) -> None:
        self.at += 1_000
        author, name = PEOPLE[who]
        entry = Entry(
            id=f"m{self.at}",
            author=author,
            name=name,
            kind=PERSON if author.startswith("U") else BOT,
            text=f"{HOME}. " * tells + "x" * length,
            sent=self.at,
            called=called,
        )
        await self.memory.receive(self.place, entry)

    async def ask(self, questions: list[Said], meanwhile: list[Said]) -> None:
        for who, length, tells in questions:
            await self.say(who % 2, length, tells, called=True)
        turn = await self.memory.begin(self.place)
        assert isinstance(turn, Turn)
        fit = self.prompter.fit(turn.recollection)
        shown = [entry.id for entry in (*fit.window, *fit.question)]
        older = await turn.recall(self.prompter.room, shown)
        self.compare(self.prompter.build(fit, older, "k"))
        for each in meanwhile:
            await self.say(*each, called=False)
        await turn.conclude([f"p{self.at}"], [], "y" * questions[0][1])

    def compare(self, request: Request) -> None:
        stable = request.prompts[: request.stable]
        now = b"".join(json.dumps([each.role, each.text]).encode() + b"\n" for each in stable)
        assert request.prompts[0].text.startswith(PERSONA + "\n\n")
        assert now.startswith(self.before)
        self.before = now


async def measure(text: str) -> int:
    return len(text)


async def claim(task: Task) -> str:
    rows = [{"person": name, "key": "home", "value": "Lisbon", "quote": HOME} for _, name in PEOPLE]
    return json.dumps({"summary": "- talk", "facts": rows})


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(STEPS, min_size=15, max_size=40))
async def test_between_folds_the_stable_prefix_of_a_turn_is_a_byte_prefix_of_the_nexts(
    any_redis_url: str, steps: list[Step]
) -> None:
    store = RedisStore(any_redis_url)
    try:
        memory = Memory(
            store,
            KEYRING,
            settings=Settings(sizes=Sizes(marks=Marks(high=300, low=120), segments=2)),
            measure=measure,
            summarise=claim,
            randbytes=os.urandom,
        )
        await memory.open()
        talk = Talk(memory)
        for step in steps:
            await talk.step(step)
    finally:
        await store.close()
