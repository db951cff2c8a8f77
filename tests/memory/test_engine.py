"""What memory promises about receiving, turns, folding: on every server the store runs on."""

import pytest

from memory.engine import Memory
from memory.records import Debris, Place
from memory.turn import Lost, Stale, Turn, Withdrawn
from memory.window import Marks
from tests.memory.conftest import World, turn_in

pytestmark = pytest.mark.anyio


async def answered(memory: Memory, place: Place, text: str, post: str) -> None:
    turn = await turn_in(memory, place)
    await turn.note([post], text)
    assert (await turn.conclude([post], [], text)).verdict == "done"


async def test_a_called_message_is_owed_and_a_repeat_changes_nothing(
    memory: Memory, world: World, place: Place
) -> None:
    message = world.say("hello", twin="c1")
    assert await memory.receive(place, message)
    assert await memory.receive(place, message)
    turn = await turn_in(memory, place)
    assert [entry.text for entry in turn.recollection.question] == ["hello"]


async def test_what_was_said_before_the_bot_joined_is_not_stored(
    memory: Memory, world: World, place: Place
) -> None:
    assert not await memory.receive(place, world.say("secret plans", called=False))
    assert await memory.begin(place) is None
    assert (await memory.describe(place)).messages == 0


async def test_a_twin_raises_overheard_to_owed_but_never_answered_to_owed(
    memory: Memory, world: World, place: Place
) -> None:
    await memory.receive(place, world.say("join", author="U2"))
    await answered(memory, place, "here", "p1")
    await memory.receive(place, world.say("me too", author="U3", called=False))
    quiet = world.say("look at this", called=False, id="m", sent=world.at)
    assert not await memory.receive(place, quiet)
    called = world.say("look at this", id="m", sent=quiet.sent)
    assert await memory.receive(place, called)
    await answered(memory, place, "seen", "p2")
    assert not await memory.receive(place, called)
    assert await memory.begin(place) is None


async def test_what_was_deleted_before_it_came_does_not_come_as_its_twin(
    memory: Memory, world: World, place: Place
) -> None:
    await memory.retract(place, ["a"])
    assert not await memory.receive(place, world.say("hi", id="a", twin="same"))
    assert not await memory.receive(place, world.say("hi", id="b", twin="same"))
    assert await memory.begin(place) is None


async def test_the_same_post_under_another_id_is_known_by_its_twin(
    memory: Memory, world: World, place: Place
) -> None:
    await memory.receive(place, world.say("hi", id="a", twin="same"))
    await memory.receive(place, world.say("hi", id="b", twin="same"))
    turn = await turn_in(memory, place)
    assert [entry.id for entry in turn.recollection.question] == ["a"]


async def test_in_a_thread_with_one_person_the_next_message_needs_no_mention(
    memory: Memory, world: World, place: Place
) -> None:
    await memory.receive(place, world.say("hello"))
    await answered(memory, place, "hi", "p1")
    assert await memory.receive(place, world.say("and another thing", called=False))
    await answered(memory, place, "yes", "p2")
    assert not await memory.receive(place, world.say("hm", called=False, author="U2"))
    assert not await memory.receive(place, world.say("back to us", called=False))


async def test_one_turn_at_a_time_and_later_messages_wait(
    memory: Memory, world: World, place: Place
) -> None:
    await memory.receive(place, world.say("first"))
    turn = await turn_in(memory, place)
    assert await memory.begin(place) is None
    await memory.receive(place, world.say("second"))
    await turn.reload()
    assert [entry.text for entry in turn.recollection.question] == ["first"]
    await turn.note(["p1"], "one")
    done = await turn.conclude(["p1"], [], "one")
    assert done.more
    later = await turn_in(memory, place)
    assert [entry.text for entry in later.recollection.window] == ["first", "one"]
    assert [entry.text for entry in later.recollection.question] == ["second"]


async def test_whoever_takes_over_finds_the_same_turn_with_its_posts_and_its_text(
    hasty: Memory, world: World, place: Place
) -> None:
    await hasty.receive(place, world.say("question"))
    first = await turn_in(hasty, place)
    await first.note(["p1"], "the whole answer")
    second = await turn_in(hasty, place)
    assert (second.id, second.attempt, second.posted) == (first.id, 2, ("p1",))
    assert second.text == "the whole answer"
    with pytest.raises(Lost):
        await first.note(["p2"])
    assert (await first.conclude(["p1"], [], "x")).verdict == "lost"
    unknown = await second.conclude(["p1"], [], "the whole answer")
    assert (unknown.verdict, unknown.ids) == ("unknown", ("p2",))
    assert (await second.conclude(["p1"], ["p2"], "the whole answer")).verdict == "done"
    assert (await second.conclude(["p1"], ["p2"], "the whole answer")).verdict == "done"


async def test_a_post_that_shows_up_after_its_turn_becomes_debris(
    hasty: Memory, world: World, place: Place
) -> None:
    await hasty.receive(place, world.say("question"))
    first = await turn_in(hasty, place)
    await answered(hasty, place, "answer", "p1")
    with pytest.raises(Lost):
        await first.note(["p9"])
    debris = await hasty.begin(place)
    assert debris == Debris(turn=first.id, ids=("p9",))
    await hasty.clear(place, debris)
    assert await hasty.begin(place) is None


