"""A watched private server, with the real programs: whatever ends it, it serves again."""

import asyncio
import fcntl
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import BinaryIO

import pytest
from redis.asyncio import Redis

from memory import vital, watching
from memory.embedded import Binary, private_server
from memory.watching import Served, Watch, watched
from tests.memory.test_embedded import BINARIES, binary, process_of, server_id

__all__ = ["binary"]

pytestmark = [pytest.mark.anyio, pytest.mark.wire]

STARTS = "Configuration loaded"
LISTENS = "eady to accept connections"  # in the log of either program


@pytest.fixture(autouse=True)
def _brisk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "LOOK", 0.01)
    monkeypatch.setattr(watching, "ASK", 0.05)
    monkeypatch.setattr(watching, "PAUSES", (0.01, 0.05))


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110  what is waited for are other processes
            await asyncio.sleep(0.01)


async def kept(url: str) -> object:
    async with Redis.from_url(url) as client:
        return await client.get("kept")


async def keep(url: str) -> None:
    async with Redis.from_url(url) as client:
        await client.set("kept", "yes")


def is_held(folder: Path) -> bool:
    """Whether a server lives there."""
    with (folder / "server.lock").open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def log_of(folder: Path) -> str:
    return (folder / "server.log").read_text()


async def test_however_often_it_is_killed_it_serves_again_with_all_it_acknowledged(
    tmp_path: Path, binary: Binary
) -> None:
    watch = Watch()
    async with private_server(tmp_path, binary, watch) as url:
        for number in range(1, 6):
            async with Redis.from_url(url) as client:
                assert await client.incr("count") == number
            os.kill(process_of(tmp_path), signal.SIGKILL)
            await until(lambda: watch.restarts == number)  # noqa: B023
            assert watch.trouble == ""
    assert not is_held(tmp_path)


async def test_while_it_is_away_the_watch_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "PAUSES", (0.0, 60.0))
    watch = Watch()
    async with private_server(tmp_path, watch=watch):
        for _ in range(2):
            os.kill(process_of(tmp_path), signal.SIGKILL)
            await until(lambda: watch.trouble)
            assert "it was killed" in watch.why()
            await until(lambda: watch.restarts or not is_held(tmp_path))
        assert "\n" not in watch.trouble


async def test_two_who_share_it_start_one_between_them(tmp_path: Path, binary: Binary) -> None:
    first, second = Watch(), Watch()
    async with (
        private_server(tmp_path, binary, first) as url,
        private_server(tmp_path, binary, second),
    ):
        await keep(url)
        for number in range(1, 6):
            os.kill(process_of(tmp_path), signal.SIGKILL)
            await until(lambda: log_of(tmp_path).count(LISTENS) > number)  # noqa: B023
            await until(lambda: not (first.trouble or second.trouble))
            assert await kept(url) == b"yes"
        assert log_of(tmp_path).count(LISTENS) == 6
    assert not is_held(tmp_path)


async def test_one_that_somebody_else_started_is_recognised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "PAUSES", (60.0,))
    watch = Watch()
    async with private_server(tmp_path, watch=watch):
        os.kill(process_of(tmp_path), signal.SIGKILL)
        await until(lambda: watch.restarts == 1)
        os.kill(process_of(tmp_path), signal.SIGKILL)
        await until(lambda: watch.trouble)
        async with private_server(tmp_path):
            await until(lambda: watch.restarts == 2)
            assert watch.trouble == ""


async def test_one_that_hangs_is_killed_and_started_again(
    tmp_path: Path, binary: Binary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "SILENT", 0.2)
    monkeypatch.setattr(watching, "HUNG", 0.6)
    monkeypatch.setattr(vital, "PATIENCE", 0.05)
    watch = Watch()
    async with private_server(tmp_path, binary, watch) as url:
        await keep(url)
        os.kill(process_of(tmp_path), signal.SIGSTOP)
        await until(lambda: "does not answer" in watch.trouble)
        await until(lambda: watch.restarts == 1)
        assert await kept(url) == b"yes"


async def test_one_whose_socket_was_removed_is_started_again(
    tmp_path: Path, binary: Binary
) -> None:
    watch = Watch()
    async with private_server(tmp_path, binary, watch) as url:
        await keep(url)
        (tmp_path / "server.sock").unlink()
        await until(lambda: watch.restarts == 1)
        assert await kept(url) == b"yes"


async def test_a_short_path_that_was_cleaned_away_is_put_back(tmp_path: Path) -> None:
    folder, watch = tmp_path / ("deep" * 20) / ("er" * 40), Watch()
    async with private_server(folder, watch=watch) as url:
        before = await server_id(url)
        link = Path(url.removeprefix("unix://")).parent
        link.unlink()
        await until(link.is_symlink)
        assert await server_id(url) == before
        assert (watch.trouble, watch.restarts) == ("", 0)


