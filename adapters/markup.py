"""Markdown that fits a platform: split at its limit, with mentions and links that reach nobody."""

import re
from collections.abc import Sequence
from itertools import takewhile

from adapters.links import LONGEST, ZERO_WIDTH_SPACE, inert

SMALLEST = 80  # leaves room for text between a reopened fence and its closing line

_FENCE = re.compile(
    r"^(?P<indent>[ \t]{0,12})"
    r"(?P<marks>(?P<mark>[`~])(?P=mark){2,9})(?!(?P=mark))"
    r"[ \t]*+(?P<language>[^\s`]*+)(?P<rest>[^`\n]*+)$",
    re.MULTILINE,
)
_LONGEST_LANGUAGE = 20
_ROW = re.compile(r"[ \t]*\|(?!\|)")
_RULE = re.compile(r"[ \t|:]*+-[ \t|:-]*\n")  # under a table's header
_ITEM = re.compile(r"(?P<indent>[ \t]*)(?:[-*+]|\d{1,9}[.)])[ \t]")
_HEADING = re.compile(r" {0,3}#{1,6}[ \t]")

# Lines that are alike are read at once: blank ones, rows of a table, prose, code.
_BLANK, _BARS = r"(?:[^\S\n]*+\n)++", r"(?:[ \t]*+\|(?!\|)[^\n]*\n)++"
_PLAIN = r"(?:(?![^\S\n]*+(?:[\n|]|`{3}|~{3}|(?:[-*+]|\d{1,9}[.)])[ \t]|#{1,6}[ \t]))[^\n]*\n)++"
_CODE = r"(?:(?![^\S\n]*+\n|[ \t]*+(?:`{3}|~{3}))[^\n]*\n)++"
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_OUTSIDE = re.compile(
    f"(?P<blank>{_BLANK})?+(?:(?P<bars>{_BARS})|(?P<plain>{_PLAIN})|{_LINE.pattern})?"
)
_INSIDE = re.compile(f"(?P<blank>{_BLANK})?+(?:(?P<code>{_CODE})|{_LINE.pattern})?")
_AGAIN = {"bars": 4, "plain": 3, "code": 5}  # ranks of a line that is like the last

_SENTENCE = re.compile(r"[.!?…][)\"'”’*_]*+\s|[。！？]")
_WHOLE = re.compile(  # with white space inside, or dangerous in halves
    rf"`[^`\n]{{1,{LONGEST}}}`|\[[^\[\]\n]{{0,200}}\]\([^()\s]{{1,{LONGEST}}}\)"
    rf"|(?:https?://|www\.)\S{{1,{LONGEST}}}",
    re.IGNORECASE,
)

# Slack: https://docs.slack.dev/messaging/formatting-message-text
# Discord: https://discord.com/developers/docs/reference#message-formatting
_MENTION = re.compile(
    r"@(?=everyone|here|channel|group)"
    r"|<(?=(?:@[!&]?|#)\w+[|>]|!(?:everyone|here|channel|group|subteam)\b)",
    re.IGNORECASE,
)


# Where one line starts, or if the second number is greater than the next, each of those up to it;
# how bad a cut there is: 0 a new block, 3 in a paragraph, 5 in code, 9 no; and where the blocks
# began that what follows is inside, -1: none.
Border = tuple[int, int, int, tuple[int, int, int]]


def neutralise(text: str, typed: str = "") -> str:
    """The same text to the eye, with nothing live that Slack or Discord obey or fetch.

    Mentions of people and groups reach nobody. A link leads somewhere only if its host stands in
    `typed`, what people wrote themselves: any other is shown, as code where all programs agree
    what that is, so that no preview is fetched and no label hides an address.
    """
    return _MENTION.sub(rf"\g<0>{ZERO_WIDTH_SPACE}", inert(text, typed))


