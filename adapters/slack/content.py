"""What a Slack post says, wherever in the payload it says it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from adapters.slack.mrkdwn import Names, markdown
from adapters.slack.rich import rendered

Payload = Mapping[str, Any]


def said_in(post: Payload, *, me: str, names: Names) -> str:
    """What a post says, as Markdown, without the mention of the user `me`."""
    parts = [_written(post, me, names), *_cards(post, me, names)]
    return "\n\n".join(filter(None, parts))


def _written(post: Payload, me: str, names: Names) -> str:
    """The text; of other bots the blocks, where the text is but the notification of them."""
    text = markdown(post.get("text") or "", me=me, names=names)
    if text and (not post.get("bot_id") or post.get("user") == me):
        return text
    blocks = "\n".join(filter(None, rendered(post.get("blocks") or (), me=me, names=names)))
    return blocks if len(blocks) > len(text) else text


def _cards(post: Payload, me: str, names: Names) -> Iterator[str]:
    """Attachments: what other bots say, messages people passed on, tables they pasted.

    What Slack itself adds to show a link is nobody's words, and comes and goes.
    """
    for card in post.get("attachments") or ():
        shown_link = card.get("from_url") and not card.get("is_share")
        if shown_link or (card.get("is_msg_unfurl") and not card.get("is_share")):
            continue
        blocks = list(rendered(card.get("blocks") or (), me=me, names=names))
        fields = [_field(each) for each in card.get("fields") or ()]
        told = card.get("text") or (not (blocks or fields) and card.get("fallback")) or ""
        words = [card.get("author_name"), card.get("pretext"), card.get("title"), told, *fields]
        lines = [markdown(each, me=me, names=names) for each in words if each]
        said = "\n".join(filter(None, [*lines, *blocks]))
        yield f"Forwarded: {said}" if said and card.get("is_share") else said


def _field(field: Payload) -> str:
    return ": ".join(filter(None, [field.get("title"), field.get("value")]))


def attached(post: Payload) -> Sequence[str]:
    """Its files in words, but for those that were deleted."""
    return [described(file) for file in post.get("files") or () if not deleted(file)]


def deleted(file: Payload) -> bool:
    """https://docs.slack.dev/reference/objects/file-object"""
    return file.get("mode") == "tombstone"


def described(file: Payload) -> str:
    """A file in words; its link would expire."""
    name = file.get("title") or file.get("name") or "a file"
    kind = file.get("pretty_type") or file.get("mimetype")
    return f"{name} ({kind})" if kind else str(name)
