"""What is taken back, forgotten or used up leaves nothing that outlives it: keys, names, words."""

from collections.abc import AsyncIterator

import pytest

from memory.engine import Memory
from memory.records import Place
from memory.turn import Turn
from tests.memory.conftest import World, straight_to, turn_in

pytestmark = pytest.mark.anyio


async def pending(world: World, place: Place) -> int:
    """How many edits wait for their messages."""
    async with straight_to(world.url, place) as redis:
        return sum([await redis.hlen(key) for key in await redis.keys("*/pend/*")])


async def joined(memory: Memory, world: World, place: Place) -> None:
    await memory.receive(place, world.say("hello"))
    turn = await turn_in(memory, place)
    assert (await turn.conclude([f"p{world.at}"], [], "hi")).verdict == "done"


async def edited_first(memory: Memory, world: World, place: Place) -> None:
    """An edit whose message has not come yet waits for it."""
    await joined(memory, world, place)
    await memory.amend(place, "late", "as it reads now", world.at + 1)
    assert await pending(world, place) == 1


async def test_an_edit_waits_no_more_once_its_message_came(
    memory: Memory, world: World, place: Place
) -> None:
    await edited_first(memory, world, place)
    await memory.receive(place, world.say("as it was", id="late", sent=world.at, called=False))
    assert await pending(world, place) == 0


async def test_an_edit_waits_no_more_once_its_message_was_deleted(
    memory: Memory, world: World, place: Place
) -> None:
    await edited_first(memory, world, place)
    await memory.retract(place, ["late"])
    assert await pending(world, place) == 0


async def test_an_edit_waits_no_more_once_its_channel_was_forgotten(
    memory: Memory, world: World, place: Place
) -> None:
    await edited_first(memory, world, place)
    await memory.forget(place, world.at + 1, channel=True)
    assert await pending(world, place) == 0


async def test_an_edit_that_is_newer_than_what_is_forgotten_waits_on(
    memory: Memory, world: World, place: Place
) -> None:
    await edited_first(memory, world, place)
    await memory.forget(place, world.at, channel=True)
    assert await pending(world, place) == 1


async def test_who_was_forgotten_does_not_count_as_the_one_the_thread_is_with(
    memory: Memory, world: World, place: Place
) -> None:
    await joined(memory, world, place)
    await memory.erasing.forget(place.person("U1"), world.at)
    await memory.receive(place, world.say("mine now", author="U2", name="Bo"))
    turn = await turn_in(memory, place)
    await turn.conclude(["p2"], [], "yes")
    more = world.say("and more", author="U2", name="Bo", called=False)
    assert await memory.receive(place, more), "Bo is alone with the bot"


async def test_who_was_forgotten_has_to_call_again_where_a_later_call_of_theirs_stays(
    memory: Memory, world: World, place: Place
) -> None:
    await joined(memory, world, place)
    until = world.at
    await joined(memory, world, place)
    await memory.erasing.forget(place.person("U1"), until)
    assert not await memory.receive(place, world.say("and more", called=False))


async def searched(memory: Memory, world: World, place: Place, question: str) -> Turn:
    """A question that was answered, with all that recall finds for it."""
    await memory.receive(place, world.say(question))
    turn = await turn_in(memory, place)
    await turn.recall(10_000, ())
    assert (await turn.conclude([f"p{world.at}"], [], "ok")).verdict == "done"
    return turn


def words_at_hand(memory: Memory) -> int:
    """How many words of texts the process keeps, outside the indexes."""
    assert memory._recalling is not None
    assert memory._recalling._words is not None
    return memory._recalling._words._forms.cache_info().currsize


async def test_no_word_outlives_a_text_that_was_forgotten_deleted_or_edited(
    memory: Memory, world: World, place: Place
) -> None:
    for number, end in enumerate((_forget, _retract, _amend)):
        await searched(memory, world, place, f"the password is swordfish-{number}")
        assert words_at_hand(memory)
        await end(memory, world, place)
        assert words_at_hand(memory) == 0, end.__name__


async def _forget(memory: Memory, world: World, place: Place) -> None:
    await memory.forget(place, world.at, channel=False)


async def _retract(memory: Memory, world: World, place: Place) -> None:
    await memory.retract(place, [str(world.at)])


async def _amend(memory: Memory, world: World, place: Place) -> None:
    await memory.amend(place, str(world.at), "nothing", world.at + 1)


@pytest.fixture
async def two(world: World) -> AsyncIterator[tuple[Memory, Memory]]:
    """Two processes."""
    stores = world.store(), world.store()
    one, other = map(world.memory, stores)
    await one.open()
    await other.open()
    yield one, other
    for store in stores:
        await store.close()


async def test_no_word_outlives_a_text_that_another_process_deleted(
    two: tuple[Memory, Memory], world: World, place: Place
) -> None:
    memory, other = two
    await searched(memory, world, place, "one two three four five six seven")
    said = str(world.at)
    await searched(memory, world, place, "eight")
    await other.retract(place, [said])
    await searched(memory, world, place, "nine")
    assert words_at_hand(memory) < 7, "those of the questions"
