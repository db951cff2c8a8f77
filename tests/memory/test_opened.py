"""A turn reads only what its process has not opened, and never what is not true any more."""

from dataclasses import replace

import pytest
from redis.asyncio import Redis

from memory import layout
from memory.engine import Memory
from memory.entry import Entry, Recollection
from memory.opened import Known, Opened
from memory.records import Lease, Place, Reply
from memory.window import Marks
from tests.memory.actor import arrival, sealed
from tests.memory.conftest import NOW, World, turn_in
from tests.servers.cluster import holder

pytestmark = pytest.mark.anyio

_ENTRY = Entry(id="", author="", name="", kind="person", text="", sent=0)


async def said(memory: Memory, world: World, place: Place, text: str) -> list[str]:
    """What the turn about it reads word for word."""
    await memory.receive(place, world.say(text))
    turn = await turn_in(memory, place)
    read = turn.recollection
    texts = [each.text for each in (*read.window, *read.question)]
    post = f"p{world.at}"
    await turn.note([post])
    await turn.conclude([post], [], f"answer to {text}")
    return texts


async def test_the_second_turn_is_sent_only_what_is_new(world: World, place: Place) -> None:
    store = world.store()
    known = None
    for number, new in ((1, {"m1"}), (2, {"p1", "m2"}), (3, {"p2", "m3"})):
        await store.receive(place, arrival(f"m{number}", 2 * number), sealed("said"))
        lease = await store.begin(place, "one", f"t{number}", None, known=known)
        assert isinstance(lease, Lease)
        assert {each.id for each in lease.snapshot.messages} == new
        known = _known(lease)
        reply = Reply(
            final=(f"p{number}",), removed=(), sent=NOW + 2 * number + 1, sealed=sealed("reply")
        )
        await store.conclude(place, lease, reply)
    await store.close()


@pytest.mark.parametrize("change", ["key", "revision"])
async def test_all_is_sent_once_more_to_one_who_opened_something_else(
    world: World, place: Place, change: str
) -> None:
    store = world.store()
    await store.receive(place, arrival("m1", 1), sealed("said"))
    lease = await store.begin(place, "one", "t1", None)
    assert isinstance(lease, Lease)
    other = {"key": {"wrapped": b"another key"}, "revision": {"revision": 7}}[change]
    known = replace(_known(lease), **other)  # type: ignore[arg-type]
    again = await store.begin(place, "one", "t1", None, known=known)
    assert isinstance(again, Lease)
    assert again.snapshot.messages == lease.snapshot.messages
    await store.close()


async def test_an_edit_and_a_deletion_reach_the_next_turn(
    memory: Memory, world: World, place: Place
) -> None:
    await said(memory, world, place, "first")
    kept, edited, deleted = (world.say(text, called=False) for text in ("kept", "old", "gone"))
    for each in (kept, edited, deleted):
        await memory.receive(place, each)
    await said(memory, world, place, "second")
    await memory.amend(place, edited.id, "new", world.at)
    await memory.retract(place, [deleted.id])
    texts = await said(memory, world, place, "third")
    assert [each for each in texts if each in {"kept", "old", "new", "gone"}] == ["kept", "new"]


async def test_two_processes_in_turn_read_the_same_as_one_that_opened_nothing(
    world: World, place: Place
) -> None:
    store = world.store()
    marks = Marks(high=400, low=200)
    one, other = world.memory(store, marks), world.memory(store, marks)
    for memory in (one, other):
        await memory.open()
    for number in range(12):
        await said((one, other)[number % 2], world, place, f"question {number} {'x' * 40}")
        await one.settle(place)
    stranger = world.memory(store, marks)
    await stranger.open()
    await one.receive(place, world.say("last"))
    leased = await turn_in(one, place)
    await leased.release(clean=True)
    afresh = await turn_in(stranger, place)
    assert leased.recollection == afresh.recollection
    assert leased.recollection.segments
    await store.close()


async def test_an_edit_of_a_forgotten_message_is_not_kept(
    memory: Memory, world: World, place: Place
) -> None:
    message = world.say("secret")
    await memory.receive(place, message)
    await memory.forget(place, world.at, channel=False)
    await memory.amend(place, message.id, "secret, again", world.at)
    async with Redis.from_url(holder(world.url, layout.prefix(place))) as redis:
        assert not await redis.keys("*/pend/*")


@pytest.mark.parametrize(("size", "most"), [(0, 500), (1_000, 50)])
async def test_conversations_that_rest_are_let_go(
    world: World, place: Place, size: int, most: int
) -> None:
    store, opened = world.store(), Opened()
    await store.receive(place, arrival("m1", 1), sealed("said"))
    lease = await store.begin(place, "one", "t1", None)
    assert isinstance(lease, Lease)
    entries = tuple(replace(_ENTRY, id=str(number)) for number in range(size))
    for number in range(most + 1):
        one = replace(place, thread=str(number))
        for _ in range(2):  # what is opened again counts once
            opened.keep(one, lease.snapshot, Recollection(segments=(), window=entries, question=()))
    assert opened.of(replace(place, thread="0")) is None
    assert opened.of(replace(place, thread="1")) is not None
    await store.close()


def _known(lease: Lease) -> Known:
    """As if all that is named had been opened."""
    snapshot = lease.snapshot
    entries = {name: replace(_ENTRY, id=name) for name in snapshot.order}
    key, revision = snapshot.wrapped, snapshot.revision
    return Known(wrapped=key, revision=revision, entries=entries, segments={})
