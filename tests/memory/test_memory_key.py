"""The private server's key is made once, and never overwritten."""

import os
from pathlib import Path

import pytest

from memory.embedded import ServerProblem, memory_key
from memory.seal import Keyring
from tests.memory.test_embedded import mode_of


def test_the_key_is_made_once_for_our_eyes_only(tmp_path: Path) -> None:
    key = memory_key(tmp_path / "data")
    assert Keyring([key])
    assert memory_key(tmp_path / "data") == key
    assert mode_of(tmp_path / "data" / "memory.key") == 0o600
    assert os.listdir(tmp_path / "data") == ["memory.key"]


@pytest.mark.parametrize("content", ["", "hunter2\n", "\u00e9"])
def test_a_corrupt_key_file_is_told_in_one_line_and_kept(tmp_path: Path, content: str) -> None:
    (tmp_path / "memory.key").write_text(content)
    with pytest.raises(ServerProblem, match=r"memory\.key holds no key: restore it") as problem:
        memory_key(tmp_path)
    assert "hunter2" not in str(problem.value)
    assert (tmp_path / "memory.key").read_text() == content
