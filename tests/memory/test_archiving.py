"""What folds or expires is in the archive, comes back from there, and goes from there when told."""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from memory.archive import Archive
from memory.archiving import Contents
from memory.cold import GONE, ArchiveDown, Cold
from memory.engine import Memory
from memory.folding import NotASummary
from memory.records import Place
from memory.seal import fingerprint
from memory.window import Marks
from tests.memory.conftest import World, turn_in
from tests.memory.databases import Database

pytestmark = pytest.mark.anyio

WIDE, NARROW = Marks(), Marks(high=100, low=50)
COUNT = 20


@pytest.fixture
def town(any_redis_url: str) -> World:
    world = World(any_redis_url)
    world.copying = True
    return world


@asynccontextmanager
async def running(
    town: World, url: str, marks: Marks = NARROW, kind: type[Archive] = Archive
) -> AsyncIterator[Memory]:
    async with AsyncExitStack() as stack:
        store = town.store()
        stack.push_async_callback(store.close)
        archive = kind(url, now=time.time, kept=86_400) if url else None
        memory = town.memory(store, marks, archive=archive)
        await memory.open()
        yield memory


async def talk(town: World, memory: Memory, place: Place) -> None:
    """One question with its answer, then others talk."""
    await memory.receive(place, town.say("fact-00", id="m0"))
    turn = await turn_in(memory, place)
    await turn.conclude(["p0"], [], "noted fact-00")
    for number in range(1, COUNT):
        text = f"fact-{number:02}"
        said = town.say(text, id=f"m{number}", called=False, author="U2", name="Bob")
        await memory.receive(place, said)


async def archived(url: str, place: Place, town: World) -> Contents:
    """What the archive alone holds."""
    async with running(town, url) as memory:
        assert memory._archiving
        return await memory._archiving.read(place)


async def prompt(memory: Memory, town: World, place: Place) -> str:
    """All that the reply to a new question may build on."""
    await memory.receive(place, town.say("what do you know?"))
    found = (await turn_in(memory, place)).recollection
    return "\n".join(each.text for each in (*found.segments, *found.window))  # type: ignore[attr-defined]


async def expire(town: World, *kinds: str) -> None:
    """As if nobody had said anything for long."""
    async with Redis.from_url(town.url) as redis:
        for kind in kinds:
            if keys := await redis.keys(f"tk:{{p*/{kind}"):
                await redis.delete(*keys)


async def nearly_expired(town: World) -> None:
    async with Redis.from_url(town.url) as redis:
        for key in await redis.keys("tk:{p*/msg"):
            await redis.expire(key, 1000)
        for key in await redis.keys("tk:{p*/expiring"):
            names: list[Any] = await redis.zrange(key, 0, -1)
            await redis.zadd(key, dict.fromkeys(names, 0))


ALL = ("*",)
MESSAGES = ("msg", "win", "owed", "replies")


async def test_what_folds_is_archived_word_for_word_with_its_summary(
    town: World, database: Database, place: Place
) -> None:
    async with running(town, database.url) as memory:
        await talk(town, memory, place)
        folded = await memory.settle(place)
    cold = await archived(database.url, place, town)
    assert folded > 10
    assert [each.text for each in cold.entries][:3] == ["fact-00", "noted fact-00", "fact-01"]
    assert len(cold.entries) == folded
    covered = {post for _, posts in cold.leaves for post in posts}
    assert covered == {each.id for each in cold.entries}
    assert b"fact-00" not in database.files()


async def test_a_conversation_that_wakes_up_has_its_summary_before_its_first_reply(
    town: World, database: Database, place: Place
) -> None:
    async with running(town, database.url) as memory:
        await talk(town, memory, place)
        await memory.settle(place)
    await expire(town, *ALL)
    async with running(town, database.url) as memory:
        assert (await memory.describe(place)).segments, "people see what the archive holds"
        known = await prompt(memory, town, place)
        assert "fact-00" in known
        assert "fact-10" in known


@pytest.mark.parametrize("ids", [["m1"], ["m0"]], ids=["a message", "a message with its reply"])
async def test_what_is_deleted_after_it_expired_leaves_archive_and_revived_summary(
    town: World, database: Database, place: Place, ids: list[str]
) -> None:
    async with running(town, database.url) as memory:
        await talk(town, memory, place)
        await memory.settle(place)
        await expire(town, *ALL)
        await memory.receive(place, town.say("hello again"))
        assert (await memory.describe(place)).segments
        await memory.retract(place, ids)
        texts = [each.text for each in (await memory.describe(place)).segments]
        assert not [text for text in texts if f"fact-0{ids[0][1]}" in text]
    cold = await archived(database.url, place, town)
    assert not [each for each in cold.entries if f"fact-0{ids[0][1]}" in each.text]
    assert not [segment for segment, covered in cold.leaves if ids[0] in covered]


