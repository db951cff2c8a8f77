"""Signs of life: what a server answers, what its log said last, and where nothing can be kept."""

import asyncio
import errno
import os
import tempfile
from pathlib import Path

import pytest

from memory import vital
from memory.vital import Log, ask, unusable

pytestmark = pytest.mark.anyio

VALKEY = "8637:M 30 Nov 2026 03:55:45.788 # Short write while writing to the AOF file"
REDIS = "8659:M 30 Nov 2026 03:55:45.852 * Ready to accept connections"


async def test_where_nobody_listens_there_is_no_process_and_no_answer(tmp_path: Path) -> None:
    assert await ask(tmp_path / "no.sock", b"PING") == (0, b"")


async def test_who_listens_and_gives_no_answer_is_known_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vital, "PATIENCE", 0.1)
    hanging = asyncio.Event()

    async def hang(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await hanging.wait()
        writer.close()

    async with await asyncio.start_unix_server(hang, tmp_path / "a.sock"):
        assert await ask(tmp_path / "a.sock", b"PING") == (os.getpid(), b"")
        hanging.set()


def test_the_last_lines_of_a_log_are_those_that_are_new_and_of_a_server(tmp_path: Path) -> None:
    path = tmp_path / "server.log"
    path.write_text(f"{REDIS}\n")
    log = Log(path)
    assert log.last() == ()
    with path.open("a") as file:
        file.write(f"------ STACK ------\n{VALKEY}\n1:X some words\n")
    assert log.last() == ("# Short write while writing to the AOF file",)
    assert log.last() == ()


def test_of_a_long_log_few_lines_are_quoted_and_none_in_full_length(tmp_path: Path) -> None:
    path = tmp_path / "server.log"
    log = Log(path)
    path.write_text("".join(f"{REDIS} {number} {'x' * 500}\n" for number in range(1_000)))
    said = log.last()
    assert [each.split()[5] for each in said] == ["997", "998", "999"]
    assert max(map(len, said)) == vital.LINE + 2


def test_a_log_that_begins_anew_is_read_from_its_start(tmp_path: Path) -> None:
    path = tmp_path / "server.log"
    path.write_text(f"{REDIS}\n" * 100)
    log = Log(path)
    path.write_text(f"{VALKEY}\n")
    assert log.last() == ("# Short write while writing to the AOF file",)


def test_a_log_is_put_aside_only_when_it_is_large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vital, "LARGEST", 10)
    path = tmp_path / "server.log"
    Log(path).trim()
    for text, left in (("x" * 10, True), ("x" * 11, False)):
        path.write_text(text)
        Log(path).trim()
        assert path.exists() == left


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "appendonlydir").mkdir()
    (tmp_path / "appendonlydir" / "appendonly.aof.manifest").touch()
    return tmp_path


def test_a_folder_that_takes_files_is_usable_and_is_left_as_it_was(home: Path) -> None:
    assert unusable(home) == ""
    assert os.listdir(home) == ["appendonlydir"]


def test_a_folder_without_its_data_is_told(home: Path) -> None:
    (home / "appendonlydir" / "appendonly.aof.manifest").unlink()
    assert unusable(home).startswith(f"the data in {home} is gone: put it back")


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (errno.ENOSPC, "the disk is full: make room for"),
        (errno.EDQUOT, "the disk is full: make room for"),
        (errno.EROFS, "cannot write in"),
    ],
)
def test_what_keeps_files_out_is_told_by_its_kind(
    home: Path, monkeypatch: pytest.MonkeyPatch, number: int, told: str
) -> None:
    def refuse(**_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    assert unusable(home).startswith(told)
    assert str(home) in unusable(home)
