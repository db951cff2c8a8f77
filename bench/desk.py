"""One conversation on a private server, as a bench leads it: filled, asked, kept up."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bench.chatter import Chatter
from bot.offline import offline
from bot.prompt import Budget, Prompter
from bot.summariser import summariser
from memory.engine import Memory, Settings
from memory.records import Place
from memory.redis import RedisStore
from memory.seal import Keyring, fresh_key
from memory.summary import Task
from memory.tokens import Counter
from memory.turn import Turn

SETTLE = 50  # messages from one upkeep to the next while nothing is asked
PLACE = "slack:T0THREAD:C0GENERAL:1766458026.240809"
ANSWER = "The answer, with a word or two."


@dataclass(slots=True, kw_only=True)
class Desk:
    """Shipped defaults; `calls` and `tokens` are those of the offline summariser."""

    url: str
    count: Counter
    keyring: Keyring = field(default_factory=lambda: Keyring([fresh_key()]))
    chatter: Chatter = field(default_factory=Chatter)
    place: Place = field(default_factory=lambda: Place.parse(PLACE))
    number: int = 0  # messages so far
    calls: int = 0
    tokens: int = 0  # given and got

    @asynccontextmanager
    async def memory(self, url: str = "") -> AsyncIterator[Memory]:
        store = RedisStore(url or self.url)
        memory = Memory(
            store,
            self.keyring,
            settings=Settings(),
            measure=self.count.measure,
            summarise=self._summarise,
            randbytes=os.urandom,
        )
        await memory.open()
        yield memory
        await store.close()

    async def fill(self, memory: Memory, until: int) -> None:
        await self.turn(memory)  # joins, and leaves nothing owed that would keep it from folding
        while self.number < until:
            await memory.receive(self.place, self.chatter.entry(self.number, called=False))
            self.number += 1
            if self.number % SETTLE == 0:
                await memory.settle(self.place)

    async def turn(self, memory: Memory) -> tuple[float, float]:
        """Milliseconds of one turn without model, platform and recall; those of recall."""
        clock = asyncio.get_running_loop().time
        prompter = Prompter("A bench.", Budget(), self.count.count, lambda: datetime.now(UTC))
        entry = self.chatter.entry(self.number, called=True)
        self.number += 1
        began = clock()
        await memory.receive(self.place, entry)
        turn = await memory.begin(self.place)
        assert isinstance(turn, Turn)  # noqa: S101
        fit = prompter.fit(turn.recollection)
        asked = clock()
        shown = [entry.id for entry in (*fit.window, *fit.question)]
        older = await turn.recall(prompter.room, shown)
        recalled = clock() - asked
        prompter.build(fit, older, "bench")
        post = f"{self.number}.p"
        await turn.note(text=ANSWER)
        await turn.note([post])
        await turn.conclude([post], [], ANSWER)
        return 1000 * (clock() - began - recalled), 1000 * recalled

    async def _summarise(self, task: Task) -> str:
        text = await summariser(offline)(task)
        self.calls += 1
        self.tokens += sum(map(self.count.count, (task.instruction, task.text, text)))
        return text
