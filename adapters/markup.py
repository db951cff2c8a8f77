"""Markdown that fits a platform: split at its limit, with mentions that reach nobody."""

import re

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


def neutralise(text: str) -> str:
    """The same text to the eye, with no mention of people or groups that Slack or Discord obey."""
    return _MENTION.sub(rf"\g<0>{_ZERO_WIDTH_SPACE}", text)


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
        taken = len(text) if len(text) <= room else _border(text[:room])
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
