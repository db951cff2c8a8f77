"""The Discord platform, connected to the fake for as long as a test needs it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from adapters.discord import gateway, sessions
from adapters.discord.options import Options
from adapters.discord.platform import DiscordPlatform
from adapters.draft import Pace
from tests.adapters.inbox import Collected
from tests.servers.discord import FakeDiscord

QUICK = Pace(first=0.05, every=0.05, late=0.05, listed=0.05)


@asynccontextmanager
async def connected(
    discord: FakeDiscord, inbox: Collected, **options: Any
) -> AsyncIterator[DiscordPlatform]:
    platform = DiscordPlatform(
        token=discord.token, api_url=discord.api_url, pace=QUICK, options=Options(**options)
    )
    running = asyncio.create_task(platform.run(inbox))
    try:
        await discord.connected()
        yield platform
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


@pytest.fixture
async def discord() -> AsyncIterator[FakeDiscord]:
    async with FakeDiscord() as server:
        yield server


@pytest.fixture
def inbox(discord: FakeDiscord) -> Collected:
    return Collected(discord.changed)


@pytest.fixture
async def platform(discord: FakeDiscord, inbox: Collected) -> AsyncIterator[DiscordPlatform]:
    async with connected(discord, inbox) as running:
        yield running


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A session that ended is soon followed by the next."""
    monkeypatch.setattr(sessions, "_SOON", 0.001)
    monkeypatch.setattr(sessions, "_STEP", 0.001)
    monkeypatch.setattr(gateway, "SETTLES", 0.02)
