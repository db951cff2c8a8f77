"""What folds is in the archive, comes back from there, and goes from there when told."""

import time
from collections.abc import Sequence

import pytest
from redis.asyncio import Redis

from memory.archive import Archive
from memory.archiving import Contents
from memory.cold import GONE, ArchiveDown, Cold
from memory.records import Place
from memory.seal import fingerprint
from tests.memory.conftest import World
from tests.memory.databases import Database
from tests.memory.town import ALL, COUNT, MESSAGES, archived, expire, prompt, running, talk, town

__all__ = ["town"]

pytestmark = pytest.mark.anyio


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
