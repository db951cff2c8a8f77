"""Slack's blocks -> Markdown: rich text, tables, and the words of all the others.

https://docs.slack.dev/reference/block-kit/blocks
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from adapters.markup import tag
from adapters.slack.mrkdwn import Names, markdown

Block = Mapping[str, Any]
_ENTITIES = {
    "user": ("user_id", "@"),
    "channel": ("channel_id", "#"),
    "usergroup": ("usergroup_id", "@"),
    "broadcast": ("range", "@"),
}
_WORDED = ("title", "text", "fields", "elements", "description")
_DEEPEST = 8  # levels that a list is indented
_STYLES = (("code", "`"), ("bold", "**"), ("italic", "_"), ("strike", "~~"))


def rendered(blocks: Sequence[Block], *, me: str, names: Names) -> Iterator[str]:
    """Each block that says something."""
    for block in blocks:
        match block.get("type"):
            case "rich_text":
                yield from (_part(part, me, names) for part in block.get("elements") or ())
            case "table":
                yield _table(block.get("rows") or (), names)
            case "markdown":
                yield str(block.get("text") or "")
            case "actions" | "input" | "divider":
                pass  # to be pressed, not read
            case _:
                yield " ".join(filter(None, _texts(block, me, names)))


def _part(part: Block, me: str, names: Names) -> str:
    """A section, list, quote or piece of code of rich text."""
    inner = part.get("elements") or ()
    match part.get("type"):
        case "rich_text_list":
            indent = "    " * min(int(part.get("indent") or 0), _DEEPEST)
            first = int(part.get("offset") or 0) + 1
            marks = range(first, first + len(inner))
            ordered = part.get("style") == "ordered"
            return "\n".join(
                f"{indent}{f'{number}.' if ordered else '-'} {_part(item, me, names)}"
                for number, item in zip(marks, inner, strict=True)
            )
        case "rich_text_preformatted":
            return "```\n" + "".join(_plain(each, names) for each in inner).strip("\n") + "\n```"
        case "rich_text_quote":
            said = "".join(_styled(each, me, names) for each in inner)
            return "\n".join(f"> {line}" for line in said.splitlines())
    return "".join(_styled(each, me, names) for each in inner).strip()


def _styled(element: Block, me: str, names: Names) -> str:
    if element.get("type") == "user" and element.get("user_id") == me:
        return ""
    text = _plain(element, names)
    if element.get("type") == "link" and element.get("text"):
        text = f"[{element['text']}]({element.get('url')})"
    core = text.strip()
    if not core:
        return text
    styles = element.get("style") or {}
    marks = "".join(mark for name, mark in _STYLES if styles.get(name))
    return text.replace(core, f"{marks}{core}{_closing(marks)}", 1)


def _closing(marks: str) -> str:
    return "".join(mark for _, mark in reversed(_STYLES) if mark in marks) if marks else ""


def _plain(element: Block, names: Names) -> str:
    match element:
        case {"type": str(kind)} if kind in _ENTITIES:
            key, mark = _ENTITIES[kind]
            return f"{mark}{tag(names.get(element[key], element[key]))}"
        case {"type": "emoji", "name": str(name)}:
            return f":{name}:"
        case {"text": str(text)} | {"fallback": str(text)} | {"url": str(text)}:
            return text
    return ""


def _table(rows: Sequence[Sequence[Block]], names: Names) -> str:
    lines = [f"| {' | '.join(_cell(cell, names) for cell in row)} |" for row in rows]
    return "\n".join([*lines[:1], *("|" + " --- |" * len(row) for row in rows[:1]), *lines[1:]])


def _cell(node: object, names: Names) -> str:
    """A cell in plain words: its row is one line, and its first row is set off anyhow."""
    parts, left = list[str](), [node]
    while left:
        match left.pop():
            case {"elements": list(inner)}:
                left += reversed(inner)
            case {"value": value}:
                parts.append(str(value))
            case Mapping() as each:
                parts.append(_plain(each, names).replace("\n", " ").replace("|", "\\|"))
    return "".join(parts)


def _texts(node: object, me: str, names: Names) -> Iterator[str]:
    """The words of a block of any other type: header, section, context, image, video, …"""
    left = [node]
    while left:
        match left.pop():
            case {"type": "mrkdwn", "text": str(text)}:
                yield markdown(text, me=me, names=names)
            case {"type": "plain_text" | "raw_text", "text": str(text)}:
                yield text
            case {"type": "image", "alt_text": str(text)}:
                yield text
            case Mapping() as each:
                left += [each.get(key) for key in reversed(_WORDED)]
            case list(inner):
                left += reversed(inner)
