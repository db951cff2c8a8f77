"""From when on calls are looked for: one time for each space, and it moves on."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from redis.asyncio import Redis

from adapters.ports import Busy, Call, Refused, Unclear
from bot import absence
from tests.bot.conftest import NOW, Bench
from tests.bot.platform import HERE, People
from tests.bot.test_absence import _micros, away, call, heard, held, sought, written
from tests.servers.cluster import until

__all__ = ["away"]

pytestmark = pytest.mark.anyio


async def test_one_time_for_each_space_is_stored_and_nothing_for_a_channel(away: Bench) -> None:
    away.platform.spaces = ("S", "T")
    async with away.running() as intake:
        await intake.missed("fake", 0.0)
        await written(away)
    async with Redis.from_url(away.url) as redis:
        keys: list[Any] = await redis.keys("tk:*")
        names = {key.decode() for key in keys} - {"tk:pepper"}
        assert all([await redis.ttl(name) > 0 for name in names])
    assert names == {"tk:heard:fake:S", "tk:heard:fake:T"}


async def test_where_it_never_listened_before_nothing_is_looked_for(away: Bench) -> None:
    """It may have answered there in an earlier life, and where only one person saw it."""
    away.platform.spaces = ("T",)
    async with away.running() as intake:
        await intake.missed("fake", 0.0)

        async def known() -> bool:
            return "tk:heard:fake:T" in await heard(away)

        async with asyncio.timeout(10):
            await until(known)
    assert away.platform.sought == []


async def test_it_is_looked_for_from_where_all_had_come_in_and_at_most_a_day_back(
    away: Bench,
) -> None:
    async with away.running() as intake:
        await intake.missed("fake", 0.0)
        await written(away)
    away.now = NOW + timedelta(minutes=7)
    async with away.running() as intake:
        await intake.missed("fake", 0.0)
        await away.until(sought(away, 2))
    away.now = NOW + timedelta(days=3)
    async with away.running() as intake:
        await intake.missed("fake", 0.0)
        await away.until(sought(away, 3))
    day, overlap = timedelta(hours=24), timedelta(minutes=2)
    assert away.platform.sought == [NOW - day, NOW - overlap, away.now - day]


async def test_what_a_platform_held_back_is_looked_for_too(away: Bench) -> None:
    """A gap is opened in the space, such as after Slack's last try."""
    async with away.running() as intake:
        await intake.missed("fake", 0.0)
        await written(away)
        await intake.missed("fake", 400.0)
        await away.until(sought(away, 2))
    assert away.platform.sought[-1] == NOW - timedelta(seconds=400) - timedelta(minutes=2)


async def test_while_it_listens_the_time_moves_on(
    away: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(absence, "BEAT", 0.0)
    monkeypatch.setattr(absence, "LOOK", 0.01)
    async with away.running() as intake:
        await intake.missed("fake", 0.0)
        await written(away)
        away.now = later = NOW + timedelta(hours=1)

        async def moved() -> bool:
            return set((await heard(away)).values()) == {_micros(later)}

        async with asyncio.timeout(10):
            await until(moved)
        away.platform.trouble = "reconnecting"
        watch = intake._catchup._absence._watches["fake"]

        async def deaf() -> bool:
            return watch.listened is None

        await until(deaf)
        away.now, watch.written = later + timedelta(hours=1), 0.0

        for _ in range(20):  # looks
            await held(intake, HERE)
        assert await moved()


async def test_what_fails_is_tried_again_and_the_time_stays(
    away: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(absence, "AGAIN", 0.05)
    monkeypatch.setattr(absence, "LOOK", 0.01)
    people = People()
    away.platform.missed = [[Call(message=call(people, "hello"))]]
    away.platform.outages = [Unclear("no answer"), Busy(500.0), ConnectionError()]
    async with away.running() as intake:
        await intake.missed("fake", 0.0)
        await away.answers(1)
    assert len(set(away.platform.sought)) == 1
    assert len(away.platform.sought) == 4


async def test_what_the_platform_refuses_is_left_and_said(
    away: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    away.platform.missed, away.platform.outages = [[]], [Refused("add the scope im:history")]
    async with away.running() as intake:
        await intake.missed("fake", 0.0)
        await written(away)
    assert "add the scope im:history" in capsys.readouterr().out
    assert len(away.platform.sought) == 1
