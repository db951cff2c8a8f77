"""What people do in a run, and how platforms tell the bot of it: late, twice, out of order."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from adapters.message import (
    Answer,
    Audience,
    Author,
    Command,
    Conversation,
    Deletion,
    Echo,
    Edit,
    Message,
    Stop,
)
from bot.intake import Intake
from bot.places import place_of
from tests.laws.truth import NAMES, Truth
from tests.laws.truth import Post as Said
from tests.simulation.platform import Post, World
from tests.simulation.replica import Replica, moment
from tests.simulation.store import HORIZON, START
from tests.simulation.watch import Watch

ACTIVE = 100.0  # seconds in which people do something
RETRIES = (0.0, 1.0, 5.0, 20.0, 30.0, 60.0, 60.0, 60.0, 60.0, 60.0, 60.0, 60.0)
PATIENCE = 3.0  # seconds until a platform takes an event for not acknowledged

Tell = Callable[[Intake], Awaitable[None]]


class Town:
    """`replicas` may be down; `under_way`: events nobody has acknowledged yet."""

    def __init__(
        self,
        world: World,
        watch: Watch,
        chance: random.Random,
        places: Sequence[Conversation],
    ) -> None:
        self.replicas: list[Replica] = []
        self.under_way = 0
        self._world, self._watch, self._truth = world, watch, watch.truth
        self._chance, self._places = chance, places
        self._tasks: set[asyncio.Task[Any]] = set()

    @property
    def truth(self) -> Truth:
        return self._truth

    def open(self) -> None:
        for where in self._places:
            self._do(self._talk(where))
            if self._chance.random() < 0.5:
                self._do(self._forget(where))
            if self._chance.random() < 0.2:
                self._do(self._forget(where))
            if self._chance.random() < 0.4:
                self._do(self._stop(where))
            if self._chance.random() < 0.2:
                self._do(self._tear(where))

    def echo(self, post: Post, fence: int) -> None:
        """The platform shows an own post, new or changed."""
        echo = Echo(conversation=post.where, id=post.id, turn=post.turn, fence=fence)
        self._do(self._told(lambda intake: intake.echo(echo), lambda: None, 0.5))

    async def _talk(self, where: Conversation) -> None:
        chance = self._chance
        for _ in range(chance.randint(3, 9)):
            await asyncio.sleep(chance.choice([0.05, 0.5, 3, 8, 20]) * chance.uniform(0.5, 1.5))
            if _time() > ACTIVE:
                return
            self._say(where)

    def _say(self, where: Conversation) -> None:
        chance, called = self._chance, self._chance.random() < 0.7
        post = self._truth.say(place_of(where), chance.randrange(2), stamp(), called=called)
        twin = f"twin of {post.id}" if called and chance.random() < 0.15 else ""
        message = _message(where, post, twin)
        if called and chance.random() < 0.005:  # the platform was down for long
            post.sure = False
            return self._deliver(message, lambda: None, post, HORIZON + 60)

        def known() -> None:
            post.received = True
            if twin:  # one gesture, two posts
                self._deliver(replace(message, id=f"{post.id}t"), lambda: None, None)

        self._deliver(message, known, post)
        if twin:
            return
        if called and chance.random() < 0.2:  # one of two events does not tell that it calls
            self._deliver(replace(message, called=False), lambda: None, None)
        elif chance.random() < 0.2:
            self._deliver(message, lambda: None, None, chance.choice([0, 0.3, 5, 60]))
        if chance.random() < 0.25:
            self._do(self._edit(post))
        if chance.random() < 0.2:
            self._do(self._delete(post))

    def _deliver(
        self, message: Message, known: Callable[[], None], post: Said | None, wait: float = 0.0
    ) -> None:
        if self._chance.random() < 0.25:
            wait += self._chance.choice([0.2, 2, 20])
        self._do(self._told(lambda intake: intake.receive(message), known, wait, post))

    async def _edit(self, post: Said) -> None:
        for _ in range(self._chance.choice([1, 1, 2])):
            await asyncio.sleep(self._chance.choice([0.01, 1, 5, 15]))
            if post.deleted:
                return
            at = stamp()
            text = self._truth.edit(post, at)
            edit = Edit(
                platform=post.place.platform,
                space=post.place.space,
                channel=post.place.channel,
                id=post.id,
                text=text,
                edited_at=_at(at),
            )
            self._do(
                self._told(
                    lambda intake, edit=edit: intake.amend(edit),
                    partial(self._truth.outdated, post, at),
                    self._chance.choice([0, 0, 3]),
                    post,
                )
            )

    async def _delete(self, post: Said) -> None:
        await asyncio.sleep(self._chance.choice([0.01, 1, 3, 6, 12, 25]))
        self._truth.delete(post)
        await self._gone(post.place, post.id, partial(self._truth.lost, post))

    async def _gone(self, place: Any, post: str, known: Callable[[], None]) -> None:
        deletion = Deletion(
            platform=place.platform, space=place.space, channel=place.channel, ids=(post,)
        )
        wait = self._chance.choice([0, 0, 3])
        await self._told(lambda intake: intake.retract(deletion), known, wait)

    async def _forget(self, where: Conversation) -> None:
        await asyncio.sleep(self._chance.uniform(3, ACTIVE))
        truth, place, until, answers = self._truth, place_of(where), stamp(), list[str]()
        for post in truth.posts.values():
            if post.place == place and post.sent <= until or len(post.words) > 1:
                post.sure = post.sure and post.received and post.place != place

        async def respond(answer: Answer) -> None:
            answers.append(answer.text)

        command = Command(
            name="forget",
            argument="yes",
            author=Author(id="U0", name=NAMES[0]),
            conversation=where,
            given_at=_at(until),
            respond=respond,
        )
        await self._told(lambda intake: intake.command(command), lambda: None, 0.0)
        if any(text.startswith("Forgotten") for text in answers):
            truth.forgot(truth.forget(place, until), ())
        truth._doubt(place)

    async def _stop(self, where: Conversation) -> None:
        while _time() < ACTIVE:
            await asyncio.sleep(self._chance.uniform(0.5, 2))
            post = self._streaming(where)
            if post and self._chance.random() < 0.2:
                self._watch.stopped.add(post.turn)
                stop = Stop(conversation=where, turn=post.turn)
                wait = self._chance.choice([0, 1, 6])
                return await self._told(lambda intake: intake.stop(stop), lambda: None, wait)

    async def _tear(self, where: Conversation) -> None:
        """Somebody deletes a post of the bot as it grows."""
        while _time() < ACTIVE:
            await asyncio.sleep(self._chance.uniform(0.5, 2))
            post = self._streaming(where)
            if post and self._chance.random() < 0.2:
                post.deleted = post.torn = True
                return await self._gone(place_of(where), post.id, lambda: None)

    def _streaming(self, where: Conversation) -> Post | None:
        posts = self._world.posts.values()
        return next((p for p in posts if p.where == where and p.live and not p.deleted), None)

    async def _told(
        self, tell: Tell, known: Callable[[], None], wait: float, post: Said | None = None
    ) -> None:
        """Until somebody acknowledges; some platforms say it once, to all who are there."""
        self.under_way += 1
        try:
            await asyncio.sleep(wait)
            for pause in RETRIES:
                await asyncio.sleep(pause)
                if await self._heard(tell):
                    return known()
            if post:
                post.sure = False
        finally:
            self.under_way -= 1

    async def _heard(self, tell: Tell) -> bool:
        up = [each for each in self.replicas if each.intake]
        if not up:
            return False
        replica = self._chance.choice(up)
        assert replica.intake
        task = replica.process.spawn(_run(tell, replica.intake))
        await asyncio.wait({task}, timeout=PATIENCE)
        return task.done() and not task.cancelled() and task.exception() is None

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)


async def _run(tell: Tell, intake: Intake) -> None:
    await tell(intake)


def _time() -> float:
    return asyncio.get_running_loop().time()


def stamp() -> int:
    """Microseconds since 1970."""
    return START + round(_time() * 1_000_000)


def _at(microseconds: int) -> datetime:
    return moment(0) + timedelta(microseconds=microseconds - START)


def _message(where: Conversation, post: Said, twin: str) -> Message:
    return Message(
        id=post.id,
        twin=twin,
        conversation=where,
        author=Author(id=f"U{post.author}", name=NAMES[post.author]),
        text=post.text(0),
        sent_at=_at(post.sent),
        called=post.called,
    )
