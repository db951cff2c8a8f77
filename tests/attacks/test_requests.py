"""Requests and frames made to break the bot: forged, replayed, too large, packed, nested too deep.

Signatures and replays in the way Slack sends them are in `tests/adapters/test_slack_requests.py`;
here an attacker stands before the port of the process's own web server.
"""

import asyncio
import hashlib
import hmac
import json
import resource
import socket
import time
import zlib
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress

import aiohttp
import pytest

from bot.telemetry import Metrics
from bot.web import LARGEST, Address, Web
from tests.adapters.inbox import Collected
from tests.adapters.slack_bot import bot, connected, settled
from tests.servers.slack import Slack

pytestmark = pytest.mark.anyio

DEEP = 100_000  # levels
NESTED = b"[" * DEEP + b"]" * DEEP
SECRET = "fake-secret"


@pytest.fixture
async def slack() -> AsyncIterator[Slack]:
    async with Slack(retries=()) as slack:
        yield slack


@pytest.fixture
def inbox(slack: Slack) -> Collected:
    return Collected(slack._changed)


@pytest.fixture
async def port(slack: Slack, inbox: Collected) -> AsyncIterator[aiohttp.ClientSession]:
    """The bot's own, with Slack behind it."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        number = free.getsockname()[1]
    platform = bot(slack, "http")
    at = Address(host="127.0.0.1", port=number, fixed=True)
    web = Web(at, {"slack": platform}, _well, Metrics())
    web.open()
    running = [asyncio.create_task(web.serve()), asyncio.create_task(platform.run(inbox))]
    await slack.until(lambda: not platform.trouble)
    async with aiohttp.ClientSession(f"http://127.0.0.1:{number}") as session:
        yield session
    for task in running:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _well() -> None:
    pass


def message(text: str) -> bytes:
    event = {"type": "message", "user": "U1", "text": text, "ts": "1.0", "channel": "D1"}
    place = {"channel_type": "im", "event_ts": "1.0"}
    return json.dumps({"type": "event_callback", "team_id": "T1", "event": event | place}).encode()


def signed(body: bytes, *, secret: str = SECRET, ago: float = 0.0, **more: str) -> dict[str, str]:
    stamp = str(int(time.time() - ago))
    digest = hmac.new(secret.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256)
    headers = {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest.hexdigest()}"}
    return {"Content-Type": "application/json"} | headers | more


async def post(port: aiohttp.ClientSession, body: bytes, headers: Mapping[str, str]) -> int:
    async with port.post("/slack/events", data=body, headers=headers) as answer:
        return answer.status


async def test_what_slack_signed_is_taken_and_once(
    port: aiohttp.ClientSession, inbox: Collected
) -> None:
    body = message("hello")
    headers = signed(body)
    assert await post(port, body, headers) == 200
    assert await post(port, body, headers) == 409
    assert inbox.texts == ["hello"]


@pytest.mark.parametrize(
    "headers",
    [
        signed(message("x"), secret="another"),
        signed(message("x"), secret=""),
        signed(message("x"), ago=301),
        signed(message("x"), ago=-3_000),
        signed(message("y")),
        signed(message("x")) | {"X-Slack-Signature": ""},
        signed(message("x")) | {"X-Slack-Signature": "v0="},
        signed(message("x")) | {"X-Slack-Request-Timestamp": "inf"},
        signed(message("x")) | {"X-Slack-Request-Timestamp": "-1"},
        {"Content-Type": "application/json"},
    ],
    ids=["secret", "none", "old", "early", "body", "empty", "v0", "inf", "minus", "bare"],
)
async def test_what_slack_did_not_sign_is_turned_away(
    port: aiohttp.ClientSession, inbox: Collected, headers: Mapping[str, str]
) -> None:
    assert await post(port, message("x"), headers) == 401
    assert inbox.texts == []


@pytest.mark.parametrize(
    "body",
    [
        NESTED,
        b'{"event":' + NESTED + b"}",
        b'{"a":' * DEEP + b"1" + b"}" * DEEP,
        b"payload=" + b"%5B" * DEEP,
    ],
    ids=["list", "event", "object", "form"],
)
async def test_json_nested_too_deep_is_a_bad_request_and_nothing_more(
    port: aiohttp.ClientSession, inbox: Collected, body: bytes
) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"} if body[:1] == b"p" else {}
    assert await post(port, body, signed(body) | form) == 400
    assert await post(port, message("hello"), signed(message("hello"))) == 200
    assert inbox.texts == ["hello"]


async def test_blocks_nested_as_deep_as_json_can_be_cost_nobody_their_words(
    port: aiohttp.ClientSession, inbox: Collected
) -> None:
    body = json.loads(message("x"))
    nested: object = "x"
    for _ in range(900):
        nested = [nested]
    body["event"]["blocks"] = nested
    sent = json.dumps(body).encode()
    assert await post(port, sent, signed(sent)) == 200
    assert await post(port, message("hello"), signed(message("hello"))) == 200
    assert inbox.texts == ["x", "hello"]


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_a_body_that_unpacks_to_more_than_the_limit_costs_no_memory(
    port: aiohttp.ClientSession, inbox: Collected, encoding: str
) -> None:
    packing = zlib.compressobj(1, wbits=31 if encoding == "gzip" else 15)
    bomb = b"".join(packing.compress(bytes(LARGEST)) for _ in range(128)) + packing.flush()
    assert len(bomb) < LARGEST
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert await post(port, bomb, signed(bomb) | {"Content-Encoding": encoding}) in (400, 413)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024  # KiB
    assert inbox.texts == []


async def test_many_bodies_that_never_end_keep_nobody_else_out(
    port: aiohttp.ClientSession, inbox: Collected
) -> None:
    head = b"POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n"
    number = port._base_url.port  # type: ignore[union-attr]
    open_ = [await asyncio.open_connection("127.0.0.1", number) for _ in range(100)]
    for _, writer in open_:
        writer.write(head)
    assert await post(port, message("hello"), signed(message("hello"))) == 200
    for _, writer in open_:
        writer.close()
    assert inbox.texts == ["hello"]


async def test_a_frame_nested_too_deep_ends_no_socket(slack: Slack, inbox: Collected) -> None:
    async with connected(slack, inbox):
        (link,) = slack.sockets.open
        await link.socket.send_str(NESTED.decode())
        slack.dm("U1", "hello")
        await slack.until(lambda: inbox.texts == ["hello"])
        await settled(slack)
