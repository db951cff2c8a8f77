"""What every platform speaks: the common types of what people say and do."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
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
    edited_at: datetime | None = None  # of the last edit in it; Slack tells whole seconds only
    read_at: datetime | None = None  # at the earliest, if it was read back; it came by itself else
    called: bool  # a mention, a reply with ping, a direct message
    reply_to: str = ""
    attachments: tuple[str, ...] = ()  # described in words; platforms' links expire
    kept: bool = False  # somebody asked to remember this one, also where nobody called the bot


def order(post: str) -> tuple[int, str]:
    """Sorts a channel's posts by their ids: on every platform they grow, in length too."""
    return len(post), post


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """A post changed. Platforms do not always name its thread; memory knows it.

    `edited_at`: None where the platform does not call it an edit: it counts only if it shows less
    than is remembered. `readable`: False where the bot cannot, or must not, read the new text.
    """

    platform: str
    space: str
    channel: str
    id: str
    text: str
    edited_at: datetime | None
    attachments: tuple[str, ...] = ()
    readable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletion:
    platform: str
    space: str
    channel: str
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """A space, a channel of it or a thread in that is gone for the bot: all of it must go."""

    platform: str
    space: str
    channel: str = ""
    thread: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rescoped:
    """A channel has another audience from now on."""

    platform: str
    space: str
    channel: str
    audience: Audience


@dataclass(frozen=True, slots=True, kw_only=True)
class Echo:
    """The platform showed one of the bot's own posts, new or changed (rule 25 of the protocol)."""

    conversation: Conversation
    id: str
    turn: str  # the id the post carries
    fence: int = 0  # of the holder who wrote what it shows; 0: the post does not tell


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """A person asked to end the reply that is being written."""

    conversation: Conversation
    turn: str = ""  # the id its posts carry; empty: whichever runs there


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """A button; pressing it comes back as a Command."""

    label: str
    name: str
    argument: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A command as platforms register it: `/name arguments` does `what`."""

    name: str
    arguments: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Links in `text` that `Chat.link` gave are to stay live.

    `document`: a JSON text to be delivered as a file, or as fenced text where none can be.
    """

    text: str
    actions: tuple[Action, ...] = ()
    document: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """`/name argument`, wherever it was given; `respond` reaches only the person who asked.

    `name` is an offered one or that of an Action. Two more are for platforms, nobody types them:
    `home` is answered with what a page about the asker shows (Slack's App Home), its actions
    included; `feedback` with `good` or `bad` about a reply is counted, and answered with no text.
    """

    name: str
    argument: str
    author: Author
    conversation: Conversation
    given_at: datetime  # by the platform's clock: forgetting reaches up to here
    manages: bool = False  # the author may manage the whole channel
    respond: Callable[[Answer], Awaitable[None]]
