"""Strangers crowd the port of a running bot: it answers probes, and its log stays short."""

import asyncio
import socket
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import pytest

from tests.e2e.conftest import check_log
from tests.e2e.process import Home
from tests.e2e.test_slack_http import ready
from tests.servers.slack import Slack

pytestmark = pytest.mark.anyio

CROWD = 1_020  # as many as once filled the process's files
UNFINISHED = b"POST /slack/events HTTP/1.1\r\nHost: bot.example\r\nX-Kumquat-Kumquat: "
MALFORMED = b"kumquat-kumquat-kumquat\r\n\r\n"


def open_files(process: int) -> int:
    return len(list(Path(f"/proc/{process}/fd").iterdir()))


async def test_a_crowd_of_unfinished_requests_keeps_no_probe_and_no_message_out(
    tmp_path: Path,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    async with Slack(ack_within=1.0) as slack, AsyncExitStack() as crowd:
        environ = {
            "PORT": str(port),
            "SLACK_API_URL": slack.api_url,
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_SIGNING_SECRET": slack.signing_secret,
        }
        home = Home(folder=tmp_path, environ=environ)
        slack.listen(f"http://127.0.0.1:{port}/slack/events")
        try:
            async with home.bot() as bot:
                address = f"http://127.0.0.1:{port}"
                await ready(f"{address}/readyz")
                for number in range(CROWD):
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                    crowd.callback(writer.close)
                    writer.write(MALFORMED if number % 2 else UNFINISHED)
                async with asyncio.timeout(5), aiohttp.ClientSession() as session:
                    for page in ("healthz", "readyz", "metrics"):
                        async with session.get(f"{address}/{page}") as answer:
                            assert answer.status == 200
                assert open_files(bot.process.pid) < 400
                assert await slack.hooks.verify() == "3eZbrw1a"
                assert await bot.stop() == 0
        finally:
            home.close()
    strange = [line for line in home.err.splitlines() if "connections" in line or "malform" in line]
    assert len(strange) <= 2
    assert "kumquat" not in home.err.lower()
    assert len(home.err) < 10_000
    check_log(home)
