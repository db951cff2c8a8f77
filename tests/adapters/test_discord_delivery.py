"""What Discord's events leave missing is told before anything newer goes in."""

import asyncio
from dataclasses import dataclass, field

import pytest

from adapters.discord.delivery import _AGAIN, Delivery, Event
from tests.virtual import VirtualLoop

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.parametrize("anyio_backend", [("asyncio", {"loop_factory": VirtualLoop})]),
]
CHANNEL, OTHER = 1, 2


@dataclass
class Store:
    """Away for so many calls; `heard` in the order in which it took them."""

    away: int = 0
    heard: list[str] = field(default_factory=list)
    ago: list[float] = field(default_factory=list)

    def event(self, name: str) -> Event:
        async def happen() -> None:
            self.take(name)

        return happen

    async def missed(self, ago: float) -> None:
        self.take("missed")
        self.ago.append(ago)

    def take(self, name: str) -> None:
        if self.away:
            self.away -= 1
            raise ConnectionError
        self.heard.append(name)


async def test_nothing_newer_goes_in_before_it_is_told_that_an_event_was_lost() -> None:
    store = Store(away=len(_AGAIN) + 2)
    async with asyncio.TaskGroup() as tasks:
        deliver = Delivery(tasks, store.missed)
        deliver(CHANNEL, store.event("lost"))
        deliver(CHANNEL, store.event("newer"))
        await asyncio.sleep(sum(_AGAIN) + 0.1)
        deliver(OTHER, store.event("elsewhere"))
    assert store.heard[0] == "missed"
    assert sorted(store.heard[1:]) == ["elsewhere", "newer"]
    assert deliver.lost == 1


async def test_it_is_told_since_when_events_are_lost_however_long_telling_took() -> None:
    store = Store(away=len(_AGAIN) + 3)
    async with asyncio.TaskGroup() as tasks:
        deliver = Delivery(tasks, store.missed)
        came = asyncio.get_running_loop().time()
        deliver(CHANNEL, store.event("lost"))
    assert store.ago == [asyncio.get_running_loop().time() - came]
    assert store.ago[0] > sum(_AGAIN) + 1


async def test_after_an_interruption_nothing_goes_in_before_that_is_told() -> None:
    store = Store(away=1)
    async with asyncio.TaskGroup() as tasks:
        deliver = Delivery(tasks, store.missed)
        deliver.interrupted()
        deliver(CHANNEL, store.event("newer"))
    assert store.heard == ["missed", "newer"]


async def test_what_is_lost_while_it_is_told_is_told_once_more() -> None:
    store, told = Store(), asyncio.Event()

    async def missed(ago: float) -> None:
        store.ago.append(ago)
        if len(store.ago) == 1:
            deliver.interrupted()
        else:
            told.set()

    async with asyncio.TaskGroup() as tasks:
        deliver = Delivery(tasks, missed)
        deliver.interrupted()
        deliver(CHANNEL, store.event("newer"))
    assert told.is_set()
    assert store.heard == ["newer"]
