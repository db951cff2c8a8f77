"""Two platforms: one that posts twice if asked twice, and one that knows a nonce for a while."""

import asyncio
import math
import random
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TypeVar

from adapters.draft import Pace, write
from adapters.message import Answer, Author, Conversation, Message
from adapters.ports import Busy, Call, Chat, Hold, Image, Inbox, Page, Posted, Unclear, Webhook
from tests.simulation.loop import Process
from tests.simulation.network import PLATFORM, Lost, Network

T = TypeVar("T")
LIMIT = 120  # characters of a post
NONCES = 120.0  # seconds a nonce is known for
BUSY = 0.02


@dataclass(slots=True, eq=False, kw_only=True)
class Post:
    """One of the bot's own; times of the loop."""

    id: str
    where: Conversation
    turn: str  # that it belongs to
    mark: str  # by which it is found
    text: str
    live: bool
    listed: float  # from when on it can be read back
    deleted: bool = False
    torn: bool = False  # by a person


@dataclass(slots=True, kw_only=True)
class World:
    """What people see: the truth about posts."""

    name: str  # slack or discord: how it behaves
    chance: random.Random
    network: Network
    stamp: Callable[[], str]  # an id for something that is posted now
    shown: Callable[[Post, int], None]  # own posts are told to the bot, with the writer's fence
    # Who changes what people see has to hold the turn; a post: it is to be deleted.
    secure: Callable[[Process, Conversation, str, Post | None], None]
    stalls: float = 0.0  # of so many calls the process freezes before they reach the wire
    posts: dict[str, Post] = field(default_factory=dict)
    nonces: dict[str, tuple[float, Post]] = field(default_factory=dict)
    history: Callable[[Conversation, str], Sequence[Message]] = lambda where, after: ()
    # What people see there, and of that only what may be listed by now.
    page: Callable[[Conversation, float], Page] = lambda where, now: Page(ids=())
    present: Callable[[Message], Message | None] = lambda message: None  # people's, as it is now
    unread: Callable[[str], None] = lambda post: None  # somebody asked for it in vain

    def post(self, where: Conversation, turn: Hold, slot: int, text: str, live: bool) -> Post:
        now, nonce = asyncio.get_running_loop().time(), f"{turn.id}-{slot}"
        at, known = self.nonces.get(nonce, (0.0, None))
        if self.name == "discord" and known and now - at < NONCES:
            return known
        made = Post(
            id=self.stamp(),
            where=where,
            turn=turn.id,
            mark=turn.id,
            text=text,
            live=live,
            listed=now + self.chance.uniform(0, 5.0),
        )
        self.posts[made.id] = made
        self.nonces[nonce] = (now, made)
        self.shown(made, turn.fence)
        return made

    def edit(self, post: Post, text: str, live: bool, fence: int) -> bool:
        if post.deleted:
            return False
        post.text, post.live = text, live
        self.shown(post, fence)
        return True

    def delete(self, post: Post) -> None:
        post.deleted = True

    def find(self, where: Conversation, turn: str) -> list[Post]:
        now, button = asyncio.get_running_loop().time(), self.name == "discord"
        return [
            post
            for post in self.posts.values()
            if post.mark == turn and post.where == where and not post.deleted
            if post.listed <= now and (post.live or not button)
        ]


