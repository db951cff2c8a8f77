"""The private server is killed, or its disk is full: the bot says so, and goes on when it can."""

import asyncio
import fcntl
import os
import random
import re
import signal
import string
import subprocess
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import aiohttp
import pytest

from tests.e2e.conftest import check_log
from tests.e2e.process import BRISK, PATIENCE, Home
from tests.e2e.town import Town, town
from tests.servers.disk import fill, make_room, small_disk
from tests.servers.slack import Slack

pytestmark = pytest.mark.anyio

STATEMENT = "My name is Ada and I deploy on Fridays"
QUESTION = "what is my name?"
ANSWER = "Ada and I deploy on Fridays"
# No block of a disk has room for it.
LONG = "".join(random.Random(1).choices(string.ascii_letters, k=8_000))  # noqa: S311
STARTED_AGAIN = "private server started again"


@pytest.fixture
def disk(home: Home) -> Iterator[None]:
    """The data are on a small disk; what a process left behind is taken over soon."""
    home.environ |= BRISK
    with small_disk(home.data):
        yield


def server_of(home: Home) -> int:
    return int((home.data / "server.pid").read_text())


def serves(home: Home) -> bool:
    """Whether a server lives there: it holds the lock."""
    with (home.data / "server.lock").open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def has_ended(process: int) -> bool:
    """Whether or not its parent took note of that."""
    with suppress(OSError):
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    return True


async def gone(process: int) -> None:
    async with asyncio.timeout(PATIENCE):
        while not has_ended(process):  # noqa: ASYNC110  no event tells of it
            await asyncio.sleep(0.02)


async def page(home: Home, path: str) -> tuple[int, str]:
    (address,) = re.findall(r"^web: (http://127\.0\.0\.1:\d+)", home.err, re.MULTILINE)
    async with aiohttp.ClientSession(address) as session, session.get(path) as answer:
        return answer.status, await answer.text()


async def counted(home: Home, line: str) -> None:
    """Until the metrics say so: who looks after the server does so a little later than readers."""
    async with asyncio.timeout(PATIENCE):
        while line not in (await page(home, "/metrics"))[1]:  # noqa: ASYNC110
            await asyncio.sleep(0.1)


async def ready(home: Home, wanted: str) -> None:
    """Until the page for it has this text in its one line."""
    async with asyncio.timeout(PATIENCE):
        told = await page(home, "/readyz")
        while wanted not in told[1]:
            await asyncio.sleep(0.05)
            told = await page(home, "/readyz")
    assert told[0] == (200 if wanted == "ok" else 503)
    assert told[1].count("\n") == 1


async def test_a_killed_server_is_started_again_and_what_it_acknowledged_is_there(
    home: Home,
) -> None:
    home.heard += [STATEMENT]
    async with home.bot("run") as bot:
        bot.type(f"{STATEMENT}\n")
        await bot.until("keep that in mind")
        killed = server_of(home)
        os.kill(killed, signal.SIGKILL)
        bot.type(f"{QUESTION}\n")
        assert ANSWER in await bot.until("Fridays")
        await ready(home, "ok")
        assert server_of(home) != killed
        await counted(home, "threadkeeper_private_server_up 1.0")
        await counted(home, "threadkeeper_private_server_restarts 1.0")
        assert await bot.end() == 0
    assert "it was killed" in home.err
    assert home.err.count(STARTED_AGAIN) == 1
    assert not serves(home)


async def test_a_full_disk_is_told_and_what_was_said_meanwhile_is_answered_when_there_is_room(
    home: Home, disk: None
) -> None:
    home.heard += [STATEMENT, LONG]
    async with home.bot("run") as bot:
        bot.type(f"{STATEMENT}\n")
        await bot.until("keep that in mind")
        fill(home.data)
        bot.type(f"{LONG}\n{QUESTION}\n")
        await bot.until("I cannot take that in just now, and keep trying")
        await ready(home, f"the disk is full: make room for {home.data}")
        assert "threadkeeper_private_server_up 0.0" in (await page(home, "/metrics"))[1]
        make_room(home.data)
        assert ANSWER in await bot.until("Fridays")
        await ready(home, "ok")
        assert await bot.end() == 0
    assert "the disk is full" in home.err
    assert "AOF write error" in home.err
    again = await home.run("chat", f"{QUESTION}\n")
    assert ANSWER in again.out


