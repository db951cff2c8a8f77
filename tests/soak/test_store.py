"""Nothing stays in a store for good: once everything is old enough, its keys are gone."""

import asyncio
import json

import pytest
from redis.asyncio import Redis

from adapters.message import Author, Deletion
from bot import turns
from memory.summary import Task
from memory.window import Marks
from tests.bot.conftest import Bench, bot
from tests.bot.platform import ADA, HERE, People
from tests.soak.store import age, held, lasting

__all__ = ["bot"]

pytestmark = pytest.mark.anyio
QUOTE = "I live in Lisbon"


class Learning(Bench):
    """Its summariser learns where Ada lives."""

    async def _summarise(self, task: Task) -> str:
        await super()._summarise(task)
        row = {"person": "Ada", "key": "home", "value": "Lisbon", "quote": QUOTE}
        return json.dumps({"summary": "- talk", "facts": [row] * (QUOTE in task.text)})


async def test_what_a_conversation_left_in_the_store_goes_by_itself(
    bot: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "LOOKS", 0.0)
    marks = Marks(high=60, low=30)
    bot = Learning(
        url=bot.url, keyring=bot.keyring, platform=bot.platform, model=bot.model, marks=marks
    )
    people, bo = People(), Author(id="U2", name="Bo")
    async with bot.running() as intake, Redis.from_url(bot.url) as store:
        for number, author in enumerate((ADA, ADA, bo, ADA, bo)):
            message = people.say(f"{QUOTE}, for the {number}th time", author=author)
            await intake.receive(message)
            await bot.answers(number + 1)
        await bot.rest()
        await intake.retract(
            Deletion(
                platform=HERE.platform, space=HERE.space, channel=HERE.channel, ids=(message.id,)
            )
        )
        await bot.rest()
        assert {"seg", "cover", "replies", "facts", "where"} <= (await held(store)).keys()
        assert not await lasting(store)
        await age(store)
        async with asyncio.timeout(20):
            while await held(store):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
