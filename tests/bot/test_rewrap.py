"""What an operator sees while every key is wrapped anew."""

import io
import re
import sys
from pathlib import Path

import pytest

from bot.config import load
from bot.rewrap import rewrap
from memory import rotation
from memory.seal import Keyring, fresh_key
from tests.bot.conftest import Bench
from tests.bot.platform import HERE, People
from tests.bot.test_unreadable import behind, exchange, record

pytestmark = pytest.mark.anyio


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


async def test_on_a_screen_the_count_moves_on_one_line(
    bot: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = [fresh_key(), fresh_key()]
    bot.keyring = Keyring(keys[1:])
    await exchange(bot, People(), HERE, "hello")
    async with behind(bot) as redis:
        await redis.hset(record(HERE, "rec").replace("T/rec", "U/rec"), "key", b"damaged")
    monkeypatch.setattr(sys, "stderr", Screen())
    monkeypatch.setattr(rotation, "BATCH", 2)
    environ = {"REDIS_URL": bot.url, "MEMORY_KEY": ",".join(keys)}
    assert await rewrap(load(tmp_path / "none.yaml", environ)) == 2
    assert isinstance(sys.stderr, Screen)
    moving, total, damaged, spare, _ = sys.stderr.getvalue().split("\n")
    ids = Keyring(keys).ids
    assert re.match(r"\r2 keys seen, \d wrapped anew\r", moving)
    assert moving.endswith("\r3 keys seen, 2 wrapped anew")
    assert total == f"2 keys are under {ids[0]} now, 2 of them wrapped anew"
    assert damaged.startswith(f"1 still need {b'amag'.hex()} (MEMORY_KEY does not list it)")
    assert spare == f"MEMORY_KEY no longer needs {ids[1]} (number 2)"
