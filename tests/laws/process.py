"""One of several processes on the same store: what it does is done step by step."""

import asyncio
import json
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from memory.engine import Memory, Settings
from memory.entry import Entry
from memory.folding import NotASummary, Sizes
from memory.gaps import OVERLAP, PAST
from memory.records import Debris, Place
from memory.restoring import Restoration
from memory.seal import Keyring
from memory.summary import MERGING, Task
from memory.turn import Lost, Stale, Turn, Withdrawn
from memory.window import Marks
from memory.words import Words
from tests.laws.events import CHANNEL
from tests.laws.laws import KEPT, known, recollected, told
from tests.laws.observed import ObservedStore
from tests.laws.truth import NAMES, words

SIZES = Sizes(
    marks=Marks(high=0, low=0, messages_high=4, messages_low=2),
    segment=100_000,
    segments=2,
    batch=100_000,
)
MESSAGES_KEPT = KEPT / 1_000_000  # seconds
ROOM = 100_000  # tokens for recall: all there is
PASSES = 8  # at one turn
SAID = re.compile(r"^(\w+): I live in (\w+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What all processes have in common."""

    keyring: Keyring
    randbytes: Callable[[int], bytes]


class Process:
    """When it is started again, nothing of what it had at hand is left."""

    def __init__(self, store: ObservedStore, means: Means) -> None:
        self._store, self._means = store, means
        self.observer, self._stage = store.observer, store.stage
        self.tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        self.memory = Memory(
            self._store,
            self._means.keyring,
            settings=Settings(sizes=SIZES, kept=MESSAGES_KEPT, patience=0.05),
            measure=_measure,
            summarise=self._summarise,
            randbytes=self._means.randbytes,
        )
        assert self.memory._recalling is not None
        self.memory._recalling._make = _Plain
        await self.memory.open()

    async def settle(self, place: Place) -> None:
        with suppress(NotASummary, TimeoutError):  # it learns for too long: the sweep sees to it
            await self.memory.settle(place)

    async def learn(self, place: Place) -> None:
        with suppress(TimeoutError):
            await self.memory.learn(place)

    async def mark(self, place: Place, now: int) -> None:
        """Events of before may have been lost."""
        await self._store.mark(place, self._means.randbytes(8).hex(), now - OVERLAP, 0)

    async def read(self, place: Place) -> None:
        """What was said before the bot joined, and what was lost, if nobody else reads it."""
        if not (begun := await self.memory.gaps.begin(place)):
            return
        token, gap = begun
        await self._compare(place)
        truth = self.observer.truth
        for entry in truth.history(place, gap.after):
            how, present = PAST if entry.sent <= gap.joined else "", partial(self._again, entry.id)
            await self.memory.admit(place, entry, how, present)
            if not await self.memory.gaps.hold(place, token):
                return
        await self.memory.gaps.end(place, token, gap)

    async def _compare(self, place: Place) -> None:
        """What is held, but not shown any more, was deleted while nobody listened."""
        held, truth = await self.memory.gaps.heads(place, 1_000), self.observer.truth
        posts = [truth.posts[each.id] for each in held if each.id in truth.posts]
        if gone := [each for each in posts if each.vanished]:
            await self.memory.retract(CHANNEL, [each.id for each in gone])
            truth.lost(*gone)

    async def _again(self, message: str, at: int) -> Entry | None:
        """One message, as its platform shows it by now."""
        await self._stage.border()
        now = self.observer.truth.present(self.observer.truth.posts[message])
        return now if now and now.version >= at else None

    async def recheck(self) -> None:
        await self.memory.persons.recheck()

    async def describe(self, place: Place) -> None:
        held = await self.memory.describe(place)
        self.observer.described(told(held.segments, held.window))

    async def facts(self, place: Place) -> None:
        for author in range(len(NAMES)):
            facts = await self.memory.persons.facts(place.person(f"U{author}"))
            known(self.observer.truth, facts)

    async def answer(self, place: Place, quote: int | None = None) -> None:
        """Take the turn that is due, if one is, to its end.

        `quote`: the reply repeats words of its prompt: 0 all of them, 1 to 3 a third.
        """
        turn = await self.memory.begin(place)
        while isinstance(turn, Debris | Restoration):
            if isinstance(turn, Restoration):
                self.observer.truth.spoiled.difference_update(turn.spoiled.ids)
            await self.memory.clear(place, turn)
            turn = await self.memory.begin(place)
        if not isinstance(turn, Turn):
            return
        try:
            for _ in range(PASSES):
                try:
                    await self._say(turn, quote)
                except (Stale, Withdrawn):
                    await turn.reload()
                else:
                    return
            await turn.release(clean=True)
        except Lost:
            return

    async def _say(self, turn: Turn, quote: int | None) -> None:
        told = sorted(await self._read(turn))
        post, truth = f"p{turn.id}", self.observer.truth
        if turn.withdrawn:
            truth.shown.pop(post, None)
            await turn.withdraw(turn.posted)
            return
        took = () if quote is None else told[quote - 1 :: 3] if quote else told
        text = turn.text or truth.reply(turn._lease.claims, took)
        await turn.secure()
        truth.shown[post] = text
        truth.spoiled.discard(post)
        await turn.note([post], "" if text == turn.text else text)  # as replies do
        verdict = (await turn.conclude([post], [], text)).verdict
        if verdict == "lost":
            raise Lost
        if verdict != "done":
            raise Stale

    async def _read(self, turn: Turn) -> set[str]:
        """What the prompt would hold."""
        told = turn.recollection
        facts = words(source.quote for fact in told.facts for source in fact.sources)
        self.observer.prompted(turn._lease, recollected(told), facts)
        recalled = words(each.text for each in await turn.recall(ROOM, ()))
        self.observer.recalled(turn._lease, recalled)
        return recollected(told) | facts | recalled

    async def _summarise(self, task: Task) -> str:
        """It tells all it read, and who lives where."""
        await self._stage.border()
        if task.instruction == MERGING:
            return task.text
        facts = [
            {"person": name, "key": "home", "value": word, "quote": f"I live in {word}"}
            for name, word in SAID.findall(task.text)
        ]
        return json.dumps({"summary": task.text, "facts": facts})


class _Plain(Words):
    """Stems take a third of the time, and play no part."""

    def __init__(self) -> None:
        pass

    def __call__(self, text: str) -> Sequence[str]:
        return text.split()

    def clear(self) -> None:
        """It keeps none."""


async def _measure(text: str) -> int:
    return len(text)
