"""What people said about themselves: kept with its quotes, gone with them, read by audience."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from memory.normal import nfkc
from memory.records import Place
from memory.taken import FactSource

MOST = 64  # facts of one person in one space
_SOURCES = 8  # of one fact
_PUBLIC, _PRIVATE, _DIRECT = "public", "private", "direct"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A message that says it. Times in microseconds since 1970."""

    place: Place
    message: str  # its id, unique in its channel
    version: int
    said: int
    quote: str

    @property
    def origin(self) -> tuple[str, str]:
        return self.place.channel_key, self.message

    def cited(self, person: str) -> FactSource:
        """As citations name it."""
        return FactSource(person, *self.origin, self.version, self.place.audience)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something a person said about themselves; its sources reach equally far, newest first."""

    person: str
    key: str
    value: str
    sources: tuple[Source, ...]

    @property
    def place(self) -> Place:
        return self.sources[0].place

    @property
    def reach(self) -> tuple[str, str]:
        """A public fact reaches its space, any other its channel while its readers are the same."""
        audience = self.place.audience or _PRIVATE
        return audience, "" if audience == _PUBLIC else self.place.channel_key

    def pack(self) -> bytes:
        """One line of JSON, to be sealed."""
        sources = [
            (each.place.key, each.place.audience, each.message, each.version, each.said, each.quote)
            for each in self.sources
        ]
        dense = json.dumps(
            [self.key, self.value, sources], ensure_ascii=False, separators=(",", ":")
        )
        return dense.encode("utf-8", "surrogatepass")

    @classmethod
    def unpack(cls, packed: bytes, *, person: str) -> "Fact":
        key, value, rows = json.loads(packed.decode("utf-8", "surrogatepass"))
        sources = (
            Source(place=Place.parse(name, seen), message=id_, version=edited, said=at, quote=quote)
            for name, seen, id_, edited, at, quote in rows
        )
        return cls(person=person, key=key, value=value, sources=tuple(sources))


def usable(fact: Fact, *, here: Place, asker: str) -> bool:
    """The audience rule: whether a prompt here, answering this person, may hold the fact."""
    there = fact.place
    if fact.person != asker or (there.platform, there.space) != (here.platform, here.space):
        return False
    audience, reader = there.audience or _PRIVATE, here.audience or _PRIVATE
    same = there.channel == here.channel and audience == reader
    return same or audience == _PUBLIC or (audience, reader) == (_PRIVATE, _DIRECT)


def known(facts: Iterable[Fact], *, here: Place, asker: str) -> Sequence[Fact]:
    """What a prompt here may hold of the person who asks: of each key the newest, oldest first."""
    allowed = [fact for fact in facts if usable(fact, here=here, asker=asker)]
    newest = {fact.key: fact for fact in sorted(allowed, key=_age)}
    return tuple(sorted(newest.values(), key=_age))


def merge(old: Iterable[Fact], new: Iterable[Fact]) -> Sequence[Fact]:
    """One person's facts of one space: the newest value of a key wins wherever it may be read.

    What was said in private thus never changes what is known in public. Beyond MOST the
    oldest go; below it, the same facts in any order, and again, merge to the same.
    """
    together: dict[object, Fact] = {}
    for fact in (*old, *new):
        name = (fact.key, plain(fact.value), fact.reach)
        together[name] = _joined(fact, together.get(name, fact))
    kept: list[Fact] = []
    for fact in sorted(together.values(), key=_age, reverse=True):
        if not any(_replaces(newer, fact) for newer in kept):
            kept.append(fact)
    return tuple(reversed(kept[:MOST]))


def without(facts: Iterable[Fact], gone: Callable[[Source], bool]) -> Sequence[Fact]:
    """What remains when some sources are deleted, edited or forgotten: facts that have another."""
    left = [
        replace(fact, sources=tuple(each for each in fact.sources if not gone(each)))
        for fact in facts
    ]
    return tuple(fact for fact in left if fact.sources)


def render(facts: Iterable[Fact], name: str) -> str:
    """For the prompt: one line each, what was said as quoted data; empty without facts."""
    rows = [f"- {line(fact)}" for fact in facts]
    return "\n".join([f"[{_flat(name)} said about themselves earlier]", *rows] if rows else [])


def line(fact: Fact) -> str:
    """`key: value ("quote", date)`, for the prompt and for /memory."""
    source = fact.sources[0]
    day = datetime.fromtimestamp(source.said / 1_000_000, UTC)
    quote = json.dumps(_flat(source.quote), ensure_ascii=False)
    return f"{fact.key}: {fact.value} ({quote}, {day:%Y-%m-%d})"


def plain(text: str) -> str:
    """Folded for comparison: NFKC, case, white space, typographic quotes and dashes, emphasis."""
    folded = nfkc(text).casefold().translate(_PLAIN)
    return " ".join(nfkc(folded).split())


def shows(text: str) -> bool:
    """Whether there is something to be seen in it."""
    return bool(text.translate(_UNSEEN).strip())


# Control characters, and what Unicode has a reader ignore (Default_Ignorable_Code_Point) or draws
# as nothing: https://www.unicode.org/Public/UCD/latest/ucd/DerivedCoreProperties.txt
_IGNORED = """
0-8 e-1b 7f-84 86-9f ad-ad 34f-34f 61c-61c 115f-1160 17b4-17b5 180b-180f 200b-200f 202a-202e
2060-206f 2800-2800 3164-3164 d800-dfff fe00-fe0f feff-feff ffa0-ffa0 fff0-fffb 1bca0-1bca3
1d173-1d17a e0000-e0fff"""
_SPANS = [[int(end, 16) for end in span.split("-")] for span in _IGNORED.split()]
_UNSEEN = dict.fromkeys(each for first, last in _SPANS for each in range(first, last + 1))
_IGNORABLE = {each: None for each in _UNSEEN if each > 0x9F}
_PLAIN = _IGNORABLE | str.maketrans("‘’‚‛ʼ´“”„‟«»‐‑‒–—―", "''''''\"\"\"\"\"\"------", "*_~`")


def _flat(text: str) -> str:
    return " ".join(text.split())


def _age(fact: Fact) -> tuple[object, ...]:
    return _when(fact.sources[0]), fact.key, fact.value


def _when(source: Source) -> tuple[object, ...]:
    """When it was said in these words, then all else, so that no order is left to chance."""
    at = max(source.said, source.version)
    return at, source.version, *source.origin, source.place.audience, source.quote


def _replaces(new: Fact, old: Fact) -> bool:
    wider = new.reach[0] == _PUBLIC or new.reach == old.reach
    return new.key == old.key and wider and plain(new.value) != plain(old.value)


def _joined(one: Fact, other: Fact) -> Fact:
    """The same said again is one fact with one source more."""
    said = sorted((*one.sources, *other.sources), key=_when)
    sources = sorted({each.origin: each for each in said}.values(), key=_when, reverse=True)
    newest = max(one, other, key=_age)
    return replace(newest, sources=tuple(sources[:_SOURCES]))
