"""Empty databases for the archive: SQLite in a file, PostgreSQL from Debian's package."""

import re
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from tests.servers import postgres
from tests.servers.postgres import Postgres

PROGRAMS = postgres.find_postgres()


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """An empty database: its address, its bytes on disk, and plain SQL in it."""

    url: str
    files: Callable[[], bytes]
    execute: Callable[[str], Sequence[Sequence[object]]]


@pytest.fixture(scope="session")
async def postgres_server(anyio_backend: str) -> AsyncIterator[Postgres]:
    if PROGRAMS is None:
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    async with postgres.running(PROGRAMS) as server:
        yield server


@pytest.fixture
def on_sqlite(tmp_path: Path) -> Database:
    path = tmp_path / "archive.db"

    def execute(statement: str) -> Sequence[Sequence[object]]:
        with closing(sqlite3.connect(path)) as connection, connection:
            return connection.execute(statement).fetchall()

    def files() -> bytes:
        return b"".join(each.read_bytes() for each in tmp_path.iterdir())

    return Database(url=f"sqlite:///{path}", files=files, execute=execute)


@pytest.fixture
def on_postgres(postgres_server: Postgres) -> Database:
    url = postgres_server.url

    def execute(statement: str) -> Sequence[Sequence[object]]:
        with psycopg.connect(url, autocommit=True) as connection:
            done = connection.execute(statement)
            return done.fetchall() if done.description else ()

    def files() -> bytes:
        """The tables and all else but the write-ahead log."""
        execute("CHECKPOINT")
        found = [path for path in postgres_server.folder.glob("base/*/*") if _user_table(path)]
        return b"".join(path.read_bytes() for path in found)

    execute("DROP TABLE IF EXISTS tk_archive, tk_marks, tk_messages, tk_summaries")
    return Database(url=url, files=files, execute=execute)


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest) -> Database:
    found: Database = request.getfixturevalue(f"on_{request.param}")
    return found


def _user_table(path: Path) -> bool:
    """PostgreSQL's own tables have numbers below 16384; the templates hold nothing else."""
    number = re.match(r"\d+", path.name)
    return number is not None and int(number[0]) >= 16_384
