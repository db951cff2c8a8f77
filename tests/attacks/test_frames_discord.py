"""Frames on Discord's gateway made to break the bot: it loses a connection at most."""

import zlib
from collections.abc import AsyncIterator

import pytest

from tests.adapters.inbox import Collected
from tests.adapters.running import connected
from tests.servers.discord import FakeDiscord

pytestmark = pytest.mark.anyio

DEEP = b"[" * 100_000 + b"]" * 100_000
FRAMES = [b'{"op":0,"t":"MESSAGE_CREATE","s":null,"d":' + DEEP + b"}", DEEP, b"\xff\xfe", b"{"]


@pytest.fixture
async def discord() -> AsyncIterator[FakeDiscord]:
    async with FakeDiscord() as server:
        yield server


@pytest.mark.parametrize("frame", FRAMES, ids=["nested", "bare", "bytes", "cut"])
async def test_a_frame_that_cannot_be_read_is_survived(discord: FakeDiscord, frame: bytes) -> None:
    inbox = Collected(discord.changed)
    async with connected(discord, inbox):
        (session,) = discord.gateway.live
        wire = session.wire
        assert wire
        assert wire._deflate
        packed = wire._deflate.compress(frame) + wire._deflate.flush(zlib.Z_SYNC_FLUSH)
        await wire.socket.send_bytes(packed)
        await discord.until(lambda: discord.gateway.live not in ([], [session]), within=20.0)
        discord.dm(discord.person("Ada"), "hello")
        await discord.until(lambda: inbox.texts == ["hello"], within=20.0)
