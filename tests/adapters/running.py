"""The Discord platform, connected to the fake for as long as a test needs it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

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
