"""Whether what came, signed as it may be, has the shape of something that Slack sends."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

Payload = Mapping[str, Any]

_TEXTS = {
    *("type", "subtype", "channel_type", "ts", "thread_ts", "event_ts", "deleted_ts", "message_ts"),
    *("bot_id", "client_msg_id", "username", "event_id", "event_type", "action_id", "action_ts"),
    *("team_id", "context_team_id", "enterprise_id", "channel_id", "user_id", "user_name", "tab"),
    *("command", "callback_id", "response_url", "private_metadata", "value"),
}
_OBJECTS = {
    *("event", "message", "previous_message", "edited", "metadata", "event_payload", "bot_profile"),
    *("container", "view", "enterprise", "tokens"),
}
_LISTS = {"authorizations", "actions", "blocks", "attachments", "files"}
_NAMED = {"user", "channel", "team"}  # an id, or an object that has one
_SPOKEN = {"message", "app_mention"}
_IN = ("message", "previous_message", "metadata", "container", "view")  # are looked into
_ROWS = ("authorizations", "actions")

# What must be there, by the type of the event, or of what else came.
_CHANNEL = ("channel",)
_EVENTS: Mapping[str, Sequence[str]] = {
    "message_metadata_posted": ("channel_id", "message_ts", "metadata"),
    "app_home_opened": ("user", "channel"),
    "agent_session_stopped": _CHANNEL,
    **dict.fromkeys(("channel_deleted", "channel_left", "group_deleted", "group_left"), _CHANNEL),
    **dict.fromkeys(("member_left_channel", "channel_shared", "channel_unshared"), _CHANNEL),
}
_PRESSED: Mapping[str, Sequence[str]] = {
    "message_action": ("user", "channel", "message"),
    "block_actions": ("user", "actions"),
}


def sound(body: object) -> bool:
    """Whether it is an object whose parts are of their types, with all that has to be there.

    What people wrote is not looked into: whoever reads it finds out what makes sense of it.
    """
    if not (isinstance(body, Mapping) and typed(body)):
        return False
    kind = body.get("type") or ("command" if "command" in body else "")
    if kind == "event_callback":
        return _happened(body, body.get("event") or {})
    if body.get("event"):
        return False
    if kind == "command":
        return _named_space(body) and _has(body, ("channel_id", "user_id"))
    return bool(kind) and _has(body, _PRESSED.get(kind, ())) and _acted(body, kind)


def _happened(body: Payload, event: Payload) -> bool:
    kind = event.get("type")
    if not isinstance(kind, str) or kind in _SPOKEN:
        return isinstance(kind, str)
    return typed(event) and _named_space(body) and _has(event, _EVENTS.get(kind, ()))


def _acted(body: Payload, kind: str) -> bool:
    """What is pressed or picked: where, by whom, on which post."""
    if kind not in _PRESSED:
        return True
    container, post = body.get("container") or {}, body.get("message") or {}
    view = container.get("type") == "view"
    placed = (
        _has(post, ("ts",)) if kind == "message_action" else view or container.get("channel_id")
    )
    people = all(isinstance(body.get(each) or {}, Mapping) for each in ("user", "channel"))
    return bool(placed) and people and _named_space(body)


def _named_space(body: Payload) -> bool:
    team, given = body.get("team"), (body.get("authorizations") or [{}])[0]
    ids = (given.get("team_id"), body.get("context_team_id"), body.get("team_id"))
    return any(ids) or (isinstance(team, Mapping) and bool(team.get("id")))


def _has(part: Payload | None, names: Sequence[str]) -> bool:
    return bool(part is not None and all(part.get(name) for name in names))


def typed(part: object) -> bool:
    """Whether its fields, and those of the parts that carry more of them, are of their types."""
    left = [part]
    while left:
        each = left.pop()
        if not isinstance(each, Mapping):
            return False
        for names, fits in _CHECKS:
            if not all(fits(each[name]) for name in names & each.keys()):
                return False
        left += [each[name] for name in _IN if each.get(name)]
        left += [row for name in _ROWS for row in each.get(name) or ()]
    return True


def _text(value: object) -> bool:
    return value is None or isinstance(value, str)


def _object(value: object) -> bool:
    return value is None or isinstance(value, Mapping)


def _list(value: object) -> bool:
    return value is None or isinstance(value, list)


def _name(value: object) -> bool:
    return _text(value) or (isinstance(value, Mapping) and isinstance(value.get("id"), str))


_CHECKS: Sequence[tuple[set[str], Callable[[object], bool]]] = (
    (_TEXTS, _text),
    (_OBJECTS, _object),
    (_LISTS, _list),
    (_NAMED, _name),
)
