"""One process on both platforms: a long conversation folds, and nobody's clock runs out."""

import asyncio
import itertools
import re
import time
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from memory.tokens import counter
from tests.e2e.conftest import check_log
from tests.e2e.process import Home
from tests.e2e.town import DiscordDirect, SlackThread, Town, is_fold

pytestmark = [pytest.mark.anyio, pytest.mark.alone]

CLOCK = 3.0  # seconds to acknowledge, on Slack: https://docs.slack.dev/apis/events-api
# and on Discord: https://docs.discord.com/developers/interactions/receiving-and-responding
CORNERS = 6  # of people on each platform who ask all the time
PAUSE = 0.05  # seconds from an acknowledgement to the next question
TOKENS = 100_000
SIZES = (19_500, 39_000, 4_000)  # characters of a post, in turn: Slack takes 40,000
UNFOLDED = 3  # posts that the window may still hold
WITHIN = 60.0  # seconds; on a busy machine everything takes longer
VOCABULARY = Path(__file__).parents[3] / "shared/data/tiktoken"


@dataclass(slots=True)
class Clocks:
    """Seconds until each acknowledgement, while many people ask on both platforms."""

    town: Town
    slack: list[float] = field(default_factory=list)
    discord: list[float] = field(default_factory=list)

    async def watch(self, number: int) -> None:
        """One person's corner on each platform, until cancelled."""
        thread, direct = self.town.thread(f"C{number}"), self.town.direct(f"P{number}")
        while True:
            await asyncio.gather(self._slack(thread), self._discord(direct))
            await asyncio.sleep(PAUSE)

    async def _slack(self, thread: SlackThread) -> None:
        deliveries = self.town.slack.deliveries
        first = len(deliveries)
        thread.ask("A word in between")
        self.slack.append(await _seconds(deliveries[first].answered.wait()))

    async def _discord(self, direct: DiscordDirect) -> None:
        discord = self.town.discord
        direct.ask("A word in between")
        number = discord.command(discord.direct(direct.person), direct.person, "summary")
        pressed = discord.interactions.pressed[number]
        answered = discord.until(lambda: pressed.answer, within=2 * CLOCK)
        self.discord.append(await _seconds(answered))


async def _seconds(event: Awaitable[object]) -> float:
    began = time.perf_counter()
    await event
    return time.perf_counter() - began


def posts() -> Sequence[str]:
    """As many as make up the conversation, counted by the model's vocabulary or by estimate."""
    count, written, tokens = counter("gpt-6-luna").count, list[str](), 0
    for number, size in zip(itertools.count(1), itertools.cycle(SIZES)):
        if tokens >= TOKENS:
            break
        crates = (f"crate {each} holds {each % 7} jars of olives; " for each in range(size))
        text = f"Load {number}: {''.join(itertools.islice(crates, size // 20))}"[:size]
        written.append(text)
        tokens += count(text)
    return written


async def test_no_acknowledgement_waits_for_a_long_conversation(
    tmp_path: Path, model_town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(VOCABULARY))
    loads, vocabulary = posts(), {"TIKTOKEN_CACHE_DIR": str(VOCABULARY)}
    home = Home(folder=tmp_path, environ=model_town.environ | vocabulary)
    clocks, long = Clocks(model_town), model_town.thread("Clong")
    try:
        async with home.bot() as bot:
            await model_town.connected()
            long.ask("listen, please")
            await long.until(bool)
            began = time.perf_counter()
            async with asyncio.TaskGroup() as tasks:
                watches = [tasks.create_task(clocks.watch(each)) for each in range(CORNERS)]
                await received(model_town, long, loads)
                long.ask("have you got all of it?")
                await folded(model_town, len(loads) - UNFOLDED)
                took = time.perf_counter() - began
                for watch in watches:
                    watch.cancel()
            assert await bot.stop() == 0
    finally:
        home.close()
    check_log(home, *model_town.said)
    print(
        f"{len(loads)} posts received and folded in {took:.1f} s; the longest of "
        f"{len(clocks.slack)} acknowledgements on Slack {max(clocks.slack):.2f} s, "
        f"of {len(clocks.discord)} interactions on Discord {max(clocks.discord):.2f} s"
    )
    assert min(len(clocks.slack), len(clocks.discord)) > CORNERS
    assert max(*clocks.slack, *clocks.discord) < CLOCK


async def received(town: Town, long: SlackThread, loads: Sequence[str]) -> None:
    """Until all of it is stored: a question that overtook them would be answered without."""
    first = len(town.slack.deliveries)
    for load in loads:
        long.chat(load)
    async with asyncio.timeout(WITHIN):
        await asyncio.gather(*(each.answered.wait() for each in town.slack.deliveries[first:]))


async def folded(town: Town, number: int) -> None:
    """Until so many of the loads were shown to the model to be summarised."""
    seen = set[str]()

    def enough() -> bool:
        prompts = [each for each in town.model.seen if is_fold(each.body["messages"])]
        seen.update(load for each in prompts for load in re.findall(r"Load \d+:", str(each.body)))
        return len(seen) >= number

    async with asyncio.timeout(WITHIN):
        await town.model.until(enough)
