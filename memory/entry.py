"""What memory holds, in the clear: messages as entries, summaries as segments."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from memory.facts import Fact
from memory.names import Labels, Pairs

Count = Callable[[str], int]

PERSON, BOT, ME = "person", "bot", "me"
UNREADABLE = "(edited, not readable)"  # the text of a post whose last edit nobody could read
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
    cites: tuple[tuple[str, int], ...] = ()  # and the messages they took words from, with versions
    late: bool = False  # it called while nobody listened, too long ago to be answered

    @property
    def own(self) -> str:
        """Without what its author passed on: forwarded posts, files."""
        return _PASSED_ON.split(self.text, maxsplit=1)[0]

    @property
    def passed_on(self) -> int:
        """How many forwarded posts and files come with it."""
        return len(_PASSED_ON.findall(self.text))

    @property
    def line(self) -> str:
        """`Name: text`; further rows are indented: none speaks for another."""
        speaker = self.name if self.kind == PERSON else f"{self.name} (bot)".lstrip()
        return INDENT.join(f"{speaker}: {self.text}".splitlines())

    def pack(self) -> bytes:
        """The part that is sealed; id, time and version are bound by the seal."""
        fields = [self.author, self.name, self.kind, self.text, self.tokens]
        rest = [self.reply_to, self.answers, self.late, self.cites]
        while rest and not rest[-1]:
            rest.pop()
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
        reply_to, answers, late, cites = rest + ["", [], False, []][len(rest) :]
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
            late=bool(late),
            cites=tuple((post, edited) for post, edited in cites),
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
    labels: Pairs = ()  # what it calls them
    level: int = 0  # of merging: a leaf summarises messages
    children: tuple[str, ...] = ()  # the names of those it was merged from

    def pack(self) -> bytes:
        fields = [self.text, self.tokens, self.since, self.authors, self.level, self.labels]
        return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()

    @classmethod
    def unpack(cls, packed: bytes, *, name: str, covered: int) -> "Segment":
        text, tokens, since, authors, level, *rest = json.loads(packed)
        return cls(
            name=name,
            text=text,
            tokens=tokens,
            since=since,
            covered=covered,
            authors=tuple(authors),
            labels=tuple((author, label) for author, label in rest[0]) if rest else (),
            level=level,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Recollection:
    """All a reply may build on: summary, window, what is to be answered, and facts of who asks."""

    segments: tuple[Segment, ...]
    window: tuple[Entry, ...]
    question: tuple[Entry, ...]
    facts: tuple[Fact, ...] = ()  # said of themselves by those who ask
    labels: Labels = field(default_factory=Labels, compare=False)

    def named(self) -> "Recollection":
        """With every author under their label."""
        window, question = self.labels.named(self.window), self.labels.named(self.question)
        return replace(self, window=window, question=question)


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What is held of one conversation."""

    segments: tuple[Segment, ...]
    window: tuple[Entry, ...]
    messages: int
    tokens: int
    unreadable: str = ""  # else why it does not open: then it can only be forgotten
