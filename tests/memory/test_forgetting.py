"""What people have forgotten is gone, up to when they asked, and nothing brings it back."""

import pytest

from memory.engine import Memory
from memory.records import Place
from tests.memory.conftest import World, turn_in

pytestmark = pytest.mark.anyio


async def test_forget_keeps_what_was_said_after_it_under_a_new_key(
    memory: Memory, world: World, place: Place
) -> None:
    await memory.receive(place, world.say("old secret", id="old"))
    until = world.at
    await memory.receive(place, world.say("new question", id="new"))
    receipt = await memory.forget(place, until, channel=False)
    assert (receipt.messages, receipt.segments) == (1, 0)
    again = await memory.forget(place, until, channel=False)
    assert again.messages == 1
    assert not await memory.receive(place, world.say("old secret", id="old", sent=until))
    turn = await turn_in(memory, place)
    assert [entry.text for entry in turn.recollection.question] == ["new question"]
    assert (await turn.conclude(["p"], [], "fine")).verdict == "done"


async def test_nobody_is_taken_for_alone_where_a_call_outlived_a_forget(
    memory: Memory, world: World, place: Place
) -> None:
    await memory.receive(place, world.say("old secret"))
    until = world.at
    await memory.receive(place, world.say("and mine?"))
    await memory.forget(place, until, channel=False)
    for text in ("what I meant", "was this"):
        bo = world.say(text, author="U2", name="Bo", called=False)
        assert not await memory.receive(place, bo)


async def test_an_answer_begun_before_forget_is_not_remembered(
    memory: Memory, world: World, place: Place
) -> None:
    await memory.receive(place, world.say("secret"))
    turn = await turn_in(memory, place)
    await turn.note(["p1"], "you said secret")
    await memory.forget(place, world.at, channel=False)
    assert (await turn.conclude(["p1"], [], "you said secret")).verdict == "withdrawn"
    await turn.reload()
    assert turn.withdrawn
    assert turn.text == ""
    assert (await turn.withdraw(["p1"])).verdict == "done"
    held = await memory.describe(place)
    assert (held.messages, held.window, held.segments) == (0, (), ())


async def test_forgetting_a_channel_takes_all_its_threads(
    memory: Memory, world: World, place: Place
) -> None:
    other = Place(platform="slack", space="T1", channel="C1", thread="", audience="public")
    await memory.receive(place, world.say("one"))
    await memory.receive(other, world.say("two"))
    assert (await memory.forget(other, world.at, channel=True)).messages == 2
    assert not await memory.receive(
        Place(platform="slack", space="T1", channel="C1", thread="3", audience="public"),
        world.say("late", sent=world.at - 1),
    )


async def test_a_reply_is_forgotten_with_what_it_answers(
    memory: Memory, world: World, place: Place
) -> None:
    for number in (1, 2):
        await memory.receive(place, world.say(f"my number is {number}", id=f"m{number}"))
        turn = await turn_in(memory, place)
        assert (await turn.conclude([f"p{number}"], [], f"so: {number}")).verdict == "done"
    await memory.retract(place, ["m1"])
    assert [each.id for each in (await memory.describe(place)).window] == ["m2", "p2"]
    receipt = await memory.forget(place, world.at, channel=False)
    assert receipt.messages == 2
    assert (await memory.describe(place)).messages == 0
