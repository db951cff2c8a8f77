"""A real throw-away PostgreSQL on a unix socket, for tests."""

import asyncio
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

DEBIAN = Path("/usr/lib/postgresql")  # its servers are in VERSION/bin, not on PATH
SWIFT = ("fsync=off", "full_page_writes=off", "shared_buffers=16MB", "listen_addresses=")


@dataclass(frozen=True, slots=True, kw_only=True)
class Postgres:
    """A running server: where it answers and where it keeps its files."""

    url: str
    folder: Path


def find_postgres() -> Path | None:
    """The folder of the newest server's programs, if one is installed."""
    on_path = shutil.which("postgres")
    found = sorted(DEBIAN.glob("*/bin/postgres"), key=lambda path: float(path.parts[-3]))
    return Path(on_path).parent if on_path else found[-1].parent if found else None


@asynccontextmanager
async def running(programs: Path) -> AsyncIterator[Postgres]:
    """Run a server in a fresh folder, and kill it at the end.

    PostgreSQL refuses to run as root: as root, it runs as the package's own user, or nobody.
    """
    with tempfile.TemporaryDirectory(prefix="tk-postgres-") as parent:
        folder, user = Path(parent, "data"), _user()
        if user:
            shutil.chown(parent, user)
        made = ("-D", folder, "-U", "keeper", "--auth=trust", "--encoding=UTF8", "--no-sync")
        await asyncio.to_thread(_run, [programs / "initdb", *made], user)
        settings = (*SWIFT, f"unix_socket_directories={parent}")
        options = [part for each in settings for part in ("-c", each)]
        process = await asyncio.create_subprocess_exec(
            programs / "postgres",
            "-D",
            folder,
            *options,
            user=user,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        assert process.stderr is not None
        try:
            async with asyncio.timeout(20):
                await _ready(process.stderr)
            log = asyncio.create_task(process.stderr.read())  # a full pipe would stop the server
            yield Postgres(url=f"postgresql://keeper@/postgres?host={parent}", folder=folder)
        finally:
            if process.returncode is None:
                process.send_signal(3)  # immediate shutdown: ends its children too
            await process.wait()
        await log


async def _ready(output: asyncio.StreamReader) -> None:
    said = b""
    async for line in output:
        if b"ready to accept connections" in line:
            return
        said += line
    raise AssertionError(f"PostgreSQL did not start:\n{said.decode(errors='replace')}")


def _run(command: Sequence[str | Path], user: str | None) -> None:
    done = subprocess.run(command, user=user, capture_output=True, text=True, check=False, cwd="/")
    assert done.returncode == 0, done.stderr


def _user() -> str | None:
    if os.geteuid():
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"