class SimulatedPosts:
    """See adapters.draft.Posts."""

    limit = LIMIT

    def __init__(self, world: World, process: Process, where: Conversation) -> None:
        self._world, self._process, self._where = world, process, where

    @property
    def repeats_safely(self) -> bool:
        return self._world.name == "discord"

    async def post(self, turn: Hold, slot: int, text: str, *, live: bool) -> str:
        """A repeated nonce returns the earlier post, as it is: it is brought up to date here."""
        world = self._world
        world.secure(self._process, self._where, turn.id, None)
        post = await self._send(partial(world.post, self._where, turn, slot, text, live))
        if post.deleted:
            raise Unclear("posted before, and deleted")
        if (post.text, post.live) != (text, live):
            await turn.secure()
            if not await self.edit(turn, post.id, text, live=live):
                raise Unclear("vanished meanwhile")
        return post.id

    async def edit(self, turn: Hold, post: str, text: str, *, live: bool) -> bool:
        world = self._world
        world.secure(self._process, self._where, turn.id, None)
        return await self._send(partial(world.edit, world.posts[post], text, live, turn.fence))

    async def delete(self, post: str) -> None:
        gone = self._world.posts[post]
        self._world.secure(self._process, self._where, gone.turn, gone)
        await self._send(partial(self._world.delete, gone))

    async def find(self, turn: str, since: datetime) -> Sequence[str]:
        return [post.id for post in await self.carrying(turn)]

    async def carrying(self, turn: str) -> list[Post]:
        return await self._send(partial(self._world.find, self._where, turn))

    async def read(self, message: Message) -> Message | None:
        """Raises Lost."""
        return await self._world.network.call(
            PLATFORM, partial(self._world.present, message), self._process
        )

    async def _send(self, effect: Callable[[], T]) -> T:
        world, loop = self._world, asyncio.get_running_loop()
        if world.network.faulty and world.chance.random() < BUSY:
            raise Busy(world.chance.uniform(0.5, 3.0))
        if world.network.faulty and world.chance.random() < world.stalls:
            self._process.freeze(loop.time() + world.chance.uniform(10, 80))
            await asyncio.sleep(0)
        try:
            return await world.network.call(PLATFORM, effect, self._process)
        except Lost:
            raise Unclear("no answer") from None


@dataclass(slots=True, kw_only=True)
class SimulatedChat:
    posts: SimulatedPosts
    world: World
    where: Conversation
    pace: Pace

    def reply(
        self, turn: Hold, text: AsyncGenerator[str, None], onto: Posted
    ) -> AsyncGenerator[Posted, None]:
        return write(self.posts, turn, text, onto, self.pace)

    async def find(self, turn: str, since: datetime) -> Posted:
        found = await self.posts.carrying(turn)
        return Posted(
            ids=tuple(post.id for post in found), text="\n".join(post.text for post in found)
        )

    async def remove(self, ids: Sequence[str]) -> None:
        for post in ids:
            await self.posts.delete(post)

    async def whisper(self, person: Author, answer: Answer) -> None: ...

    async def announce(self, text: str) -> None: ...

    async def history(self, after: str, limit: int) -> AsyncIterator[Message]:
        for message in self.world.history(self.where, after)[:limit]:
            yield message

    async def stretch(self, first: str, last: str) -> AsyncIterator[Page]:
        yield self.world.page(self.where, asyncio.get_running_loop().time())

    async def deleted(self, ids: Sequence[str]) -> Sequence[str]:
        return [each for each in ids if each not in self.world.page(self.where, math.inf).ids]

    async def present(self, message: Message, edited_at: datetime | None) -> Message | None:
        now = None
        with suppress(Lost):
            now = await self.posts.read(message)
        if now and (not edited_at or (now.edited_at and now.edited_at >= edited_at)):
            return now
        self.world.unread(message.id)
        return None

    async def images(self, ids: Sequence[str]) -> Sequence[Image]:
        return ()

    def link(self, message_id: str) -> str:
        return ""

    def linked(self, link: str) -> Conversation | None:
        return None


class SimulatedPlatform:
    """One process's way to the world."""

    trouble = ""
    keeps_history, spaces = False, tuple[str, ...]()
    webhooks: Mapping[str, Webhook] = {}

    def __init__(self, world: World, process: Process, pace: Pace) -> None:
        self.name, self._world, self._process, self._pace = world.name, world, process, pace

    async def run(self, inbox: Inbox) -> None:
        await asyncio.Event().wait()

    async def calls(
        self, space: str, since: datetime, back: datetime, known: Sequence[Conversation]
    ) -> AsyncIterator[Sequence[Call]]:
        for found in tuple[Sequence[Call], ...]():
            yield found

    def chat(self, conversation: Conversation) -> Chat:
        posts = SimulatedPosts(self._world, self._process, conversation)
        return SimulatedChat(posts=posts, world=self._world, where=conversation, pace=self._pace)

    async def readable(
        self, person: str, places: Sequence[Conversation]
    ) -> frozenset[Conversation]:
        return frozenset(places)

    async def check(self) -> Sequence[str]:
        return ()
