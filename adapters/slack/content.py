"""What a Slack post says, wherever in the payload it says it."""

from collections.abc import Iterator, Mapping
from typing import Any

from adapters.slack.mrkdwn import Names, markdown

Payload = Mapping[str, Any]


def said_in(post: Payload, *, me: str, names: Names) -> str:
    """What a post says, as Markdown, without the mention of the user `me`."""
    written = post.get("text") or "\n".join(filter(None, _cards(post)))
    parts = [markdown(written, me=me, names=names), *_tables(post)]
    return "\n\n".join(filter(None, parts))


def _cards(post: Payload) -> Iterator[str]:
    """Other bots often leave the text empty and speak in blocks and attachments."""
    yield from map(_words, post.get("blocks") or ())
    for card in post.get("attachments") or ():
        yield from (
            card.get("pretext"),
            card.get("title"),
            card.get("text") or card.get("fallback"),
        )


def _tables(post: Payload) -> Iterator[str]:
    """Tables that people paste are nowhere in the text."""
    for card in post.get("attachments") or ():
        for block in card.get("blocks") or ():
            if block.get("type") == "table" and block.get("rows"):
                rows = [f"| {' | '.join(map(_words, row))} |" for row in block["rows"]]
                yield "\n".join([rows[0], "|" + " --- |" * len(block["rows"][0]), *rows[1:]])


def _words(node: object) -> str:
    match node:
        case {"text": inner} | {"value": inner} | {"elements": inner}:
            return _words(inner)
        case list():
            return "".join(map(_words, node))
        case dict() | None:
            return ""
    return str(node)


def described(file: Payload) -> str:
    """A file in words; its link would expire."""
    name = file.get("title") or file.get("name") or "a file"
    kind = file.get("pretty_type") or file.get("mimetype")
    return f"{name} ({kind})" if kind else str(name)
