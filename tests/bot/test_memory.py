"""What people said about themselves reaches the prompts it may reach, and no others."""

from dataclasses import replace

import pytest

from adapters.message import Conversation, Deletion
from tests.bot.facts import (
    BO,
    DIRECT,
    HEARD,
    PLACES,
    PUBLIC,
    Folding,
    canary,
    folding,
    people,
    say,
    tell,
)
from tests.bot.platform import People

__all__ = ["folding", "people"]

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("there", PLACES, ids=lambda place: place.audience.value)
async def test_a_fact_is_used_where_the_audience_rule_allows_and_nowhere_else(
    folding: Folding, people: People, there: Conversation
) -> None:
    async with folding.running() as intake:
        await tell(folding, people, intake, there)
    async with folding.running() as intake:
        for here in PLACES:
            shown = await say(folding, people, intake, here, "what is new?")
            assert (canary(there) in shown) is (here in HEARD[there] | {there})
            assert canary(there) not in await say(folding, people, intake, here, "me?", BO)
        elsewhere = replace(PUBLIC, space="S2")
        assert canary(there) not in await say(folding, people, intake, elsewhere, "hm?")


async def test_what_is_known_stands_behind_the_prefix_and_leaves_the_prefix_as_it_is(
    folding: Folding, people: People
) -> None:
    async with folding.running() as intake:
        await tell(folding, people, intake, PUBLIC)
    async with folding.running() as intake:
        await say(folding, people, intake, DIRECT, "one")
        await say(folding, people, intake, DIRECT, "two")
    first, second = folding.model.seen[-2:]
    assert first.prompts[: first.stable] == second.prompts[: first.stable]
    assert [each.text.split("\n")[0] for each in second.prompts[second.stable :]] == [
        "[Ada said about themselves earlier]",
        "It is Friday, 2027-01-01 12:00 UTC.",
        "Ada: two",
    ]


async def test_a_deleted_message_is_not_known_in_the_next_prompt_elsewhere(
    folding: Folding, people: People
) -> None:
    async with folding.running() as intake:
        await tell(folding, people, intake, PUBLIC)
    async with folding.running() as intake:
        assert canary(PUBLIC) in await say(folding, people, intake, DIRECT, "one")
        await intake.retract(Deletion(platform="fake", space="S", channel="P", ids=("m1",)))
        shown = await say(folding, people, intake, DIRECT, "two")
    assert canary(PUBLIC) not in shown
