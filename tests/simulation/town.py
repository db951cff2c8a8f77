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
    Author,
    Command,
    Conversation,
    Deletion,
    Echo,
    Edit,
    Message,
    Stop,
    order,
)
from adapters.ports import Busy, Page
from bot.intake import Intake
from bot.places import place_of
from memory.records import Place
from memory.store import StoreDown
from tests.laws.truth import NAMES, Truth, words
from tests.laws.truth import Post as Said
from tests.simulation.platform import Post, World
from tests.simulation.replica import Replica, moment
from tests.simulation.store import HORIZON, START
from tests.simulation.watch import END, Watch
from tests.simulation.weather import Weather

ACTIVE = 100.0  # seconds in which people do something
RETRIES = (0.0, 1.0, 5.0, 20.0, 30.0, 60.0, 60.0, 60.0, 60.0, 60.0, 60.0, 60.0)
RESUMES = (0.0, 10.0)  # what a short interruption missed is said again
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
        weather: Weather,
    ) -> None:
        self._weather = weather
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
            if self._chance.random() < 0.4:
                self._do(self._stop(where))
            if self._chance.random() < 0.2:
                self._do(self._tear(where))

    def shown(self, post: Post) -> None:
        """Somebody takes back or changes what they said as soon as they read the answer."""
        chance, posts = self._chance, self._truth.posts
        if not self._world.network.faulty or END not in post.text or chance.random() > 0.2:
            return
        asked = [self._truth.replies[word] for word in words([post.text])]
        about = [posts[each] for each in sorted(frozenset[str]().union(*asked)) if each in posts]
        for said in about[:1]:
            if not said.deleted and chance.random() < 0.5:
                self._do(self._delete(said, 0.05))
            elif not said.deleted:
                self._edited(said, stamp())

    def present(self, message: Message) -> Message | None:
        """As its platform shows it now."""
        post = self._truth.posts.get(message.id)
        if post is None or post.deleted:
            return None
        newest = max(post.words)
        return replace(message, text=post.text(newest), edited_at=_at(newest) if newest else None)

    def unread(self, message: str) -> None:
        """Somebody asked for it in vain."""
        if message in self._truth.posts:
            self._truth.posts[message].unread = True

    def echo(self, post: Post, fence: int) -> None:
        """The platform shows an own post, new or changed."""
        if not self._weather.echoes:
            return
        echo = Echo(conversation=post.where, id=post.id, turn=post.turn, fence=fence)
        self._do(self._told(lambda intake: intake.echo(echo), lambda: None, 0.5))

    async def _talk(self, where: Conversation) -> None:
        chance = self._chance
        for _ in range(chance.randint(4, self._weather.talk)):
            pause = chance.choice([0.05, 0.5, 3, 8, 20]) / self._weather.haste
            await asyncio.sleep(pause * chance.uniform(0.5, 1.5))
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
            self._deliver(message, lambda: None, post, HORIZON + 60)
            return

        def known() -> None:
            post.received = True
            if twin:  # one gesture, two posts
                self._deliver(replace(message, id=f"{post.id}t"), lambda: None, None)

        self._deliver(message, known, post)
        if not twin:
            self._repeat(message)
        if chance.random() < 0.25:
            self._do(self._edit(post))
        if chance.random() < 0.2:
            self._do(self._delete(post, chance.choice([0.01, 1, 3, 6, 12, 25])))
        if chance.random() < self._weather.forgetful:
            self._do(self._forget(where))

    def _repeat(self, message: Message) -> None:
        chance = self._chance
        if message.called and chance.random() < 0.2:  # one of two events does not tell the call
            self._deliver(replace(message, called=False), lambda: None, None)
        elif chance.random() < 0.2:
            self._deliver(message, lambda: None, None, chance.choice([0, 0.3, 5, 60]))

    def _deliver(
        self, message: Message, known: Callable[[], None], post: Said | None, wait: float = 0.0
    ) -> None:
        if self._chance.random() < 0.25:
            wait += self._chance.choice([0.2, 2, 20])
        self._do(self._told(lambda intake: intake.receive(message), known, wait, post))

    async def _edit(self, post: Said) -> None:
        for _ in range(self._chance.choice([1, 1, 2])):
            await asyncio.sleep(self._chance.choice([0.01, 1, 5, 15, 40]))
            if not post.deleted:
                self._edited(post, stamp())

    def _edited(self, post: Said, at: int) -> None:
        edit = Edit(
            platform=post.place.platform,
            space=post.place.space,
            channel=post.place.channel,
            id=post.id,
            text=self._truth.edit(post, at),
            edited_at=_at(at),
        )
        known, wait = partial(self._truth.outdated, post, at), self._chance.choice([0, 0, 3])
        self._do(self._told(lambda intake: intake.amend(edit), known, wait, post))

    async def _delete(self, post: Said, wait: float) -> None:
        await asyncio.sleep(wait)
        self._truth.delete(post)
        heard = post.received
        told = not heard or self._chance.random() < 0.7  # else nobody listened as it went
        lost = partial(self._truth.lost, post)
        if told and await self._gone(post.place, post.id, lost):
            return
        if not heard:
            post.deleted = post.sure = False  # who knows
        for each in self.replicas:  # those that are down read it when they are up again
            if each.intake:
                each.process.spawn(each.back(each.intake))

    def page(self, where: Conversation, now: float) -> Page:
        """What people see there, as far as it can be read back by then."""
        place, posts = place_of(where), self._truth.posts.values()
        said = [each for each in posts if each.place == place and not each.deleted]
        own = [each for each in self._world.posts.values() if each.where == where]
        shown = [each.id for each in own if not each.deleted and each.listed <= now]
        edits = [
            Edit(
                platform=place.platform,
                space=place.space,
                channel=place.channel,
                id=each.id,
                text=each.text(max(each.words)),
                edited_at=_at(max(each.words)),
            )
            for each in said
            if len(each.words) > 1
        ]
        ids = sorted((*(each.id for each in said), *shown), key=order)
        return Page(ids=tuple(ids), edits=tuple(edits))

    async def _gone(self, place: Place, post: str, known: Callable[[], None]) -> bool:
        deletion = Deletion(
            platform=place.platform, space=place.space, channel=place.channel, ids=(post,)
        )
        wait = self._chance.choice([0, 0, 3])
        return await self._told(lambda intake: intake.retract(deletion), known, wait)

    async def _forget(self, where: Conversation) -> None:
        await asyncio.sleep(self._chance.choice([0.01, 0.5, 5]))
        truth, place, until, answers = self._truth, place_of(where), stamp(), list[str]()
        for post in truth.posts.values():
            if post.place == place and post.sent <= until:
                post.sure = False

        async def respond(answer: Answer) -> None:
            answers.append(answer.text)

        command = Command(
            name="forget",
            argument="yes",
            author=Author(id="U0", name=NAMES[0]),
            conversation=where,
            given_at=_at(until),
            manages=self._chance.random() < 0.7,  # others may not while all they wrote is owed
            respond=respond,
        )
        wait = self._chance.choice([0, 0, 3, 20])
        await self._told(lambda intake: intake.command(command), lambda: None, wait)
        if any(text.startswith("Forgotten") for text in answers):
            truth.forgot(truth.forget(place, until), ())
        truth._doubt(place)

    async def _stop(self, where: Conversation) -> None:
        if post := await self._streaming(where):
            self._watch.stopped.add(post.turn)
            stop = Stop(conversation=where, turn=post.turn)
            wait = self._chance.choice([0, 1, 6])
            await self._told(lambda intake: intake.stop(stop), lambda: None, wait)

    async def _tear(self, where: Conversation) -> None:
        """Somebody deletes a post of the bot as it grows."""
        if post := await self._streaming(where):
            post.deleted = post.torn = True
            await self._gone(place_of(where), post.id, lambda: None)

    async def _streaming(self, where: Conversation) -> Post | None:
        """A post that people see growing, some time."""
        while _time() < ACTIVE:
            await asyncio.sleep(self._chance.uniform(0.5, 2))
            here = [post for post in self._world.posts.values() if post.where == where]
            live = [post for post in here if post.live and not post.deleted]
            if live and self._chance.random() < 0.2:
                return live[0]
        return None

    async def _told(
        self, tell: Tell, known: Callable[[], None], wait: float, post: Said | None = None
    ) -> bool:
        """Until somebody acknowledges; where platforms say it but once, perhaps nobody."""
        self.under_way += 1
        try:
            await asyncio.sleep(wait)
            for pause in RETRIES if self._world.name == "slack" else RESUMES:
                await asyncio.sleep(pause)
                if await self._heard(tell):
                    known()
                    return True
            if post:
                post.sure = False
            return False
        finally:
            self.under_way -= 1

    async def _heard(self, tell: Tell) -> bool:
        """Slack tells one process, Discord all of them."""
        up = [each for each in self.replicas if each.intake]
        told = up if self._world.name == "discord" else self._chance.sample(up, min(1, len(up)))
        tasks = [each.process.spawn(self._run(tell, each.intake)) for each in told if each.intake]
        if tasks:
            await asyncio.wait(tasks, timeout=PATIENCE)
        return any(
            task.done() and not task.cancelled() and task.exception() is None for task in tasks
        )

    async def _run(self, tell: Tell, intake: Intake) -> None:
        """Platforms say it again if it failed; whatever fails otherwise is our own fault."""
        try:
            await tell(intake)
        except (StoreDown, Busy):
            raise
        except Exception as error:
            self._watch.law(False, "an event fell over", error)
            raise

    def _do(self, work: Coroutine[Any, Any, object]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)


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
