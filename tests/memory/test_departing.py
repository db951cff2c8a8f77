"""What a departure or a new audience leaves to do is done to the end, whoever dies over it."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import pytest

from memory.engine import Memory
from memory.records import Forgotten, Place
from memory.redis import RedisStore
from memory.store import StoreDown
from memory.turn import Stale
from tests.memory.conftest import turn_in
from tests.memory.test_persons import HOME, Town, asked, known

pytestmark = pytest.mark.anyio

SPACE = Place(platform="slack", space="T1", channel="")
CHANNEL = Place(platform="slack", space="T1", channel="C1", audience="public")
FOREIGN = Place(platform="slack", space="T10", channel="C1", thread="17.01", audience="public")
OTHER = Place(platform="slack", space="T1", channel="C2", thread="1", audience="public")
DM = Place(platform="slack", space="T1", channel="D1", audience="direct")
TOLD = {b"msg", b"win", b"owed", b"seg", b"cover", b"sum", b"above", b"fresh", b"pend", b"facts"}


class Frail(RedisStore):
    """Dies when it is to forget the next conversation but so many."""

    forgets = 1

    async def forget(
        self,
        place: Place,
        water: int,
        wrapped: bytes,
        survivors: Sequence[tuple[str, int, bytes]],
        *,
        channel: bool,
        under: bytes = b"",
        cursor: str = "",
    ) -> Forgotten:
        self.forgets -= 1
        if self.forgets < 0:
            raise StoreDown("dead")
        return await super().forget(
            *(place, water, wrapped, survivors), channel=channel, under=under, cursor=cursor
        )


@pytest.fixture
def town(redis_url: str) -> Town:
    return Town(redis_url)


@pytest.fixture
async def store(town: Town) -> AsyncIterator[RedisStore]:
    store = town.store()
    yield store
    await store.close()


@pytest.fixture
async def memory(town: Town, store: RedisStore) -> Memory:
    memory = town.small(store)
    await memory.open()
    return memory


async def held(store: RedisStore, space: str) -> set[bytes]:
    """What there is of a space that tells anything: kinds of keys, and the keys to them."""
    kinds = set()
    async for key in store._redis.scan_iter(match=f"tk:*:{space}:*"):
        _, _, kind = key.partition(b"/")
        kinds |= {kind.partition(b"/")[0]} & TOLD
        if kind in (b"rec", b"") and await store._redis.hexists(key, "key"):
            kinds.add(b"key")
    return kinds


async def question(memory: Memory, place: Place) -> list[str]:
    """All that a turn finds there to answer, and nothing before it."""
    recollection = (await turn_in(memory, place)).recollection
    assert (recollection.window, recollection.segments) == ((), ())
    return [each.text for each in recollection.question]


async def spread(memory: Memory, town: Town) -> None:
    """The same in two spaces, each with its facts, and an edit that waits for its message."""
    for place in (replace(CHANNEL, thread="17.01"), OTHER, FOREIGN):
        await town.tell(memory, place, HOME)
        await memory.receive(place, town.say("and this is not folded"))
    await memory.amend(replace(CHANNEL, channel="C9"), "m99", "edited", town.at)


async def test_all_of_a_space_goes_when_the_bot_leaves_it(
    memory: Memory, store: RedisStore, town: Town
) -> None:
    await spread(memory, town)
    late = town.say("called before it left")
    assert TOLD - await held(store, "T1") <= {b"above"}
    before = await held(store, "T10")
    await memory.departing.leave(SPACE, town.at)
    for _ in range(2):
        await memory.departing.finish()
    assert await held(store, "T1") == set()
    assert await held(store, "T10") == before
    assert await known(memory, OTHER) == []
    assert await known(memory, FOREIGN) == ["Lisbon"]
    assert not await memory.receive(OTHER, late)
    assert await memory.receive(OTHER, town.say("back again"))
    assert await question(memory, OTHER) == ["back again"]


async def test_what_is_said_after_the_bot_came_back_outlives_its_leaving(
    memory: Memory, store: RedisStore, town: Town
) -> None:
    await memory.receive(OTHER, town.say("before"))
    await memory.departing.leave(SPACE, town.at)
    await memory.receive(OTHER, town.say("after"))
    await memory.departing.finish()
    assert await question(memory, OTHER) == ["after"]


async def test_a_departure_is_finished_by_another_process(
    memory: Memory, store: RedisStore, town: Town
) -> None:
    await spread(memory, town)
    await memory.departing.leave(SPACE, town.at)
    frail = Frail(town.url)
    with pytest.raises(StoreDown):
        await town.small(frail).departing.finish()
    await frail.close()
    assert await held(store, "T1") != set()
    await memory.departing.finish()
    assert await held(store, "T1") == set()


async def test_a_channel_that_is_gone_is_forgotten_with_its_threads(
    memory: Memory, store: RedisStore, town: Town
) -> None:
    await spread(memory, town)
    await memory.departing.leave(CHANNEL, town.at)
    await memory.departing.finish()
    assert await held(store, "T1:C1") == set()
    assert await held(store, "T1:C2") != set()
    assert await known(memory, OTHER) == ["Lisbon"]


async def test_a_person_whose_record_does_not_open_leaves_all_the_same(
    memory: Memory, store: RedisStore, town: Town
) -> None:
    await spread(memory, town)
    closed = Town(town.url).small(store)  # with another key
    await closed.departing.leave(SPACE, town.at)
    await closed.departing.finish()
    assert await held(store, "T1") == set()


async def test_a_turn_in_a_space_that_is_left_has_nothing_to_answer(
    memory: Memory, town: Town
) -> None:
    await memory.receive(OTHER, town.say("hello"))
    turn = await turn_in(memory, OTHER)
    await memory.departing.leave(SPACE, town.at)
    await memory.departing.finish()
    assert (await turn.conclude(["p1"], [], "hi")).verdict == "lost"


async def test_what_was_said_in_a_channel_that_turns_private_is_no_longer_known_elsewhere(
    memory: Memory, town: Town
) -> None:
    here = replace(CHANNEL, thread="17.01")
    await town.tell(memory, here, HOME)
    assert await asked(memory, town, OTHER) == ["Lisbon"]
    await memory.departing.rescope(replace(CHANNEL, audience="private"), town.at)
    for _ in range(2):
        await memory.departing.finish()
    assert await asked(memory, town, OTHER) == []
    assert await known(memory, OTHER) == []


async def test_facts_learned_from_then_on_reach_as_far_as_the_new_audience(
    memory: Memory, town: Town
) -> None:
    here = replace(CHANNEL, thread="17.01")
    await memory.receive(here, town.say("hello"))
    await (await turn_in(memory, here)).conclude(["p1"], [], "hi")
    private = replace(CHANNEL, audience="private")
    await memory.departing.rescope(private, town.at)
    await memory.departing.finish()
    await town.tell(memory, replace(here, audience="private"), HOME)
    assert await asked(memory, town, OTHER) == []
    assert await asked(memory, town, replace(here, audience="private")) == ["Lisbon"]
    assert await asked(memory, town, DM) == ["Lisbon"]


async def test_a_fact_being_learned_while_its_channel_turns_private_is_not_kept_as_public(
    memory: Memory, town: Town
) -> None:
    here = replace(CHANNEL, thread="17.01")

    async def change() -> None:
        await memory.departing.rescope(replace(CHANNEL, audience="private"), town.at)
        await memory.departing.finish()

    town.think = change  # type: ignore[method-assign]  # while the summariser is at it
    await memory.receive(here, town.say(HOME))
    await (await turn_in(memory, here)).conclude(["p1"], [], "hi")
    await memory.learn(here)
    assert await asked(memory, town, OTHER) == []


async def test_a_running_turn_is_made_again_when_its_channel_has_other_readers(
    memory: Memory, town: Town
) -> None:
    here = replace(CHANNEL, thread="17.01")
    await memory.receive(here, town.say("hello"))
    turn = await turn_in(memory, here)
    await turn.note(["p1"], "a complete answer")
    await memory.departing.rescope(replace(CHANNEL, audience="shared"), town.at)
    await memory.departing.finish()
    with pytest.raises(Stale):
        await turn.note()
    await turn.reload()
    assert (turn.place.audience, turn.text) == ("shared", "")
    assert (await turn.conclude(["p1"], [], "again")).verdict == "done"


async def test_late_messages_do_not_bring_an_old_audience_back(memory: Memory, town: Town) -> None:
    here, late = replace(CHANNEL, thread="17.01"), town.say("said before")
    await memory.receive(here, town.say("hello"))
    await memory.departing.rescope(replace(CHANNEL, audience="private"), town.at)
    await memory.departing.finish()
    await memory.receive(here, late)
    assert await _asked_again(memory, town, replace(here, audience="private")) == "private"
    new = replace(CHANNEL, thread="18")
    await memory.receive(new, replace(late, id="another"))
    assert (await turn_in(memory, new)).place.audience == "private"


async def test_where_a_guest_spoke_members_do_not_bring_the_old_audience_back(
    memory: Memory, town: Town
) -> None:
    here = replace(CHANNEL, thread="17.01")
    await memory.receive(replace(here, audience="shared"), town.say("a guest asks"))
    assert await _asked_again(memory, town, here) == "shared"
    await memory.departing.rescope(replace(CHANNEL, audience="public"), town.at)
    await memory.departing.finish()
    assert await _asked_again(memory, town, here) == "public"


async def test_of_two_changes_of_audience_the_later_one_stands(memory: Memory, town: Town) -> None:
    here = replace(CHANNEL, thread="17.01")
    await memory.receive(here, town.say("hello"))
    await memory.departing.rescope(replace(CHANNEL, audience="public"), town.at + 2)
    await memory.departing.rescope(replace(CHANNEL, audience="private"), town.at + 1)
    await memory.departing.finish()
    await memory.departing.rescope(replace(CHANNEL, audience="shared"), town.at + 1)
    await memory.departing.finish()
    assert (await turn_in(memory, here)).place.audience == "public"


async def _asked_again(memory: Memory, town: Town, place: Place) -> str:
    """The audience that a new turn goes by."""
    await memory.receive(place, town.say("hm?"))
    turn = await turn_in(memory, place)
    await turn.conclude([f"p{town.at}"], [], "ok")
    return turn.place.audience
