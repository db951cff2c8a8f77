"""The scan finds what is there, however it lies: else its silence would mean nothing."""

from pathlib import Path

import pytest

from memory.seal import DataKey, Keyring, fresh_key
from tests.e2e.scan import scan

NEEDLE = "the spare key hangs behind the kettle"


@pytest.fixture
def key() -> str:
    return fresh_key()


@pytest.mark.parametrize("text", [NEEDLE, NEEDLE * 9], ids=["plain", "deflated"])
def test_a_sealed_text_is_opened_whatever_it_belonged_to(
    tmp_path: Path, key: str, text: str
) -> None:
    data = DataKey.fresh()
    wrapped = Keyring.parse(key).wrap(data.raw, "some:where")
    sealed = b"c0,17:" + data.seal(text.encode(), "some:where", "message", "17", "0")
    (tmp_path / "a.aof").write_bytes(command(b"HSET", b"rec", b"key", wrapped))
    (tmp_path / "b.aof").write_bytes(command(b"HSET", b"msg", b"17", sealed))
    assert scan(tmp_path, key, NEEDLE) == ["b.aof"]
    assert scan(tmp_path, fresh_key(), NEEDLE) == []
    (tmp_path / "a.aof").unlink()
    assert scan(tmp_path, key, NEEDLE) == []


def test_a_text_in_the_clear_is_found_in_any_file(tmp_path: Path, key: str) -> None:
    (tmp_path / "server.log").write_text(f"who asked where {NEEDLE}?")
    assert scan(tmp_path, key, NEEDLE) == ["server.log"]


def test_values_of_a_running_server_are_searched_too(tmp_path: Path, key: str) -> None:
    assert scan(tmp_path, key, NEEDLE, b"nothing", NEEDLE.encode()) == ["key 1"]


def command(*words: bytes) -> bytes:
    parts = (b"$%d\r\n%b\r\n" % (len(word), word) for word in words)
    return b"*%d\r\n%b" % (len(words), b"".join(parts))
