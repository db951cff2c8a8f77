"""The ports between a platform and the bot."""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from adapters.message import (
    Answer,
    Author,
    Command,
    Conversation,
    Deletion,
    Departure,
    Echo,
    Edit,
    Message,
    Rescoped,
    Stop,
)


class Inbox(Protocol):
    """What a platform hands events to. It acknowledges upstream only after the await returned."""

    async def receive(self, message: Message) -> None: ...
    async def amend(self, edit: Edit) -> None: ...
    async def retract(self, deletion: Deletion) -> None: ...
    async def command(self, command: Command) -> None: ...
    async def stop(self, stop: Stop) -> None: ...
    async def leave(self, departure: Departure) -> None: ...
    async def rescope(self, rescoped: Rescoped) -> None: ...
    async def echo(self, echo: Echo) -> None: ...
    async def held(self, platform: str) -> Sequence[Conversation]:
        """Conversations there that memory has messages of: some may be gone unnoticed."""
        ...

    async def missed(self, platform: str, ago: float) -> None:
        """Events may be lost: live conversations there are read from where they stood.

        From `ago` seconds before now on, or from while nobody listened before. To be called after
        every connection that does not resume the one before, best before anything newer is handed
        in; again, as long as it raises.
        """
        ...


class Unclear(Exception):
    """A platform call ended without an answer: it may have taken effect, or still will."""


class Busy(Exception):
    """The platform took nothing and asks to wait `after` seconds."""

    def __init__(self, after: float) -> None:
        super().__init__(f"the platform asks to wait {after:g} s")
        self.after = after


class Refused(Exception):
    """The platform will not take this, now or later; the text is its reason, for the operator."""


class Blank(Refused):
    """The platform finds nothing to show in this text: another one it may take."""


class Gone(Refused):
    """There is no such conversation any more."""


class Hold(Protocol):
    """A turn's grip on its conversation, as a platform sees it."""

    @property
    def id(self) -> str:
        """Opaque, lower-case letters and digits, at most 20; every post of the turn carries it."""
        ...

    @property
    def fence(self) -> int:
        """Grows with every holder of the conversation."""
        ...

    @property
    def anchor(self) -> str:
        """The id of the message that is answered."""
        ...

    @property
    def typed(self) -> str:
        """What people wrote, as far as the turn knows: links to hosts named there may be live."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """An image as it was posted: PNG, JPEG, GIF or WebP."""

    media_type: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What people see of a conversation: nothing between its first and its last id is left out.

    `ids`: of all posts, oldest first, whatever they say and to whom; `deleted`: what is shown as
    taken away; `edits`: what those say now that were edited some time.
    """

    ids: tuple[str, ...]
    deleted: tuple[str, ...] = ()
    edits: tuple[Edit, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A message that called; `earlier`: what it replies to, which is kept with it.

    `reply`: the first post of our own that came after it in its conversation; empty: none did.
    """

    message: Message
    earlier: Message | None = None
    reply: str = ""


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

    async def announce(self, text: str) -> None:
        """Post one line for all to see that is no turn's reply."""
        ...

    def history(self, after: str, limit: int) -> AsyncIterator[Message]:
        """The conversation's posts after this id, oldest first; with no id its last ones."""
        ...

    def stretch(self, first: str, last: str) -> AsyncIterator[Page]:
        """What people see from one post to another, in at most 20 pages of any order.

        Raises Busy, Unclear or Refused: what came before that came whole.
        """
        ...

    async def deleted(self, ids: Sequence[str]) -> Sequence[str]:
        """Those of these posts of which the platform says itself that there is none any more.

        That a platform keeps nothing for longer than some time counts for no deletion.
        """
        ...

    async def present(self, message: Message, edited_at: datetime | None) -> Message | None:
        """The post as it is now; with `edited_at`, from that edit or a later one, which
        `message` may be itself.

        None: it cannot be read, within a few seconds, or nobody can tell that it is not from
        before the edit. Nothing is raised.
        """
        ...

    async def images(self, ids: Sequence[str]) -> Sequence[Image]:
        """What these posts show now: at most 4 images of at most 4 MiB each.

        What cannot be had in a few seconds is left out, and nothing is raised for it.
        """
        ...

    def link(self, message_id: str) -> str:
        """Where people can open this post; empty if the platform has no links."""
        ...

    def linked(self, link: str) -> Conversation | None:
        """The conversation of this channel in which the linked post stands; None: no such link."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """An HTTP request: names of headers in lower case, the body as it came."""

    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpResponse:
    """An HTTP response."""

    status: int = 200
    body: str = ""
    content_type: str = "text/plain"


Webhook = Callable[[HttpRequest], Awaitable[HttpResponse]]


class Platform(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def keeps_history(self) -> bool:
        """What is said while nobody listens can be read later: it says `missed` when it is back."""
        ...

    @property
    def trouble(self) -> str:
        """Why no events come in at the moment, in a few words; empty when they do."""
        ...

    @property
    def webhooks(self) -> Mapping[str, Webhook]:
        """What the platform posts to, by path; empty when it connects outwards."""
        ...

    async def run(self, inbox: Inbox) -> None:
        """Connect and deliver events until cancelled."""
        ...

    def chat(self, conversation: Conversation) -> Chat: ...

    async def readable(
        self, person: str, places: Sequence[Conversation]
    ) -> frozenset[Conversation]:
        """Those of these that this person (an author's id) may read on the platform today.

        Found in a bounded number of calls, whatever audience the places say they have. What cannot
        be checked is not among them; nothing is raised for it.
        """
        ...

    @property
    def spaces(self) -> Sequence[str]:
        """Those in which calls can be looked for now; others may follow while it connects."""
        ...

    def calls(
        self, space: str, since: datetime, back: datetime, known: Sequence[Conversation]
    ) -> AsyncIterator[Sequence[Call]]:
        """What called in a space since then, channel by channel, oldest first in each.

        Own posts of after it was `back` are not counted as replies to that.
        Channels of late first, as far as the platform or what is `known` tells. Nothing but calls
        leaves it. Raises Unclear or Busy, where the platform asks to wait for too long, or Refused.
        """
        ...

    async def check(self) -> Sequence[str]:
        """What is wrong with the set-up, one line each; empty when all is well."""
        ...
