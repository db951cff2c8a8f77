"""A reply elsewhere that repeats what is known of somebody goes with that."""

from collections.abc import AsyncIterator

import pytest

from memory.engine import Memory
from memory.records import Place
from tests.memory.conftest import turn_in
from tests.memory.test_citing import texts
from tests.memory.test_persons import Town

pytestmark = pytest.mark.anyio


FACT = {
    "person": "Ada",
    "key": "home",
    "value": "Lisbon",
    "quote": "I live in Lisbon near the old harbour.",
}
TOLD = "You live in Lisbon near the old harbour."
ELSEWHERE = Place(platform="slack", space="T1", channel="C2", thread="1", audience="public")


@pytest.fixture
async def learned(redis_url: str) -> AsyncIterator[tuple[Town, Memory]]:
    town = Town(redis_url)
    town.claims = (FACT,)
    store = town.store()
    memory = town.small(store)
    await memory.open()
    yield town, memory
    await store.close()


async def told_elsewhere(town: Town, memory: Memory, place: Place) -> str:
    """Ada says where she lives, and is told so in another channel."""
    entry = town.say(FACT["quote"])
    await town.tell(memory, place, FACT["quote"], id=entry.id)
    await memory.receive(ELSEWHERE, town.say("where do I live?"))
    turn = await turn_in(memory, ELSEWHERE)
    assert [fact.value for fact in turn.recollection.facts] == ["Lisbon"]
    await turn.note(["q1"], TOLD)
    assert (await turn.conclude(["q1"], [], TOLD)).verdict == "done"
    return entry.id


async def test_a_reply_elsewhere_that_quotes_a_fact_goes_with_the_message_that_said_it(
    learned: tuple[Town, Memory], place: Place
) -> None:
    town, memory = learned
    message = await told_elsewhere(town, memory, place)
    await memory.retract(place, [message])
    assert await texts(memory, ELSEWHERE) == ["where do I live?"]


async def test_a_reply_elsewhere_that_quotes_a_fact_goes_with_the_fact(
    learned: tuple[Town, Memory], place: Place
) -> None:
    town, memory = learned
    await told_elsewhere(town, memory, place)
    ada = place.person("U1")
    await memory.persons.drop(ada, await memory.persons.facts(ada))
    assert await texts(memory, ELSEWHERE) == ["where do I live?"]


async def test_a_reply_elsewhere_that_quotes_a_fact_goes_when_the_thread_is_forgotten(
    learned: tuple[Town, Memory], place: Place
) -> None:
    town, memory = learned
    await told_elsewhere(town, memory, place)
    await memory.forget(place, town.at, channel=False)
    assert await texts(memory, ELSEWHERE) == ["where do I live?"]


async def test_a_turn_that_quotes_a_fact_which_is_forgotten_meanwhile_answers_again(
    learned: tuple[Town, Memory], place: Place
) -> None:
    town, memory = learned
    await told_elsewhere(town, memory, place)
    await memory.receive(ELSEWHERE, town.say("where exactly?"))
    turn = await turn_in(memory, ELSEWHERE)
    ada = place.person("U1")
    await memory.persons.drop(ada, await memory.persons.facts(ada))
    verdict = (await turn.conclude(["q2"], [], TOLD)).verdict
    assert verdict == "stale"


async def test_a_fact_that_another_one_replaced_still_takes_the_replies_with_it_that_quoted_it(
    learned: tuple[Town, Memory], place: Place
) -> None:
    town, memory = learned
    message = await told_elsewhere(town, memory, place)
    moved = FACT | {"value": "Porto", "quote": "I live in Porto by the river now, friends."}
    town.claims = (moved,)
    await town.tell(memory, place, moved["quote"])
    assert TOLD in await texts(memory, ELSEWHERE), "nobody forgot what she said before"
    await memory.retract(place, [message])
    assert TOLD not in await texts(memory, ELSEWHERE)
