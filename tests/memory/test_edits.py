"""Edits that come before their message, and what memory keeps of them: when, never what."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from memory.edits import Present
from memory.engine import Memory
from memory.entry import UNREADABLE, Entry
from memory.layout import prefix
from memory.records import Place
from tests.memory.conftest import World, straight_to, turn_in
from tests.memory.stored import dump, raw

pytestmark = pytest.mark.anyio

LATER = 1_800_000_100_000_000


class Reader:
    """Reads a post back; `meanwhile` happens before the answer is there."""

    def __init__(self, *answers: Entry | None) -> None:
        self.asked: list[int] = []
        self.meanwhile: Callable[[], Awaitable[object]] | None = None
        self._answers = [*answers]

    async def __call__(self, at: int) -> Entry | None:
        self.asked.append(at)
        answer = self._answers.pop(0)
        if self.meanwhile:
            happens, self.meanwhile = self.meanwhile, None
            await happens()
        return answer


async def taken(memory: Memory, place: Place, entry: Entry, present: Present | None) -> list[str]:
    """What a turn then finds to answer."""
    await memory.admit(place, entry, present=present)
    turn = await memory.begin(place)
    return [each.text for each in turn.recollection.question] if turn else []  # type: ignore[union-attr]


async def pending(world: World, place: Place) -> dict[bytes, bytes]:
    """What the store keeps of edits that came first."""
    async with straight_to(world.url, place) as redis:
        found = dict[bytes, bytes]()
        for key in await redis.keys("*/pend/*"):
            assert 0 < await redis.ttl(key) <= 2 * 86_400
            held = await redis.hgetall(key)
            found |= {raw(name): raw(value) for name, value in held.items()}
    return found


async def test_only_the_time_of_an_edit_is_kept(memory: Memory, world: World, place: Place) -> None:
    await memory.amend(place, "m", "the secret", LATER)
    ((name, value),) = (await pending(world, place)).items()
    assert value == str(LATER).encode()
    assert len(name) == 12  # a fingerprint of the channel and the post
    held = {key.partition(b"}:")[2] for key in await dump(world.url, place)} - {b""}
    assert held == {b"slack:T1:C1/pend/DAY"}


async def test_the_text_is_read_when_the_message_comes(
    memory: Memory, world: World, place: Place
) -> None:
    await memory.amend(place, "m", "third", LATER + 3)
    await memory.amend(place, "m", "second", LATER + 2)
    message = world.say("first", id="m")
    reader = Reader(replace(message, text="third", version=LATER + 3))
    assert await taken(memory, place, message, reader) == ["third"]
    assert reader.asked == [LATER + 3]
    assert await pending(world, place) == {}


@pytest.mark.parametrize("asked", [False, True])
async def test_a_message_whose_edit_nobody_can_read_says_so(
    memory: Memory, world: World, place: Place, asked: bool
) -> None:
    reader = Reader(None) if asked else None
    await memory.amend(place, "m", "second", LATER)
    assert await taken(memory, place, world.say("first", id="m"), reader) == [UNREADABLE]
    await memory.amend(place, "m", "second, once more", LATER)  # it is told again
    assert (await memory.describe(place)).window[-1].text == UNREADABLE
    await memory.amend(place, "m", "third", LATER + 1)
    assert (await memory.describe(place)).window[-1].text == "third"


async def test_a_message_that_is_from_the_edit_is_not_read_again(
    memory: Memory, world: World, place: Place
) -> None:
    await memory.amend(place, "m", "second", LATER)
    message = world.say("second", id="m", version=LATER)
    assert await taken(memory, place, message, Reader()) == ["second"]


async def test_an_edit_while_it_is_read_is_read_too(
    memory: Memory, world: World, place: Place
) -> None:
    await memory.amend(place, "m", "second", LATER + 2)
    message = world.say("first", id="m")
    second, third = (replace(message, text=f"of {n}", version=LATER + n) for n in (2, 3))
    reader = Reader(second, third)
    reader.meanwhile = lambda: memory.amend(place, "m", "of 3", LATER + 3)
    assert await taken(memory, place, message, reader) == ["of 3"]
    assert reader.asked == [LATER + 2, LATER + 3]


async def test_what_was_read_is_newer_than_edits_that_are_told_later(
    memory: Memory, world: World, place: Place
) -> None:
    await memory.amend(place, "m", "second", LATER + 2)
    message = world.say("first", id="m")
    reader = Reader(replace(message, text="fourth", version=LATER + 4))
    assert await taken(memory, place, message, reader) == ["fourth"]
    await memory.amend(place, "m", "third", LATER + 3)
    assert (await memory.describe(place)).window[-1].text == "fourth"


@pytest.mark.parametrize("how", ["deletion", "forgetting", "departure of its author"])
async def test_what_goes_while_it_is_read_does_not_come_in(
    memory: Memory, world: World, place: Place, how: str
) -> None:
    other = world.say("something else", author="U2")
    await memory.receive(place, other)
    await memory.amend(place, "m", "second", LATER)
    message = world.say("first", id="m")
    go: dict[str, Callable[[], Awaitable[object]]] = {
        "deletion": lambda: memory.retract(place, ["m"]),
        "forgetting": lambda: memory.forget(place, message.sent, channel=False),
        "departure of its author": lambda: memory.erasing.forget(place.person("U1"), LATER),
    }
    reader = Reader(replace(message, text="second", version=LATER))
    reader.meanwhile = go[how]
    await memory.admit(place, message, present=reader)
    assert reader.asked == [LATER]
    assert message.id not in [each.id for each in (await memory.describe(place)).window]


async def test_two_processes_that_take_it_in_at_once_keep_it_once(
    memory: Memory, world: World, place: Place
) -> None:
    other = world.memory(store := world.store())
    await other.open()
    await memory.amend(place, "m", "second", LATER)
    message = world.say("first", id="m")
    now = replace(message, text="second", version=LATER)
    reader = Reader(None)
    reader.meanwhile = lambda: other.admit(place, message, present=Reader(now))
    await memory.admit(place, message, present=reader)
    assert [each.text for each in (await turn_in(memory, place)).recollection.question] == [
        "second"
    ]
    await store.close()


async def test_a_twin_of_what_was_read_changes_nothing(
    memory: Memory, world: World, place: Place
) -> None:
    await memory.amend(place, "m", "second", LATER)
    message = world.say("first", id="m", twin="both")
    assert await taken(memory, place, message, Reader(None)) == [UNREADABLE]
    await memory.admit(place, replace(message, id="m2"), present=Reader())
    assert (await memory.describe(place)).messages == 1


async def test_to_forget_one_thread_loses_no_edit_of_another(
    memory: Memory, world: World, place: Place
) -> None:
    elsewhere, message = replace(place, thread="18.01"), world.say("the secret", id="m")
    await memory.amend(place, "m", "never mind", message.sent + 1)
    await memory.receive(elsewhere, world.say("and this"))
    await memory.forget(elsewhere, world.at, channel=False)
    await memory.erasing.forget(place.person("U7"), world.at)
    assert await taken(memory, place, message, None) == [UNREADABLE]


async def test_to_forget_the_channel_forgets_its_edits(
    memory: Memory, world: World, place: Place
) -> None:
    await memory.amend(place, "m", "second", world.at)
    await memory.forget(replace(place, thread=""), world.at + 1, channel=True)
    assert await pending(world, place) == {}


async def test_a_text_that_an_earlier_release_kept_is_not_read(
    memory: Memory, world: World, place: Place
) -> None:
    await memory.amend(place, "m", "second", LATER)
    async with straight_to(world.url, place) as redis:
        (key,) = await redis.keys("*/pend/*")
        (name,) = await redis.hkeys(key)
        await redis.hset(key, name, f"{LATER}:its sealed text".encode())
    await memory.amend(place, "m", "before", LATER - 1)  # the newest still wins
    reader = Reader(None)
    assert await taken(memory, place, world.say("first", id="m"), reader) == [UNREADABLE]
    assert reader.asked == [LATER]
    assert await pending(world, place) == {}


LISTED = "look\n[attached: plan.pdf (PDF)]\n[attached: map.pdf (PDF)]"


@pytest.mark.parametrize(
    ("shown", "kept"),
    [
        ("look\n[attached: map.pdf (PDF)]", "look\n[attached: map.pdf (PDF)]"),
        ("look", "look"),
        (LISTED, LISTED),
        ("look, renamed\n" + LISTED, LISTED),  # nobody edited it: names in it changed
        (LISTED + "\n[attached: more.pdf (PDF)]", LISTED),
    ],
)
async def test_what_is_taken_off_a_post_without_an_edit_goes(
    memory: Memory, world: World, place: Place, shown: str, kept: str
) -> None:
    await memory.receive(place, world.say(LISTED, id="m"))
    turn = await turn_in(memory, place)
    await memory.shorten(place, "m", shown)
    assert (await memory.describe(place)).window[0].text == kept
    verdict = (await turn.conclude(["p1"], [], "two files")).verdict
    assert verdict == ("done" if kept == LISTED else "stale")


async def test_what_is_shown_of_a_message_that_is_not_held_leaves_nothing(
    memory: Memory, world: World, place: Place
) -> None:
    await memory.shorten(place, "m", "look")
    async with straight_to(world.url, place) as redis:
        assert not list(await redis.keys(f"{prefix(place)}*"))
