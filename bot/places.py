"""Between what platforms speak and what memory keeps."""

import re
from datetime import UTC, datetime, timedelta

from adapters.message import Audience, Author, Conversation, Edit, Message
from memory.entry import UNREADABLE, Entry
from memory.records import Place

_MARKS = re.compile(r"\(bot\)|[:：\[\]<>|]", re.IGNORECASE)
_LONGEST = 80  # characters of a name, as on Slack
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def place_of(conversation: Conversation) -> Place:
    return Place(
        platform=conversation.platform,
        space=conversation.space,
        channel=conversation.channel,
        thread=conversation.thread,
        audience=conversation.audience.value,
    )


def conversation_at(place: Place) -> Conversation:
    """An unknown audience counts as private: nothing flows further than it should."""
    return Conversation(
        platform=place.platform,
        space=place.space,
        channel=place.channel,
        thread=place.thread,
        audience=Audience(place.audience or Audience.PRIVATE),
    )


def entry_of(message: Message) -> Entry:
    return Entry(
        id=message.id,
        twin=message.twin,
        author=message.author.id,
        name=name_of(message.author),
        kind=message.author.kind.value,
        text=text_of(message),
        sent=microseconds(message.sent_at),
        version=microseconds(message.edited_at) if message.edited_at else 0,
        called=message.called,
        reply_to=message.reply_to,
    )


def name_of(author: Author) -> str:
    """One line, without what ends a label, marks a bot or makes a heading; never empty."""
    shown = (each if each.isprintable() else " " for each in _MARKS.sub(" ", author.name))
    return " ".join("".join(shown).split())[:_LONGEST].strip(" -") or author.id


def text_of(post: Message | Edit) -> str:
    """With what is attached to it."""
    if isinstance(post, Edit) and not post.readable:
        return UNREADABLE
    described = [f"[attached: {each}]" for each in post.attachments]
    return clean("\n".join(filter(None, [post.text, *described])))


def microseconds(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1)


def moment(at: int) -> datetime:
    """Microseconds since 1970 as a time."""
    return _EPOCH + timedelta(microseconds=at)


def clean(text: str) -> str:
    """What any endpoint and any store can take, with one kind of line end for all to see."""
    return "\n".join(text.replace("\0", "").encode("utf-8", "replace").decode().splitlines())