# White space, control characters, and what Unicode has a reader ignore or draws as nothing:
# https://www.unicode.org/Public/UCD/latest/ucd/DerivedCoreProperties.txt
_UNSEEN = (
    r"[\s\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    r"\u2028-\u202e\u2060-\u206f\u2800\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    r"\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_SEEN = re.compile(f"[^{_UNSEEN[1:]}")
_INVISIBLE = re.compile(
    rf"(?:{_UNSEEN}++|(?P<marks>\*{{2,3}}|_{{2,3}}|~~|\|\|){_UNSEEN}++(?P=marks))*+"
)


def blank(text: str) -> bool:
    """Whether people see nothing of it: such a text is no reply, and platforms refuse it."""
    return _INVISIBLE.fullmatch(text) is not None


def tag(name: str) -> str:
    """A name inside a text: one word, or it could say something as if the text's author did."""
    return "_".join(name.split())


def split(text: str, limit: int) -> list[str]:
    """Cut Markdown into parts of at most `limit` (80 or more) characters, none of them blank.

    What fits a part is not cut: code fences, tables, list items. A fence that must be is closed
    and reopened, a table's header repeated, so each part reads alone. But for those lines, and
    for white space that would fill a part by itself, the parts join to the text. All but the last
    part stay as they are when lines are added.
    """
    if limit < SMALLEST:
        raise ValueError(f"a limit of {limit} characters is too small: {SMALLEST} is the least")
    parts = []
    repeated, at = "", 0
    while at < len(text):
        window = repeated + text[at : at + 2 * limit + 2 * LONGEST]
        part, taken, repeated = _first(window, len(repeated), limit)
        at += taken
        if _SEEN.search(part):
            parts.append(part)
    return parts


def _first(text: str, least: int, limit: int) -> tuple[str, int, str]:
    """The first part, the new characters it takes, the lines that the next one repeats.

    `least` characters of `text` are such a repetition; of more than fits, so much is enough.
    """
    room, borders = limit, _borders(text, limit)
    while True:
        cut = len(text) if len(text) <= room else _border(text, borders, room, least)
        part, rest = text[:cut], text[cut:]
        opening = _open_fence(part)
        if opening is None:
            return part, cut - least, _header(part, rest, limit // 4)
        closing = opening["indent"] + opening["marks"]
        part += closing if part.endswith("\n") else "\n" + closing
        if len(part) <= limit:
            return part, cut - least, _reopen(opening)
        room = min(room - 1, limit - len(closing))


def _border(text: str, borders: Sequence[Border], room: int, least: int) -> int:
    """Where to cut: before what may fit the next part whole, else between lines, else words."""
    half = least + (room - least) // 2
    reached = [each for each in reversed(borders) if each[0] <= room and each[1] > half]

    def last(*ranks: int) -> int:
        fitting = (
            max(start, text.rfind("\n", start, min(end - 1, room)) + 1)
            for start, end, rank, _ in reached
            if rank in ranks
        )
        return next((at for at in fitting if at > half), 0)

    inside = next((around for start, _, _, around in reversed(borders) if start < room), ())
    whole = next((start for start in inside if start > least), 0)
    return (
        last(0) or last(1) or whole or last(2, 3) or last(4) or last(5) or _word(text, room, half)
    )


def _word(text: str, room: int, half: int) -> int:
    window = text[: room + 2 * LONGEST]
    masked = _WHOLE.sub(lambda found: "x" * len(found[0]), window)[:room]
    for last in (_last_sentence(masked), _last_space(masked, half)):
        if last > half:
            return last
    spans = (found.span() for found in _WHOLE.finditer(window))
    return next((start for start, end in spans if half < start < room < end), room)


def _last_sentence(text: str) -> int:
    return max((found.end() for found in _SENTENCE.finditer(text)), default=0)


def _last_space(text: str, after: int) -> int:
    """Where the last white space ends; 0: there is none from there on."""
    tail = text[after:]
    word = "" if tail[-1:].isspace() else (tail.rsplit(None, 1) or [""])[-1]
    return len(text) - len(word) if len(word) < len(tail) else 0


def _borders(text: str, room: int) -> Sequence[Border]:
    """Where lines start up to `room`; of a line longer than that, as much is looked at."""
    blocks, borders, at, end = _Blocks(), list[Border](), 0, min(len(text), 2 * room + 1)
    while at <= min(room, end - 1) and (run := blocks.run(text, at, end)):
        line, after = max(run.end("blank"), at), run.end()
        if line > at and (ranks := blocks.pause()):
            borders.append((at, at + 1, ranks[0], blocks.around))
            if (second := text.find("\n", at) + 1) < line:
                borders.append((second, line, ranks[1], blocks.around))
        if line < after:
            kind = run.lastgroup if run.lastgroup in _AGAIN else None
            second = text.find("\n", line, after) + 1 or after if kind else after
            rank = blocks.read(text[line:second], line, kind)
            borders.append((line, line + 1, rank, blocks.around))
            if kind and second < after:
                borders.append((second, after, _AGAIN[kind], blocks.around))
        at = after
    return borders


class _Blocks:
    """Follows Markdown line by line: where the blocks began that the last line is inside."""

    def __init__(self) -> None:
        self._outer = self._item = self._solid = -1  # list item, nested item; fence or table
        self._fence: re.Match[str] | None = None
        self._table = self._blank = False

    @property
    def around(self) -> tuple[int, int, int]:
        return self._outer, self._item, self._solid

    def run(self, text: str, at: int, end: int) -> re.Match[str] | None:
        """Blank lines, then the next line and those like it: if that is read, so are they."""
        return (_INSIDE if self._fence else _OUTSIDE).match(text, at, end)

    def pause(self) -> tuple[int, int] | None:
        """How bad a cut is before the first of some blank lines, and before the others.

        None: as bad as can be, inside what the last line was inside.
        """
        self._blank = True
        if self._fence:
            return 5, 4
        if self._solid < 0:
            return None
        self._solid, self._table = -1, False
        return 9, 9

    def read(self, line: str, at: int, kind: str | None) -> int:
        """How bad a cut before this line is; `kind`: what it is found to be."""
        other = kind is None
        after_blank, self._blank = self._blank, other and not line.strip()
        if self._fence:
            if other and _closes(self._fence, _FENCE.match(line)):
                self._fence = None
            return 4 if after_blank else 5
        row = kind == "bars" or (other and bool(_ROW.match(line)))
        if row and self._table:
            return 4
        after_solid, self._solid, self._table = self._solid >= 0, -1, False
        if self._blank:
            return 9
        fresh = 0 if after_blank else 1
        if other and (marker := _ITEM.match(line)):
            return self._begin(at, fresh, nested=len(marker["indent"].expandtabs()) > 1)
        self._fence = _FENCE.match(line) if other else None
        alone = row or bool(other and (self._fence or _HEADING.match(line)))
        if not line[0].isspace() and (after_blank or alone):
            self._outer = self._item = -1
        if self._fence or row:
            self._solid, self._table = at, row
        return fresh if self._outer < 0 and (alone or after_solid or after_blank) else 3

    def _begin(self, at: int, fresh: int, *, nested: bool) -> int:
        self._item = at
        if nested and self._outer >= 0:
            return 2
        self._outer = at
        return fresh


def _closes(opening: re.Match[str], line: re.Match[str] | None) -> bool:
    return bool(line and line["marks"].startswith(opening["marks"]) and not line["language"])


def _open_fence(part: str) -> re.Match[str] | None:
    opening = None
    for line in _FENCE.finditer(part):
        if opening is None:
            opening = line
        elif _closes(opening, line):
            opening = None
    return opening


def _reopen(opening: re.Match[str]) -> str:
    language = opening["language"] if len(opening["language"]) <= _LONGEST_LANGUAGE else ""
    return f"{opening['indent']}{opening['marks']}{language}\n"


def _header(part: str, rest: str, most: int) -> str:
    """The header of a table that is cut between its rows; `most` characters of it."""
    if not (part.endswith("\n") and _ROW.match(rest)):
        return ""
    rows = list(takewhile(_ROW.match, reversed(_LINE.findall(part))))[:-3:-1]
    ruled = len(rows) == 2 and _RULE.fullmatch(rows[1])
    return "".join(rows) if ruled and sum(map(len, rows)) <= most else ""
