"""Whatever happens in whatever order: memory holds what people can see, and nothing else."""

import itertools
import math
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from memory.dependencies import Terms
from memory.engine import Memory, Settings
from memory.entry import Entry
from memory.folding import Sizes
from memory.records import Place
from memory.redis import RedisStore
from memory.seal import Keyring, fresh_key
from memory.summary import Task
from memory.turn import Turn
from memory.window import Marks
from tests.memory.conftest import NOW

pytestmark = pytest.mark.anyio

SECOND = 1_000_000
IDS = 10
CALLED = (True, False, True, False, False, True, False, True, True, False)  # by message
Step = tuple[str, int, int]
WEIGHTS = {
    "say": 6,
    "answer": 3,
    "edit": 2,
    "delete": 2,
    "forget": 1,
    "begin": 1,
    "end": 1,
    "fold": 3,
}
STEPS = st.tuples(
    st.sampled_from([name for name, weight in WEIGHTS.items() for _ in range(weight)]),
    st.integers(0, IDS - 1),
    st.integers(1, 8),
)


@dataclass(slots=True)
class Seen:
    """What people see of a conversation, and what the bot may know of it."""

    edits: dict[int, int] = field(default_factory=dict)  # message -> its newest edit
    deleted: set[int] = field(default_factory=set)
    stored: set[int] = field(default_factory=set)
    known: set[int] = field(default_factory=set)  # were stored once
    owed: set[int] = field(default_factory=set)
    replies: dict[str, tuple[int, frozenset[int]]] = field(default_factory=dict)  # time, to what
    claims: set[int] = field(default_factory=set)
    running: bool = False
    joined: bool = False
    water: int = 0

    def text(self, message: int) -> str:
        return f"<m{message}.{self.edits.get(message, 0)}>"

    def texts(self) -> list[str]:
        return sorted([*map(self.text, self.stored), *(f"<{each}>" for each in self.replies)])

    def say(self, message: int) -> bool:
        news = not (message in self.known | self.deleted or sent(message) <= self.water)
        if news and (self.joined or CALLED[message]):
            self.known.add(message)
            self.stored.add(message)
            self.joined = True
            if CALLED[message]:
                self.owed.add(message)
        return message in self.owed

    def lose(self, gone: set[int]) -> None:
        self.stored -= gone
        self.owed -= gone
        self.claims -= gone
        self.replies = {each: it for each, it in self.replies.items() if not it[1] & gone}

    def forget(self, until: int) -> None:
        if until <= self.water:
            return
        self.water = until
        self.replies = {each: it for each, it in self.replies.items() if it[0] > until}
        self.lose({each for each in self.stored if sent(each) <= until})
        self.joined = any(CALLED[each] for each in self.stored)

    def end(self, post: str) -> None:
        if self.claims:
            at = max(map(sent, self.claims)) + 1
            self.replies[post] = (at, frozenset(self.claims))
        self.owed -= self.claims
        self.claims, self.running = set(), False


def sent(message: int) -> int:
    return NOW + message * SECOND


