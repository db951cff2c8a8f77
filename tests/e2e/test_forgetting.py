"""What people had the bot forget is off the disk, also when they ask one right after the other."""

import pytest

from tests.e2e.process import Home
from tests.e2e.scan import found, rewritten, server
from tests.e2e.town import Town

pytestmark = pytest.mark.anyio

PEOPLE = 3
BALLAST = "x" * 20_000_000  # with that, writing the file anew takes long enough to come too late


async def test_those_who_forget_one_after_the_other_are_all_forgotten_on_the_disk(
    busy_home: Home, model_town: Town
) -> None:
    directs = [model_town.direct(f"Person {number}") for number in range(PEOPLE)]
    kept = model_town.direct("Ada")
    async with busy_home.bot() as bot:
        await model_town.connected()
        kept.ask("The spare key hangs behind the kettle")
        for number, direct in enumerate(directs):
            direct.ask(f"Secret number {number} of mine is quite safe")
        for direct in (kept, *directs):
            await direct.until(bool)
        async with server(busy_home.data) as store:
            await store.set("ballast", BALLAST)
        assert found(busy_home.data, "of mine is quite safe")
        for direct in directs:
            direct.ask("/forget yes")
            await direct.until(lambda replies: "Forgotten: 2 messages" in replies[-1])
        await rewritten(busy_home.data)
        assert not found(busy_home.data, "of mine is quite safe")
        assert found(busy_home.data, "behind the kettle")
        assert await bot.stop() == 0
