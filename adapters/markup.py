"""Markdown that fits a platform: split at its limit, with mentions that reach nobody."""

import re
from collections.abc import Collection
from functools import partial
from urllib.parse import urlsplit

SMALLEST = 80  # leaves room for text between a reopened fence and its closing line

_FENCE = re.compile(
    r"^(?P<indent>[ \t]{0,12})"
    r"(?P<marks>(?P<mark>[`~])(?P=mark){2,9})(?!(?P=mark))"
    r"[ \t]*(?P<language>[^\s`]*)(?P<rest>[^`\n]*)$",
    re.MULTILINE,
)
_LONGEST_LANGUAGE = 20

_BORDERS = tuple(
    re.compile(pattern)
    for pattern in (
        r"\n[ \t]*\n",  # blank line
        r"\n",
        r"[.!?…][)\"'”’*_]*\s|[。！？]",  # sentence
        r"\s",
    )
)

# Slack: https://docs.slack.dev/messaging/formatting-message-text
# Discord: https://discord.com/developers/docs/reference#message-formatting
_MENTION = re.compile(
    r"@(?=everyone|here|channel|group)"
    r"|<(?=(?:@[!&]?|#)\w+[|>]|!(?:everyone|here|channel|group|subteam)\b)",
    re.IGNORECASE,
)
_ZERO_WIDTH_SPACE = "\u200b"


_SCHEME = r"[a-z]{2,12}://(?:www\.)?|www\."
_ADDRESS = (
    rf"(?:{_SCHEME}|(?<![\w.-])(?:[\w-]{{1,63}}\.){{1,8}}[a-z]{{2,24}}/)"
    rf"(?:(?!{_SCHEME})[^\s<>`|\u200b])*(?!{_SCHEME})"
    r"[^\s<>`|\u200b.,;:!?'\")\]}*_~]"
)
_BARE = re.compile(_ADDRESS, re.IGNORECASE)
_LINK = re.compile(
    rf"!?\[(?P<label>[^\[\]\n]*)\]\([ ]?<?(?P<target>{_ADDRESS})>?\)|{_ADDRESS}", re.IGNORECASE
)
_HOST = re.compile(r"(?<![\w-])[\w-]+(?:\.[\w-]+)+")
LONGEST_LINK = 500  # shown of a link whose host nobody typed
_SPAN = rf"(?<!`)`[^`\n]{{1,{LONGEST_LINK}}}`(?!`)"
_LINE_SPAN = re.compile(_SPAN)
# What every program takes for code.
_CODE = re.compile(rf"(^```[^`\n]*\n(?:(?!```)[\s\S])*(?:^```[ \t]*$|\Z)|{_SPAN})", re.MULTILINE)


def neutralise(text: str, typed: str = "") -> str:
    """The same text to the eye, with nothing live that Slack or Discord obey or fetch.

    Mentions of people and groups reach nobody. A link leads somewhere only if its host stands in
    `typed`, what people wrote themselves: any other is shown as code with its whole address, so
    that no preview is fetched (which would carry off what the address says) and no label hides it.
    """
    return _quiet(_MENTION.sub(rf"\g<0>{_ZERO_WIDTH_SPACE}", text), _hosts(typed))


def _hosts(text: str) -> Collection[str]:
    links = (_host(found[0]) for found in re.finditer(_ADDRESS, text, re.IGNORECASE))
    return {*links, *_HOST.findall(text.lower())} - {""}


def _host(address: str) -> str:
    """Empty if programs might disagree about it."""
    if "\\" in address:
        return ""
    try:
        return urlsplit(address if "://" in address else f"https://{address}").hostname or ""
    except ValueError:
        return ""


def _quiet(text: str, hosts: Collection[str]) -> str:
    if all(_host(address[0]) in hosts for address in _BARE.finditer(text)):
        return text
    parts = _CODE.split(text)  # prose and code in turn
    if any("`" in prose or "~~~" in prose for prose in parts[::2]):
        return _BARE.sub(partial(_broken, hosts), text).replace("](", f"]{_ZERO_WIDTH_SPACE}(")
    quiet = ""
    for number, part in enumerate(parts):
        shown = part if number % 2 else _LINK.sub(partial(_shown, hosts), part)
        if not number % 2:
            shown = shown.replace("``", "` `")  # side by side they would be something else
        quiet += " " * (quiet.endswith("`") and shown.startswith("`")) + shown
    return quiet


def _broken(hosts: Collection[str], address: re.Match[str]) -> str:
    """Where programs may disagree about what is code."""
    if _host(address[0]) in hosts:
        return address[0]
    return re.sub("[:.]", rf"\g<0>{_ZERO_WIDTH_SPACE}", address[0][:LONGEST_LINK])


def _shown(hosts: Collection[str], link: re.Match[str]) -> str:
    address = link["target"] or link[0]
    typed = _host(address) in hosts
    if not link["target"]:
        return address if typed else f"`{address[:LONGEST_LINK]}`"
    label = _LINK.sub(partial(_shown, hosts), link["label"])
    return f"[{label}]({address})" if typed else f"{label} (`{address[:LONGEST_LINK]}`)".lstrip()


def split(text: str, limit: int) -> list[str]:
    """Cut Markdown into parts of at most `limit` (80 or more) characters, none of them blank.

    A code fence that is open where a part ends is closed there and reopened in the next, so each
    part reads alone. But for those lines, and for white space that would fill a part by itself,
    the parts join to the text. All but the last part stay as they are when lines are added.
    """
    if limit < SMALLEST:
        raise ValueError(f"a limit of {limit} characters is too small: {SMALLEST} is the least")
    parts = []
    reopened = ""
    while text:
        part, reopened, taken = _first(text, reopened, limit)
        text = text[taken:]
        if part.strip():
            parts.append(part)
    return parts


def _first(text: str, reopened: str, limit: int) -> tuple[str, str, int]:
    """The first part, the fence line the next one starts with, the characters taken of `text`."""
    room = limit - len(reopened)
    while True:
        taken = len(text) if len(text) <= room else _outside_code(text, _border(text[:room]))
        part = reopened + text[:taken]
        opening = _open_fence(part)
        if opening is None:
            return part, "", taken
        closing = opening["indent"] + opening["marks"]
        part += closing if part.endswith("\n") else "\n" + closing
        if len(part) <= limit:
            return part, _reopen(opening), taken
        room = taken - (len(part) - limit)


def _border(window: str) -> int:
    """Where to cut: after the best border of the second half, else at the end."""
    for border in _BORDERS:
        last = max((found.end() for found in border.finditer(window)), default=0)
        if last > len(window) // 2:
            return last
    return len(window)


def _outside_code(text: str, cut: int) -> int:
    """The cut, or the start of the code span that it would leave open."""
    line = text.rfind("\n", 0, cut) + 1
    spans = (span.span() for span in _LINE_SPAN.finditer(text, line, cut + 2 * LONGEST_LINK))
    return next((start for start, stop in spans if 0 < start < cut < stop), cut)


def _open_fence(part: str) -> re.Match[str] | None:
    opening = None
    for line in _FENCE.finditer(part):
        if opening is None:
            opening = line
        elif line["marks"].startswith(opening["marks"]) and not line["language"]:
            opening = None
    return opening


def _reopen(opening: re.Match[str]) -> str:
    language = opening["language"] if len(opening["language"]) <= _LONGEST_LANGUAGE else ""
    return f"{opening['indent']}{opening['marks']}{language}\n"