async def test_a_file_that_was_cut_off_costs_what_was_not_acknowledged(
    tmp_path: Path, binary: Binary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "PAUSES", (0.5,))
    watch = Watch()
    async with private_server(tmp_path, binary, watch) as url:
        await keep(url)
        os.kill(process_of(tmp_path), signal.SIGKILL)
        await until(lambda: watch.restarts == 1)
        os.kill(process_of(tmp_path), signal.SIGKILL)
        await until(lambda: not is_held(tmp_path))
        with data_of(tmp_path).open("ab") as file:
            file.write(b"*3\r\n$3\r\nSET\r\n$4\r\nlost\r\n$5\r\nha")
        await until(lambda: watch.restarts == 2)
        assert await kept(url) == b"yes"


async def test_a_broken_file_is_told_in_the_servers_words_and_not_tried_without_end(
    tmp_path: Path, binary: Binary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "PAUSES", (0.2, 0.4, 0.8))
    watch = Watch()
    async with private_server(tmp_path, binary, watch) as url:
        await keep(url)
        os.kill(process_of(tmp_path), signal.SIGKILL)
        await until(lambda: watch.restarts == 1)
        os.kill(process_of(tmp_path), signal.SIGKILL)
        await until(lambda: not is_held(tmp_path))
        whole = data_of(tmp_path).read_bytes()
        data_of(tmp_path).write_bytes(b"nonsense\r\n" + whole)
        await until(lambda: "it said: " in watch.trouble)
        assert "format" in watch.trouble
        assert watch.trouble.count("\n") == 0
        starts, now = log_of(tmp_path).count(STARTS), asyncio.get_running_loop().time
        began = now()
        await until(lambda: log_of(tmp_path).count(STARTS) == starts + 2)
        assert now() - began > 0.8, "the pauses grow"
        data_of(tmp_path).write_bytes(whole)
        await until(lambda: watch.restarts == 2)
        assert (watch.trouble, await kept(url)) == ("", b"yes")


async def test_an_end_amid_a_start_leaves_no_server(tmp_path: Path, binary: Binary) -> None:
    for number in range(8):
        async with private_server(tmp_path, binary, Watch()):
            os.kill(process_of(tmp_path), signal.SIGKILL)
            await asyncio.sleep(number * 0.008)
        assert not is_held(tmp_path)


async def test_errors_of_the_block_come_out_as_they_are(tmp_path: Path) -> None:
    with pytest.raises(LookupError):
        async with private_server(tmp_path, watch=Watch()):
            raise LookupError


async def test_a_program_that_has_gone_is_told(tmp_path: Path) -> None:
    copy, watch = tmp_path / "server", Watch()
    copy.write_bytes(BINARIES[0].path.read_bytes())
    copy.chmod(0o700)
    async with private_server(tmp_path / "data", Binary(name="", version="", path=copy), watch):
        copy.unlink()
        os.kill(process_of(tmp_path / "data"), signal.SIGKILL)
        await until(lambda: f"cannot use {copy}" in watch.trouble)


async def test_a_log_that_grew_large_is_put_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vital, "LARGEST", 100)
    watch = Watch()
    async with private_server(tmp_path, watch=watch):
        os.kill(process_of(tmp_path), signal.SIGKILL)
        await until(lambda: watch.restarts == 1)
        assert (tmp_path / "server.log.old").exists()
        assert log_of(tmp_path).count(LISTENS) == 1


@asynccontextmanager
async def answering(folder: Path, answer: Callable[[bytes], bytes]) -> AsyncIterator[Served]:
    """A server that lives, and answers this."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer((await reader.readline()).strip()) + b"\r\n")
        await writer.drain()
        writer.close()

    async def start(_: BinaryIO) -> str:
        raise AssertionError

    server = await asyncio.start_unix_server(serve, folder / "server.sock")
    with (folder / "server.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        socket = folder / "server.sock"
        async with server:
            yield Served(home=folder, socket=socket, start=start, place=lambda: None)


async def test_one_that_loads_its_file_is_told_and_let_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "HUNG", 0.1)
    said, asked, watch = b"-LOADING the dataset in memory", list[bytes](), Watch()

    def answer(command: bytes) -> bytes:
        asked.append(command)
        return said

    async with answering(tmp_path, answer) as served, watched(served, watch):
        await until(lambda: len(asked) > 30)  # for longer than a silent one would have
        assert "LOADING the dataset" in watch.trouble
        said = b"+PONG"
        await until(lambda: not watch.trouble)


def data_of(folder: Path) -> Path:
    return max((folder / "appendonlydir").glob("*.incr.aof"))
