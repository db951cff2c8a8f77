"""What is forgotten, deleted or edited leaves the archive and cannot be saved late."""

import asyncio
from dataclasses import replace

import pytest

from memory.archive import Archive
from memory.cold import GONE
from tests.memory.cold import (
    ABROAD,
    ADA,
    BOB,
    ELSEWHERE,
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


@pytest.mark.parametrize(
    ("scope", "left"),
    [
        (HERE.key, ["sibling", "elsewhere", "abroad"]),
        (HERE.channel_key, ["elsewhere", "abroad"]),
        ("slack:T1", ["abroad"]),
        (BOB, ["here", "sibling", "elsewhere", "abroad"]),
        (ADA, []),
    ],
    ids=["conversation", "channel", "space", "a person who wrote nothing", "person"],
)
async def test_forgetting_reaches_its_scope_and_no_more(
    archive: Archive, scope: str, left: list[str]
) -> None:
    places = {"here": HERE, "sibling": SIBLING, "elsewhere": ELSEWHERE, "abroad": ABROAD}
    await archive.save([message(name, place) for name, place in places.items()])
    receipt = await archive.forget(scope, 100)
    remain = [*await names(archive), *await names(archive, "slack:T10")]
    assert sorted(remain) == sorted(left)
    assert receipt.messages == 4 - len(left)


async def test_forgetting_ends_at_its_time_and_takes_summaries_that_began_before(
    archive: Archive,
) -> None:
    segments = [summary("across", "m1", "m2", sent=99), summary("after", "m3", sent=101)]
    await archive.save([message("m1", sent=100), message("m2", sent=101)], segments)
    receipt = await archive.forget(HERE.key, 100)
    assert (receipt.messages, receipt.segments) == (1, 1)
    assert await names(archive) == ["m2"]
    assert [each.id for each in await summaries(archive)] == ["after"]


async def test_a_person_takes_replies_to_them_and_summaries_of_their_words(
    archive: Archive,
) -> None:
    words = [message("hers"), message("his", people=(BOB,)), message("both", people=(BOB, ADA))]
    segments = [summary("ours", "hers", "his"), summary("only-his", "his", people=(BOB,))]
    await archive.save(words, segments)
    receipt = await archive.forget(ADA, 100)
    assert (receipt.messages, receipt.segments) == (2, 1)
    assert await names(archive) == ["his"]
    assert [each.id for each in await summaries(archive)] == ["only-his"]


@pytest.mark.parametrize("scope", [HERE.key, HERE.channel_key, "slack:T1", ADA])
async def test_what_was_forgotten_cannot_be_saved_late(archive: Archive, scope: str) -> None:
    await archive.forget(scope, 100)
    await archive.forget(scope, 50)  # a late repeat does not lower the watermark
    late = [message("late", sent=100), message("new", sent=101)]
    assert await archive.save(late, [summary("s", "late", "new", sent=100)]) == 1
    assert await names(archive) == ["new"]


async def test_marks_go_when_nobody_can_hold_any_more_what_they_refuse(database: Database) -> None:
    day = [0.0]
    archive = opened(database.url, now=lambda: day[0] * 86_400)
    await archive.retract(HERE.channel_key, {"m1": GONE})
    for day[0] in (90, 91):
        assert await archive.save([message("m1")]) == 0
        await archive.forget(ELSEWHERE.key, 1)
    assert await archive.save([message("m1")]) == 1
    assert len(database.execute("SELECT * FROM tk_marks")) == 1


async def test_a_deleted_post_is_gone_with_its_summaries_and_stays_away(archive: Archive) -> None:
    post, segment = message("m_1"), summary("s1", "m_1", "m3")
    other = summary("s2", "mx1", version=7)  # `_` is not a wildcard
    await archive.save([post, message("m2")], [segment, other])
    await archive.retract(HERE.channel_key, {"m_1": GONE})
    assert await archive.save([post, replace(post, version=9)], [segment]) == 0
    assert await names(archive) == ["m2"]
    assert await summaries(archive) == [other]


async def test_an_edited_post_may_come_back_as_edited_only(archive: Archive) -> None:
    old, new = message("m1", version=5), message("m1", version=6)
    await archive.save([old], [summary("s1", covered={"m1": 5})])
    await archive.retract(HERE.channel_key, {"m1": 6})
    assert await archive.save([old], [summary("s1", covered={"m1": 5})]) == 0
    assert await archive.save([new], [summary("s2", covered={"m1": 6})]) == 2
    assert [each.id for each in await summaries(archive)] == ["s2"]
    await archive.retract(HERE.channel_key, {"m1": 6})  # a repeat leaves what is new enough
    assert await everything(archive) == [new]


async def test_a_post_is_deleted_in_its_own_channel_only(archive: Archive) -> None:
    await archive.save([message("m1"), message("m1", SIBLING), message("m1", ELSEWHERE)])
    await archive.retract(HERE.channel_key, {"m1": GONE})
    assert [each.place for each in await everything(archive)] == [ELSEWHERE.key]


async def test_forgetting_beats_saving_at_the_same_time(database: Database) -> None:
    one, two = opened(database.url), opened(database.url)
    words = [message(f"m{number:03}") for number in range(60)]
    saves = (one.save(words[at : at + 6]) for at in range(0, 60, 6))
    await asyncio.gather(*saves, two.forget(ADA, 100), two.save([message("own", people=(BOB,))]))
    assert await names(one) == ["own"]


async def test_a_reply_goes_with_what_it_answers(archive: Archive) -> None:
    reply = message("reply", covered={"asked": 0})
    await archive.save([message("asked"), reply, message("other")])
    await archive.retract(HERE.channel_key, {"asked": GONE})
    assert await archive.save([reply]) == 0
    assert await names(archive) == ["other"]


async def test_replies_that_quote_what_is_deleted_go_for_good_and_those_that_quote_them(
    archive: Archive,
) -> None:
    quoting = message("quoting", SIBLING, covered={"secret": 0})
    chain = message("quoting the quote", covered={"quoting": 0})
    await archive.save([message("secret"), quoting, chain, message("other")])
    await archive.retract(HERE.channel_key, {"secret": GONE})
    assert await names(archive) == ["other"]
    assert await archive.save([quoting, chain]) == 0


async def test_replies_in_another_thread_that_quote_a_forgotten_one_go_with_it(
    archive: Archive,
) -> None:
    many = [message(f"m{number}") for number in range(30)]  # more than one statement asks for
    quoting = message("quoting", SIBLING, covered={"m7": 0}, sent=200)
    await archive.save([*many, quoting, message("sibling", SIBLING)])
    await archive.forget(HERE.key, 100)
    assert await names(archive) == ["sibling"]
