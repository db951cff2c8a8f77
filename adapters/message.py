"""What every platform speaks: the common types, and the ports between a platform and the bot."""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from urllib.parse import quote


class Audience(StrEnum):
    """Who can read a conversation; a thread has its channel's."""

    PUBLIC = "public"
    PRIVATE = "private"
    DIRECT = "direct"
    SHARED = "shared"  # guests, other organisations


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """A place where people talk with the bot. `str()` is its key in memory."""

    platform: str
    space: str
    channel: str
    thread: str = ""  # empty: the channel itself
    audience: Audience

    def __str__(self) -> str:
        parts = (self.platform, self.space, self.channel, self.thread)
        return ":".join(quote(part, safe="") for part in parts)


class Kind(StrEnum):
    PERSON = "person"
    BOT = "bot"  # somebody else's
    ME = "me"


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    id: str
    name: str
    kind: Kind = Kind.PERSON


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One post, as Markdown, with the bot's own mention removed and entities resolved."""

    id: str  # the platform's, unique within the channel
    twin: str = ""  # a second identity of the same post (Slack client_msg_id)
    conversation: Conversation
    author: Author
    text: str
    sent_at: datetime
    called: bool  # a mention, a reply with ping, a direct message
    reply_to: str = ""
    attachments: tuple[str, ...] = ()  # described in words; platforms' links expire


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """A post changed. Platforms do not always name its thread; memory knows it."""

    platform: str
    space: str
    channel: str
    id: str
    text: str
    edited_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletion:
    platform: str
    space: str
    channel: str
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """A space, or one channel of it, is gone for the bot: everything of it must go."""

    platform: str
    space: str
    channel: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """A person asked to end the reply that is being written; `turn` is the id its posts carry."""

    conversation: Conversation
    turn: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """A button; pressing it comes back as a Command."""

    label: str
    name: str
    argument: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    text: str
    actions: tuple[Action, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """`/name argument`, wherever it was given; `respond` reaches only the person who asked."""

    name: str
    argument: str
    author: Author
    conversation: Conversation
    given_at: datetime  # by the platform's clock: forgetting reaches up to here
    respond: Callable[[Answer], Awaitable[None]]


class Inbox(Protocol):
    """What a platform hands events to. It acknowledges upstream only after the await returned."""

    async def receive(self, message: Message) -> None: ...
    async def amend(self, edit: Edit) -> None: ...
    async def retract(self, deletion: Deletion) -> None: ...
    async def command(self, command: Command) -> None: ...
    async def stop(self, stop: Stop) -> None: ...
    async def leave(self, departure: Departure) -> None: ...


class Unclear(Exception):
    """A platform call ended without an answer: it may have taken effect, or still will."""


class Busy(Exception):
    """The platform took nothing and asks to wait `after` seconds."""

    def __init__(self, after: float) -> None:
        super().__init__(f"the platform asks to wait {after:g} s")
        self.after = after


class Refused(Exception):
    """The platform will not take this, now or later; the text is its reason, for the operator."""


class Hold(Protocol):
    """A turn's grip on its conversation, as a platform sees it."""

    @property
    def id(self) -> str:
        """Opaque, lower-case letters and digits, at most 20; every post of the turn carries it."""
        ...

    @property
    def anchor(self) -> str:
        """The id of the message that is answered."""
        ...

    @property
    def began_at(self) -> datetime: ...

    async def secure(self) -> None:
        """Await before every call that changes what people see.

        Returns once the turn is ours for longer than a platform call may take; raises if it is
        no longer ours. The exception must pass through.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """A reply as people see it: its posts in order, those taken away, the text delivered so far."""

    ids: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    text: str = ""
    complete: bool = False


class Chat(Protocol):
    """One conversation to answer in; any process can rebuild it from the Conversation."""

    def reply(
        self, turn: Hold, text: AsyncGenerator[str, None], onto: Posted
    ) -> AsyncGenerator[Posted, None]:
        """Show the text as it comes; yield whenever a post was added, and at the end.

        `text` yields pieces; its end is the end of the reply. Every post carries `turn.id`, so
        that it can be found again; `onto` continues what a crash left, and posts that a shorter
        reply no longer needs are removed. The last yield is `complete`.
        """
        ...

    async def find(self, turn: str, since: datetime) -> Posted:
        """Our own posts sent after `since` that carry this turn, oldest first."""
        ...

    async def remove(self, ids: Sequence[str]) -> None:
        """Take own posts away; one that is gone already is no error."""
        ...

    async def whisper(self, person: Author, answer: Answer) -> None:
        """Say something that only this person sees, as far as the platform can."""
        ...

    def history(self, after: str, limit: int) -> AsyncIterator[Message]:
        """The conversation's posts after this id (empty: from its start), oldest first."""
        ...

    def link(self, message_id: str) -> str:
        """Where people can open this post; empty if the platform has no links."""
        ...


class Platform(Protocol):
    @property
    def name(self) -> str: ...

    async def run(self, inbox: Inbox) -> None:
        """Connect and deliver events until cancelled."""
        ...

    def chat(self, conversation: Conversation) -> Chat: ...

    async def check(self) -> Sequence[str]:
        """What is wrong with the set-up, one line each; empty when all is well."""
        ...
