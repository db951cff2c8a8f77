"""Bodies that Slack signed and that are none of what it sends: bad requests, never our failures."""

import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.slack.shape import sound
from tests.adapters.inbox import Collected
from tests.attacks.test_requests import inbox, message, port, post, signed, slack

__all__ = ["inbox", "port", "slack"]

pytestmark = pytest.mark.anyio

WRONG: list[Any] = [None, 0, 1.5, True, "x", [], [1], {}, {"id": 1}, {"x": None}]
NO_EVENTS = [
    *(b"[]", b"null", b"1", b'"x"', b"true", b"{}", b'{"event": null}', b'{"type": 1}', b"[{}]"),
    *(b'{"type": "event_callback"}', b'{"type": "event_callback", "event": null}'),
    *(b'{"type": "event_callback", "event": []}', b'{"type": "event_callback", "event": "x"}'),
    *(b'{"type": "event_callback", "event": {"type": 1}}', b'{"type": "block_actions"}'),
    *(b'{"type": "block_actions", "actions": [1], "user": {"id": "U1"}}', b'{"type": {}}'),
    *(b'{"authorizations": "x"}', b'{"authorizations": [1]}', b"payload=[]", b"payload=null"),
    *(b"command=%2Fforget", b'{"type": "message_action", "callback_id": "forget"}', b"payload={}"),
    *(b'{"type": "event_callback", "team_id": "T1", "event": {"type": "channel_left"}}',),
    b'{"type": "event_callback", "event": {"type": "message", "ts": ' + b"9" * 5_000 + b"}}",
    b'{"type": "block_actions", "team": {"id": "T1"}, "user": {"id": "U1"}, "actions": [{}]}',
]


@pytest.mark.parametrize("body", NO_EVENTS, ids=lambda body: repr(body[:60]))
async def test_what_is_no_event_is_a_bad_request(
    port: aiohttp.ClientSession, inbox: Collected, body: bytes
) -> None:
    form = not body.startswith((b"{", b"[", b"n", b"1", b'"', b"t"))
    kind = {"Content-Type": "application/x-www-form-urlencoded"} if form else {}
    assert await post(port, body, signed(body) | kind) == 400
    assert await post(port, message("hello"), signed(message("hello"))) == 200
    assert inbox.texts == ["hello"]


async def test_an_event_in_an_event_without_end_is_never_our_failure(
    port: aiohttp.ClientSession, inbox: Collected
) -> None:
    for outer in (
        b'{"type": "event_callback", "team_id": "T1", "event": ',
        b'{"type": "x", "view": ',
    ):
        inner = b'{"type": "message", "message": ' * 900 + b"1" + b"}" * 900
        body = outer + inner + b"}"
        assert await post(port, body, signed(body)) in (200, 400)


def whole(**event: Any) -> dict[str, Any]:
    said = {"type": "message", "user": "U1", "text": "hi", "ts": "1.0", "channel": "D1"}
    frame = {"type": "event_callback", "team_id": "T1", "event_id": "E1", "enterprise": None}
    return frame | {"event": said | {"channel_type": "im", "event_ts": "1.0"} | event}


PLACED = {"team": {"id": "T1"}, "user": {"id": "U1", "name": "ada"}, "channel": {"id": "C1"}}
PRESSED = {"action_id": "0:memory", "value": "delete x", "action_ts": "1.0"}
METADATA = {"event_type": "threadkeeper", "event_payload": {"turn": "t", "fence": 1}}
KINDS: list[dict[str, Any]] = [
    whole(thread_ts="1.0", blocks=[], attachments=[], files=[], metadata=METADATA),
    whole(subtype="message_changed", message={"ts": "1.0", "text": "a", "edited": {"ts": "1"}}),
    whole(subtype="message_deleted", deleted_ts="1.0"),
    whole(type="message_metadata_posted", channel_id="C1", message_ts="1.0", metadata=METADATA),
    whole(type="member_left_channel"),
    whole(type="channel_shared"),
    whole(type="tokens_revoked", tokens={"bot": ["U1"]}),
    whole(type="app_home_opened", tab="home"),
    whole(type="agent_session_stopped"),
    PLACED
    | {"type": "block_actions", "actions": [PRESSED], "container": {"channel_id": "C1"}}
    | {"message": {"ts": "1.0"}, "response_url": ""},
    PLACED | {"type": "message_action", "callback_id": "forget", "message": {"ts": "1.0"}},
    {"command": "/help", "channel_id": "C1", "user_id": "U1", "team_id": "T1", "text": "x"},
]


def places(body: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where something stands in a body."""
    keys = [*body] if isinstance(body, dict) else range(len(body)) if isinstance(body, list) else ()
    for key in keys:
        yield (*path, key)
        yield from places(body[key], (*path, key))


@st.composite
def bent(draw: st.DrawFn) -> dict[str, Any]:
    """A body of Slack's in which up to three things are of another type, or missing."""
    body: dict[str, Any] = deepcopy(draw(st.sampled_from(KINDS)))
    for _ in range(draw(st.integers(1, 3))):
        *path, last = draw(st.sampled_from([*places(body)]))
        inner = body
        for key in path:
            inner = inner[key]
        if draw(st.booleans()):
            inner[last] = deepcopy(draw(st.sampled_from(WRONG)))
        else:
            del inner[last]
    return body


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(bodies=st.lists(bent(), min_size=1, max_size=8))
async def test_whatever_is_wrong_in_a_body_is_never_our_failure(
    port: aiohttp.ClientSession, bodies: list[dict[str, Any]]
) -> None:
    for body in bodies:
        sent = json.dumps(body).encode()
        # 409: hypothesis sent the very same before
        assert await post(port, sent, signed(sent)) in (200, 400, 409), body


@pytest.mark.parametrize("body", KINDS, ids=range(len(KINDS)))
def test_what_slack_sends_is_sound(body: dict[str, Any]) -> None:
    assert sound(body)
