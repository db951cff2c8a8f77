"""What cold storage promises: the same on SQLite and PostgreSQL."""

import asyncio
import os
import random
import sqlite3
from collections.abc import Coroutine, Iterable, Sequence
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from memory.archive import Archive
from memory.cold import ArchiveDown, Cold
from memory.seal import fingerprint
from tests.memory.cold import (
    HERE,
    SIBLING,
    archive,
    everything,
    message,
    names,
    opened,
    summaries,
    summary,
)
from tests.memory.databases import Database

__all__ = ["archive"]

pytestmark = pytest.mark.anyio


async def test_what_was_saved_comes_back_as_it_was(archive: Archive) -> None:
    kept = message("m1", sent=1_800_000_000_000_001, version=1_800_000_000_000_002)
    segment = summary("s1", "m1", "m2")
    assert await archive.save([kept], [segment]) == 2
    assert await everything(archive, HERE.key) == [kept]
    assert await summaries(archive) == [segment]


async def test_a_repeated_save_changes_nothing(archive: Archive) -> None:
    kept, segment = message("m1"), summary("s1", "m1")
    for _ in range(2):
        await archive.save([kept], [segment])
    assert await everything(archive) == [kept]
    assert await summaries(archive) == [segment]


async def test_the_newest_version_wins_whichever_comes_last(archive: Archive) -> None:
    old, new = message("m1", version=5), message("m1", version=6)
    for order in ((old, new), (new, old)):
        await archive.save([order[0]])
        await archive.save([order[1]])
        assert await everything(archive) == [new]


async def test_a_conversation_gets_its_newest_summaries_back_oldest_first(archive: Archive) -> None:
    await archive.save([], [summary(f"s{at}", f"m{at}", version=at) for at in (3, 1, 2, 4)])
    assert [each.id for each in await summaries(archive, most=3)] == ["s2", "s3", "s4"]
    assert await summaries(archive, SIBLING) == []


async def test_messages_come_back_in_the_order_they_were_sent(archive: Archive) -> None:
    await archive.save([message("b", sent=1), message("a", sent=2), message("c", sent=2)])
    assert await names(archive) == ["b", "a", "c"]


async def test_the_archive_keeps_its_own_secret_so_it_outlives_the_store(archive: Archive) -> None:
    assert await archive.pepper(b"first") == b"first"
    assert await archive.pepper(b"second") == b"first"
    assert ":" not in fingerprint(b"pepper", "person", "slack", "T1", "U1").hex()


async def test_all_keys_are_wrapped_anew(archive: Archive) -> None:
    await archive.pepper(b"old")
    rows = [
        message("m1", wrapped=b"old"),
        message("m2", wrapped=b"new"),
        message("m3", wrapped=b"old"),
    ]
    await archive.save(rows, [summary("s1", "m1", wrapped=b"old")])
    asked = []

    def again(context: str, wrapped: bytes) -> bytes:
        asked.append((context, wrapped))
        return b"new"

    assert await archive.rewrap(again) == 3
    assert sorted(asked) == [
        ("pepper", b"old"),
        *[(HERE.key, key) for key in (b"new", b"old", b"old")],
    ]
    assert {each.wrapped for each in await everything(archive)} == {b"new"}
    assert await archive.pepper(b"other") == b"new"


async def test_where_an_operator_chose_wal_a_reader_that_keeps_old_pages_is_said_to_be_in_the_way(
    on_sqlite: Database,
) -> None:
    on_sqlite.execute("PRAGMA journal_mode=WAL")
    archive = opened(f"{on_sqlite.url}?timeout=0.1")
    await archive.save([message("m1")])
    with closing(sqlite3.connect(on_sqlite.url.removeprefix("sqlite:///"))) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM tk_messages").fetchall()
        await archive.forget(HERE.key, 100)
        with pytest.raises(ArchiveDown, match="another program reads the archive: try again"):
            await archive.scrub()
    await archive.scrub()


