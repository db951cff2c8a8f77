"""The model that needs no key: it answers by quoting what the prompt remembers, and says so."""

import asyncio
import math
import re
from collections import Counter, deque
from collections.abc import AsyncGenerator, Iterator, Sequence
from dataclasses import dataclass, replace

from bot.ports import Prompt, Request, Role

_INTRODUCTION = (
    "I am the offline model: I answer by quoting what I remember. "
    "Set OPENAI_API_KEY or OPENAI_BASE_URL to use a real one.\n\n"
)
_NOTHING = "I find nothing about that in what I remember here."
_KEPT = "I keep that in mind."
_QUOTES = 3
_LINES = 2_000  # the last ones, of a message and of the prompt, that are looked at
_LONGEST = 400  # characters of a quote
_PIECE = 60  # characters
_TOKEN = 3  # characters, on the low side: what is longer than asked for would be cut
_SMALL = """
a about all am an and any are as at be been but by can could did do does for from had has have he
her him his how i if in is it its know me my of on or our please remember said say says she so tell
than that the their them then there they this to us was we were what when where which who whom
whose why will with would you your"""
_FREQUENT = frozenset(_SMALL.split())
_SPEAKER = re.compile(r"(?:- )?([^\s:][^:\n]{0,63}): (.*)")
_ASKS = re.compile(
    r"(what|who|whose|whom|when|where|which|why|how|do|does|did|is|are|was|were|can|could|will|would|"
    r"tell|remind|list|show|summari[sz]e)\b",
    re.IGNORECASE,
)
_TELLING = re.compile(  # what a summary keeps: numbers, code, dates, names, decisions, promises
    r"\d|`|\?|https?:|\b(?:mon|tues|wednes|thurs|fri|satur|sun)day|\b(?:decid|agree|promis|prefer"
    r"|must|will\b|need|deadline|name|call me|always|never|because|todo|plan)"
    r"|(?-i:(?<=[\w,] )[A-Z]\w+)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing somebody said."""

    speaker: str
    text: str
    mine: bool = False  # the bot's own

    @property
    def asks(self) -> bool:
        return "?" in self.text or bool(_ASKS.match(self.text))


async def offline(request: Request) -> AsyncGenerator[str, None]:
    """A Model: a pure function of the request, without a key, a network or chance."""
    text = _summary(request) if request.summary else _reply(request)
    text = text[: max(1, request.reply_tokens) * _TOKEN]
    for start in range(0, len(text), _PIECE):
        yield text[start : start + _PIECE]
        await asyncio.sleep(0)


def _reply(request: Request) -> str:
    said = deque(_spoken(request.prompts), maxlen=_LINES)
    last = said.pop() if said else Line(speaker="", text="")
    if last.asks:
        quotes = [f"{line.speaker} said: “{_cut(line.text)}”" for line in _matching(last, said)]
        answer = "\n".join(dict.fromkeys(quotes)) or _NOTHING
    else:
        answer = _KEPT
    first = all(prompt.role is not Role.ASSISTANT for prompt in request.prompts)
    return (_INTRODUCTION if first else "") + answer


def _spoken(prompts: Sequence[Prompt]) -> Iterator[Line]:
    """Who said what; further rows of a message belong to its speaker, summaries have rows alone."""
    for prompt in prompts:
        if prompt.role is Role.ASSISTANT:
            text = prompt.text.removeprefix(_INTRODUCTION)
            yield from [Line(speaker="I", text=text, mine=True)] * (text not in {_NOTHING, _KEPT})
        elif prompt.role is Role.USER:
            yield from _rows(prompt.text)


def _rows(text: str) -> Iterator[Line]:
    first, more = None, list[str]()
    for row in text.splitlines()[-_LINES:]:
        named = _SPEAKER.match(row)
        if first and not named and not row.startswith("- "):
            more.append(row.strip())
            continue
        if first:
            yield _joined(first, more)
        first, more = Line(speaker=named[1], text=named[2]) if named else _unnamed(row), []
    if first:
        yield _joined(first, more)


def _joined(first: Line, more: Sequence[str]) -> Line:
    return replace(first, text="\n".join([first.text, *more])) if more else first


def _unnamed(row: str) -> Line | None:
    """A row of a summary that names nobody first; headings are no rows."""
    return None if row.startswith("[") else Line(speaker="Somebody", text=row.removeprefix("- "))


def _matching(question: Line, lines: Sequence[Line]) -> list[Line]:
    """The lines that share the question's rarer words: people's statements before all else."""
    fresh = [line for line in lines if line.text.casefold() != question.text.casefold()]
    stems = [_stems(f"{line.speaker} {line.text}") for line in fresh]
    common = Counter(stem for found in stems for stem in found)
    asked = _stems(question.text)
    ranked = [
        (
            -line.mine,
            not line.asks,
            sum(math.log(1 + len(fresh) / common[stem]) for stem in asked & found),
            line.speaker == question.speaker,
            place,
        )
        for place, (line, found) in enumerate(zip(fresh, stems, strict=True))
        if asked & found
    ]
    best = max(ranked, default=None)
    if best is None:
        return []
    near = [rank for rank in ranked if rank[:2] == best[:2] and rank[2] >= 0.6 * best[2]]
    return [fresh[rank[-1]] for rank in sorted(near, reverse=True)[:_QUOTES]]


def _stems(text: str) -> set[str]:
    """Words without the frequent ones, ends cut off; pairs of characters where none has spaces."""
    words = {*re.findall(r"\w+", text.casefold())}.difference(_FREQUENT)
    pairs = {word[at : at + 2] for word in words if word[0] > "\u0e00" for at in range(len(word))}
    return pairs | {word[:5] if len(word) > 5 else word.rstrip("s") for word in words} - {""}


def _summary(request: Request) -> str:
    """Extraction: the most telling sentences, in their order, never longer than what came in."""
    source = request.prompts[-1].text if request.prompts else ""
    room = min(len(source), request.reply_tokens * _TOKEN)
    said = [
        (len(set(_TELLING.findall(sentence))), f"- {line.speaker}: {sentence}")
        for line in _rows(source)
        for sentence in re.split(r"(?<=[.!?…。！？])\s+|\n", line.text)
        if sentence
    ]
    kept: set[int] = set()
    for place in sorted(range(len(said)), key=lambda at: -said[at][0]):
        size = len(said[place][1]) + 1
        if said[place][0] and size <= room + 1:
            kept.add(place)
            room -= size
    return "\n".join(said[place][1] for place in sorted(kept)) or source[:room].strip()


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
