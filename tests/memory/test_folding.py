"""The summary stays small, covers all that was folded, and lets go of what is deleted."""

import math
from collections.abc import AsyncIterator

import pytest

from memory.claims import COLLECT
from memory.engine import Memory
from memory.entry import Segment
from memory.folding import NotASummary
from memory.records import Place
from memory.redis import RedisStore
from memory.summary import INSTRUCTION, MERGING, accept
from memory.window import Marks
from tests.memory.conftest import NOW, World, straight_to, turn_in

pytestmark = pytest.mark.anyio

FEW = 3
NUMBER = 120


@pytest.fixture
async def full(world: World, place: Place) -> AsyncIterator[Memory]:
    """A memory that holds 120 messages, whose summaries copy what they read."""
    world.copying = True
    store = world.store()
    memory = world.memory(store, Marks(high=100, low=50), segments=FEW)
    await memory.open()
    for number in range(NUMBER):
        called, author = number == 0, f"U{min(number, 1)}"  # two people: no message is owed
        text = f"fact-{number:03}"
        await memory.receive(place, world.say(text, id=f"m{number}", called=called, author=author))
        if called:
            turn = await turn_in(memory, place)
            await turn.conclude(["p"], [], "hello")
        await memory.settle(place)
    yield memory
    await store.close()


async def segments(memory: Memory, place: Place) -> tuple[Segment, ...]:
    return (await memory.describe(place)).segments


async def texts(memory: Memory, place: Place) -> str:
    held = await memory.describe(place)
    return "\n".join([each.text for each in held.segments] + [each.text for each in held.window])


async def test_no_more_segments_than_allowed_stand_and_their_levels_stay_low(
    full: Memory, place: Place
) -> None:
    live = await segments(full, place)
    assert len(live) <= FEW
    assert max(each.level for each in live) <= math.log2(NUMBER)


async def test_every_message_is_in_the_window_or_in_one_segment_in_order(
    full: Memory, place: Place
) -> None:
    held = await full.describe(place)
    said = await texts(full, place)
    places = [said.find(f"fact-{number:03}") for number in range(NUMBER)]
    assert -1 not in places
    assert places == sorted(places)
    assert all(said.count(f"fact-{number:03}") == 1 for number in range(NUMBER))
    assert sum(each.covered for each in held.segments) + len(held.window) == NUMBER + 1


@pytest.mark.parametrize("number", [1, 40, 77, 119])
async def test_a_deleted_message_leaves_every_summary_and_all_others_stay(
    full: Memory, place: Place, world: World, number: int
) -> None:
    await full.retract(place, [f"m{number}"])
    at_once = await texts(full, place)
    assert f"fact-{number:03}" not in at_once
    await full.settle(place)
    after = await texts(full, place)
    assert f"fact-{number:03}" not in after
    assert all(f"fact-{other:03}" in after for other in range(NUMBER) if other != number)


async def test_an_edited_message_changes_in_its_summary(
    full: Memory, place: Place, world: World
) -> None:
    await full.amend(place, "m5", "corrected", world.at + 1)
    assert "fact-005" not in await texts(full, place)
    await full.settle(place)
    after = await texts(full, place)
    assert "fact-005" not in after
    assert "corrected" in after


async def test_an_edit_of_a_message_whose_text_expired_takes_it_out_of_its_summary(
    full: Memory, place: Place, world: World
) -> None:
    async with straight_to(world.url, place) as redis:
        for kind in ("msg", "win"):
            await redis.delete(*await redis.keys(f"*/{kind}"))
    assert "fact-005" in await texts(full, place)
    await full.amend(place, "m5", "corrected", world.at + 1)
    after = await texts(full, place)
    assert "fact-005" not in after
    assert "fact-100" in after


async def test_a_deletion_costs_few_summaries(full: Memory, place: Place, world: World) -> None:
    world.summaries.clear()
    await full.retract(place, ["m3"])
    await full.settle(place)
    leaves = sum(task.instruction == INSTRUCTION + COLLECT for task in world.summaries)
    merges = sum(task.instruction == MERGING for task in world.summaries)
    assert leaves <= 2
    assert merges <= math.log2(NUMBER) + 1


async def test_a_merge_that_is_no_summary_does_not_keep_messages_from_folding(
    world: World, place: Place
) -> None:
    store = world.store()
    memory = world.memory(store, Marks(high=100, low=50), segments=1)
    await memory.open()
    await memory.receive(place, world.say("fact-000"))
    await (await turn_in(memory, place)).conclude(["p"], [], "hello")
    for number in range(1, 60):
        said = world.say(f"fact-{number:03}", called=False, author="U2")
        await memory.receive(place, said)
    world.summary = "x" * 90  # short enough for a leaf; two of them are no shorter merged
    await memory.settle(place)
    held = await memory.describe(place)
    assert sum(entry.tokens for entry in held.window) <= 100
    await store.close()


