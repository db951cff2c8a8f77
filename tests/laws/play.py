"""What happens, to whom and how far: moves that two processes on one store go through."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, cast

from memory.edits import Present
from memory.engine import Memory
from memory.entry import Entry
from memory.records import Place
from memory.seal import Keyring
from tests.laws import laws
from tests.laws.events import CHANNEL, NUMBERS, PLACES, Event, Move
from tests.laws.holdings import holdings
from tests.laws.observed import ObservedStore, Observer
from tests.laws.process import Means, Process
from tests.laws.stage import Stage
from tests.laws.store import Server
from tests.laws.truth import Post, Truth
from tests.virtual import VirtualLoop

NOW = 1_800_000_000_000_000
TICK = 0.1  # seconds
CHANGES = ("edit", "delete", "answer")
TAKEOVER = 50.0  # seconds: longer than a lease and the grace after it
DAY = 86_400.0


class Play:
    """One run: what happens goes to memory and to the truth, and the laws compare them."""

    def __init__(self, server: Server, stores: Sequence[ObservedStore], keyring: Keyring) -> None:
        self.truth = Truth()
        self._server, self._keyring = server, keyring
        self._stage = Stage()
        chance = random.Random(0)  # noqa: S311 - the same keys in every run
        observer, means = Observer(self.truth), Means(keyring=keyring, randbytes=chance.randbytes)
        for store in stores:
            store.observer, store.stage = observer, self._stage
        self._processes = [Process(store, means) for store in stores]
        self._events: list[Event] = []

    async def run(self, moves: Sequence[Move]) -> None:
        self._server.clear(NOW)
        try:
            for process in self._processes:
                await self._start(process)
            for move in moves:
                await getattr(self, f"_{move.kind}")(move)
            await self._end()
        finally:
            for task in [*self._stage.tasks]:
                await self._stage.kill(task)

    async def _rest(self, _: Move) -> None:
        """Nothing: what a failing play is reduced to but for what it takes."""

    async def _say(self, move: Move) -> None:
        await self._post(move, move.number % 2, called=move.number % 3 == 0)

    async def _chat(self, move: Move) -> None:
        """Enough to be folded."""
        for _ in range(3):
            await self._post(Move("", move.process, move.number, "now"), 1, called=False)

    async def _post(self, move: Move, author: int, *, called: bool) -> None:
        place = move.place
        post = self.truth.say(place, author, await self._tick(), called=called)
        entry = post.entry()
        await self._happen(
            move,
            lambda memory: memory.admit(place, entry, present=self._present(post)),
            lambda: setattr(post, "received", True),
        )

    async def _again(self, move: Move) -> None:
        """A delivery of what has come already: platforms try again for hours, not for days."""
        post = self._pick(move)
        if not post or post.sent <= self._server.now - DAY * 500_000:
            return
        entry, present = post.entry(), self._present(post)

        async def again(memory: Memory) -> object:
            if post.vanished:  # it would come behind the comparison: nobody could know of it
                return None
            return await memory.admit(post.place, entry, present=present)

        await self._happen(move, again, lambda: None)

    async def _lose(self, move: Move) -> None:
        """No event tells of it; those who hear again know that something may be missing."""
        place = move.place
        self.truth.say(place, move.number % 2, await self._tick(), called=False)
        await self._run(self._processes[move.process].mark(place, self._server.now))

    async def _read(self, move: Move) -> None:
        await self._do(move, self._processes[move.process].read(move.place))

    async def _thaw(self, move: Move) -> None:
        """A process that lost its turn writes into its post still, and the platform tells."""
        observer = self._processes[0].observer
        if turns := [each for each in observer.taken_over() if f"p{each}" in self.truth.shown]:
            turn = turns[move.number % len(turns)]
            post, fence = f"p{turn}", observer.fences[turn]
            self.truth.spoiled.add(post)
            for place in PLACES:  # in one of them, as it happens
                await self._happen(
                    move,
                    partial(Memory.echo, place=place, post=post, turn=turn, fence=fence),
                    lambda: None,
                )

    async def _edit(self, move: Move) -> None:
        if post := self._pick(move):
            at = await self._tick()
            text = self.truth.edit(post, at)
            await self._happen(
                move,
                lambda memory: memory.amend(CHANNEL, post.id, text, at),
                lambda: self.truth.outdated(post, at),
            )

    async def _delete(self, move: Move) -> None:
        if post := self._pick(move):
            self.truth.delete(post)
            await self._happen(
                move,
                lambda memory: memory.retract(CHANNEL, [post.id]),
                lambda: self.truth.lost(post),
            )

    async def _vanish(self, move: Move) -> None:
        """Deleted while nobody listened: who hears again knows that something may be missing."""
        post = self._pick(move)
        if post and post.received and not (post.expired or post.deleted):
            self.truth.delete(post)
            post.vanished = True
            await self._run(self._processes[move.process].mark(post.place, self._server.now))

    async def _forget(self, move: Move) -> None:
        """Here or in the whole channel; up to now or up to a post of before."""
        if not (post := self._pick(move)):
            return
        channel, until = move.number % 4 == 0, post.sent if move.process else await self._tick()
        places = PLACES if channel else [post.place]
        keys = self._keys_of([each for each in places if until > self.truth.water.get(each.key, 0)])
        gone = [each for place in places for each in self.truth.forget(place, until)]
        await self._happen(
            move,
            lambda memory: memory.forget(post.place, until, channel=channel),
            lambda: self.truth.forgot(gone, keys),
        )

    def _present(self, post: Post) -> Present:
        async def present(at: int) -> Entry | None:
            await self._stage.border()
            now = self.truth.present(post)
            await self._stage.border()
            return now if now and now.version >= at else None

        return present

    async def _deliver(self, move: Move) -> None:
        if waiting := [event for event in self._events if event.waits]:
            await self._under_way(move, waiting[move.number % len(waiting)])

    async def _settle(self, move: Move) -> None:
        await self._do(move, self._processes[move.process].settle(move.place))

    async def _learn(self, move: Move) -> None:
        await self._do(move, self._processes[move.process].learn(move.place))

    async def _answer(self, move: Move) -> None:
        await self._wait(TAKEOVER if move.how == "later" else TICK)
        quote = move.number % 4 if move.kind == "quote" else None
        await self._do(move, self._processes[move.process].answer(move.place, quote))
        self._look()

    _quote = _answer  # it repeats words of its prompt

    async def _race(self, move: Move) -> None:
        """One process folds or answers; when it is so far, the other hears of a change."""
        steps, change = divmod(move.number, len(CHANGES))
        process = self._processes[move.process]
        work = process.settle if move.how == "now" else process.answer
        task = await self._do(replace(move, how="begun"), work(PLACES[0]))
        for _ in range(steps):
            if not task.done():
                await self._stage.step(task)
        number = len(self._events) % NUMBERS  # any of the posts
        how = "later" if CHANGES[change] == "answer" else "now"  # later: it takes over
        await getattr(self, f"_{CHANGES[change]}")(Move("", 1 - move.process, number, how))
        for _ in range(number % 4):
            if self._stage.tasks:
                await self._stage.step(self._stage.tasks[-1])

    async def _describe(self, move: Move) -> None:
        await self._do(move, self._processes[move.process].describe(move.place))

    async def _step(self, move: Move) -> None:
        steps, number = divmod(move.number, 4)
        for _ in range(steps + 1):
            if tasks := self._stage.tasks:
                await self._stage.step(tasks[number % len(tasks)], lost=move.how == "later")

    async def _finish(self, move: Move) -> None:
        if tasks := self._stage.tasks:
            await self._stage.finish(tasks[move.number % len(tasks)])

    async def _crash(self, move: Move) -> None:
        process = self._processes[move.process]
        for task in process.tasks & {*self._stage.tasks}:
            await self._stage.kill(task)
        process.tasks.clear()
        await self._start(process)

    async def _freeze(self, _: Move) -> None:
        await self._wait(TAKEOVER)

    async def _age(self, move: Move) -> None:
        """More than a day, or most of what messages are kept for; nothing is under way so long."""
        await self._deliver_all()
        self._processes[0].observer.outlived()
        await self._wait((1.1 if move.number % 2 else 20) * DAY)

    def _pick(self, move: Move) -> Post | None:
        posts = [*self.truth.posts.values()]
        return posts[move.number * len(posts) // NUMBERS] if posts else None

    async def _happen(
        self,
        move: Move,
        tell: Callable[[Memory], Awaitable[object]],
        known: Callable[[], None],
    ) -> None:
        event = Event(tell, known)
        self._events.append(event)
        if move.how != "later":
            await self._under_way(move, event)

    async def _under_way(self, move: Move, event: Event) -> None:
        event.task = await self._do(move, self._told(self._processes[move.process], event))

    async def _told(self, process: Process, event: Event) -> None:
        await event.tell(process.memory)
        await self._stage.border()  # it may die before the platform hears of it
        event.done = True
        event.known()

    async def _start(self, process: Process) -> None:
        await self._run(process.start())

    async def _do(self, move: Move, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = await self._stage.start(work)
        self._processes[move.process].tasks.add(task)
        if move.how == "now":
            await self._stage.finish(task)
        return task

    async def _tick(self) -> int:
        """Time has passed; now it is so many microseconds since 1970."""
        await self._wait(TICK)
        return self._server.now

    async def _wait(self, seconds: float) -> None:
        self.truth.expired(self._server.wait(seconds))
        cast("VirtualLoop", asyncio.get_running_loop())._jump(seconds)
        await self._stage.wake()

    async def _deliver_all(self) -> None:
        while self._stage.tasks:
            await self._stage.finish(self._stage.tasks[0])
        for number, event in enumerate(self._events):
            if not event.done:
                await self._under_way(Move("", number % 2, 0, "now"), event)
        for _ in range(2):
            await self._wait(TAKEOVER)
            for number, place in enumerate(PLACES):
                await self._run(self._processes[number].answer(place))

    async def _run(self, work: Coroutine[Any, Any, None]) -> None:
        await self._stage.finish(await self._stage.start(work))

    def _keys_of(self, places: Sequence[Place]) -> Sequence[bytes]:
        held = holdings(self._server, self._keyring, places)
        return [record.key for record in held.records.values()]

    def _look(self) -> None:
        laws.at_any_time(self.truth, holdings(self._server, self._keyring, PLACES))

    async def _end(self) -> None:
        """Everything is delivered and answered; the sweep has looked after what was left behind."""
        await self._deliver_all()
        await self._wait(2 * TAKEOVER)
        for process, place in zip(self._processes, PLACES, strict=True):
            await self._run(process.read(place))
            await self._run(process.answer(place))
            await self._run(process.settle(place))
            await self._run(process.recheck())
        laws.in_the_end(self.truth, holdings(self._server, self._keyring, PLACES))
        for number, process in enumerate(self._processes):
            await self._run(process.describe(PLACES[number]))
            await self._say(Move("", number, 0, "now"))
            await self._tick()
            held = holdings(self._server, self._keyring, PLACES)
            await self._run(process.answer(PLACES[0]))
            laws.at_hand(self.truth, held, process.memory)
            await self._run(process.facts(PLACES[0]))
