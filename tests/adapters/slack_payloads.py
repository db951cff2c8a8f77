"""Slack's payloads, recorded and made up, and what the bot understands by them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from adapters.message import Deletion, Echo, Edit, Message, Rescoped
from adapters.slack.events import Me, read

# Beside the checkout, or beside the folder of worktrees.
RECORDED = next(
    (path for up in Path(__file__).parents if (path := up / "shared/data/slack").exists()),
    Path("absent"),
)
ME = Me(user="U00FAKEBOT01", bot="B00FAKEBOT01", name="keeper")
NAMES = {"U00FAKEUSER1": "Ada", "U2": "Bob"}
Said = Message | Edit | Deletion | Rescoped | Echo | None


def recorded(name: str) -> Any:
    path = RECORDED / f"recorded-{name}.json"
    if not path.exists():
        pytest.skip("the recorded payloads are not in this checkout")
    return json.loads(path.read_text())


def parsed(body: Mapping[str, Any], channel_type: str = "channel") -> Said:
    kind = body["event"].get("channel_type", channel_type)
    return read(body, me=ME, names=NAMES, channel_type=kind)


def event(text: str = "hello", **fields: Any) -> dict[str, Any]:
    said = {"type": "message", "user": "U2", "ts": "1766458026.240809", "text": text}
    place = {"channel": "C1", "channel_type": "channel", "event_ts": "1766458030.000100"}
    return {"team_id": "T1", "event": said | place | fields}


def heard(body: Mapping[str, Any], **options: Any) -> Message:
    said = parsed(body, **options)
    assert isinstance(said, Message)
    return said


def changed(**after: Any) -> dict[str, Any]:
    before = {"user": "U2", "ts": "1766458026.240809", "text": "old"}
    return event(subtype="message_changed", message=before | after, previous_message=before)