async def test_ctrl_c_while_the_disk_is_full_ends_it_and_leaves_no_server(
    home: Home, disk: None
) -> None:
    home.heard += [STATEMENT]
    async with home.bot("chat", terminal=True) as bot:
        await bot.until("> ")
        bot.type(f"{STATEMENT}\n")
        await bot.until("keep that in mind")
        fill(home.data)
        server = server_of(home)
        bot.type(f"{LONG[:4000]}\n{LONG[4000:]}\n")  # a terminal takes 4,095 characters a line
        await bot.until("keep trying")
        await gone(server)
        bot.type(b"\x03")
        assert await bot.wait() == 0
    assert not serves(home)
    make_room(home.data)
    again = await home.run("chat", f"{QUESTION}\n")
    assert ANSWER in again.out


async def test_ctrl_c_right_behind_a_kill_leaves_no_server(home: Home) -> None:
    async with home.bot("chat", terminal=True) as bot:
        await bot.until("> ")
        bot.type("hello\n")
        await bot.until("> ")
        server = server_of(home)
        os.kill(server, signal.SIGKILL)
        await gone(server)
        bot.type(b"\x03")
        assert await bot.wait() == 0
    assert not serves(home)


async def test_a_deleted_folder_is_told_and_nothing_is_acknowledged_that_would_be_lost(
    home: Home,
) -> None:
    async with home.bot("run") as bot:
        bot.type("hello\n")
        await bot.until("keep that in mind")
        server = server_of(home)
        await asyncio.to_thread(subprocess.run, ["rm", "-rf", str(home.data)], check=True)
        await ready(home, f"the data in {home.data} is gone")
        await gone(server)
        assert await bot.stop() == 0
    assert not home.data.exists()


async def test_on_both_platforms_people_are_answered_though_the_server_was_killed(
    model_town: Town, busy_home: Home
) -> None:
    corners = model_town.thread(), model_town.direct()
    async with busy_home.bot() as bot:
        await model_town.connected()
        for corner in corners:
            corner.ask("the codeword is heron-7")
            await corner.count(1)
        os.kill(server_of(busy_home), signal.SIGKILL)
        for corner in corners:
            corner.ask("what is the codeword?")
        for corner in corners:
            assert (await corner.count(2))[1] == "It is heron-7."
        assert await bot.stop() == 0
    assert STARTED_AGAIN in busy_home.err


async def test_on_both_platforms_what_came_while_the_disk_was_full_is_answered_once(
    tmp_path: Path, warm: Path
) -> None:
    slack = Slack(ack_within=1.0, retries=[0.5] * 100)
    async with town(slack=slack) as place:
        home = Home(folder=tmp_path, warm=warm, environ=BRISK | place.environ)
        corners = place.thread(), place.direct()
        with small_disk(home.data), closing(home):
            async with home.bot() as bot:
                await place.connected()
                for corner in corners:
                    corner.ask("the codeword is heron-7")
                    await corner.count(1)
                fill(home.data)
                for corner in corners:
                    corner.ask(f"{LONG[:1900]} what is the codeword?")
                await ready(home, "the disk is full")
                assert [len(corner.replies()) for corner in corners] == [1, 1]
                make_room(home.data)
                for corner in corners:
                    assert (await corner.count(2))[1] == "It is heron-7."
                assert await bot.stop() == 0
            assert [len(corner.replies()) for corner in corners] == [2, 2]
        check_log(home, *place.said)
