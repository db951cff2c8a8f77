"""A reply that repeats what goes, goes with it; one that took no words from it stays."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from memory.engine import Memory
from memory.gaps import PAST
from memory.records import Debris, Place
from memory.redis import RedisStore, Retention
from memory.window import Marks
from tests.memory.conftest import World, turn_in

pytestmark = pytest.mark.anyio

SECRET = "the vault opens with Xk9!vw2 after nine"
QUOTE = "As Ada said: the vault opens with Xk9!vw2 after nine."
SIBLING = "18.01"
SMALL = Marks(high=300, low=100)


async def said(
    memory: Memory, place: Place, world: World, text: str, *, called: bool = True
) -> str:
    entry = world.say(text, called=called)
    await memory.receive(place, entry)
    return entry.id


async def answer(memory: Memory, place: Place, world: World, text: str, ask: str = "and?") -> str:
    """Bo asks and the bot answers with this text, which it noted before, as it does."""
    await memory.receive(place, world.say(ask, author="U2", name="Bo"))
    turn = await turn_in(memory, place)
    await turn.recall(1_000, [each.id for each in turn.recollection.question])
    post = f"p{world.at}"
    await turn.note([post], text)
    assert (await turn.conclude([post], [], text)).verdict == "done"
    return post


async def texts(memory: Memory, place: Place) -> list[str]:
    held = await memory.describe(place)
    return [entry.text for entry in held.window] + [each.text for each in held.segments]


async def joined(memory: Memory, place: Place, world: World) -> None:
    """Cy calls the bot: what Ada says after that is overheard."""
    await memory.receive(place, world.say("hello", author="U3", name="Cy"))
    turn = await turn_in(memory, place)
    assert (await turn.conclude([f"p{world.at}"], [], "hi")).verdict == "done"


async def test_an_edit_that_removes_the_words_takes_the_reply_that_quotes_them(
    memory: Memory, world: World, place: Place
) -> None:
    message = await said(memory, place, world, f"my password: {SECRET}")
    turn = await turn_in(memory, place)
    await turn.note(["p1"], QUOTE)
    await turn.conclude(["p1"], [], QUOTE)
    await memory.amend(place, message, "my password (removed)", world.at + 1)
    assert await texts(memory, place) == ["my password (removed)"]


async def test_an_edit_that_keeps_the_words_keeps_the_reply(
    memory: Memory, world: World, place: Place
) -> None:
    message = await said(memory, place, world, SECRET)
    turn = await turn_in(memory, place)
    await turn.note(["p1"], QUOTE)
    await turn.conclude(["p1"], [], QUOTE)
    await memory.amend(place, message, f"{SECRET}!", world.at + 1)
    assert await texts(memory, place) == [f"{SECRET}!", QUOTE]


async def test_what_was_overheard_and_quoted_to_somebody_else_goes_with_its_message(
    memory: Memory, world: World, place: Place
) -> None:
    await joined(memory, place, world)
    message = await said(memory, place, world, SECRET, called=False)
    await answer(memory, place, world, QUOTE)
    await memory.retract(place, [message])
    assert await texts(memory, place) == ["hello", "hi", "and?"]


async def test_a_reply_that_shares_no_words_with_what_goes_stays(
    memory: Memory, world: World, place: Place
) -> None:
    await joined(memory, place, world)
    message = await said(memory, place, world, f"Hi Bo, thanks a lot! {SECRET}", called=False)
    kept = "Hi Bo, thanks a lot! Let me know if you need anything else."
    await answer(memory, place, world, kept)
    await memory.retract(place, [message])
    assert kept in await texts(memory, place)


async def test_what_a_sibling_thread_recalled_goes_when_the_thread_it_was_said_in_is_forgotten(
    memory: Memory, world: World, place: Place
) -> None:
    await joined(memory, place, world)
    await said(memory, place, world, f"remember the vault: {SECRET}", called=False)
    sibling = place.sibling(SIBLING)
    await answer(memory, sibling, world, QUOTE, ask="how does the vault open?")
    assert QUOTE in await texts(memory, sibling)
    await memory.forget(place, world.at, channel=False)
    assert await texts(memory, sibling) == ["how does the vault open?"]


async def test_replies_that_quote_a_reply_that_goes_go_too(
    memory: Memory, world: World, place: Place
) -> None:
    await joined(memory, place, world)
    message = await said(memory, place, world, SECRET, called=False)
    await answer(memory, place, world, f"{QUOTE} Ben told you about the purple umbrella stand.")
    await answer(memory, place, world, "I told you about the purple umbrella stand, yes.")
    await answer(memory, place, world, "Nothing of that kind, as far as I know.")
    await memory.retract(place, [message])
    left = await texts(memory, place)
    assert left == [
        "hello",
        "hi",
        "and?",
        "and?",
        "and?",
        "Nothing of that kind, as far as I know.",
    ]


@pytest.fixture
async def copying(world: World) -> AsyncIterator[Memory]:
    """Its summaries repeat what they summarise, and are soon made."""
    store, world.copying = world.store(), True
    memory = world.memory(store, SMALL, segment=2_000)
    await memory.open()
    yield memory
    await store.close()


@pytest.mark.parametrize("what", ["what was quoted", "something else"])
async def test_a_reply_that_quotes_a_summary_depends_on_those_of_its_messages_whose_words_it_took(
    copying: Memory, world: World, place: Place, what: str
) -> None:
    await joined(copying, place, world)
    secret = await said(copying, place, world, SECRET, called=False)
    other = await said(copying, place, world, "lunch was soup and bread today", called=False)
    for number in range(8):
        await said(copying, place, world, f"more talk of the river, part {number}", called=False)
    assert await copying.settle(place)
    await answer(copying, place, world, QUOTE)
    await copying.retract(place, [secret if what == "what was quoted" else other])
    assert (QUOTE in await texts(copying, place)) == (what == "something else")


async def test_a_turn_in_another_thread_that_quotes_what_is_deleted_meanwhile_answers_again(
    memory: Memory, world: World, place: Place
) -> None:
    await joined(memory, place, world)
    message = await said(memory, place, world, SECRET, called=False)
    sibling = place.sibling(SIBLING)
    await memory.receive(sibling, world.say("how does the vault open?"))
    turn = await turn_in(memory, sibling)
    await turn.recall(1_000, [each.id for each in turn.recollection.question])
    await memory.retract(place, [message])
    await turn.note(["p1"])
    assert (await turn.conclude(["p1"], [], QUOTE)).verdict == "stale"


async def test_whoever_takes_a_turn_over_knows_what_its_noted_reply_took_words_from(
    hasty: Memory, world: World, place: Place
) -> None:
    await joined(hasty, place, world)
    message = await said(hasty, place, world, SECRET, called=False)
    sibling = place.sibling(SIBLING)
    await hasty.receive(sibling, world.say("how does the vault open?"))
    first = await turn_in(hasty, sibling)
    await first.recall(1_000, [each.id for each in first.recollection.question])
    await first.note(["p1"], QUOTE)
    second = await turn_in(hasty, sibling)
    assert second.text == QUOTE
    assert (await second.conclude(["p1"], [], QUOTE)).verdict == "done"
    await hasty.retract(place, [message])
    assert await texts(hasty, sibling) == ["how does the vault open?"]


async def test_more_replies_than_one_step_takes_go_before_the_deletion_is_done(
    memory: Memory, world: World, place: Place
) -> None:
    await joined(memory, place, world)
    message = await said(memory, place, world, SECRET, called=False)
    for _ in range(230):
        await answer(memory, place, world, QUOTE)
    await memory.retract(place, [message])
    assert QUOTE not in await texts(memory, place)


async def test_with_remove_the_bots_own_posts_are_taken_back_too(
    world: World, place: Place
) -> None:
    store = RedisStore(world.url, retention=Retention(remove_replies=True))
    memory = world.memory(store)
    await memory.open()
    message = await said(memory, place, world, SECRET)
    turn = await turn_in(memory, place)
    await turn.note(["p1", "p2"], QUOTE)
    await turn.conclude(["p1", "p2"], [], QUOTE)
    await memory.retract(place, [message])
    left = await memory.begin(place)
    assert isinstance(left, Debris)
    assert left.ids == ("p1", "p2")
    await memory.clear(place, left)
    assert await memory.begin(place) is None
    await store.close()


async def test_somebody_forgotten_takes_what_others_were_told_of_them(
    memory: Memory, world: World, place: Place
) -> None:
    await joined(memory, replace(place, thread="19.1"), world)
    await memory.receive(place, world.say("hello", author="U2", name="Bo"))
    turn = await turn_in(memory, place)
    await turn.conclude(["p0"], [], "hi")
    await said(memory, place, world, SECRET, called=False)
    await answer(memory, place.sibling(SIBLING), world, QUOTE, ask="how does the vault open?")
    await memory.erasing.forget(place.person("U1"), world.at)
    assert await texts(memory, place.sibling(SIBLING)) == ["how does the vault open?"]


async def test_a_reply_of_an_earlier_life_that_was_read_from_the_platform_goes_too(
    memory: Memory, world: World, place: Place
) -> None:
    await joined(memory, place, world)
    secret = world.say(SECRET, called=False)
    past = world.say(QUOTE, author="B1", name="", kind="me", called=False)
    other = world.say("Nothing new there.", author="B1", name="", kind="me", called=False)
    for entry in (secret, past, other):
        await memory.admit(place, entry, PAST)
    await memory.cite_past(place)
    await memory.retract(place, [secret.id])
    assert await texts(memory, place) == ["hello", "hi", "Nothing new there."]
