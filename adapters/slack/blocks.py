"""Answers and their buttons as Slack's blocks."""

from collections.abc import Sequence
from typing import Any

from adapters.message import Action, Answer

Block = dict[str, Any]
FEEDBACK = "feedback"
GOOD, BAD = "good", "bad"
_BUTTONS = 25  # of one block: https://docs.slack.dev/reference/block-kit/blocks/actions-block
_LABEL, _VALUE = 75, 2_000  # characters of a button's text and of what it sends


def said(text: str, *more: Block) -> list[Block]:
    """Markdown with something below it, as `markdown_text` could not have."""
    return [{"type": "markdown", "text": text}, *more]


def feedback() -> Block:
    """Two thumbs; pressed, they come back as the command `feedback`."""
    element = {
        "type": "feedback_buttons",
        "action_id": FEEDBACK,
        "positive_button": {"text": _plain("👍"), "value": GOOD, "accessibility_label": "Good"},
        "negative_button": {"text": _plain("👎"), "value": BAD, "accessibility_label": "Bad"},
    }
    return {"type": "context_actions", "elements": [element]}


def buttons(actions: Sequence[Action], *, confirm: bool = False) -> list[Block]:
    """`confirm`: Slack asks once more before it sends what deletes something."""
    made = [
        _button(number, action, confirm=confirm)
        for number, action in enumerate(actions)
        if len(action.argument) <= _VALUE
    ]
    starts = range(0, len(made), _BUTTONS)
    return [{"type": "actions", "elements": made[at : at + _BUTTONS]} for at in starts]


def pressed(action: Block) -> tuple[str, str]:
    """The command and argument of a button that came back."""
    _, _, name = str(action.get("action_id", "")).partition(":")
    return name or str(action.get("action_id", "")), str(action.get("value") or "")


def fenced(answer: Answer) -> str:
    """The text of an answer with its document, where no file can be."""
    if not answer.document:
        return answer.text
    return f"{answer.text}\n\n```json\n{answer.document}\n```"


def _button(number: int, action: Action, *, confirm: bool) -> Block:
    button: Block = {
        "type": "button",
        "action_id": f"{number}:{action.name}",  # unique in its block
        "text": _plain(action.label[:_LABEL]),
        "value": action.argument,
    }
    if _destroys(action):
        button["style"] = "danger"
        if confirm:
            button["confirm"] = {
                "title": _plain("Are you sure?"),
                "text": _plain(f"{action.label}: this cannot be undone."[:300]),
                "confirm": _plain("Yes"),
                "deny": _plain("No"),
                "style": "danger",
            }
    return button


def _destroys(action: Action) -> bool:
    return action.name == "forget" or action.argument.startswith("delete ")


def _plain(text: str) -> Block:
    return {"type": "plain_text", "text": text, "emoji": True}
