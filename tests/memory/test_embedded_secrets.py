"""What the private server's programs are told, and who else may read its key."""

import asyncio
import os
from pathlib import Path

import pytest
import structlog

from memory.embedded import Binary, find_server, memory_key, private_server
from tests.servers.redis import find_servers

pytestmark = pytest.mark.anyio

SECRETS = ("SLACK_BOT_TOKEN", "OPENAI_API_KEY", "MEMORY_KEY", "REDIS_URL", "DATABASE_URL")


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SECRETS:
        monkeypatch.setenv(name, f"canary of {name}")


def telling(path: Path, *, then: str) -> Path:
    """A program that writes down its environment first: servers overwrite what /proc shows."""
    path.write_text(f"#!/bin/sh\n/usr/bin/env >> {path}.environ\n{then}\n")
    path.chmod(0o700)
    return path


async def test_the_private_server_is_told_no_secret(tmp_path: Path) -> None:
    servers = find_servers()
    if not servers:
        pytest.skip("neither Redis nor Valkey here")
    program = telling(tmp_path / "server", then=f'exec {servers[0].path} "$@"')
    binary = Binary(name=servers[0].name, version=servers[0].version, path=program)
    async with private_server(tmp_path / "data", binary):
        told = await asyncio.to_thread(Path(f"{program}.environ").read_text)
    assert told
    assert "canary" not in told


def test_no_program_is_told_a_secret_when_it_is_asked_its_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = telling(tmp_path / "redis-server", then="echo 'Redis server v=7.2 sha=0'")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_server() == Binary(name="redis", version="7.2", path=program)
    assert "canary" not in Path(f"{program}.environ").read_text()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_that_others_may_read_is_said_with_what_to_do(tmp_path: Path, mode: int) -> None:
    key = memory_key(tmp_path)
    (tmp_path / "memory.key").chmod(mode)
    with structlog.testing.capture_logs() as logs:
        assert memory_key(tmp_path) == key
    (line,) = logs
    assert line["event"] == "memory.key can be read by others"
    assert line["advice"].startswith(f"chmod 600 {tmp_path / 'memory.key'}")
    assert key not in str(logs)


def test_a_key_for_our_eyes_only_is_nothing_to_speak_of(tmp_path: Path) -> None:
    with structlog.testing.capture_logs() as logs:
        memory_key(tmp_path)
        memory_key(tmp_path)
    assert logs == []
    assert os.stat(tmp_path / "memory.key").st_mode & 0o077 == 0
