"""Of replies that repeat what goes none survives; of those that share only manners none is lost."""

from collections.abc import AsyncIterator

import pytest

from memory.engine import Memory
from memory.records import Place
from tests.memory.conftest import World, turn_in
from tests.memory.quotes import Pair, harmless, planted

pytestmark = pytest.mark.anyio

SEED = 20_261_130
CLOCK = ("clock", "all")  # these tell another day than the store's clock does: see test_quotes.py
FEW = 60
ALL = pytest.param(500, marks=pytest.mark.long)


@pytest.fixture
async def world(any_redis_url: str) -> World:
    return World(any_redis_url)


@pytest.fixture
async def memory(world: World) -> AsyncIterator[Memory]:
    store = world.store()
    memory = world.memory(store, recall=False)
    await memory.open()
    yield memory
    await store.close()


async def told(memory: Memory, world: World, number: int, pair: Pair) -> tuple[Place, str]:
    """Somebody says it to others, then the bot repeats it to who asks: where, and the message."""
    place = Place(
        platform="slack", space="T1", channel="C1", thread=f"{number}.1", audience="public"
    )
    await memory.receive(place, world.say("hello", author="U0", name=pair.names[0]))
    turn = await turn_in(memory, place)
    await turn.conclude([f"p{world.at}"], [], "yes?")
    for at, name in enumerate(pair.names, start=1):
        await memory.receive(place, world.say("ok", author=f"U{at}", name=name, called=False))
    said = world.say(pair.gone, called=False)
    await memory.receive(place, said)
    await memory.receive(place, world.say("and?", author="U0", name=pair.names[0]))
    turn = await turn_in(memory, place)
    post = f"r{world.at}"
    await turn.note([post], pair.reply)
    assert (await turn.conclude([post], [], pair.reply)).verdict == "done"
    return place, said.id


async def remembered(memory: Memory, place: Place) -> list[str]:
    return [entry.text for entry in (await memory.describe(place)).window]


@pytest.mark.parametrize("count", [FEW, ALL])
async def test_no_planted_quote_survives_what_it_quotes(
    memory: Memory, world: World, count: int
) -> None:
    survived = []
    for number, pair in enumerate(planted(SEED, count)):
        place, message = await told(memory, world, number, pair)
        if number % 2:
            await memory.retract(place, [message])
        else:
            await memory.amend(place, message, "(taken out)", world.at + 1)
        if pair.reply in await remembered(memory, place):
            survived.append(pair)
    assert survived == []


@pytest.mark.parametrize("count", [FEW, ALL])
async def test_no_reply_is_lost_that_shares_only_names_and_boilerplate(
    memory: Memory, world: World, count: int
) -> None:
    lost = []
    pairs = [pair for pair in harmless(SEED, 2 * count) if pair.kind not in CLOCK][:count]
    for number, pair in enumerate(pairs):
        place, message = await told(memory, world, number, pair)
        await memory.retract(place, [message])
        if pair.reply not in await remembered(memory, place):
            lost.append(pair)
    assert lost == []
