"""Cold storage in SQLite or PostgreSQL: what expires from the store, sealed as it was there."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from memory.cold import GONE, ArchiveDown, Cold
from memory.records import Forgotten

SCHEMA = 1  # of the tables; an archive with a newer one is refused
FEW = 20  # posts that one statement asks for
UPKEEP = 300.0  # seconds for what rewrites whole tables

_FORMS = "DATABASE_URL: must look like sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME"
_POSTGRES = "postgresql+psycopg"
_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": _POSTGRES, "postgres": _POSTGRES}
_BEGIN = {
    "sqlite": ("PRAGMA secure_delete=ON", "BEGIN IMMEDIATE"),
    "postgresql": ("SELECT pg_advisory_xact_lock(29803)",),
}
_SCRUB = {  # secure_delete alone leaves copies behind where SQLite had moved rows between pages
    "sqlite": ("VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"),  # an operator may have chosen WAL
    "postgresql": ("VACUUM FULL tk_messages", "VACUUM FULL tk_summaries"),
}
_META = sa.MetaData()
_TIMES = {"sent": sa.BigInteger, "version": sa.BigInteger}
_TAGS = {"channel": sa.Text, "people": sa.JSON, "covered": sa.JSON}
_SEALED = {"wrapped": sa.LargeBinary, "blob": sa.LargeBinary}


def _table(name: str, *keys: str, **columns: Any) -> sa.Table:
    primary = [sa.Column(key, sa.Text, primary_key=True) for key in keys]
    rest = [sa.Column(column, kind, nullable=False) for column, kind in columns.items()]
    return sa.Table(name, _META, *primary, *rest)


_RECORDS = _MESSAGES, _SUMMARIES = [
    _table(name, "place", "id", **_TIMES, **_TAGS, **_SEALED)
    for name in ("tk_messages", "tk_summaries")
]
_INDEXES = [sa.Index(f"{each}_channel", each.c.channel, each.c.id) for each in _RECORDS]
# Watermarks; for a post: the version from which on it may be kept. `made`: seconds since 1970.
_MARKS = _table("tk_marks", "scope", "post", version=sa.BigInteger, made=sa.BigInteger)
_ARCHIVE = _table("tk_archive", "id", schema=sa.Integer, pepper=sa.LargeBinary)


class Archive:
    """See ColdStore. Times in seconds; `now` since 1970.

    What was forgotten is refused for as long as `kept`; by then nobody holds it who would save it.
    """

    def __init__(
        self, url: str, *, now: Callable[[], float], kept: float, timeout: float = 5.0
    ) -> None:
        self._engine, self._now, self._kept, self._timeout = _engine(url), now, kept, timeout
        self._dialect = {"sqlite": sqlite, "postgresql": postgresql}[self._engine.name]
        self._turn, self._made = asyncio.Lock(), False

    async def pepper(self, candidate: bytes) -> bytes:
        new = self._dialect.insert(_ARCHIVE).values(id="pepper", schema=SCHEMA, pepper=candidate)
        async with self._calling() as connection:
            await connection.execute(new.on_conflict_do_nothing())
            return bytes((await connection.execute(sa.select(_ARCHIVE.c.pepper))).scalar_one())

    async def save(self, messages: Sequence[Cold], summaries: Sequence[Cold] = ()) -> int:
        both = (messages, summaries)
        scopes = {scope for some in both for each in some for scope in _scopes(each)}
        wanted = sa.select(_MARKS).where(_MARKS.c.scope.in_(scopes))
        async with self._calling() as connection:
            found = (await connection.execute(wanted)).all()
            marks = {(each.scope, each.post): each.version for each in found}
            fit = [[_row(each) for each in some if _fits(each, marks)] for some in both]
            for table, rows in zip(_RECORDS, fit, strict=True):
                await self._upsert(connection, table, rows)
        return sum(map(len, fit))

    async def places(self) -> Sequence[str]:
        both = sa.union(*(sa.select(each.c.place) for each in _RECORDS))
        async with self._calling() as connection:
            return sorted((await connection.execute(both)).scalars())

    async def messages_of(self, place: str) -> Sequence[Cold]:
        found = sa.select(_MESSAGES).where(_MESSAGES.c.place == place)
        return await self._read(found.order_by(_MESSAGES.c.sent, _MESSAGES.c.id))

    async def summaries_of(self, place: str, limit: int) -> Sequence[Cold]:
        found = sa.select(_SUMMARIES).where(_SUMMARIES.c.place == place)
        newest = found.order_by(_SUMMARIES.c.version.desc(), _SUMMARIES.c.id).limit(limit)
        return (await self._read(newest))[::-1]

    async def forget(self, scope: str, until: int) -> Forgotten:
        async with self._calling() as connection:
            await self._mark(connection, scope, {"": until})
            going = sa.select(_MESSAGES.c.channel, _MESSAGES.c.id)
            there = going.where(_within(_MESSAGES, scope), _MESSAGES.c.sent <= until)
            gone = (await connection.execute(there)).all()
            if scope.count(":") == 1:  # a space: its mark stands for those of its channels
                inside = _MARKS.c.scope.startswith(f"{scope}:", autoescape=True)
                await _delete(connection, _MARKS, inside, _MARKS.c.made * 1_000_000 <= until)
            counts = [
                await _delete(connection, table, _within(table, scope), table.c.sent <= until)
                for table in _RECORDS
            ]
            for channel in sorted({row.channel for row in gone}):
                posts = {row.id for row in gone if row.channel == channel}
                await self._quotes_go(connection, channel, posts)
        return Forgotten(messages=counts[0], segments=counts[1])

    async def retract(self, channel: str, posts: Mapping[str, int]) -> None:
        async with self._calling() as connection:
            await self._mark(connection, channel, posts)
            gone = {post for post, version in posts.items() if version >= GONE}
            await self._quotes_go(connection, channel, gone)
            for post, version in posts.items():
                await _without(connection, channel, post, version)

    async def _quotes_go(self, on: AsyncConnection, channel: str, gone: AbstractSet[str]) -> None:
        """What took words from deleted posts goes for good, and what took words from that."""
        found, fresh = set[str](), set(gone)
        while fresh:
            rows = (await on.execute(_quoting(channel, fresh))).all()
            fresh = {row.id for row in rows if not fresh.isdisjoint(row.covered)} - found - gone
            found |= fresh
        await self._mark(on, channel, dict.fromkeys(sorted(found), GONE))
        for post in sorted(found):
            await _without(on, channel, post, GONE)

    async def scrub(self) -> None:
        async with self._calling(UPKEEP, isolation_level="AUTOCOMMIT") as connection:
            for statement in _SCRUB[self._engine.name]:
                done = await connection.exec_driver_sql(statement)
                if done.returns_rows and done.scalar():
                    raise ArchiveDown("another program reads the archive: try again later")

    async def rewrap(self, again: Callable[[str, bytes], bytes]) -> int:
        wrapped = [(each, each.c.place, each.c.wrapped) for each in _RECORDS]
        changed = 0
        async with self._calling(UPKEEP) as connection:
            for table, context, key in (*wrapped, (_ARCHIVE, _ARCHIVE.c.id, _ARCHIVE.c.pepper)):
                found = sa.select(context, key).where(key != b"").distinct()
                for name, old in (await connection.execute(found)).all():
                    if (new := again(name, old)) != old:
                        those = sa.update(table).where(context == name, key == old)
                        await connection.execute(those.values({key: new}))
                        changed += 1
        return changed

    async def _read(self, found: sa.Select[Any]) -> Sequence[Cold]:
        async with self._calling() as connection:
            return [_cold(row) for row in (await connection.execute(found)).mappings()]

    @asynccontextmanager
    async def _calling(
        self, seconds: float = 0.0, **options: Any
    ) -> AsyncIterator[AsyncConnection]:
        """One call at a time, in all processes: a late `save` sees what was forgotten.

        In this process they wait here: waiting inside SQLite could stop the event loop.
        """
        engine = self._engine.execution_options(**options)
        try:
            async with asyncio.timeout(seconds or self._timeout), self._turn:
                async with engine.begin() as connection:
                    for statement in () if options else _BEGIN[engine.name]:
                        await connection.exec_driver_sql(statement)
                    if not self._made:
                        await _make(connection)
                    yield connection
                self._made = True
        except (SQLAlchemyError, OSError) as error:  # a timeout is an OSError
            what = type(error).__name__
            raise ArchiveDown(
                f"the archive does not answer ({what}): check DATABASE_URL"
            ) from error

    async def _mark(self, on: AsyncConnection, scope: str, posts: Mapping[str, int]) -> None:
        """A late `save` of these is refused; marks that nobody can need any more go."""
        made = int(self._now())
        await _delete(on, _MARKS, _MARKS.c.made < made - self._kept)
        marks = [{"post": post, "version": version} for post, version in posts.items()]
        await self._upsert(on, _MARKS, [{"scope": scope, "made": made, **each} for each in marks])

    async def _upsert(
        self, on: AsyncConnection, table: sa.Table, rows: Sequence[dict[str, Any]]
    ) -> None:
        new = self._dialect.insert(table)
        newest = new.on_conflict_do_update(
            index_elements=table.primary_key.columns,
            set_=dict(new.excluded.items()),
            where=new.excluded.version >= table.c.version,
        )
        if rows:
            await on.execute(newest, rows)


async def _make(on: AsyncConnection) -> None:
    await on.run_sync(_META.create_all)
    if (await on.scalar(sa.select(_ARCHIVE.c.schema)) or 0) > SCHEMA:
        raise ArchiveDown("the archive is of a newer Threadkeeper: update this one")


async def _without(on: AsyncConnection, channel: str, post: str, version: int) -> None:
    """Older versions of a post go, with the summaries and replies that tell of it."""
    for table in _RECORDS:
        older = sa.and_(table.c.id == post, table.c.version < version)
        told = sa.or_(older, _holds(table.c.covered, post))
        await _delete(on, table, table.c.channel == channel, told)


def _quoting(channel: str, posts: AbstractSet[str]) -> sa.Select[Any]:
    """Messages that cover others, these posts among them; of many posts the caller looks."""
    found = sa.select(_MESSAGES.c.id, _MESSAGES.c.covered).where(_MESSAGES.c.channel == channel)
    if len(posts) > FEW:
        return found.where(sa.cast(_MESSAGES.c.covered, sa.Text) != "{}")
    return found.where(sa.or_(*(_holds(_MESSAGES.c.covered, post) for post in posts)))


async def _delete(on: AsyncConnection, table: sa.Table, *where: sa.ColumnElement[bool]) -> int:
    return (await on.execute(sa.delete(table).where(*where))).rowcount


def _engine(url: str) -> AsyncEngine:
    """Connections are not kept: what failed on one cannot get in the way of the next call."""
    try:
        address = sa.make_url(url)
        driver = _DRIVERS[address.get_backend_name() if address.database else ""]
    except (ArgumentError, KeyError):
        raise ArchiveDown(_FORMS) from None  # the cause may hold the password
    address = address.set(drivername=driver)
    return create_async_engine(address, poolclass=NullPool, hide_parameters=True)


def _scopes(record: Cold) -> Sequence[str]:
    channel = record.place.rpartition(":")[0]
    return (record.place, channel, channel.rpartition(":")[0], *record.people)


def _within(table: sa.Table, scope: str) -> sa.ColumnElement[bool]:
    return {
        3: table.c.place == scope,
        2: table.c.channel == scope,
        1: table.c.channel.startswith(f"{scope}:", autoescape=True),
        0: _holds(table.c.people, scope),
    }[scope.count(":")]


def _holds(column: sa.Column[Any], tag: str) -> sa.ColumnElement[bool]:
    return sa.cast(column, sa.Text).contains(json.dumps(tag), autoescape=True)


def _fits(record: Cold, marks: Mapping[tuple[str, str], int]) -> bool:
    scopes = _scopes(record)
    posts = {record.id: record.version, **record.covered}
    old = any(version < marks.get((scopes[1], post), 0) for post, version in posts.items())
    return not old and all(record.sent > marks.get((scope, ""), -1) for scope in scopes)


def _row(record: Cold) -> dict[str, Any]:
    return asdict(record) | {"channel": _scopes(record)[1]}


def _cold(row: sa.RowMapping) -> Cold:
    fields = {name: row[name] for name in row if name != "channel"}
    return Cold(**fields | {"people": tuple(row["people"])})
