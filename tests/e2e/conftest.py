"""A home for the bot, a town for it to talk in, and what holds of every run."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.e2e.process import BRISK, Home
from tests.e2e.town import Town, town
from tests.e2e.warm import warmed


@pytest.fixture(scope="session")
def warm() -> Iterator[Path]:
    with warmed() as path:
        yield path


@pytest.fixture
async def home(tmp_path: Path, warm: Path) -> AsyncIterator[Home]:
    """Nothing is configured. Whatever happens here, the log stays clean."""
    home = Home(folder=tmp_path, warm=warm)
    try:
        yield home
    finally:
        home.close()
    check_log(home)


@pytest.fixture
async def model_town() -> AsyncIterator[Town]:
    async with town() as place:
        yield place


@pytest.fixture
async def busy_home(tmp_path: Path, model_town: Town, warm: Path) -> AsyncIterator[Home]:
    """Connected to the town, and quick to notice a crash."""
    home = Home(folder=tmp_path, warm=warm, environ=BRISK | model_town.environ)
    try:
        yield home
    finally:
        home.close()
    check_log(home, *model_town.said)


def check_log(home: Home, *said: str) -> None:
    """No secret, no message text, no traceback; the log itself is not quoted in a failure."""
    assert not home.leaks(*said)
    assert "Traceback" not in home.err, home.err[-2000:]
