"""For tests of catching up: what was said, what the model was told, and gaps that are read."""

import asyncio

from adapters.message import Author, Kind, Message
from bot.intake import Intake
from tests.bot.conftest import Bench
from tests.bot.platform import People
from tests.servers.cluster import until

BO, ME = Author(id="U2", name="Bo"), Author(id="ME", name="bot", kind=Kind.ME)
TOLD = "re: Ada: "


def thread(people: People, number: int = 3) -> list[Message]:
    return [people.say(f"old {each}", author=BO, called=False) for each in range(number)]


def told(bot: Bench, turn: int = -1) -> list[str]:
    """What the model was given, but for persona, clock and question."""
    return [each.text for each in bot.model.seen[turn].prompts[1:-2]]


async def called(bot: Bench, people: People) -> None:
    """Once, and answered."""
    async with bot.running() as intake:
        await intake.receive(first := people.say("hello"))
        await bot.answers(1)
    bot.platform.said = [first]


async def back(bot: Bench, intake: Intake) -> None:
    await intake.missed("fake", 0.0)
    await read(bot, "read")


async def read(bot: Bench, end: str) -> None:
    """Until one more gap came to an end that way."""
    ended = bot.metrics.gaps.labels(end)._value
    before = ended.get()

    async def one_more() -> bool:
        return bool(ended.get() > before)

    async with asyncio.timeout(10):
        await until(one_more)
