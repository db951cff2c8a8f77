"""A platform in memory: what it shows, and where it may fail."""

import asyncio
import itertools
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from adapters.message import Answer, Audience, Author, Conversation, Edit, Message, order
from adapters.ports import Call, Chat, Hold, Image, Inbox, Page, Posted, Refused, Webhook

START = datetime(2027, 1, 1, tzinfo=UTC)
ADA = Author(id="U1", name="Ada")
HERE = Conversation(platform="fake", space="S", channel="C", thread="T", audience=Audience.PUBLIC)


@dataclass(slots=True)
class Post:
    turn: str
    text: str
    complete: bool = False


@dataclass(slots=True)
class FakePlatform:
    """Platform and Chat in one. `crash`: raised once, after the first post was made.

    `said`: what people see above the bot's answers; `failures`: raised by readings of it, one each,
    after its first message; `library`: waited for before it is read.
    """

    name: str = "fake"
    trouble: str = ""
    webhooks: Mapping[str, Webhook] = field(default_factory=dict)
    posts: dict[str, Post] = field(default_factory=dict)
    whispers: list[Answer] = field(default_factory=list)
    announced: list[str] = field(default_factory=list)
    address: str = ""  # what links begin with; empty: it has none
    places: dict[str, Conversation] = field(default_factory=dict)  # by link
    shut: set[tuple[str, str]] = field(default_factory=set)  # who may not read which channel
    looks: list[str] = field(default_factory=list)  # whose reading was asked about
    silent: bool = False  # tells nobody what they may read
    pictures: dict[str, Sequence[Image]] = field(default_factory=dict)  # by message
    mute: bool = False  # takes no announcements
    crash: BaseException | None = None
    refuse: BaseException | None = None
    said: list[Message] = field(default_factory=list)
    failures: list[BaseException] = field(default_factory=list)
    library: asyncio.Event | None = None
    meanwhile: Callable[[str], Awaitable[None]] | None = None  # once, behind a reply's last edit
    pages: int = 0  # that were looked at
    elsewhere: set[str] = field(default_factory=set)  # posts that are there, and not listed
    keeps_history: bool = False
    spaces: Sequence[str] = ()
    missed: list[Sequence[Call]] = field(default_factory=list)  # what called, by channel
    sought: list[datetime] = field(default_factory=list)  # since when it was looked for
    outages: list[BaseException] = field(default_factory=list)  # raised by that, one each
    readings: list[str] = field(default_factory=list)  # after which message
    read_again: list[str] = field(default_factory=list)  # posts, one by one
    typed: str = ""  # as the last turn had it
    ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def run(self, inbox: Inbox) -> None:
        await asyncio.Event().wait()

    def chat(self, conversation: Conversation) -> Chat:
        return self

    async def readable(
        self, person: str, places: Sequence[Conversation]
    ) -> frozenset[Conversation]:
        self.looks.append(person)
        if self.silent:
            return frozenset()
        return frozenset(each for each in places if (person, each.channel) not in self.shut)

    async def check(self) -> Sequence[str]:
        return ()

    async def reply(
        self, turn: Hold, text: AsyncGenerator[str, None], onto: Posted
    ) -> AsyncGenerator[Posted, None]:
        ids, said, self.typed = list(onto.ids), "", turn.typed
        if self.refuse:
            refused, self.refuse = self.refuse, None
            await self.notify()
            raise refused
        async for piece in text:
            said += piece
            await turn.secure()
            if not ids:
                ids.append(f"p{next(self.ids)}")
            self.posts[ids[0]] = Post(turn.id, said)
            await self.notify()
            if self.crash:
                crash, self.crash = self.crash, None
                raise crash
            yield Posted(ids=tuple(ids), text=said)
        removed = ids[1:]
        await self.remove(removed)
        if self.meanwhile:
            happen, self.meanwhile = self.meanwhile, None
            await happen(ids[0])
        self.posts[ids[0]].complete = True
        yield Posted(ids=(ids[0],), removed=tuple(removed), text=said, complete=True)
        await self.notify()

    async def notify(self) -> None:
        async with self.changed:
            self.changed.notify_all()

    async def find(self, turn: str, since: datetime) -> Posted:
        found = [post for post, shown in self.posts.items() if shown.turn == turn]
        return Posted(ids=tuple(found), text="".join(self.posts[post].text for post in found))

    async def remove(self, ids: Sequence[str]) -> None:
        for post in ids:
            self.posts.pop(post, None)
        if ids:
            await self.notify()

    async def whisper(self, person: Author, answer: Answer) -> None:
        self.whispers.append(answer)

    async def announce(self, text: str) -> None:
        if self.mute:
            raise Refused("made up")
        self.announced.append(text)

    async def history(self, after: str, limit: int) -> AsyncGenerator[Message, None]:
        self.readings.append(after)
        await self.notify()
        if self.library:
            await self.library.wait()
        place = [each for each, message in enumerate(self.said, 1) if message.id == after]
        following = self.said[place[0] :][:limit] if place else self.said[-limit:]
        for message in following:
            yield message
            if self.failures:
                raise self.failures.pop(0)

    async def stretch(self, first: str, last: str) -> AsyncGenerator[Page, None]:
        """Own posts and what people said, all on one page."""
        self.pages += 1
        ids = sorted({*(each.id for each in self.said), *self.posts}, key=order)
        edits = tuple(_edit(each) for each in self.said if each.edited_at)
        if ids:
            yield Page(ids=tuple(ids), edits=edits)

    async def deleted(self, ids: Sequence[str]) -> Sequence[str]:
        called = {call.message.id for calls in self.missed for call in calls}
        shown = {*(each.id for each in self.said), *self.posts, *self.elsewhere, *called}
        return [each for each in ids if each not in shown]

    async def calls(
        self, space: str, since: datetime, back: datetime, known: Sequence[Conversation]
    ) -> AsyncGenerator[Sequence[Call], None]:
        self.sought.append(since)
        await self.notify()
        for found in self.missed:
            if self.outages:
                raise self.outages.pop(0)
            yield found

    async def present(self, message: Message, edited_at: datetime | None) -> Message | None:
        if edited_at and message.edited_at and message.edited_at >= edited_at:
            return message
        self.read_again.append(message.id)
        now = next((each for each in self.said if each.id == message.id), None)
        fresh = now and (not edited_at or (now.edited_at and now.edited_at >= edited_at))
        return now if fresh else None

    async def images(self, ids: Sequence[str]) -> Sequence[Image]:
        return [image for each in ids for image in self.pictures.get(each, ())]

    def link(self, message_id: str) -> str:
        return f"{self.address}{message_id}" if self.address else ""

    @property
    def shown(self) -> list[str]:
        return [post.text for post in self.posts.values()]

    def linked(self, link: str) -> Conversation | None:
        return self.places.get(link)


def _edit(said: Message) -> Edit:
    where = said.conversation
    assert said.edited_at
    return Edit(
        platform=where.platform,
        space=where.space,
        channel=where.channel,
        id=said.id,
        text=said.text,
        edited_at=said.edited_at,
        attachments=said.attachments,
    )


class People:
    """Writes messages with ever later times."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)

    def say(
        self,
        text: str,
        *,
        author: Author = ADA,
        where: Conversation = HERE,
        called: bool = True,
        twin: str = "",
        kept: bool = False,
        attachments: tuple[str, ...] = (),
    ) -> Message:
        number = next(self._numbers)
        return Message(
            id=f"m{number}",
            twin=twin,
            conversation=where,
            author=author,
            text=text,
            sent_at=START + timedelta(seconds=number),
            called=called,
            kept=kept,
            attachments=attachments,
        )
