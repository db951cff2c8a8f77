"""Every platform tells what a person may read there today; what it cannot tell, they may not."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from adapters.message import Audience, Conversation
from tests.adapters.reading_rooms import Rooms, rooms
from tests.adapters.running import _impatient
from tests.adapters.terminal import Terminal

__all__ = ["_impatient"]

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["slack", "discord", "fake"])
async def there(request: pytest.FixtureRequest) -> AsyncIterator[Rooms]:
    async with rooms(request.param) as place:
        yield place


async def test_a_private_room_and_a_direct_message_are_read_by_those_who_are_in_them(
    there: Rooms,
) -> None:
    places = [there.private, there.public, there.direct]
    assert await there.platform.readable(there.ada, places) == {*places}
    assert await there.platform.readable(there.bo, places) == {there.public}


async def test_who_was_removed_reads_it_no_longer(there: Rooms) -> None:
    there.remove()
    places = [there.private, there.public, there.direct]
    assert await there.platform.readable(there.ada, places) == {there.public, there.direct}


async def test_what_the_audience_is_said_to_be_opens_nothing(there: Rooms) -> None:
    told = [replace(there.private, audience=each) for each in Audience]
    assert await there.platform.readable(there.bo, told) == set()


async def test_a_thread_is_read_by_those_who_read_its_channel(there: Rooms) -> None:
    threads = [replace(there.public, thread=each) for each in ("1", "2")]
    assert await there.platform.readable(there.bo, threads) == {*threads}


async def test_what_cannot_be_checked_is_not_among_them_and_nothing_is_raised(
    there: Rooms,
) -> None:
    there.silence()
    assert await there.platform.readable(there.ada, [there.private, there.public]) == set()


async def test_of_nothing_nothing_is_read(there: Rooms) -> None:
    assert await there.platform.readable(there.ada, []) == set()


async def test_at_a_terminal_its_person_reads_its_one_conversation() -> None:
    console = Terminal().console()
    here = Conversation(platform="console", space="local", channel="ann", audience=Audience.DIRECT)
    other = replace(here, channel="bob")
    mine = replace(here, channel=console._place.channel)
    assert await console.readable("ann", [mine, other]) == {mine}
    assert await console.readable("bob", [mine]) == set()
