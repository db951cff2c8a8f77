"""What the bot says of itself names the mode it is in."""

import pytest
from pydantic import SecretStr

from bot.about import about, status
from bot.settings import Config, Discord
from memory.tokens import Counter
from tests.bot.platform import FakePlatform


@pytest.mark.parametrize(
    ("content", "words"), [(False, "only what mentions me"), (True, "every message")]
)
def test_the_mode_discord_is_in_is_named_at_the_start_and_in_help(
    content: bool, words: str
) -> None:
    config = Config(discord=Discord(token=SecretStr("x"), message_content=content))
    tokens = Counter("estimate")
    assert words in "\n".join(status(config, {"discord": FakePlatform()}, tokens))
    assert words in "\n".join(about(config))


def test_without_discord_its_mode_is_not_named() -> None:
    assert "On Discord" not in "\n".join(about(Config()))
