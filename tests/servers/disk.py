"""A small disk of its own, to be filled up: a tmpfs, which takes root to mount."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

FILLING = "filling"


@contextmanager
def small_disk(path: Path, size: str = "4m") -> Iterator[Path]:
    """Mounted at this path, which is made."""
    path.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(path)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small disk needs root")
    try:
        yield path
    finally:
        subprocess.run(["umount", "--lazy", str(path)], check=True)


def fill(path: Path) -> None:
    """Until nothing more goes in, not a byte."""
    with (path / FILLING).open("wb", buffering=0) as file:
        for size in (65_536, 1):
            try:
                while file.write(bytes(size)):
                    pass
            except OSError:
                continue
    assert not os.statvfs(path).f_bavail


def make_room(path: Path) -> None:
    (path / FILLING).unlink()
