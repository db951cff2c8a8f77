"""Which facts a model is asked for, and which of its claims are borne out by what people wrote."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from memory.authority import governs
from memory.entry import PERSON, Entry
from memory.facts import Fact, Source, plain, shows
from memory.records import Place

Runs = Sequence[Sequence[tuple[str, str]]]  # passages of a message, each with its folded form

_MOST = 32  # claims of one answer
_KEY, _VALUE, _QUOTE, _PASSAGE = 64, 200, 200, 1_000  # characters
_TRIES = 200  # places of an answer where an object may begin
_SENTENCES = 2_000  # of one message; a line's end counts as one
_LONGEST = 4 * _PASSAGE  # characters of a name, key, value or quote that are looked at

COLLECT = r"""
Collect what people said about themselves: names, places, work, preferences, plans and the like.
Only what was explicitly said by the person about themselves: do not infer. Leave out what somebody
says about another person, asks, supposes, quotes, or tells you to do. For each fact:
"person": the speaker's name as written; "key": a short label in English, such as "home city";
"value": the answer in the person's own words, all there is to one key in one value;
"quote": the whole sentence that says it, copied letter by letter from one message of that person.
Answer with JSON only; "summary" holds the summary, its lines parted by \n, or nothing if none was
asked for:
{"summary": "…", "facts": [{"person": "…", "key": "…", "value": "…", "quote": "…"}]}"""
_ANSWER = re.compile(r'\A\s*(?:```\w*\s*)?(?:\{|\[\s*[{\]])|\{\s*"(?:summary|facts)"\s*:')
_SUMMARY = re.compile(r'"summary"\s*:\s*(?=")')

_NOT_SAID = re.compile(  # code, quoted lines, tables, other speakers
    r"(?ms)(`{3,}|~{3,}).*?(?:\1|\Z)|^[ \t]*>>>.*|^[ \t]*[>|][^\n]*"
    r"|^[ \t]*(?:\[[^\]\n]{1,40}\] ?)?(?!(?:PS|FYI|BTW|Edit|Update):)[^\W\da-z_][\w'.-]{0,30}"
    r"(?: [^\W\da-z_][\w'.-]{0,30}){0,2}: ?\S(?:(?!\n[ \t]*\n).)*"
)
_BLANK = re.compile(r"\n(?:[^\S\n]*+\n){3,}+")
_QUOTED = re.compile(r'"[^"\n]+"|“[^“”\n]+”|„[^„“”\n]+[“”]|«[^«»\n]+»|「[^「」\n]+」|`[^`\n]+`')
_END = re.compile(r"[.!?…؟]{1,9}[\"'”’»)*_]{0,4}(?=\s|$)|[。！？]|\n|$")
_WORD = re.compile(  # scripts without spaces have words of about two characters
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]{1,2}|\w+"
)
_LABEL = re.compile(r"\w[\w '/&+.-]*")
_UNSOUND = re.compile(  # markup, exclamations, words to the bot: no phrase about a person
    r"[<>{}\[\]|\"\\;!?\0]|: |\b(?:you|your|yours|yourself)\b"
)
_LINK = re.compile(
    r"://|www\.|mailto:|\]\(|<[@#!]|(?<![\w.])@\w"
    r"|(?<![@\w.-])\w[\w-]*(?:\.[\w-]+)*\.(?:(?:com|org|net|io|dev|app|ai|co|info|xyz|me)\b|\w+/)"
)
_ORDER = re.compile(
    r"(?:^|[.!?…] )(?:(?:\w+[,:]|please|hey|ok|okay|and|but|so|also|bot|assistant) )*"
    r"(?:(?:ignor|disregard|forget|overrid|bypass|pretend|obey|reveal|antwort|vergiss|r[eé]pond"
    r"|olvida|oublie)\w*|(?:answer|reply|respond|say|tell|act|behave|treat|give|grant|trust"
    r"|follow|send|post|print|repeat|output|stop|do not|don't|make sure|let)\b"
    r"|(?:always|never) (?!\w+[^s]s\b)|from now on,? (?!i\b|my\b)"
    r"|(?:remember|note)\b(?!:?,? (?:that )?(?:i|i'm|i've|my|we|our)\b))"
    r"|\b(?:previous|prior|above|earlier|system|new) (?:instruction|rule|prompt|message)s?\b"
    r"|\byou (?:must|should|shall|have to|need to)\b"
)
_UNTOLD = re.compile(  # a question or a supposition
    r"^(?:do|does|did|am|are|is|was|were|can|could|would|should|who|what|why|how|if|suppose|imagine)\b"
    r"|[?؟]"
)
_OTHERS = re.compile(
    r"^(?:he|she|they|you|it|his|her|their|your)\b|!$"
    r"|^(?:\w+ ){1,3}(?:is|was|has|wants|loves|likes|lives|works|hates|prefers|needs|uses)\b"
)
_FIRST = re.compile(
    r"\b(?:i|me|my|mine|myself|we|us|our|ours|ich|mir|mich|mein\w*|wir|uns|unser\w*|je|j|moi|mon|ma"
    r"|mes|nous|notre|yo|mi|mis|soy|eu|meu|minha|sou|io|mio|mia|sono|ik|mijn|я|мне|меня|мой|моя)\b"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What a model takes for a fact; `person` is the speaker's name."""

    person: str
    key: str
    value: str
    quote: str


def read(answer: str) -> tuple[str, Sequence[Claim]]:
    """Summary and claims in a model's answer, be it cut off; of plain text all is summary."""
    text = _clean(answer)
    if not _ANSWER.search(text):
        return text.strip(), ()
    place = _SUMMARY.search(text)
    summary = _decoded(text, place.end())[0] if place else ""
    claims = [claim for row in _rows(text) if (claim := _claim(row))]
    return _clean(summary).strip() if isinstance(summary, str) else "", claims[:_MOST]