async def test_two_processes_may_use_it_first_at_once(database: Database) -> None:
    archives = [opened(database.url) for _ in range(4)]
    peppers = await asyncio.gather(*(each.pepper(os.urandom(8)) for each in archives))
    assert len(set(peppers)) == 1


@pytest.mark.alone
async def test_many_calls_on_a_new_file_wait_for_each_other_and_never_stop_the_loop(
    on_sqlite: Database,
) -> None:
    def calls(archive: Archive, name: str) -> tuple[Coroutine[Any, Any, object], ...]:
        saving, reading = archive.save([message(name)]), archive.messages_of(HERE.key)
        return (archive.pepper(b"secret"), saving, archive.places(), reading)

    for turn in range(5):
        archives = {str(number): opened(f"{on_sqlite.url}{turn}") for number in range(4)}
        async with asyncio.timeout(2.0):
            each = (calls(archive, name) for name, archive in archives.items())
            await asyncio.gather(*chain.from_iterable(each))
        assert await names(archives["0"]) == ["0", "1", "2", "3"]


async def test_an_archive_of_a_newer_version_is_refused_in_one_line(database: Database) -> None:
    first = opened(database.url)
    await first.pepper(b"secret")
    database.execute("UPDATE tk_archive SET schema = 2")
    second = opened(database.url)
    with pytest.raises(ArchiveDown, match="newer Threadkeeper: update"):
        await second.save([message("m2")])


async def test_what_was_forgotten_replaced_or_deleted_leaves_the_disk(
    archive: Archive, database: Database
) -> None:
    # With this seed, secure_delete alone leaves a copy behind in a page of SQLite.
    dice = random.Random(3)  # noqa: S311
    ids, written = [f"{number:04}" for number in range(400)], []
    for version in range(3):
        dice.shuffle(ids)  # so that pages split and rows move
        batch = [message(each, version=version, sent=int(each), blob=_blob(dice)) for each in ids]
        segment = summary(f"s{version}", *ids[:9], version=version, sent=350, blob=_blob(dice))
        await archive.save(batch[:200], [segment])
        written += [*batch[:200], segment]
        await archive.retract(HERE.channel_key, dict.fromkeys(dice.sample(ids, 50), version + 1))
    before = database.files()
    await archive.forget(HERE.key, 100)
    await archive.scrub()
    kept = [*await everything(archive), *await summaries(archive)]
    assert _ids(kept) == _found(written, database.files()), "what is kept, and nothing else"
    assert len(_found(written, before)) > len(kept) > 100, "the scan sees what is there"


def _found(records: Sequence[Cold], disk: bytes) -> set[tuple[str, int]]:
    """Also by a piece: long values are cut into pages."""
    return _ids(
        each
        for each in records
        if any(each.blob[at : at + 24] in disk for at in range(0, len(each.blob) - 24, 700))
    )


def _ids(records: Iterable[Cold]) -> set[tuple[str, int]]:
    return {(each.id, each.version) for each in records}


def _blob(dice: random.Random) -> bytes:
    return dice.randbytes(dice.choice((40, 300, 900, 3000)))


@pytest.mark.parametrize(
    "url", ["", "mysql://x/y", "redis://x", "sqlite://", "postgresql://h", "://"]
)
def test_an_address_of_no_known_form_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ArchiveDown, match=r"DATABASE_URL: must look like .* or postgresql://"):
        opened(url.replace("//x", "//user:secret@x"))


async def test_a_database_that_is_not_there_or_does_not_answer_says_so_in_time(
    tmp_path: Path,
) -> None:
    async def silent(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await quiet.wait()
        writer.close()

    quiet = asyncio.Event()
    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    urls = (f"sqlite:///{tmp_path}/no/a.db", f"postgresql://u:secret@127.0.0.1:{port}/d")
    for url in (*urls, f"postgres://u:secret@/d?host={tmp_path}"):
        archive = opened(url, timeout=0.2)
        with pytest.raises(ArchiveDown, match="the archive does not answer") as raised:
            await archive.save([message("m1")])
        assert "\n" not in str(raised.value)
        assert "secret" not in str(raised.value)
    quiet.set()
    server.close()
    await server.wait_closed()