async def test_an_edit_during_a_turn_makes_it_answer_again(
    memory: Memory, world: World, place: Place
) -> None:
    await memory.receive(place, world.say("seven", id="m"))
    turn = await turn_in(memory, place)
    await memory.amend(place, "m", "eight", world.at + 5)
    assert (await turn.conclude(["p1"], [], "seven?")).verdict == "stale"
    with pytest.raises(Stale):
        await turn.note()
    await turn.reload()
    assert [entry.text for entry in turn.recollection.question] == ["eight"]
    assert (await turn.conclude(["p1"], [], "eight!")).verdict == "done"


async def test_a_deletion_that_comes_first_keeps_its_message_out(
    memory: Memory, world: World, place: Place
) -> None:
    await memory.receive(place, world.say("join"))
    await memory.retract(place, ["m"])
    assert not await memory.receive(place, world.say("oops", id="m"))
    assert (await memory.describe(place)).messages == 1


async def test_a_turn_whose_question_was_deleted_is_withdrawn_with_its_posts(
    memory: Memory, world: World, place: Place
) -> None:
    await memory.receive(place, world.say("never mind", id="m"))
    turn = await turn_in(memory, place)
    await turn.note(["p1"])
    await memory.retract(place, ["m"])
    with pytest.raises(Withdrawn):
        await turn.note(["p2"])
    assert (await turn.withdraw(["p1"])).ids == ("p2",)
    assert (await turn.withdraw(["p1", "p2"])).verdict == "done"
    assert await memory.begin(place) is None


async def test_a_stop_names_its_turn(memory: Memory, world: World, place: Place) -> None:
    await memory.receive(place, world.say("tell me everything"))
    turn = await turn_in(memory, place)
    await memory.stop(place, "another")
    await turn.note()
    assert not turn.stopped
    await memory.stop(place, turn.id)
    await turn.note()
    assert turn.stopped


async def test_old_messages_fold_into_a_segment_that_the_next_turn_reads(
    world: World, place: Place
) -> None:
    store = world.store()
    memory = world.memory(store, Marks(high=50, low=20))
    await memory.open()
    for number in range(10):
        await memory.receive(place, world.say(f"message {number}"))
        await answered(memory, place, "ok", f"p{number}")
    assert await memory.settle(place) == 17 or world.summaries
    await memory.receive(place, world.say("what now?"))
    turn = await turn_in(memory, place)
    assert [segment.text for segment in turn.recollection.segments] == ["- kept"] * len(
        world.summaries
    )
    assert sum(entry.tokens for entry in turn.recollection.window) <= 20
    assert turn.recollection.window[0].kind == "person"
    seen = "\n".join(task.text for task in world.summaries)
    assert "Ada: message 0" in seen
    assert "Ada: message 9" not in seen
    await store.close()


async def test_a_deleted_message_leaves_its_segment_and_the_rest_returns_to_the_window(
    world: World, place: Place
) -> None:
    store = world.store()
    memory = world.memory(store, Marks(high=50, low=20))
    await memory.open()
    for number in range(10):
        await memory.receive(place, world.say(f"message {number}", id=f"m{number}"))
        await answered(memory, place, "ok", f"p{number}")
    await memory.settle(place)
    await memory.retract(place, ["m1"])
    held = await memory.describe(place)
    texts = [entry.text for entry in held.window]
    assert "message 1" not in texts
    assert texts[0] == "message 0"
    await store.close()


async def test_the_sweep_sees_what_is_owed_and_nothing_else(
    hasty: Memory, world: World, place: Place
) -> None:
    await hasty.receive(place, world.say("hello"))
    assert [found.key for found in await hasty.overdue()] == [place.key]
    turn = await turn_in(hasty, place)
    assert [found.key for found in await hasty.overdue()] == [place.key]
    await turn.conclude(["p"], [], "done")
    assert await hasty.overdue() == []


async def test_a_clean_release_lets_the_next_begin_at_once(
    memory: Memory, world: World, place: Place
) -> None:
    await memory.receive(place, world.say("hello"))
    turn = await turn_in(memory, place)
    await turn.release(clean=True)
    assert isinstance(await memory.begin(place), Turn)


async def test_a_release_with_calls_in_flight_keeps_the_grace(
    memory: Memory, world: World, place: Place
) -> None:
    await memory.receive(place, world.say("hello"))
    turn = await turn_in(memory, place)
    await turn.release(clean=False)
    assert await memory.begin(place) is None


NOW_PLUS = 1_800_000_100_000_000


async def test_of_very_many_questions_a_turn_answers_the_oldest_with_what_was_said_before(
    memory: Memory, world: World, place: Place
) -> None:
    await memory.receive(place, world.say("hello", id="m0"))
    turn = await turn_in(memory, place)
    for number in range(650):  # more than are read for a turn
        await memory.receive(place, world.say(f"question {number}"))
    await turn.reload()
    assert [each.text for each in turn.recollection.question] == ["hello"]
    assert (await turn.conclude(["p0"], [], "hi")).more
    for first in range(0, 650, 100):
        turn = await turn_in(memory, place)
        asked = [each.text for each in turn.recollection.question]
        assert asked == [f"question {number}" for number in range(first, min(first + 100, 650))]
        assert turn.recollection.window[-1].text == ("yes" if first else "hi")
        end = await turn.conclude([f"p{first + 1}"], [], "yes")
        assert (end.verdict, end.more) == ("done", first < 600)
