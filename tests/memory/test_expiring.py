"""What is about to expire folds and is archived before, and what if model or archive is down."""

from pathlib import Path

import pytest
from redis.asyncio import Redis

from memory.archiving import Contents
from memory.cold import ArchiveDown
from memory.folding import NotASummary
from memory.records import Place
from tests.memory.conftest import World
from tests.memory.databases import Database
from tests.memory.town import (
    ALL,
    COUNT,
    MESSAGES,
    WIDE,
    archived,
    expire,
    nearly_expired,
    prompt,
    running,
    talk,
    town,
)

__all__ = ["town"]

pytestmark = pytest.mark.anyio


async def test_what_expired_from_the_store_is_counted_when_it_is_forgotten(
    town: World, database: Database, place: Place
) -> None:
    async with running(town, database.url) as memory:
        await talk(town, memory, place)
        folded = await memory.settle(place)
        await expire(town, *ALL)
        assert (await memory.forget(place, town.at, channel=False)).messages == folded


async def test_before_messages_expire_all_of_them_fold_and_are_archived(
    town: World, database: Database, place: Place
) -> None:
    async with running(town, database.url, WIDE) as memory:
        await talk(town, memory, place)
        assert await memory.upkeep.expiring(10) == []
        await nearly_expired(town)
        [(found, whole)] = await memory.upkeep.expiring(10)
        assert (found.key, whole) == (place.key, True)
        assert await memory.upkeep.expiring(10) == [], "nobody else does it meanwhile"
        assert await memory.upkeep.preserve(found, whole=whole)
        await expire(town, *MESSAGES)
        assert "fact-19" in await prompt(memory, town, place)
    assert len((await archived(database.url, place, town)).entries) == COUNT + 1


async def test_without_an_archive_what_is_about_to_expire_is_folded_all_the_same(
    town: World, place: Place
) -> None:
    async with running(town, "", WIDE) as memory:
        await talk(town, memory, place)
        await nearly_expired(town)
        [(found, whole)] = await memory.upkeep.expiring(10)
        assert await memory.upkeep.preserve(found, whole=whole)
        await nearly_expired(town)
        assert await memory.upkeep.expiring(10) == []
        await expire(town, *MESSAGES)
        assert "fact-19" in await prompt(memory, town, place)


async def test_folding_does_not_make_messages_live_longer(town: World, place: Place) -> None:
    async with running(town, "", WIDE) as memory, Redis.from_url(town.url) as redis:
        await talk(town, memory, place)
        await nearly_expired(town)
        await memory.upkeep.preserve(place, whole=True)
        [key] = await redis.keys("tk:{p*/msg")
        assert await redis.ttl(key) <= 1000


async def test_if_the_model_stays_down_expiry_wins_and_is_told(town: World, place: Place) -> None:
    async with running(town, "", WIDE) as memory:
        await talk(town, memory, place)
        town.copying, town.summary = False, ""
        await nearly_expired(town)
        assert await memory.upkeep.preserve(place, whole=True)
        with pytest.raises(NotASummary):
            await memory._folding.settle(place, whole=True)
        await expire(town, *MESSAGES)
        assert not await memory.upkeep.preserve(place, whole=True)
        await nearly_expired(town)
        assert await memory.upkeep.expiring(10) == []


async def test_while_the_archive_is_down_memory_goes_on_and_what_was_missed_follows(
    town: World, place: Place, tmp_path: Path
) -> None:
    folder = tmp_path / "later"
    url = f"sqlite:///{folder}/archive.db"
    async with running(town, url) as memory:
        await talk(town, memory, place)
        with pytest.raises(ArchiveDown):
            await memory.settle(place)
        await memory.retract(place, ["m2"])
        assert "fact-03" in await prompt(memory, town, place)
        folder.mkdir()
        await nearly_expired(town)
        [(found, _)] = await memory.upkeep.expiring(10)
        await memory.upkeep.preserve(found, whole=False)
        await memory.upkeep.catch_up()
        ids = {each.id for each in (await archived(url, place, town)).entries}
        assert {"m0", "m1", "m3"} <= ids
        assert "m2" not in ids


async def test_what_was_forgotten_while_the_archive_was_down_never_wakes_up(
    town: World, place: Place, tmp_path: Path
) -> None:
    folder = tmp_path / "there"
    folder.mkdir()
    url = f"sqlite:///{folder}/archive.db"
    async with running(town, url) as memory:
        await talk(town, memory, place)
        await memory.settle(place)
    folder.rename(tmp_path / "away")
    async with running(town, url) as memory:
        assert (await memory.forget(place, town.at, channel=False)).messages == COUNT + 1
    (tmp_path / "away").rename(folder)
    async with running(town, url) as memory:
        assert "fact" not in await prompt(memory, town, place)
    assert await archived(url, place, town) == Contents(place=place)
