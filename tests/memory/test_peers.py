"""What other memories were seen to get wrong (notes/memory.md): none of it happens here."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from redis.asyncio import Redis

from memory.claims import COLLECT
from memory.engine import Memory
from memory.records import Place
from memory.summary import INSTRUCTION, MERGING
from memory.window import Marks
from tests.memory.conftest import World, turn_in

pytestmark = pytest.mark.anyio

MARKS = Marks(high=0, low=0, messages_high=20, messages_low=10)
NUMBER = 120
CALLS = (0, 500)  # the others are overheard


class Thinking(World):
    """Its summariser copies what it reads; something may happen meanwhile."""

    meanwhile: Callable[[], Awaitable[object]] | None = None

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.copying = True

    async def think(self) -> None:
        if self.meanwhile:
            happen, self.meanwhile = self.meanwhile, None
            await happen()

    async def process(self) -> Memory:
        self.stores = [*getattr(self, "stores", []), self.store()]
        memory = self.memory(self.stores[-1], MARKS, segment=100_000)
        await memory.open()
        return memory

    async def overhear(self, memory: Memory, place: Place, *numbers: int) -> None:
        """The first message joins; nobody owes an answer to the others."""
        for number in numbers:
            said = self.say(
                fact(number), id=f"m{number}", author=f"U{number % 2}", called=number in CALLS
            )
            await memory.receive(place, said)
            if number in CALLS:
                await (await turn_in(memory, place)).conclude([f"p{number}"], [], "hello")


def fact(number: int) -> str:
    return f"fact-{number:03}"


@pytest.fixture
async def thinking(any_redis_url: str) -> AsyncIterator[Thinking]:
    world = Thinking(any_redis_url)
    yield world
    for store in world.stores:
        await store.close()


@pytest.fixture
async def memory(thinking: Thinking, place: Place) -> Memory:
    """More than its window holds."""
    memory = await thinking.process()
    await thinking.overhear(memory, place, *range(NUMBER))
    return memory


async def held(memory: Memory, place: Place) -> str:
    told = await memory.describe(place)
    return "\n".join([*(each.text for each in told.segments), *(each.text for each in told.window)])


async def test_the_summariser_reads_every_message_oldest_first_and_once(
    memory: Memory, thinking: Thinking, place: Place
) -> None:
    await memory.settle(place)
    read = "\n".join(
        task.text for task in thinking.summaries if task.instruction == INSTRUCTION + COLLECT
    )
    found = [read.find(fact(number)) for number in range(NUMBER - MARKS.messages_low)]
    assert -1 not in found
    assert found == sorted(found)
    assert all(read.count(fact(number)) <= 1 for number in range(NUMBER))


async def test_what_is_not_summarised_is_kept_however_little_the_summariser_takes(
    memory: Memory, thinking: Thinking, place: Place
) -> None:
    await memory.settle(place)
    told = await held(memory, place)
    assert [number for number in range(NUMBER) if told.count(fact(number)) != 1] == []


async def test_a_message_that_arrives_at_another_worker_while_it_summarises_is_not_lost(
    memory: Memory, thinking: Thinking, place: Place
) -> None:
    other = await thinking.process()
    thinking.meanwhile = lambda: thinking.overhear(other, place, NUMBER, NUMBER + 1)
    await memory.settle(place)
    told = await held(other, place)
    assert all(told.count(fact(number)) == 1 for number in range(NUMBER + 2))


async def test_two_workers_that_summarise_at_once_double_nothing(
    memory: Memory, thinking: Thinking, place: Place
) -> None:
    other = await thinking.process()
    thinking.meanwhile = lambda: other.settle(place)
    await memory.settle(place)
    told = await held(memory, place)
    assert all(told.count(fact(number)) == 1 for number in range(NUMBER))


async def test_replies_go_on_while_the_summariser_takes_its_time(
    memory: Memory, thinking: Thinking, place: Place
) -> None:
    async def ask() -> None:
        await memory.receive(place, thinking.say("are you there?"))
        async with asyncio.timeout(5):
            await (await turn_in(memory, place)).conclude(["p2"], [], "yes")

    thinking.meanwhile = ask
    await memory.settle(place)
    assert "yes" in await held(memory, place)


async def test_an_earlier_summary_stays_when_the_next_is_made(
    memory: Memory, thinking: Thinking, place: Place
) -> None:
    await memory.settle(place)
    before = (await memory.describe(place)).segments
    await thinking.overhear(memory, place, *range(NUMBER, NUMBER + 15))
    await memory.settle(place)
    after = "\n".join(each.text for each in (await memory.describe(place)).segments)
    assert before
    assert all(line in after for each in before for line in each.text.splitlines())


async def test_a_full_window_costs_a_summary_now_and_then_not_with_every_message(
    memory: Memory, thinking: Thinking, place: Place
) -> None:
    await memory.settle(place)
    thinking.summaries.clear()
    for number in range(NUMBER, NUMBER + 30):
        await thinking.overhear(memory, place, number)
        await memory.settle(place)
    leaves = [task for task in thinking.summaries if task.instruction != MERGING]
    assert len(leaves) <= 30 / (MARKS.messages_high - MARKS.messages_low) + 1


@pytest.mark.parametrize("number", [0, 50, NUMBER - MARKS.messages_low - 1])
async def test_any_summarised_message_can_be_deleted_and_the_summary_lets_go_of_it(
    memory: Memory, place: Place, number: int
) -> None:
    await memory.settle(place)
    await memory.retract(place, [f"m{number}"])
    await memory.settle(place)
    told = await held(memory, place)
    assert [each for each in range(NUMBER) if fact(each) not in told] == [number]


async def test_what_is_edited_while_it_is_summarised_is_not_written_back(
    memory: Memory, thinking: Thinking, place: Place
) -> None:
    other = await thinking.process()
    thinking.meanwhile = lambda: other.amend(place, "m3", "corrected", thinking.at + 1)
    await memory.settle(place)
    told = await held(memory, place)
    assert fact(3) not in told
    assert "corrected" in told


async def test_what_was_forgotten_is_never_sent_to_the_model_again(
    memory: Memory, thinking: Thinking, place: Place
) -> None:
    await memory.settle(place)
    await memory.forget(place, thinking.at, channel=False)
    thinking.summaries.clear()
    await thinking.overhear(memory, place, *range(500, 530))
    await memory.settle(place)
    assert thinking.summaries
    asked = "\n".join(task.text for task in thinking.summaries)
    assert not any(fact(number) in asked for number in range(1, NUMBER))


async def test_a_copy_of_what_was_forgotten_cannot_be_opened_with_what_is_left(
    memory: Memory, thinking: Thinking, place: Place
) -> None:
    await memory.settle(place)
    async with Redis.from_url(thinking.url) as redis:
        names = [*await redis.keys("*/msg"), *await redis.keys("*/win")]
        backup = {name: await redis.dump(name) or b"" for name in names}
        await memory.forget(place, thinking.at, channel=False)
        await thinking.overhear(memory, place, 500)
        for name, content in backup.items():
            await redis.restore(name, 0, content, replace=True)
        (record,) = await redis.keys("*/rec")
        await redis.hdel(record, "water")  # it would hide the copy
    told = await memory.describe(place)
    assert told.unreadable
    assert (told.window, told.segments) == ((), ())
