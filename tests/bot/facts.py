"""People who talk in several places, and a summariser that learns a fact in each."""

import json
from dataclasses import replace

import pytest

from adapters.message import Audience, Author, Conversation
from bot.ports import Request
from memory.summary import Task
from memory.window import Marks
from tests.bot.conftest import Bench
from tests.bot.platform import ADA, HERE, People

PUBLIC = replace(HERE, channel="P", thread="1")
PRIVATE = replace(HERE, channel="Q", thread="2", audience=Audience.PRIVATE)
SHARED = replace(HERE, channel="X", thread="3", audience=Audience.SHARED)
DIRECT = replace(HERE, channel="D", thread="", audience=Audience.DIRECT)
PLACES = (PUBLIC, PRIVATE, SHARED, DIRECT)
HEARD = {  # where a fact was told -> where else it may be used
    PUBLIC: {PRIVATE, SHARED, DIRECT},
    PRIVATE: {DIRECT},
    SHARED: set(),
    DIRECT: set(),
}
BO = Author(id="U2", name="Bo")


def canary(where: Conversation) -> str:
    return f"canary{where.channel}"


class Folding(Bench):
    """A bot whose summariser claims every canary somebody has."""

    async def _summarise(self, task: Task) -> str:
        await super()._summarise(task)
        rows = [
            {"person": "Ada", "key": "pet", "value": canary(place), "quote": quoted(place)}
            for place in PLACES
            if quoted(place) in task.text
        ]
        return json.dumps({"summary": "- talk", "facts": rows})


def quoted(where: Conversation) -> str:
    return f"I have a {canary(where)} at home."


@pytest.fixture
async def folding(bot: Bench) -> Folding:
    return Folding(
        url=bot.url,
        keyring=bot.keyring,
        platform=bot.platform,
        model=bot.model,
        marks=Marks(high=100, low=20),
    )


@pytest.fixture
def people(folding: Folding) -> People:
    folding.model.script = lambda _: "noted"
    return People()


def prompt(request: Request) -> str:
    return "\n".join(each.text for each in request.prompts)


async def tell(bot: Folding, people: People, intake: object, where: Conversation) -> None:
    """Said and folded: from then on it stands in no window and no summary."""
    folds = len(bot.summaries)
    for text in (quoted(where), "x" * 90):
        await say(bot, people, intake, where, text)
    await bot.until(lambda: len(bot.summaries) > folds)


async def say(
    bot: Folding,
    people: People,
    intake: object,
    where: Conversation,
    text: str,
    author: Author = ADA,
) -> str:
    """The prompt that this was answered with."""
    before = len(bot.model.seen)
    done = sum(post.complete for post in bot.platform.posts.values())
    await intake.receive(people.say(text, where=where, author=author))  # type: ignore[attr-defined]
    await bot.answers(done + 1)
    assert len(bot.model.seen) == before + 1
    return prompt(bot.model.seen[-1])
