"""The bot as a process that Slack posts to: no socket, one address, one reply."""

import asyncio
import socket
from pathlib import Path

import aiohttp
import pytest

from tests.e2e.conftest import check_log
from tests.e2e.process import PATIENCE, Home
from tests.servers.slack import Slack

pytestmark = pytest.mark.anyio


async def test_over_http_a_mention_gets_one_reply_in_its_thread(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    async with Slack(ack_within=1.0) as slack:
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
                assert await ready(f"http://127.0.0.1:{port}/readyz") == "ok\n"
                assert await slack.hooks.verify() == "3eZbrw1a"
                ts = slack.say("C1", "U1", "the codeword is heron-7, please note it")
                await slack.until(lambda: slack.replies("C1", ts), within=PATIENCE)
                slack.say("C1", "U1", "what is the codeword?", thread=ts)
                await slack.until(lambda: len(slack.replies("C1", ts)) == 2, within=PATIENCE)
                await slack.redeliver()
                await slack.until(lambda: all(each.acked for each in slack.deliveries))
                assert await bot.stop() == 0
        finally:
            home.close()
        assert "heron-7" in slack.replies("C1", ts)[1]
        assert len(slack.replies("C1")) == 2
        assert slack.calls("apps.connections.open") == []
        check_log(home, "the codeword is heron-7, please note it")


async def ready(address: str) -> str:
    async with asyncio.timeout(PATIENCE), aiohttp.ClientSession() as session:
        while True:
            try:
                async with session.get(address) as answer:
                    if answer.status == 200:
                        return await answer.text()
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.05)