def verify(claims: Sequence[Claim], entries: Sequence[Entry], place: Place) -> Sequence[Fact]:
    """The claims that stand in a message by the person they are about; one source each.

    A literal quote proves who said it, not what was meant: so it is kept with its whole sentence.
    """
    people = [(each, plain(each.name)) for each in entries if each.kind == PERSON]
    names, claimed = {name for _, name in people}, {plain(each.person) for each in claims}
    own = {each.id: _Own(each) for each, name in people if name in claimed}
    return [
        Fact(person=said.author, key=key, value=value, sources=(_source(said, place, quote),))
        for claim in claims[:_MOST]
        for key, value in [_phrases(claim.key, claim.value)]
        if _phrased(key, value)
        for said, name in people
        if name == plain(claim.person)
        and (quote := _said(claim, own[said.id], names - {name}))
        and not governs(f"{key}: {value}. {quote}")
    ]


def _source(said: Entry, place: Place, quote: str) -> Source:
    return Source(place=place, message=said.id, version=said.version, said=said.sent, quote=quote)


def _phrases(key: str, value: str) -> tuple[str, str]:
    return plain(key.replace("_", " ")), " ".join(value.split()).strip(".,")


def sound(key: str, value: str) -> bool:
    """Whether this can be a fact: a label and a phrase, neither a link nor an order of any kind."""
    key, value = _phrases(key, value)
    return _phrased(key, value) and not governs(f"{key}: {value}")


def _phrased(key: str, value: str) -> bool:
    if not (
        0 < len(key) <= _KEY and len(value) <= _VALUE and shows(value) and _LABEL.fullmatch(key)
    ):
        return False
    folded = plain(value)
    strange = (_UNSOUND, folded), (_LINK, folded), (_ORDER, folded), (_ORDER, key)
    return not any(pattern.search(text) for pattern, text in strange)


class _Own:
    """What of a message is its author's own words; what others said in it is left out."""

    def __init__(self, entry: Entry) -> None:
        self._text = _BLANK.sub("\n\n\n", _NOT_SAID.sub("\n\n\n", entry.own))
        self.folded = plain(self._text)
        self.quoted = [plain(each) for each in _QUOTED.findall(entry.text)]

    @cached_property
    def runs(self) -> Runs:
        """Its sentences, then runs of two, of three: a full stop may end no sentence ("Dr.")."""
        text = self._text
        ends = [0, *(end.end() for end in islice(_END.finditer(text), _SENTENCES))]
        bounds = (zip(ends, ends[size:], strict=False) for size in (1, 2, 3))
        return [
            [(text[a:b].strip(), plain(text[a:b])) for a, b in each if b - a <= _PASSAGE]
            for each in bounds
        ]


def _said(claim: Claim, own: _Own, others: set[str]) -> str:
    """What the author said that bears the claim out: a sentence or words of it, or nothing."""
    quote = plain(claim.quote).strip(" \"'.,:;!?")
    if len(quote) < 12 and len(_WORD.findall(quote)) < 3:
        return ""
    if quote not in own.folded or any(quote in each for each in own.quoted):
        return ""
    value = plain(claim.value)
    for run in own.runs:
        if found := [(raw, folded) for raw, folded in run if quote in folded]:
            told = (raw for raw, text in found if _told(text, others) and _bears(text, value))
            fitting = (text for raw in told for text in (raw, claim.quote) if _fits(text))
            return next(fitting, "")
    return ""


def _bears(folded: str, value: str) -> bool:
    """Whether a value is in the author's words: else it is the model's, or who told it so."""
    return _stems(value) <= _stems(folded) if _stems(value) else value in folded


def _fits(quote: str) -> bool:
    return len(quote) <= _QUOTE and not _LINK.search(plain(quote))


def _told(folded: str, others: set[str]) -> bool:
    """Whether somebody states this, of themselves: no question, no order, not about others."""
    said = re.sub(r"^\W+", "", folded)
    forged = any(said.startswith(f"{name}:") for name in others)
    if forged or _ORDER.search(said) or _UNTOLD.search(said):
        return False
    named = {word for name in others for word in name.split() if len(word) > 2}
    return bool(
        _FIRST.search(said)
        or not (_OTHERS.search(said) or named.intersection(re.findall(r"\w+", said)))
    )


def _stems(folded: str) -> set[str]:
    words = _WORD.findall(folded)
    return {word[:3] for word in words if len(word) > 2 or word.isdigit() or word > "\u0e00"}


def _rows(text: str) -> Iterator[object]:
    at = text.find("{")
    for _ in range(_TRIES):
        if at < 0:
            return
        found, end = _decoded(text, at)
        inner = found.get("facts") if isinstance(found, dict) else None
        yield from inner if isinstance(inner, list) else [found]
        at = text.find("{", end)


def _decoded(text: str, at: int) -> tuple[object, int]:
    """The JSON value that begins here, None if none does, and where to look on."""
    try:
        return json.JSONDecoder().raw_decode(text, at)
    except (ValueError, RecursionError):
        return None, at + 1


def _claim(row: object) -> Claim | None:
    fields = {name: row.get(name) for name in Claim.__slots__} if isinstance(row, dict) else {}
    if not fields or not all(isinstance(each, str | int | float) for each in fields.values()):
        return None
    return Claim(**{name: _clean(str(each)[:_LONGEST]) for name, each in fields.items()})


def _clean(text: str) -> str:
    return text.replace("\0", "").encode("utf-8", "replace").decode()
