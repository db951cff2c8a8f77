"""What memory holds, in the clear: messages as entries, summaries as segments."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass

from memory.facts import Fact

Count = Callable[[str], int]

PERSON, BOT, ME = "person", "bot", "me"
_PASSED_ON = re.compile(r"^(?:Forwarded: |\[attached: )", re.MULTILINE)
INDENT = "\n  "


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One remembered message. Times in microseconds since 1970."""

    id: str
    twin: str = ""
    author: str
    name: str
    kind: str  # person, bot or me
    text: str
    sent: int
    version: int = 0  # when the edit was made that the text is from
    called: bool = False
    tokens: int = 0
    reply_to: str = ""
    answers: tuple[str, ...] = ()  # of the bot's replies: the ids they answer

    @property
    def own(self) -> str:
        """Without what its author passed on: forwarded posts, files."""
        return _PASSED_ON.split(self.text, maxsplit=1)[0]

    @property
    def line(self) -> str:
        """`Name: text`; further rows are indented: none speaks for another."""
        speaker = self.name if self.kind == PERSON else f"{self.name} (bot)".lstrip()
        return INDENT.join(f"{speaker}: {self.text}".splitlines())

    def pack(self) -> bytes:
        """The part that is sealed; id, time and version are bound by the seal."""
        fields = [self.author, self.name, self.kind, self.text, self.tokens]
        rest = [self.reply_to, list(self.answers)] if self.reply_to or self.answers else []
        dense = json.dumps(fields + rest, ensure_ascii=False, separators=(",", ":"))
        return dense.encode("utf-8", "surrogatepass")

    @classmethod
    def unpack(
        cls,
        packed: bytes,
        *,
        id: str,  # noqa: A002
        sent: int,
        version: int,
        called: bool = False,
    ) -> "Entry":
        author, name, kind, text, tokens, *rest = json.loads(
            packed.decode("utf-8", "surrogatepass")
        )
        reply_to, answers = rest or ("", [])
        return cls(
            id=id,
            author=author,
            name=name,
            kind=kind,
            text=text,
            sent=sent,
            version=version,
            called=called,
            tokens=tokens,
            reply_to=reply_to,
            answers=tuple(answers),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """The summary of a closed run of messages."""

    name: str
    text: str
    tokens: int
    since: int  # when its last message was sent
    covered: int  # how many messages it stands for
    authors: tuple[str, ...] = ()  # ids of those who wrote them
    level: int = 0  # of merging: a leaf summarises messages
    children: tuple[str, ...] = ()  # the names of those it was merged from

    def pack(self) -> bytes:
        fields = [self.text, self.tokens, self.since, self.authors, self.level]
        return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()

    @classmethod
    def unpack(cls, packed: bytes, *, name: str, covered: int) -> "Segment":
        text, tokens, since, authors, level = json.loads(packed)
        return cls(
            name=name,
            text=text,
            tokens=tokens,
            since=since,
            covered=covered,
            authors=tuple(authors),
            level=level,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Recollection:
    """All a reply may build on: summary, window, what is to be answered, and facts of who asks."""

    segments: tuple[Segment, ...]
    window: tuple[Entry, ...]
    question: tuple[Entry, ...]
    facts: tuple[Fact, ...] = ()  # said of themselves by those who ask


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What is held of one conversation."""

    segments: tuple[Segment, ...]
    window: tuple[Entry, ...]
    messages: int
    tokens: int
    unreadable: str = ""  # else why it does not open: then it can only be forgotten
