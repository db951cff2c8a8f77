"""The private server: started, shared, adopted and stopped, with the real programs."""

import asyncio
import os
import re
import signal
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from redis.asyncio import Redis

from memory import embedded
from memory.embedded import Binary, ServerProblem, find_server, memory_key, private_server
from tests.servers.redis import find_servers

pytestmark = pytest.mark.anyio

BINARIES = [Binary(name=it.name, version=it.version, path=it.path) for it in find_servers()]
OWNER = """
import asyncio, sys
from pathlib import Path
from memory.embedded import Binary, private_server
async def main():
    binary = Binary(name="", version="", path=Path(sys.argv[2]))
    async with private_server(Path(sys.argv[1]), binary) as url:
        print(url, flush=True)
        await asyncio.to_thread(sys.stdin.read)
asyncio.run(main())
"""


@pytest.fixture(params=BINARIES, ids=lambda it: f"{it.name}-{it.version}")
def binary(request: pytest.FixtureRequest) -> Binary:
    found: Binary = request.param
    return found


@asynccontextmanager
async def another_process(
    folder: Path, binary: Binary
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process that uses the folder's server until its standard input ends."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", OWNER, str(folder), str(binary.path)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout is not None
    try:
        assert (await process.stdout.readline()).startswith(b"unix://")
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def server_id(url: str) -> str:
    async with Redis.from_url(url) as client:
        return str((await client.info("server"))["run_id"])


def is_running(folder: Path) -> bool:
    return (folder / "server.sock").exists()


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def process_of(folder: Path) -> int:
    return int((folder / "server.pid").read_text())


async def test_it_runs_as_long_as_it_is_used(tmp_path: Path, binary: Binary) -> None:
    async with private_server(tmp_path, binary) as url:
        async with Redis.from_url(url) as client:
            assert await client.ping()
        assert is_running(tmp_path)
    assert not is_running(tmp_path)


async def test_it_is_set_up_to_lose_nothing_and_to_keep_quiet(
    tmp_path: Path, binary: Binary
) -> None:
    async with private_server(tmp_path, binary) as url, Redis.from_url(url) as client:
        wanted = {
            "appendonly": "yes",
            "appendfsync": "always",
            "save": "",
            "slowlog-log-slower-than": "-1",
            "port": "0",
            "unixsocketperm": "700",
            "maxmemory-policy": "noeviction",
            "dir": str(tmp_path),
        }
        assert await client.config_get(*wanted) == wanted
    assert mode_of(tmp_path) == 0o700


async def test_what_was_written_survives_a_restart_under_either_program(tmp_path: Path) -> None:
    for number, binary in enumerate([*BINARIES, *BINARIES], start=1):
        async with private_server(tmp_path, binary) as url, Redis.from_url(url) as client:
            assert await client.incr("starts") == number
            await client.hset("h", mapping={"a": "b"})
            await client.expire("h", 1000)
            await client.bgrewriteaof()


async def test_a_second_user_attaches_and_the_last_one_out_stops_it(
    tmp_path: Path, binary: Binary
) -> None:
    async with another_process(tmp_path, binary) as first, private_server(tmp_path, binary) as url:
        before = await server_id(url)
        await first.communicate(b"")
        assert first.returncode == 0
        assert await server_id(url) == before
    assert not is_running(tmp_path)


async def test_one_who_attached_leaves_it_running(tmp_path: Path, binary: Binary) -> None:
    async with private_server(tmp_path, binary) as url:
        async with another_process(tmp_path, binary) as other:
            before = await server_id(url)
            await other.communicate(b"")
        async with private_server(tmp_path, binary):
            pass
        assert await server_id(url) == before


async def test_one_that_outlived_its_bot_is_adopted_and_stopped(
    tmp_path: Path, binary: Binary
) -> None:
    async with another_process(tmp_path, binary) as bot:
        os.killpg(bot.pid, signal.SIGKILL)  # as hard as a terminal can: its whole group
        await bot.wait()
        assert is_running(tmp_path)
        async with Redis.from_url(f"unix://{tmp_path}/server.sock") as client:
            await client.set("kept", "yes")
            before = str((await client.info("server"))["run_id"])
    async with private_server(tmp_path, binary) as url, Redis.from_url(url) as client:
        assert await server_id(url) == before
        assert await client.get("kept") == b"yes"
    assert not is_running(tmp_path)


async def test_many_who_come_at_once_share_one_server(tmp_path: Path, binary: Binary) -> None:
    everybody = asyncio.Barrier(5)

    async def use() -> str:
        async with private_server(tmp_path, binary) as url:
            found = await server_id(url)
            await everybody.wait()
        return found

    async with asyncio.TaskGroup() as tasks:
        users = [tasks.create_task(use()) for _ in range(5)]
    assert len({user.result() for user in users}) == 1
    assert not is_running(tmp_path)


async def test_a_server_that_was_killed_is_started_again_with_all_it_acknowledged(
    tmp_path: Path, binary: Binary
) -> None:
    async with private_server(tmp_path, binary) as url:
        async with Redis.from_url(url) as client:
            await client.set("kept", "yes")
        os.kill(process_of(tmp_path), signal.SIGKILL)
        async with private_server(tmp_path, binary), Redis.from_url(url) as client:
            assert await client.get("kept") == b"yes"


async def test_a_folder_too_deep_or_odd_for_a_socket_works(tmp_path: Path, binary: Binary) -> None:
    for folder in (tmp_path / ("deep" * 20) / ("er" * 40), tmp_path / "a b%20'\"ü#?"):
        async with private_server(folder, binary) as url, Redis.from_url(url) as client:
            assert await client.set("a", "b")
            assert (folder / "appendonlydir").is_dir()
            assert len(url) < 150
        assert not is_running(folder)


async def test_a_short_path_of_somebody_else_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / ("deep" * 20) / ("er" * 40)
    async with private_server(folder) as url:
        link = Path(url.removeprefix("unix://")).parent
    os.symlink(tmp_path, link)
    try:
        with pytest.raises(ServerProblem, match="is not ours: remove it"):
            async with private_server(folder):
                pass
    finally:
        link.unlink()


@pytest.mark.parametrize("inside", ["", "data"])
async def test_a_folder_that_is_none_is_told_in_one_line(tmp_path: Path, inside: str) -> None:
    (tmp_path / "file").write_text("")
    folder = tmp_path / "file" / inside
    with pytest.raises(ServerProblem, match=rf"^cannot use {folder}: .*THREADKEEPER_DATA\)$"):
        async with private_server(folder):
            pass
    with pytest.raises(ServerProblem, match=f"^cannot use {folder}: "):
        memory_key(folder)


async def test_a_program_that_does_not_run_is_told_in_one_line(tmp_path: Path) -> None:
    text = tmp_path / "text"
    text.write_text("no program")
    for path in (text, tmp_path / "missing"):
        with pytest.raises(ServerProblem, match=f"^cannot use {path}: [^\n]*$"):
            async with private_server(tmp_path / "data", Binary(name="", version="", path=path)):
                pass


async def test_a_broken_file_is_told_with_the_servers_own_words(
    tmp_path: Path, binary: Binary
) -> None:
    async with private_server(tmp_path, binary):
        pass
    (manifest,) = (tmp_path / "appendonlydir").glob("*.manifest")
    manifest.write_text("nonsense\n")
    with pytest.raises(ServerProblem, match=r"^the server does not start: [^\n]*server\.log\)$"):
        async with private_server(tmp_path, binary):
            pass


async def test_a_server_that_hangs_is_not_doubled(
    tmp_path: Path, binary: Binary, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with private_server(tmp_path, binary):
        server = process_of(tmp_path)
        os.kill(server, signal.SIGSTOP)
        monkeypatch.setattr(embedded, "_READY", 0.1)
        try:
            with pytest.raises(ServerProblem, match=r"does not answer.*server\.pid"):
                async with private_server(tmp_path, binary):
                    pass
        finally:
            os.kill(server, signal.SIGCONT)


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc")
async def test_the_server_inherits_no_secret(
    tmp_path: Path, binary: Binary, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither as it starts nor later: Redis and Valkey write their title over what they got."""
    for name in ("SLACK_BOT_TOKEN", "MEMORY_KEY", "OPENAI_API_KEY", "DATABASE_URL", "ANY_OTHER"):
        monkeypatch.setenv(name, f"canary of {name}")
    program, seen = tmp_path / "program", tmp_path / "environ"
    program.write_text(f'#!/bin/sh\ncat /proc/$$/environ > "{seen}"\nexec "{binary.path}" "$@"\n')
    program.chmod(0o700)
    home, wrapped = tmp_path / "data", Binary(name="", version="", path=program)
    async with private_server(home, wrapped):
        now = await asyncio.to_thread(Path(f"/proc/{process_of(home)}/environ").read_bytes)
    started = await asyncio.to_thread(seen.read_bytes)
    assert b"canary" not in started
    assert b"canary" not in now


def test_a_program_is_found_and_is_new_enough() -> None:
    if not BINARIES:
        pytest.skip("neither Redis nor Valkey here")
    found = find_server()
    assert found is not None
    assert re.fullmatch(r"(redis|valkey) \d+(\.\d+)+", f"{found.name} {found.version}")


def test_programs_on_the_path_come_first_and_old_ones_are_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, says in (
        ("valkey-server", "Redis server v=6.2.1"),
        ("redis-server", "Redis server v=7.2"),
    ):
        (tmp_path / name).write_text(f"#!/bin/sh\necho '{says} sha=0'\n")
        (tmp_path / name).chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert find_server() == Binary(name="redis", version="7.2", path=tmp_path / "redis-server")