async def test_what_is_edited_after_it_expired_leaves_archive_and_revived_summary(
    town: World, database: Database, place: Place
) -> None:
    async with running(town, database.url) as memory:
        await talk(town, memory, place)
        await memory.settle(place)
        await expire(town, *ALL)
        await memory.receive(place, town.say("hello again"))
        await memory.amend(place, "m1", "corrected", town.at + 5)
        assert "fact-01" not in await prompt(memory, town, place)
    cold = await archived(database.url, place, town)
    assert "m1" not in {each.id for each in cold.entries}


async def test_what_is_deleted_after_only_its_messages_expired_leaves_its_summary(
    town: World, place: Place
) -> None:
    async with running(town, "") as memory:
        await talk(town, memory, place)
        await memory.settle(place)
        await expire(town, *MESSAGES)
        await memory.retract(place, ["m1"])
        assert "fact-01" not in await prompt(memory, town, place)


class Meanwhile(Archive):
    """Whenever summaries were read, somebody deletes a post of theirs."""

    async def summaries_of(self, place: str, limit: int) -> Sequence[Cold]:
        found = await super().summaries_of(place, limit)
        await self.retract(place.rpartition(":")[0], {"m1": GONE})
        return found


async def test_what_is_deleted_while_its_conversation_wakes_up_does_not_come_back(
    town: World, database: Database, place: Place
) -> None:
    async with running(town, database.url) as memory:
        await talk(town, memory, place)
        await memory.settle(place)
    assert (await archived(database.url, place, town)).leaves
    await expire(town, *ALL)
    async with running(town, database.url, kind=Meanwhile) as memory:
        assert "fact-01" not in await prompt(memory, town, place)


async def test_what_is_archived_is_found_by_who_wrote_it_and_whom_it_answers(
    town: World, database: Database, place: Place
) -> None:
    async with running(town, database.url) as memory:
        await talk(town, memory, place)
        await memory.settle(place)
        assert memory._archiving
        pepper = memory._archiving._pepper
    archive = Archive(database.url, now=time.time, kept=86_400)
    ada, bob = (fingerprint(pepper, "person", "slack", "T1", who).hex() for who in ("U1", "U2"))
    assert (await archive.forget(bob, town.at)).messages > 10
    assert [each.id for each in await archive.messages_of(place.key)] == ["m0", "p0"]
    await archive.forget(ada, town.at)
    assert await archive.places() == []


async def test_an_edit_takes_the_old_text_from_the_archive_and_the_next_fold_brings_the_new(
    town: World, database: Database, place: Place
) -> None:
    async with running(town, database.url) as memory:
        await talk(town, memory, place)
        await memory.settle(place)
        await memory.amend(place, "m1", "corrected", town.at + 5)
        await memory.settle(place)
    cold = await archived(database.url, place, town)
    texts = [each.text for each in cold.entries] + [each.text for each, _ in cold.leaves]
    assert not [text for text in texts if "fact-01" in text]
    assert [text for text in texts if "corrected" in text]


@pytest.mark.parametrize("channel", [False, True], ids=["a thread", "a channel"])
async def test_forgetting_empties_both_and_nothing_wakes_up(
    town: World, database: Database, place: Place, channel: bool
) -> None:
    async with running(town, database.url) as memory:
        await talk(town, memory, place)
        await memory.settle(place)
        receipt = await memory.forget(place, town.at, channel=channel)
        assert receipt.messages == COUNT + 1
        await memory.upkeep.catch_up()
        assert await archived(database.url, place, town) == Contents(place=place)
        await expire(town, *ALL)
        assert "fact" not in await prompt(memory, town, place)


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


async def test_an_export_has_every_message_once_from_archive_and_store(
    town: World, database: Database, place: Place
) -> None:
    async with running(town, database.url) as memory:
        await talk(town, memory, place)
        await memory.settle(place)
        [contents] = [each async for each in memory.upkeep.contents()]
    assert len(contents.entries) == COUNT + 1
    assert contents.leaves


async def test_an_archive_of_another_key_holds_up_no_message(
    town: World, database: Database, place: Place
) -> None:
    async with running(town, database.url) as memory:
        await talk(town, memory, place)
        await memory.settle(place)
    await expire(town, *ALL)
    async with Redis.from_url(town.url) as redis:
        await redis.delete("tk:pepper")
    stranger = World(town.url)
    async with running(stranger, database.url) as memory:
        assert await memory.receive(place, town.say("hello again"))
        with pytest.raises(ArchiveDown, match="which MEMORY_KEY does not list"):
            await memory.upkeep.preserve(place, whole=False)
