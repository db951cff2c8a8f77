"""What memory tells platforms it holds, and a thread that is gone."""

import asyncio
from dataclasses import replace

import pytest

from adapters.message import Departure
from tests.bot.conftest import Bench
from tests.bot.platform import HERE, People

pytestmark = pytest.mark.anyio

OTHER = replace(HERE, thread="another")


async def test_a_deleted_thread_leaves_the_rest_of_its_channel(bot: Bench) -> None:
    people = People()
    async with bot.running() as intake:
        for where in (HERE, OTHER):
            await intake.receive(people.say("hello", where=where))
        await bot.answers(2)
        await bot.rest()
        held = await intake.held("fake")
        assert {(each.channel, each.thread) for each in held} == {
            (HERE.channel, HERE.thread),
            (OTHER.channel, OTHER.thread),
        }
        gone = Departure(platform="fake", space="S", channel="C", thread=HERE.thread)
        await intake.leave(gone)
        async with asyncio.timeout(10):
            while len(held) > 1:
                held = await intake.held("fake")
        assert [each.thread for each in held] == [OTHER.thread]


async def test_what_another_platform_holds_is_not_told(bot: Bench) -> None:
    async with bot.running() as intake:
        await intake.receive(People().say("hello"))
        await bot.answers(1)
        assert await intake.held("other") == []