NO_SUMMARIES = (
    *("", " \n", "NONE", "- None.", "“N/A”", "null", '{"summary": "NONE", "facts": []}'),
    *("I'm sorry, I can't do that.", "Unfortunately, I cannot help.", "I am not able to say."),
    *("As an AI, I", "Please provide the chat.", "Error: no quota", "HTTP error 500", "<html>down"),
    *("502 Bad Gateway", "Rate limit reached", '{"error": "overloaded"}', "x" * 10_000),
)
SUMMARIES = ("- None of them came", "- Error 5 is open", "- 500 guests came", "- Ada: sorry")


@pytest.mark.parametrize("text", SUMMARIES)
def test_a_summary_may_tell_of_errors_and_regrets(text: str) -> None:
    assert accept(text, text)


@pytest.mark.parametrize(
    "kept",
    [
        "names",
        "numbers",
        "dates",
        "code",
        "decisions",
        "commitments and promises",
        "preferences",
        "open questions",
    ],
)
def test_the_summariser_is_told_what_to_keep(kept: str) -> None:
    assert kept in INSTRUCTION.replace("\n", " ")
    assert kept in MERGING.replace("\n", " ")


async def test_a_segment_is_cut_to_its_size(world: World, place: Place) -> None:
    store = world.store()
    memory = world.memory(store, Marks(high=2_000, low=100))
    await memory.open()
    await memory.receive(place, world.say("fact " * 600))
    await (await turn_in(memory, place)).conclude(["p"], [], "ok")
    world.copying = True
    assert await memory.settle(place)
    (segment,) = await segments(memory, place)
    assert 400 <= segment.tokens == len(segment.text) <= 500
    assert world.summaries[0].tokens == 500 + 500  # with room for the facts
    await store.close()


async def test_a_mark_by_messages_alone_is_the_classic_sliding_window(
    world: World, place: Place
) -> None:
    world.copying = True
    store = world.store()
    memory = world.memory(store, Marks(high=0, low=0, messages_high=6, messages_low=4))
    await memory.open()
    for number in range(12):
        await memory.receive(place, world.say(f"fact-{number:03} {'x' * 500}"))
        turn = await turn_in(memory, place)
        assert len(turn.recollection.window) <= 6
        await turn.conclude([f"p{number}"], [], "ok")
        await memory.settle(place)
        window = (await memory.describe(place)).window
        assert [each.text[:8] for each in window[-2:]] == [f"fact-{number:03}", "ok"]
        assert len(window) <= 6
    await store.close()


@pytest.mark.parametrize(
    "change", ["edit", "delete", "forget", "forget the channel", "new key", "fold"]
)
async def test_a_fold_counts_only_if_nothing_it_read_has_changed(
    world: World, place: Place, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.copying = True
    store = world.store()
    memory = world.memory(store, Marks(high=100, low=50))
    await memory.open()
    for number in range(12):
        await memory.receive(place, world.say(f"fact-{number:03}", id=f"m{number}"))
        await (await turn_in(memory, place)).conclude([f"p{number}"], [], "ok")
    fold, other = RedisStore.fold, world.memory(store, Marks(high=100, low=50))

    async def late(self: RedisStore, *arguments: object) -> bool:
        monkeypatch.setattr(RedisStore, "fold", fold)
        match change:
            case "edit":
                await memory.amend(place, "m0", "corrected", world.at + 1)
            case "delete":
                await memory.retract(place, ["m0"])
            case "fold":
                assert await other.settle(place)
            case "new key":
                await memory.forget(place, NOW, channel=False)
            case _:
                await memory.forget(place, world.at - 1, channel="channel" in change)
        return await self.fold(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(RedisStore, "fold", late)
    await memory.settle(place)
    await memory.settle(place)
    said = await texts(memory, place)
    assert said.count("fact-000") == (change in {"fold", "new key"})
    assert all(
        said.count(f"fact-{n:03}") == (not change.startswith("forget")) for n in range(1, 11)
    )
    assert said.count("fact-011") == 1
    await store.close()


@pytest.mark.parametrize("answer", NO_SUMMARIES)
async def test_what_is_no_summary_leaves_the_messages_as_they_are(
    world: World, place: Place, answer: str
) -> None:
    store = world.store()
    memory = world.memory(store, Marks(high=100, low=50))
    await memory.open()
    for number in range(20):
        await memory.receive(place, world.say(f"fact-{number:03}"))
    turn = await turn_in(memory, place)
    await turn.conclude(["p"], [], "ok")
    world.summary = answer
    with pytest.raises(NotASummary):
        await memory.settle(place)
    held = await memory.describe(place)
    assert len(held.window) == 21
    assert held.segments == ()
    await store.close()


async def test_the_summariser_reads_the_messages_oldest_first_with_their_speakers(
    full: Memory, world: World
) -> None:
    first = next(task for task in world.summaries if task.instruction == INSTRUCTION + COLLECT)
    assert first.text.startswith("Ada: fact-000\n")
    assert first.text.index("fact-001") < first.text.index("fact-002")


@pytest.mark.parametrize("number", [1, 40, 77])
async def test_what_is_made_anew_after_a_deletion_stands_in_its_old_place(
    full: Memory, place: Place, number: int
) -> None:
    await full.retract(place, [f"m{number}"])
    await full.settle(place)
    said = await texts(full, place)
    places = [said.find(f"fact-{other:03}") for other in range(NUMBER) if other != number]
    assert places == sorted(places)