class Play:
    """The same steps for memory and for what should be seen, compared as they go."""

    def __init__(self, memory: Memory, place: Place) -> None:
        self.memory, self.place, self.seen = memory, place, Seen()
        self.turn: Turn | None = None
        self.posts = map("p{}".format, itertools.count())

    async def step(self, step: Step) -> None:
        name, message, number = step
        await getattr(self, name)(message, number)
        held = await self.memory.describe(self.place)
        found = told(held.window) + [text for it in held.segments for text in marks(it.text)]
        assert held.messages == len(self.seen.texts())
        assert len(set(found)) == len(found)
        assert set(found) <= set(self.seen.texts())
        if not self.seen.owed:
            assert sorted(found) == self.seen.texts()

    async def say(self, message: int, _: int) -> None:
        entry = Entry(
            id=f"m{message}",
            author="U1",
            name="Ada",
            kind="person",
            text=f"<m{message}.0>",
            sent=sent(message),
            called=CALLED[message],
        )

        async def present(at: int) -> Entry:
            """Of an edit that came first memory has the time alone; the platform has its text."""
            text = f"<m{message}.{self.seen.edits[message]}>"
            return replace(entry, text=text, version=at)

        got = await self.memory.admit(self.place, entry, present=present)
        assert got.owed == self.seen.say(message)

    async def edit(self, message: int, number: int) -> None:
        at = sent(message) + number * SECOND // 3
        await self.memory.amend(self.place, f"m{message}", f"<m{message}.{number}>", at)
        self.seen.edits[message] = max(number, self.seen.edits.get(message, 0))

    async def delete(self, message: int, number: int) -> None:
        """A message; or a reply, as its post may be deleted too."""
        replies = list(self.seen.replies)
        if number > 6 and replies:
            await self.memory.retract(self.place, [replies[message % len(replies)]])
            del self.seen.replies[replies[message % len(replies)]]
            return
        await self.memory.retract(self.place, [f"m{message}"])
        self.seen.deleted.add(message)
        self.seen.lose({message})

    async def forget(self, message: int, number: int) -> None:
        until = sent(message) + number % 2 * SECOND // 2
        await self.memory.forget(self.place, until, channel=number % 3 == 0)
        self.seen.forget(until)

    async def begin(self, _: int, __: int) -> None:
        turn = await self.memory.begin(self.place)
        if self.seen.running or not self.seen.owed:
            assert turn is None
            return
        assert isinstance(turn, Turn)
        self.turn, self.seen.running = turn, True
        self.seen.claims = set(self.seen.owed)
        self.compare(turn)

    async def end(self, _: int, __: int) -> None:
        if self.turn is None:
            return
        await self.turn.reload()
        post, turn = next(self.posts), self.turn
        self.compare(turn)
        if turn.withdrawn:
            assert not self.seen.claims
            end = await turn.withdraw([post])
        else:
            end = await turn.conclude([post], [], f"<{post}>")
        self.seen.end(post)
        assert (end.verdict, end.more) == ("done", bool(self.seen.owed))
        self.turn = None

    async def answer(self, message: int, number: int) -> None:
        await self.begin(message, number)
        await self.end(message, number)

    async def fold(self, _: int, __: int) -> None:
        await self.memory.settle(self.place)

    def compare(self, turn: Turn) -> None:
        """A turn reads all that is seen, up to the next message that a later one is to answer."""
        read = turn.recollection
        later = self.seen.owed - self.seen.claims
        last = max(self.seen.claims, default=max(self.seen.stored, default=0))
        end = min((each for each in later if each > last), default=math.inf)
        later |= {each for each in self.seen.stored if each > end}
        assert {entry.id for entry in read.question} >= {f"m{each}" for each in self.seen.claims}
        found = told((*read.window, *read.question))
        found += [text for segment in read.segments for text in marks(segment.text)]
        expected = set(self.seen.texts()) - set(map(self.seen.text, later))
        assert sorted(found) == sorted(expected)


def told(entries: Sequence[Entry]) -> list[str]:
    return [entry.text for entry in entries]


def marks(text: str) -> list[str]:
    return re.findall(r"<[^>]+>", text)


async def measure(text: str) -> int:
    return len(text)


async def repeat(task: Task) -> str:
    """A summary that hides nothing."""
    return task.text


numbers = itertools.count()


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(STEPS, min_size=30, max_size=60))
async def test_memory_holds_what_is_visible(redis_url: str, steps: list[Step]) -> None:
    store = RedisStore(redis_url)
    try:
        memory = Memory(
            store,
            KEYRING,
            settings=Settings(
                sizes=Sizes(marks=Marks(high=20, low=8), segments=2),
                terms=Terms(),
                follow="one-on-one",
                recall=True,
            ),
            measure=measure,
            summarise=repeat,
            randbytes=os.urandom,
        )
        await memory.open()
        play = Play(memory, Place(platform="slack", space="T", channel=f"C{next(numbers)}"))
        for step in steps:
            await play.step(step)
    finally:
        await store.close()


KEYRING = Keyring([fresh_key()])
